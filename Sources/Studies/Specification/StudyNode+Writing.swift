extension StudyNode {
  /// The node as YAML, which reads back to the same node.
  package var yaml: String {
    switch self {
    case .map(let map) where !map.entries.isEmpty: Self.lines(map, indent: 0)
    default: flow + "\n"
    }
  }

  private static func lines(_ map: StudyMap, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    return map.entries.map { entry in
      margin + word(entry.key) + ":" + tail(entry.node, indent: indent + 2)
    }.joined()
  }

  /// What follows `key:`, line feed included.
  private static func tail(_ node: StudyNode, indent: Int) -> String {
    switch node {
    case .map(let map) where node.isWide:
      return "\n" + lines(map, indent: indent)
    case .list(let list) where node.isWide:
      let margin = String(repeating: " ", count: indent)
      return "\n"
        + list.map { item in
          guard case .map(let map) = item, item.isWide else { return "\(margin)- \(item.flow)\n" }
          let block = lines(map, indent: indent + 2)
          return margin + "- " + block.dropFirst(indent + 2)
        }.joined()
    default: return " \(node.flow)\n"
    }
  }

  /// Whether the node is too large for one line.
  private var isWide: Bool {
    switch self {
    case .map(let map): !map.entries.isEmpty && flow.utf8.count > 60
    case .list(let list): list.contains { $0.asMap != nil } && flow.utf8.count > 60
    default: false
    }
  }

  /// The node on one line: the canonical text that hashes and comparisons use.
  package var flow: String {
    switch self {
    case .null: "null"
    case .value(let value): Self.written(value)
    case .list(let list): "[" + list.map(\.flow).joined(separator: ", ") + "]"
    case .map(let map):
      "{" + map.entries.map { "\(Self.word($0.key)): \($0.node.flow)" }.joined(separator: ", ")
        + "}"
    }
  }

  private static func written(_ value: SettingValue) -> String {
    switch value {
    case .integer(let integer): "\(integer)"
    case .number(.infinity): ".inf"
    case .number(-.infinity): "-.inf"
    case .number(let number): "\(number)"
    case .flag(let flag): flag ? "true" : "false"
    case .text(let text): word(text)
    case .list(let list): StudyNode(.list(list)).flow
    }
  }

  /// A word, in quotes unless it is plainly one.
  private static func word(_ text: String) -> String {
    let isPlain =
      text.utf8.first.map(isLetter) == true && text.utf8.allSatisfy { isLetter($0) || inWord($0) }
    let reserved = ["true", "false", "null", "inf", "nan", "yes", "no", "on", "off", "y", "n"]
    if isPlain && !reserved.contains(text.lowercased()) { return text }
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 32:
        let code = String(scalar.value, radix: 16)
        quoted += "\\x" + (code.count < 2 ? "0" : "") + code
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func inWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "_-./".utf8.contains(byte)
  }
}
