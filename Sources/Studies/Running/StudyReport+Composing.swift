extension StudyReport {
  /// The report of a run.
  ///
  /// - Parameters:
  ///   - specification: the study.
  ///   - catalogue: the methods and scenarios.
  ///   - outcome: what the run gave.
  ///   - command: the command that repeats it.
  ///   - facts: machine, version, date.
  /// - Throws: ``ResultFileError`` when `blocks.csv` or `search.csv` cannot be read.
  public init(
    specification: StudySpecification,
    catalogue: Catalogue,
    outcome: StudyOutcome,
    command: String,
    facts: [ReportFact]
  ) throws {
    let composer = ReportComposer(
      specification: specification,
      catalogue: catalogue,
      outcome: outcome
    )
    self.init(
      study: specification.study,
      title: specification.title,
      claim: specification.card,
      table: outcome.table,
      claims: outcome.claims,
      methods: try composer.methods(),
      panels: composer.panels(),
      comparisons: try composer.comparisons(),
      notes: composer.notes(),
      item: composer.item,
      settings: specification.yaml,
      command: command,
      facts: facts
    )
  }
}

/// Puts the words of a study to the numbers of its table.
private struct ReportComposer {
  let specification: StudySpecification
  let catalogue: Catalogue
  let outcome: StudyOutcome

  private func file(_ name: String) -> String? {
    outcome.files.first { $0.hasSuffix("/" + name) }
  }

  var item: String {
    specification.parts.first?.scenario(in: catalogue)?.item ?? "item"
  }

  func notes() -> [String] {
    var notes: [String] = []
    if outcome.wasInterrupted {
      notes.append("The study was stopped before its end; --resume goes on with it.")
    }
    if let preset = specification.preset { notes.append("Preset \(preset).") }
    return notes + outcome.failures
  }

  func methods() throws -> [MethodRecord] {
    let searches = try file("search.csv").map { try SearchRow.read($0) } ?? []
    var records: [MethodRecord] = []
    for part in specification.parts {
      for method in part.methods where !records.contains(where: { $0.name == method.label }) {
        let row = outcome.table.rows.first { $0.method == method.label }
        let timing = outcome.timings.first { $0.method == method.label }
        let best = searches.first { $0.method == method.label && $0.isBest }
        let count = searches.count { $0.method == method.label && $0.part == best?.part }
        let family = catalogue.methods.first { $0.id == method.id }?.family
        records.append(
          MethodRecord(
            name: method.label,
            family: family?.rawValue ?? "",
            parameters: timing?.parameters,
            multiplyAccumulates: timing?.multiplyAccumulates,
            nanosecondsPerItem: timing?.nanosecondsPerItem,
            trainingItems: row?.trainSize,
            trainingSeconds: outcome.trainingSeconds[method.label],
            remark: best.map { "\($0.settings), the best of \(count) searched" } ?? ""
          )
        )
      }
    }
    return records
  }

  func panels() -> [PanelDescription] {
    PanelDescription.all(in: outcome.table).map(worded)
  }

  /// A panel of the table with the words of its part.
  private func worded(_ panel: PanelDescription) -> PanelDescription {
    let words = panel.scenario.split(separator: ";").map(String.init)
    guard let part = specification.parts.first(where: { $0.id == words.first }) else {
      return panel
    }
    var panel = panel
    let secondary = words.dropFirst()
    panel.title = ([part.title] + secondary).joined(separator: ", ")
    let scenario = part.scenario(in: catalogue)
    if let label = scenario?.axisLabels[panel.axis] {
      panel.axisTitle = label.title
      panel.axisUnit = label.unit
    }
    panel.item = scenario?.item ?? "item"
    let task = catalogue.methods.first { $0.id == part.methods[0].id }?.task
    let metrics = catalogue.tasks.first { $0.id == task }?.metrics ?? []
    panel.metrics = metrics.map { metric in
      PanelDescription.Metric(
        id: metric.id,
        title: metric.title,
        unit: metric.unit,
        isLogarithmic: metric.isLogarithmic,
        countsErrors: metric.countsErrors
      )
    }
    panel.note = part.average.map { axis in
      let low = SettingValue.number(axis.values.min() ?? 0).word
      let high = SettingValue.number(axis.values.max() ?? 0).word
      return "Averaged over \(axis.values.count) values of \(axis.key) from \(low) to \(high)."
    }.joined(separator: " ")
    return panel
  }

  /// Every hybrid against the first method of its part, at every point, blocks in pairs.
  func comparisons() throws -> [PairedComparison] {
    guard let path = file("blocks.csv") else { return [] }
    let blocks = Dictionary(grouping: try BlockRow.read(path), by: \.key)
    var comparisons: [PairedComparison] = []
    for row in outcome.table.rows where row.family == MethodDescription.Family.hybrid.rawValue {
      guard row.axis != "block",
        let part = specification.parts.first(where: {
          $0.id == row.scenario.split(separator: ";").first.map(String.init)
        }),
        let first = part.methods.first, first.label != row.method,
        row.metric == outcome.table.rows.first(where: { $0.scenario == row.scenario })?.metric
      else { continue }
      var key = row.key
      key.method = first.label
      guard let mine = blocks[row.key], let other = blocks[key], mine.count == other.count,
        mine.count >= 2, mine.map(\.count.trials) == other.map(\.count.trials)
      else { continue }
      let (a, b) = (mine.map(\.pairedCount), other.map(\.pairedCount))
      let place = row.axis.isEmpty ? "" : "; \(row.axis) \(short(row.axisValue)) \(row.axisUnit)"
      comparisons.append(
        PairedComparison(
          place: part.title + place,
          metric: row.metric,
          method: row.method,
          reference: first.label,
          difference: RatioEstimator.pairedDifference(a, b),
          quotient: RatioEstimator.pairedQuotient(a, b)
        )
      )
    }
    return comparisons
  }
}

extension BlockRow {
  /// The block as the estimators of ratios take it.
  var pairedCount: BlockCount { BlockCount(numerator: count.sum, denominator: count.reference) }
}
