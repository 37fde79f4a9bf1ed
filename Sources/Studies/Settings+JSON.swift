extension Settings {
  /// The values as a JSON object with sorted keys, as model files hold them.
  package var json: String {
    let entries = values.sorted { $0.key < $1.key }.map {
      "\(SettingValue.quoted($0.key)): \($0.value.json)"
    }
    return "{" + entries.joined(separator: ", ") + "}"
  }
}

extension SettingValue {
  /// The value as JSON; a number that is not finite, which JSON lacks, as a word.
  package var json: String {
    switch self {
    case .integer(let integer): "\(integer)"
    case .number(let number): number.isFinite ? "\(number)" : Self.quoted("\(number)")
    case .text(let text): Self.quoted(text)
    case .flag(let flag): flag ? "true" : "false"
    case .list(let list): "[" + list.map(\.json).joined(separator: ", ") + "]"
    }
  }

  /// The word between quotation marks.
  static func quoted(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case _ where scalar.value < 32:
        let code = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - code.count) + code
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }
}
