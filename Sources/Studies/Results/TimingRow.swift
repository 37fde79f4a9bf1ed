/// One row of `timings.csv`: what a method costs on this machine.
public struct TimingRow: Sendable, Hashable {
  /// The method's name in this study.
  public var method: String
  /// Trained numbers.
  public var parameters: Int
  /// Multiply-accumulates an item at inference.
  public var multiplyAccumulates: Int
  /// Items inferred while the clock ran.
  public var items: Int
  /// Seconds that they took.
  public var seconds: Double

  /// One method's cost.
  public init(
    method: String,
    parameters: Int,
    multiplyAccumulates: Int,
    items: Int,
    seconds: Double
  ) {
    self.method = method
    self.parameters = parameters
    self.multiplyAccumulates = multiplyAccumulates
    self.items = items
    self.seconds = seconds
  }

  /// Nanoseconds an item; NaN when nothing was timed.
  public var nanosecondsPerItem: Double { seconds * 1e9 / Double(items) }
}

extension TimingRow {
  /// The columns of `timings.csv`, in order.
  public static let columns = [
    "method", "parameters", "multiply_accumulates", "items", "seconds", "nanoseconds_per_item",
  ]

  /// The row as a line of CSV, line feed included.
  public var line: String {
    CSV.line([
      method, "\(parameters)", "\(multiplyAccumulates)", "\(items)", "\(seconds)",
      "\(nanosecondsPerItem)",
    ])
  }

  /// Writes `timings.csv`.
  ///
  /// - Throws: ``ResultFileError/cannotWrite(path:reason:)``.
  public static func write(_ rows: [TimingRow], to path: String) throws(ResultFileError) {
    try FileAccess.replace(path, with: CSV.line(columns) + rows.map(\.line).joined())
  }

  /// Reads `timings.csv`; the last column follows from the others.
  ///
  /// - Throws: ``ResultFileError`` naming the line and the column.
  public static func read(_ path: String) throws(ResultFileError) -> [TimingRow] {
    let records = try ResultTable.records(FileAccess.contents(of: path), source: path).complete
    guard let header = records.first, header.fields == columns else {
      let found = records.first?.fields.joined(separator: ",") ?? ""
      throw .badHeader(path: path, expected: columns.joined(separator: ","), found: found)
    }
    var rows: [TimingRow] = []
    for record in records.dropFirst() {
      do throws(CSV.Mistake) {
        var reader = try FieldReader(record, columns: columns)
        rows.append(
          TimingRow(
            method: reader.text(),
            parameters: try reader.integer(),
            multiplyAccumulates: try reader.integer(),
            items: try reader.integer(),
            seconds: try reader.number()
          )
        )
      } catch {
        throw .badRecord(path: path, line: error.line, reason: error.reason)
      }
    }
    return rows
  }
}
