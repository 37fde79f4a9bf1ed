/// A JSON value, kept in the order of the text.
package indirect enum JSONText: Equatable, Sendable {
  case null
  case flag(Bool)
  /// A number written as an integer that `Int` holds.
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONText])
  case object([Member])

  /// One entry of an object.
  package struct Member: Equatable, Sendable {
    package var key: String
    package var value: JSONText

    package init(_ key: String, _ value: JSONText) {
      self.key = key
      self.value = value
    }
  }

  /// Where and why a text is not JSON.
  package struct Failure: Error, Equatable {
    package var offset: Int
    package var reason: String

    package init(offset: Int, reason: String) {
      self.offset = offset
      self.reason = reason
    }
  }

  /// The value of a key of an object.
  package subscript(_ key: String) -> JSONText? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// Parses a whole text (RFC 8259); a key that comes twice is an error.
  package init(parsing bytes: [UInt8]) throws(Failure) {
    var parser = JSONParser(bytes)
    self = try parser.document()
  }

  /// Without blanks; keys in the given order.
  package var text: String {
    switch self {
    case .null: "null"
    case .flag(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.quoted(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",") + "}"
    }
  }

  private static func quoted(_ value: String) -> String {
    var text = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\t": text += "\\t"
      case _ where scalar.value < 32:
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}

private struct JSONParser {
  private static let deepest = 32
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONText.Failure) -> JSONText {
    let value = try value(depth: 0)
    skipBlanks()
    guard place == bytes.count else { throw failure("goes on after the end") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONText.Failure) -> JSONText {
    skipBlanks()
    guard depth < Self.deepest else { throw failure("is nested too deeply") }
    guard place < bytes.count else { throw failure("is cut short") }
    switch bytes[place] {
    case UInt8(ascii: "{"): return try object(depth)
    case UInt8(ascii: "["): return try array(depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default:
      for (word, value) in [
        ("null", JSONText.null), ("true", .flag(true)), ("false", .flag(false)),
      ]
      where bytes[place...].starts(with: word.utf8) {
        place += word.utf8.count
        return value
      }
      throw failure("has an unexpected character")
    }
  }

  private mutating func object(_ depth: Int) throws(JSONText.Failure) -> JSONText {
    var members: [JSONText.Member] = []
    var keys = Set<String>()
    place += 1
    skipBlanks()
    if take("}") { return .object([]) }
    repeat {
      skipBlanks()
      guard place < bytes.count, bytes[place] == UInt8(ascii: "\"") else {
        throw failure("lacks a key")
      }
      let key = try string()
      guard keys.insert(key).inserted else { throw failure("has the key '\(key)' twice") }
      skipBlanks()
      guard take(":") else { throw failure("lacks a colon") }
      members.append(.init(key, try value(depth: depth + 1)))
      skipBlanks()
    } while take(",")
    guard take("}") else { throw failure("lacks a closing brace") }
    return .object(members)
  }

  private mutating func array(_ depth: Int) throws(JSONText.Failure) -> JSONText {
    var values: [JSONText] = []
    place += 1
    skipBlanks()
    if take("]") { return .array([]) }
    repeat {
      values.append(try value(depth: depth + 1))
      skipBlanks()
    } while take(",")
    guard take("]") else { throw failure("lacks a closing bracket") }
    return .array(values)
  }

  private mutating func number() throws(JSONText.Failure) -> JSONText {
    let start = place
    let marks = Set("+-.eE0123456789".utf8)
    while place < bytes.count && marks.contains(bytes[place]) { place += 1 }
    let slice = bytes[start..<place]
    let digits = slice.first == UInt8(ascii: "-") ? slice.dropFirst() : slice
    // JSON allows neither "01" nor "+1" nor ".5" nor "5."
    let leadsWithZero = digits.first == UInt8(ascii: "0") && digits.count > 1
    let second = digits.dropFirst().first
    guard let first = digits.first, (48...57).contains(first),
      !leadsWithZero || second == UInt8(ascii: ".") || second == 69 || second == 101,
      !hasBarePoint(digits)
    else { throw failure("has a number that is not valid") }
    let text = String(decoding: slice, as: UTF8.self)
    if let value = Int(text) { return .integer(value) }
    guard let decimal = DecimalNumber(slice), decimal.isInRange else {
      throw failure("has a number that is not valid")
    }
    return .number(decimal.double)
  }

  private func hasBarePoint(_ digits: ArraySlice<UInt8>) -> Bool {
    guard let point = digits.firstIndex(of: UInt8(ascii: ".")) else { return false }
    return point + 1 >= digits.endIndex || !(48...57).contains(digits[point + 1])
  }

  private mutating func string() throws(JSONText.Failure) -> String {
    place += 1
    var content: [UInt8] = []
    while true {
      guard place < bytes.count else { throw failure("has a string that is cut short") }
      let byte = bytes[place]
      place += 1
      if byte == UInt8(ascii: "\"") { break }
      guard byte >= 32 else { throw failure("has a control character in a string") }
      if byte == UInt8(ascii: "\\") { try escape(&content) } else { content.append(byte) }
    }
    guard let text = String(validating: content, as: UTF8.self) else {
      throw failure("has a string that is not UTF-8")
    }
    return text
  }

  private mutating func escape(_ content: inout [UInt8]) throws(JSONText.Failure) {
    guard place < bytes.count else { throw failure("has a string that is cut short") }
    let byte = bytes[place]
    place += 1
    let plain: [UInt8: UInt8] = [
      34: 34, 92: 92, 47: 47, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9,
    ]
    if let value = plain[byte] {
      content.append(value)
      return
    }
    guard byte == UInt8(ascii: "u") else { throw failure("has an unknown escape") }
    var code = try hexadecimal()
    if (0xd800..<0xdc00).contains(code) {
      guard place + 1 < bytes.count, bytes[place] == 92, bytes[place + 1] == UInt8(ascii: "u")
      else { throw failure("has half a surrogate pair") }
      place += 2
      let low = try hexadecimal()
      guard (0xdc00..<0xe000).contains(low) else { throw failure("has half a surrogate pair") }
      code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("has half a surrogate pair") }
    content += Array(String(Character(scalar)).utf8)
  }

  private mutating func hexadecimal() throws(JSONText.Failure) -> UInt32 {
    guard place + 4 <= bytes.count,
      bytes[place..<(place + 4)].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: bytes[place..<(place + 4)], as: UTF8.self), radix: 16)
    else { throw failure("has an unknown escape") }
    place += 4
    return value
  }

  private mutating func skipBlanks() {
    while place < bytes.count, [32, 9, 10, 13].contains(bytes[place]) { place += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard place < bytes.count, bytes[place] == UInt8(ascii: character) else { return false }
    place += 1
    return true
  }

  private func failure(_ reason: String) -> JSONText.Failure {
    JSONText.Failure(offset: place, reason: reason)
  }
}
