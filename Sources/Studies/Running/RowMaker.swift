/// Writes tallies as rows of `results.csv` and `blocks.csv`.
struct RowMaker {
  let specification: StudySpecification
  /// The part as it was written, before any search.
  let part: StudyPart
  let world: StudyWorld

  /// Where a row stands.
  struct Place {
    var scenario: String
    var axis: String
    var axisValue: Double
    var axisUnit: String
  }

  /// The place of a point: its first axis, the others in the column `scenario`.
  func place(of point: StudyPoint) -> Place {
    let first = point.coordinates.first
    let rest = point.coordinates.dropFirst().map(\.word)
    return Place(
      scenario: ([part.id] + rest).joined(separator: ";"),
      axis: first?.key ?? "",
      axisValue: first?.value ?? 0,
      axisUnit: first.map { unit(of: $0.key) } ?? ""
    )
  }

  private func unit(of key: String) -> String {
    if key == "train_size" { return world.scenario.map { Typography.plural($0.item) } ?? "items" }
    if let (setting, _) = StudyAxis.methodSetting(key) {
      return world.part.methodSetting(setting, in: world.catalogue)?.unit ?? ""
    }
    let bare = key.hasPrefix("training.") ? String(key.dropFirst("training.".count)) : key
    return world.scenario?.axisLabels[bare]?.unit
      ?? world.scenario?.settings.first { $0.key == bare }?.unit ?? ""
  }

  /// The rows of one method at one place, one a metric.
  func rows(
    _ tally: BlockTally,
    of method: StudyMethod,
    at place: Place,
    point: StudyPoint,
    replicate: Int,
    reason: StopReason
  ) throws(StudyError) -> [ResultRow] {
    let description = try world.description(of: method)
    let config = self.config(of: method, at: point, version: description.version)
    let count = tally.blocks.count
    return world.task.metrics.enumerated().map { index, metric in
      let total = tally.total(index, blocks: count)
      let interval = tally.interval(index, of: metric, blocks: count)
      return ResultRow(
        study: specification.study,
        scenario: place.scenario,
        method: method.label,
        family: description.family.rawValue,
        axis: place.axis,
        axisValue: place.axisValue,
        axisUnit: place.axisUnit,
        trainSize: trainSize(of: method, description, at: point),
        mismatch: mismatch(of: method, description, at: point),
        replicate: replicate,
        metric: metric.id,
        unit: metric.unit,
        value: interval.value,
        lower: interval.lower,
        upper: interval.upper,
        blocks: count,
        trials: total.trials,
        errors: total.errors,
        sum: total.sum,
        sumOfSquares: total.sumOfSquares,
        referenceSum: total.reference,
        status: tally.failure ?? "ok",
        stopReason: reason.rawValue,
        seconds: tally.seconds,
        seed: specification.seed,
        config: config
      )
    }
  }

  /// The blocks of rows that were made from a tally.
  func blocks(_ tally: BlockTally, of rows: [ResultRow], numbers: [Int]) -> [BlockRow] {
    rows.enumerated().flatMap { metric, row in
      zip(numbers, tally.blocks).map { number, counts in
        BlockRow(key: row.key, block: number, count: counts[metric], config: row.config)
      }
    }
  }

  private func trainSize(
    of method: StudyMethod,
    _ description: MethodDescription,
    at point: StudyPoint
  ) -> Int? {
    guard description.train != nil else { return nil }
    if let tracking = part.tracking { return tracking.pilots }
    return method.training.size ?? point.value(of: "train_size").map { Int($0) }
      ?? part.training.size
  }

  private func mismatch(
    of method: StudyMethod,
    _ description: MethodDescription,
    at point: StudyPoint
  ) -> Double? {
    let learns = description.train != nil
    let swept = point.coordinates.first { $0.key.hasPrefix("training.") }?.value
    guard let key = part.mismatch else { return learns ? swept : nil }
    let own = method.training.scenario[key] ?? part.training.scenario[key]
    let base = point.cells.first?.settings?.values[key]
    let value = (learns ? own.map { StudyNode($0).asNumber } ?? nil : nil)
    return value ?? (learns ? point.value(of: "training." + key) : nil)
      ?? base.flatMap { StudyNode($0).asNumber }
  }

  /// The hash of everything that decides the numbers of a row.
  func config(of method: StudyMethod, at point: StudyPoint, version: Int) -> String {
    var map = part.node.asMap ?? StudyMap()
    for key in ["id", "title", "axes", "methods", "replicates", "mismatch"] { map[key] = nil }
    var own = method.node.asMap ?? StudyMap()
    for key in ["label", "only"] { own[key] = nil }
    let cells = point.cells.filter { $0.isIn(method.only) }
    map["method"] = .map(own)
    map["version"] = .integer(version)
    map["cells"] = .list(cells.map { .text($0.key) })
    map["data"] = .text(world.digest)
    map["seed"] = .text("\(specification.seed)")
    return StudyHash.of(StudyNode.map(map).flow)
  }
}
