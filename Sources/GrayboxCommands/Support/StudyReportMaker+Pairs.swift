internal import Studies

extension StudyReportMaker {
  /// Each hybrid beside the first method of its part, block by block on the same draws.
  ///
  /// - Throws: ``ResultFileError`` when the study's block file cannot be read.
  func comparisons() throws(ResultFileError) -> [PairedComparison] {
    let path = "\(folder)/blocks.csv"
    guard FileAccess.exists(path) else { return [] }
    let blocks = Dictionary(grouping: try BlockRow.read(path), by: \.key)
    var comparisons: [PairedComparison] = []
    for row in outcome.table.rows where row.family == MethodDescription.Family.hybrid.rawValue {
      guard let reference = reference(of: row), reference.method != row.method,
        let own = blocks[row.key], let other = blocks[reference.key],
        let pairs = Self.paired(own, other)
      else { continue }
      comparisons.append(
        PairedComparison(
          place: place(of: row),
          metric: row.metric,
          method: row.method,
          reference: reference.method,
          difference: RatioEstimator.pairedDifference(pairs.own, pairs.other),
          quotient: RatioEstimator.pairedQuotient(pairs.own, pairs.other)
        )
      )
    }
    return comparisons
  }

  /// The row of the part's first method at the same point.
  private func reference(of row: ResultRow) -> ResultRow? {
    let id = row.scenario.split(separator: ";").first.map(String.init)
    let part = specification.parts.first { $0.id == id }
    return outcome.table.rows.first {
      $0.method == part?.methods.first?.label && $0.scenario == row.scenario
        && $0.axis == row.axis && $0.axisValue == row.axisValue && $0.metric == row.metric
        && $0.replicate == row.replicate
    }
  }

  private func place(of row: ResultRow) -> String {
    var place = row.scenario
    if !row.axis.isEmpty { place += "; \(row.axis) \(NumberWords.short(row.axisValue))" }
    if !row.axisUnit.isEmpty { place += " \(row.axisUnit)" }
    return row.replicate > 0 ? "\(place); replicate \(row.replicate)" : place
  }

  /// The counts of blocks that both have, in order; nil when they saw different ones.
  private static func paired(
    _ own: [BlockRow],
    _ other: [BlockRow]
  ) -> (own: [BlockCount], other: [BlockCount])? {
    let a = own.sorted { $0.block < $1.block }
    let b = other.sorted { $0.block < $1.block }
    guard a.map(\.block) == b.map(\.block) else { return nil }
    func counts(_ rows: [BlockRow]) -> [BlockCount] {
      rows.map { BlockCount(numerator: $0.count.sum, denominator: $0.count.reference) }
    }
    return (counts(a), counts(b))
  }
}
