/// What a claim speaks of: labels, metric, and the points of the table that it selects.
struct ClaimContext {
  /// One point of one method: the median over replicates.
  struct Point {
    var place: String
    var scenario: String
    var axisValue: Double
    var words: String
    var value: Double
    var errors: Int
    /// Of a replicate.
    var trials: Int
    var replicates: Int
    var interval: ClosedRange<Double>?
    /// Of the value, by the blocks of the replicates, each of which has draws of its own.
    var standardError: Double?
    /// The row, where there is one replicate.
    var key: BlockRow.Key?
    var coordinates: [StudyCoordinate]
  }

  let method: String
  let reference: String?
  let countsErrors: Bool
  /// Whether the metric's values are decibels.
  let isInDecibels: Bool
  private let claim: StudyClaim
  private let part: StudyPart
  private let metric: String

  init(_ claim: StudyClaim, specification: StudySpecification, catalogue: Catalogue)
    throws(StudyError)
  {
    let parts = specification.parts
    guard let part = claim.part.map({ id in parts.first { $0.id == id } }) ?? parts.first else {
      throw .invalid("claims: no part '\(claim.part ?? "")'")
    }
    func label(_ name: String) -> String {
      part.methods.first { $0.label == name }?.label
        ?? part.methods.first { $0.id == name }?.label ?? name
    }
    let task = catalogue.methods.first { $0.id == part.methods.first?.id }?.task
    let metrics = catalogue.tasks.first { $0.id == task }?.metrics ?? []
    let chosen = claim.metric.map { id in metrics.first { $0.id == id } } ?? metrics.first
    guard let chosen else {
      throw .unknownKey(
        claim.metric ?? "",
        owner: "claims: metric",
        known: metrics.map(\.id)
      )
    }
    self.claim = claim
    self.part = part
    metric = chosen.id
    countsErrors = chosen.countsErrors
    isInDecibels = chosen.isInDecibels
    method = label(claim.method)
    reference = claim.reference.map(label)
  }

  /// The points of a method that the claim selects.
  func points(of label: String, in table: ResultTable) -> [Point] {
    points(of: label, in: table) { selects($0) }
  }

  /// All points of a method in the claim's part, whatever the claim selects.
  func curve(of label: String, in table: ResultTable) -> [Point] {
    points(of: label, in: table) { _ in true }
  }

  private func points(
    of label: String,
    in table: ResultTable,
    where isAsked: (ResultRow) -> Bool
  ) -> [Point] {
    let rows = table.rows.filter { row in
      row.method == label && row.metric == metric
        && row.scenario.split(separator: ";").first.map(String.init) == part.id && isAsked(row)
    }
    var order: [String] = []
    var groups: [String: [ResultRow]] = [:]
    for row in rows {
      let place = "\(row.scenario);\(row.axis)=\(row.axisValue)"
      if groups[place] == nil { order.append(place) }
      groups[place, default: []].append(row)
    }
    return order.compactMap { place in
      groups[place].flatMap { Self.point(place, $0) }
    }
  }

  private static func point(_ place: String, _ rows: [ResultRow]) -> Point? {
    guard let first = rows.first else { return nil }
    let coordinates = coordinates(of: first)
    let words = coordinates.map(\.word).joined(separator: ", ")
    var interval: ClosedRange<Double>?
    if rows.count == 1, let lower = first.lower, let upper = first.upper {
      interval = lower...upper
    }
    let errors = rows.compactMap(standardError)
    return Point(
      place: place,
      scenario: first.scenario,
      axisValue: first.axisValue,
      words: words.isEmpty ? "the only point" : words,
      value: Quartiles(rows.map(\.value)).median,
      errors: rows.map(\.errors).min() ?? 0,
      trials: rows.map(\.trials).min() ?? 0,
      replicates: rows.count,
      interval: interval,
      standardError: errors.count == rows.count ? medianError(errors) : nil,
      key: rows.count == 1 ? first.key : nil,
      coordinates: coordinates
    )
  }

  /// The standard error that a row's interval was made from.
  private static func standardError(_ row: ResultRow) -> Double? {
    guard row.lower != nil, let upper = row.upper else { return nil }
    // The lower end of a rate may be cut off at 0.
    return (upper - row.value)
      / Quantiles.student(0.975, degreesOfFreedom: Double(row.blocks - 1))
  }

  /// That of the median of independent numbers, which varies by up to sqrt(pi / 2) more than their mean.
  private static func medianError(_ errors: [Double]) -> Double? {
    guard let largest = errors.max() else { return nil }
    return errors.count < 3
      ? largest / Double(max(errors.count, 1)).squareRoot()
      : largest * (Double.pi / 2 / Double(errors.count)).squareRoot()
  }

  private static func coordinates(of row: ResultRow) -> [StudyCoordinate] {
    var coordinates: [StudyCoordinate] = []
    if !row.axis.isEmpty {
      coordinates.append(StudyCoordinate(key: row.axis, value: row.axisValue))
    }
    for word in row.scenario.split(separator: ";").dropFirst() {
      let pair = word.split(separator: "=", maxSplits: 1)
      if pair.count == 2, let value = Double(pair[1]) {
        coordinates.append(StudyCoordinate(key: String(pair[0]), value: value))
      }
    }
    return coordinates
  }

  /// Whether the claim is about this row's place.
  private func selects(_ row: ResultRow) -> Bool {
    let wantsBlocks = claim.axis == "block" || claim.at.contains { $0.key == "block" }
    if part.tracking != nil, (row.axis == "block") != wantsBlocks { return false }
    let coordinates = Self.coordinates(of: row)
    return claim.at.allSatisfy { wanted in
      coordinates.contains { coordinate in
        coordinate.key == wanted.key
          && wanted.values.contains { StudyCell.same($0, coordinate.value) }
      }
    }
  }

  /// What the claim asks for and the table lacks, as a sentence, or nil.
  func missing(among points: [Point]) -> String? {
    guard !points.isEmpty else { return "no row of that method at that point" }
    for wanted in claim.at {
      for value in wanted.values {
        let isThere = points.contains { point in
          point.coordinates.contains { $0.key == wanted.key && StudyCell.same($0.value, value) }
        }
        if !isThere {
          return "no row at \(StudyCoordinate(key: wanted.key, value: value).word)"
        }
      }
    }
    return nil
  }

  /// The claim as a sentence.
  var sentence: String {
    let place = claim.at.map { axis in
      "\(axis.key) = \(axis.values.map { SettingValue.number($0).word }.joined(separator: ", "))"
    }.joined(separator: " and ")
    let at = place.isEmpty ? "" : " at \(place)"
    let bound = claim.value.map(short) ?? ""
    let panel = claim.part.map { " (\($0))" } ?? ""
    let body =
      switch claim.kind {
      case .ratioAtMost:
        "\(metric) of \(method) is at most \(bound) times that of \(reference ?? "")"
      case .ratioAtLeast:
        "\(metric) of \(method) is at least \(bound) times that of \(reference ?? "")"
      case .below: "\(metric) of \(method) is below that of \(reference ?? "")"
      case .withinDecibels:
        "\(metric) of \(method) is at most \(bound) dB behind that of \(reference ?? "")"
      case .withFewer:
        "\(metric) of \(method) is at most that of \(reference ?? "") at \(bound) times the axis value"
      case .flatWithin:
        "the largest \(metric) of \(method) is at most \(bound) times the smallest"
      case .valueAtMost: "\(metric) of \(method) is at most \(bound)"
      case .valueAtLeast: "\(metric) of \(method) is at least \(bound)"
      case .matchesRow: "\(metric) of \(method) agrees with the published row"
      case .fallsWith:
        "\(metric) of \(method) falls with \(claim.axis ?? part.axes.first?.key ?? "the axis")"
      }
    return body + at + panel
  }
}
