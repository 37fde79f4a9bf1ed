/// One row of `summary.csv`: a metric of one method at one point over its replicates.
public struct SummaryRow: Sendable, Hashable {
  /// The study's id.
  public var study: String
  /// The scenario's id and secondary axes.
  public var scenario: String
  /// The method's name in this study.
  public var method: String
  /// `model-based`, `hybrid` or `data-driven`.
  public var family: String
  /// The axis's key.
  public var axis: String
  /// Where on the axis.
  public var axisValue: Double
  /// The axis's unit.
  public var axisUnit: String
  /// The metric's id.
  public var metric: String
  /// The metric's unit.
  public var unit: String
  /// How many replicates there are.
  public var replicates: Int
  /// Median and quartiles of the metric over the replicates.
  public var quartiles: Quartiles
}

extension SummaryRow {
  /// The columns of `summary.csv`, in order.
  public static let columns = [
    "study", "scenario", "method", "family", "axis", "axis_value", "axis_unit", "metric", "unit",
    "replicates", "median", "lower_quartile", "upper_quartile",
  ]

  /// The row as a line of CSV, line feed included.
  public var line: String {
    CSV.line([
      study, scenario, method, family, axis, "\(axisValue)", axisUnit, metric, unit,
      "\(replicates)", "\(quartiles.median)", "\(quartiles.lower)", "\(quartiles.upper)",
    ])
  }
}

extension ResultTable {
  private struct SummaryKey: Hashable {
    var study: String
    var scenario: String
    var method: String
    var axis: String
    var axisValue: Double
    var metric: String
  }

  /// Medians and quartiles over replicates, in the order in which the points first appear.
  public var summary: [SummaryRow] {
    var order: [SummaryKey] = []
    var groups: [SummaryKey: [ResultRow]] = [:]
    for row in rows {
      let key = SummaryKey(
        study: row.study,
        scenario: row.scenario,
        method: row.method,
        axis: row.axis,
        axisValue: row.axisValue,
        metric: row.metric
      )
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    return order.compactMap { key in
      guard let group = groups[key], let first = group.first else { return nil }
      return SummaryRow(
        study: key.study,
        scenario: key.scenario,
        method: key.method,
        family: first.family,
        axis: key.axis,
        axisValue: key.axisValue,
        axisUnit: first.axisUnit,
        metric: key.metric,
        unit: first.unit,
        replicates: group.count,
        quartiles: Quartiles(group.map(\.value))
      )
    }
  }

  /// Writes `summary.csv`.
  ///
  /// - Throws: ``ResultFileError/cannotWrite(path:reason:)``.
  public func writeSummary(to path: String) throws(ResultFileError) {
    let lines = summary.map(\.line).joined()
    try FileAccess.replace(path, with: CSV.line(SummaryRow.columns) + lines)
  }
}
