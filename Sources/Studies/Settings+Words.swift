extension SettingDescription.Kind: CustomStringConvertible {
  /// What values it takes, in words: `whole number 1...8`, `gaussian | poisson`.
  public var description: String {
    switch self {
    case .integer(let range): "whole number\(Self.words(range))"
    case .number(let range): "number\(Self.words(range))"
    case .choice(let words): words.joined(separator: " | ")
    case .text: "word"
    case .flag: "true | false"
    case .integers(let range): "whole numbers\(Self.words(range))"
    case .numbers(let range): "numbers\(Self.words(range))"
    }
  }

  private static func words(_ range: ClosedRange<Int>) -> String {
    range.upperBound == .max
      ? " from \(range.lowerBound)" : " \(range.lowerBound)...\(range.upperBound)"
  }

  private static func words(_ range: ClosedRange<Double>) -> String {
    let high = word(range.upperBound)
    let low = word(range.lowerBound)
    let isPositive =
      range.lowerBound == .leastNonzeroMagnitude || range.lowerBound == .leastNormalMagnitude
    switch (low, high) {
    case (nil, nil): return ""
    case (nil, let high?): return " up to \(high)"
    case (let low?, nil): return isPositive ? " above 0" : " from \(low)"
    case (let low?, let high?): return isPositive ? " above 0, up to \(high)" : " \(low)...\(high)"
    }
  }

  /// An end of a range, nil when it bounds nothing.
  private static func word(_ end: Double) -> String? {
    end.magnitude >= .greatestFiniteMagnitude ? nil : SettingValue.number(end).word
  }
}

extension SettingValue: CustomStringConvertible {
  /// The value as it is typed after `--set key=`.
  public var description: String { word }
}
