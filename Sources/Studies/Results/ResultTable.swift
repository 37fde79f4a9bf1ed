/// The rows of `results.csv`.
public struct ResultTable: Sendable, Equatable {
  /// The rows in the order in which they were written.
  public var rows: [ResultRow]

  /// A table of the given rows.
  public init(_ rows: [ResultRow] = []) {
    self.rows = rows
  }

  /// Reads the bytes of a result file.
  ///
  /// - Parameters:
  ///   - bytes: the file, UTF-8.
  ///   - source: its name, for messages.
  ///   - droppingTornEnd: whether bytes after the last line feed are left out, as after a kill in
  ///     the middle of a write; otherwise they are an error.
  /// - Throws: ``ResultFileError`` naming the line and the column.
  public init(
    decoding bytes: [UInt8],
    source: String,
    droppingTornEnd: Bool = false
  ) throws(ResultFileError) {
    let records = try Self.records(bytes, source: source)
    let found = records.complete.first?.fields.joined(separator: ",")
    guard found == Self.header else {
      throw .badHeader(path: source, expected: Self.header, found: found ?? "")
    }
    guard droppingTornEnd || !records.hasTornEnd else {
      let line = bytes.count { $0 == UInt8(ascii: "\n") } + 1
      throw .badRecord(path: source, line: line, reason: "the record is cut off")
    }
    var rows: [ResultRow] = []
    rows.reserveCapacity(records.complete.count)
    for record in records.complete.dropFirst() {
      do throws(CSV.Mistake) {
        rows.append(try ResultRow(record))
      } catch {
        throw .badRecord(path: source, line: error.line, reason: error.reason)
      }
    }
    self.rows = rows
  }

  /// Reads a result file.
  ///
  /// - Throws: ``ResultFileError`` for a file that is missing, damaged or cut off.
  public static func read(_ path: String) throws(ResultFileError) -> ResultTable {
    try ResultTable(decoding: FileAccess.contents(of: path), source: path)
  }

  /// The whole file as text.
  public var csv: String {
    rows.reduce(into: Self.header + "\n") { $0 += $1.line }
  }

  /// Writes the whole file at once: a reader sees the old one or the new one.
  ///
  /// - Throws: ``ResultFileError/cannotWrite(path:reason:)``.
  public func write(to path: String) throws(ResultFileError) {
    try FileAccess.replace(path, with: csv)
  }

  /// The rows of one method at one point: one for each replicate, in order of replicates.
  public func rows(
    scenario: String,
    axis: String,
    axisValue: Double,
    method: String,
    metric: String
  ) -> [ResultRow] {
    rows.filter {
      $0.scenario == scenario && $0.axis == axis && $0.axisValue == axisValue
        && $0.method == method && $0.metric == metric
    }
    .sorted { $0.replicate < $1.replicate }
  }

  /// The header line, without its line feed.
  static let header = ResultRow.columns.joined(separator: ",")

  /// The records, with the path in the message where they cannot be cut.
  static func records(
    _ bytes: [UInt8],
    source: String
  ) throws(ResultFileError) -> CSV.Records {
    do throws(CSV.Mistake) {
      return try CSV.records(bytes)
    } catch {
      throw .badRecord(path: source, line: error.line, reason: error.reason)
    }
  }
}

extension ResultTable {
  /// What did not succeed, a sentence for each method and point, whatever the metric and replicate.
  package var failures: [String] {
    var seen: Set<String> = []
    return rows.filter { $0.status != "ok" }.map { row in
      "\(row.method) at \(row.scenario) \(row.axis)=\(row.axisValue): \(row.status)"
    }
    .filter { seen.insert($0).inserted }
  }
}
