extension SettingDescription.Kind: CustomStringConvertible {
  /// What values it takes, in words: `whole number 1...8`.
  public var description: String { words }

  /// What values it takes, in words.
  package var words: String {
    switch self {
    case .integer(let range): "whole number \(Self.words(range))"
    case .number(let range): "number \(Self.words(range))"
    case .choice(let words): words.joined(separator: " | ")
    case .text: "word"
    case .flag: "true | false"
    case .integers(let range): "whole numbers \(Self.words(range))"
    case .numbers(let range): "numbers \(Self.words(range))"
    }
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? "from \(range.lowerBound)" : "\(range.lowerBound)...\(range.upperBound)"
  }

  private static func words(_ range: ClosedRange<Double>) -> String {
    func word(_ end: Double) -> String { Int(exactly: end).map { "\($0)" } ?? "\(end)" }
    let (low, high) = (range.lowerBound, range.upperBound)
    let isUnbounded = high == .infinity || high == .greatestFiniteMagnitude
    if low == -.infinity || low == -.greatestFiniteMagnitude {
      return isUnbounded ? "" : "up to \(word(high))"
    }
    if low == .leastNonzeroMagnitude || low == .leastNormalMagnitude {
      return isUnbounded ? "above 0" : "above 0, up to \(word(high))"
    }
    return isUnbounded ? "from \(word(low))" : "\(word(low))...\(word(high))"
  }
}

extension SettingValue: CustomStringConvertible {
  /// The value as it is typed after `--set key=`.
  public var description: String { words }

  /// The value as it is typed after `--set key=`.
  package var words: String { StudyNode(self).flow }
}
