/// Comma-separated values after RFC 4180, with line feeds between records.
package enum CSV {
  /// One record of a file.
  package struct Record: Equatable, Sendable {
    /// The fields without their quotes.
    package var fields: [String]
    /// The line, from 1, where the record begins.
    package var line: Int
    /// The offset of the byte after the record's line feed.
    package var endOffset: Int
  }

  /// What cannot be read as records.
  package struct Mistake: Error, Equatable {
    /// The line, from 1.
    package var line: Int
    /// What is wrong, as the end of a sentence.
    package var reason: String
  }

  /// The records that end in a line feed, and whether bytes are left after the last of them.
  package struct Records: Equatable, Sendable {
    /// The complete records.
    package var complete: [Record]
    /// Whether the text goes on after the last line feed that ends a record.
    package var hasTornEnd: Bool
  }

  /// A field as it is written: quoted only where a comma, a quote or a line break asks for it.
  package static func quoted(_ field: String) -> String {
    let needsQuotes = field.utf8.contains { byte in
      byte == comma || byte == quote || byte == lineFeed || byte == carriageReturn
    }
    guard needsQuotes else { return field }
    return "\""
      + field.split(separator: "\"", omittingEmptySubsequences: false)
      .joined(separator: "\"\"") + "\""
  }

  /// A record as it is written, with its line feed.
  package static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\n"
  }

  /// Cuts bytes into records.
  ///
  /// - Parameter bytes: the whole file, UTF-8; a carriage return before a line feed is dropped.
  /// - Returns: the complete records and whether the last one is torn.
  /// - Throws: ``Mistake`` for a stray quote or bytes that are not UTF-8.
  package static func records(_ bytes: [UInt8]) throws(Mistake) -> Records {
    var scanner = Scanner(bytes: bytes)
    var complete: [Record] = []
    while scanner.position < bytes.count {
      guard let record = try scanner.next() else {
        return Records(complete: complete, hasTornEnd: true)
      }
      complete.append(record)
    }
    return Records(complete: complete, hasTornEnd: false)
  }

  private static let comma = UInt8(ascii: ",")
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    var line = 1

    /// The next record, or nil where the bytes end before its line feed.
    mutating func next() throws(Mistake) -> Record? {
      var fields: [String] = []
      let firstLine = line
      while true {
        guard let field = try field() else { return nil }
        fields.append(field)
        guard position < bytes.count else { return nil }
        let separator = bytes[position]
        position += 1
        if separator == CSV.lineFeed {
          line += 1
          return Record(fields: fields, line: firstLine, endOffset: position)
        }
      }
    }

    /// One field, or nil inside an open quote; leaves the position at its comma or line feed.
    private mutating func field() throws(Mistake) -> String? {
      if position < bytes.count, bytes[position] == CSV.quote { return try quotedField() }
      let start = position
      while position < bytes.count, bytes[position] != CSV.comma, bytes[position] != CSV.lineFeed {
        guard bytes[position] != CSV.quote else {
          throw Mistake(line: line, reason: "a quote stands inside an unquoted field")
        }
        position += 1
      }
      var end = position
      let endsLine = position < bytes.count && bytes[position] == CSV.lineFeed
      if endsLine, end > start, bytes[end - 1] == CSV.carriageReturn { end -= 1 }
      return try text(Array(bytes[start..<end]), isWhole: position < bytes.count)
    }

    private mutating func quotedField() throws(Mistake) -> String? {
      var content: [UInt8] = []
      position += 1
      while position < bytes.count {
        let byte = bytes[position]
        position += 1
        if byte == CSV.lineFeed { line += 1 }
        guard byte == CSV.quote else {
          content.append(byte)
          continue
        }
        if position < bytes.count, bytes[position] == CSV.quote {
          content.append(CSV.quote)
          position += 1
          continue
        }
        skipCarriageReturn()
        if position < bytes.count, bytes[position] != CSV.comma, bytes[position] != CSV.lineFeed {
          throw Mistake(line: line, reason: "text follows a closing quote")
        }
        return try text(content, isWhole: position < bytes.count)
      }
      return nil
    }

    private mutating func skipCarriageReturn() {
      let isPair =
        position + 1 < bytes.count && bytes[position] == CSV.carriageReturn
        && bytes[position + 1] == CSV.lineFeed
      if isPair { position += 1 }
    }

    private func text(_ content: [UInt8], isWhole: Bool) throws(Mistake) -> String {
      if let text = String(validating: content, as: UTF8.self) { return text }
      guard isWhole else { return "" }
      throw Mistake(line: line, reason: "the bytes are not UTF-8")
    }
  }
}
