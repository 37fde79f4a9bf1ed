/// Takes the fields of one record in order, each in its type.
package struct FieldReader {
  private let record: CSV.Record
  private let columns: [String]
  private var next = 0

  /// A reader of a record that must have exactly these columns.
  ///
  /// - Throws: ``CSV/Mistake`` when the number of fields differs.
  package init(_ record: CSV.Record, columns: [String]) throws(CSV.Mistake) {
    guard record.fields.count == columns.count else {
      throw CSV.Mistake(
        line: record.line,
        reason: "there are \(record.fields.count) fields, expected \(columns.count)"
      )
    }
    self.record = record
    self.columns = columns
  }

  /// The next field as it stands.
  package mutating func text() -> String {
    defer { next += 1 }
    return record.fields[next]
  }

  /// The next field as a number in decimal notation, `nan` of either sign, `inf` or `-inf`.
  package mutating func number() throws(CSV.Mistake) -> Double {
    guard let value = try optionalNumber() else { throw empty() }
    return value
  }

  /// The next field as a number, nil when it is empty.
  package mutating func optionalNumber() throws(CSV.Mistake) -> Double? {
    let field = text()
    guard !field.isEmpty else { return nil }
    let isPlain = field.utf8.allSatisfy { Self.numberBytes.contains($0) }
    if isPlain || ["nan", "-nan", "inf", "-inf"].contains(field), let value = Double(field) {
      return value
    }
    throw bad(field, expected: "a number")
  }

  /// The next field as a whole number of at least 0.
  package mutating func integer() throws(CSV.Mistake) -> Int {
    guard let value = try optionalInteger() else { throw empty() }
    return value
  }

  /// The next field as a whole number of at least 0, nil when it is empty.
  package mutating func optionalInteger() throws(CSV.Mistake) -> Int? {
    let field = text()
    guard !field.isEmpty else { return nil }
    guard field.utf8.allSatisfy({ Self.digits.contains($0) }), let value = Int(field) else {
      throw bad(field, expected: "a whole number of at least 0")
    }
    return value
  }

  /// The next field as an unsigned number of 64 bits.
  package mutating func unsigned() throws(CSV.Mistake) -> UInt64 {
    let field = text()
    guard field.utf8.allSatisfy({ Self.digits.contains($0) }), let value = UInt64(field) else {
      throw bad(field, expected: "a whole number of at least 0")
    }
    return value
  }

  private static let digits = Set("0123456789".utf8)
  private static let numberBytes = Set("0123456789+-.eE".utf8)

  private func bad(_ field: String, expected: String) -> CSV.Mistake {
    CSV.Mistake(
      line: record.line,
      reason: "column '\(columns[next - 1])' holds '\(field)', expected \(expected)"
    )
  }

  private func empty() -> CSV.Mistake {
    CSV.Mistake(line: record.line, reason: "column '\(columns[next - 1])' is empty")
  }
}
