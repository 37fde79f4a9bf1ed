/// One row of `blocks.csv`: what one block gave one row of `results.csv`.
///
/// Intervals, paired differences and merges are computed from these.
public struct BlockRow: Sendable, Hashable {
  /// The row of `results.csv` that the block belongs to.
  public struct Key: Sendable, Hashable {
    /// The scenario and secondary axes.
    public var scenario: String
    /// The axis's key.
    public var axis: String
    /// Where on the axis.
    public var axisValue: Double
    /// The method's name in this study.
    public var method: String
    /// The training seed's number.
    public var replicate: Int
    /// The metric's id.
    public var metric: String
  }

  /// The row that the block belongs to.
  public var key: Key
  /// The block's number, from 0.
  public var block: Int
  /// What it gave.
  public var count: MetricDescription.Count
  /// The hash of the resolved settings.
  public var config: String

  /// The columns of `blocks.csv`, in order.
  public static let columns = [
    "scenario", "axis", "axis_value", "method", "replicate", "metric", "block", "trials",
    "errors", "sum", "sum_squares", "reference_sum", "config",
  ]

  /// The row as a line of CSV, line feed included.
  public var line: String {
    CSV.line([
      key.scenario, key.axis, "\(key.axisValue)", key.method, "\(key.replicate)", key.metric,
      "\(block)", "\(count.trials)", "\(count.errors)", "\(count.sum)", "\(count.sumOfSquares)",
      "\(count.reference)", config,
    ])
  }

  /// Reads `blocks.csv`.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - droppingTornEnd: whether a last line without its end is left out, as after a kill.
  /// - Returns: the rows in the order of the file; none where there is no file.
  /// - Throws: ``ResultFileError`` naming the line and the column.
  public static func read(_ path: String, droppingTornEnd: Bool = false) throws(ResultFileError)
    -> [BlockRow]
  {
    guard FileAccess.exists(path) else { return [] }
    let records = try ResultTable.records(FileAccess.contents(of: path), source: path)
    guard let header = records.complete.first else { return [] }
    guard header.fields == columns else {
      throw .badHeader(
        path: path,
        expected: columns.joined(separator: ","),
        found: header.fields.joined(separator: ",")
      )
    }
    guard droppingTornEnd || !records.hasTornEnd else {
      throw .badRecord(
        path: path,
        line: records.complete.count + 1,
        reason: "the record is cut off"
      )
    }
    var rows: [BlockRow] = []
    rows.reserveCapacity(records.complete.count)
    for record in records.complete.dropFirst() {
      do throws(CSV.Mistake) {
        rows.append(try BlockRow(record))
      } catch {
        throw .badRecord(path: path, line: error.line, reason: error.reason)
      }
    }
    return rows
  }

  private init(_ record: CSV.Record) throws(CSV.Mistake) {
    var reader = try FieldReader(record, columns: Self.columns)
    key = Key(
      scenario: reader.text(),
      axis: reader.text(),
      axisValue: try reader.number(),
      method: reader.text(),
      replicate: try reader.integer(),
      metric: reader.text()
    )
    block = try reader.integer()
    count = MetricDescription.Count(
      trials: try reader.integer(),
      errors: try reader.integer(),
      sum: try reader.number(),
      sumOfSquares: try reader.number(),
      reference: try reader.number()
    )
    config = reader.text()
  }

  /// One block of one row.
  package init(key: Key, block: Int, count: MetricDescription.Count, config: String) {
    self.key = key
    self.block = block
    self.count = count
    self.config = config
  }
}

extension ResultRow {
  /// What names the row among the rows of its study.
  package var key: BlockRow.Key {
    BlockRow.Key(
      scenario: scenario,
      axis: axis,
      axisValue: axisValue,
      method: method,
      replicate: replicate,
      metric: metric
    )
  }
}
