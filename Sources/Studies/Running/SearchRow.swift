/// One row of `search.csv`: one combination of settings of a search.
public struct SearchRow: Sendable, Hashable {
  /// The study's id.
  public var study: String
  /// The part's id.
  public var part: String
  /// The method's name in this study.
  public var method: String
  /// The combination: `key=value;key=value`.
  public var settings: String
  /// What decided: `loss`, or the metric's id.
  public var judge: String
  /// The validation loss or the metric on validation draws.
  public var value: Double
  /// Trained numbers.
  public var parameters: Int
  /// `ok`, or what did not succeed.
  public var status: String
  /// Whether it was the best.
  public var isBest: Bool

  /// The columns of `search.csv`, in order.
  public static let columns = [
    "study", "part", "method", "settings", "judge", "value", "parameters", "status", "best",
  ]

  /// The row as a line of CSV, line feed included.
  public var line: String {
    CSV.line([
      study, part, method, settings, judge, "\(value)", "\(parameters)", status,
      isBest ? "1" : "0",
    ])
  }

  /// Reads `search.csv`.
  ///
  /// - Parameter path: the file.
  /// - Returns: the rows; none where there is no file, or only the beginning of one.
  /// - Throws: ``ResultFileError`` naming the line and the column.
  public static func read(_ path: String) throws(ResultFileError) -> [SearchRow] {
    guard FileAccess.exists(path) else { return [] }
    let records = try ResultTable.records(FileAccess.contents(of: path), source: path).complete
    guard let header = records.first else { return [] }
    guard header.fields == columns else {
      throw .badHeader(
        path: path,
        expected: columns.joined(separator: ","),
        found: header.fields.joined(separator: ",")
      )
    }
    var rows: [SearchRow] = []
    for record in records.dropFirst() {
      do throws(CSV.Mistake) {
        rows.append(try SearchRow(record))
      } catch {
        throw .badRecord(path: path, line: error.line, reason: error.reason)
      }
    }
    return rows
  }

  private init(_ record: CSV.Record) throws(CSV.Mistake) {
    var reader = try FieldReader(record, columns: Self.columns)
    self.init(
      study: reader.text(),
      part: reader.text(),
      method: reader.text(),
      settings: reader.text(),
      judge: reader.text(),
      value: try reader.number(),
      parameters: try reader.integer(),
      status: reader.text(),
      isBest: try reader.integer() == 1
    )
  }

  init(
    study: String,
    part: String,
    method: String,
    settings: String,
    judge: String,
    value: Double,
    parameters: Int,
    status: String,
    isBest: Bool
  ) {
    self.study = study
    self.part = part
    self.method = method
    self.settings = settings
    self.judge = judge
    self.value = value
    self.parameters = parameters
    self.status = status
    self.isBest = isBest
  }
}
