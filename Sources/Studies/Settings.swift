/// The value of one setting, as written in a study file or after `--set`.
public enum SettingValue: Sendable, Hashable, Codable {
  /// A whole number.
  case integer(Int)
  /// A number.
  case number(Double)
  /// A word.
  case text(String)
  /// Yes or no.
  case flag(Bool)
  /// Several values.
  case list([SettingValue])
}

/// What a setting is called, what it may be and what it is when nobody says.
public struct SettingDescription: Sendable, Hashable {
  /// What kind of value a setting takes.
  public enum Kind: Sendable, Hashable {
    /// A whole number in a range.
    case integer(ClosedRange<Int>)
    /// A number in a range.
    case number(ClosedRange<Double>)
    /// One of these words.
    case choice([String])
    /// Any word.
    case text
    /// Yes or no.
    case flag
    /// Several whole numbers, each in a range.
    case integers(ClosedRange<Int>)
    /// Several numbers, each in a range.
    case numbers(ClosedRange<Double>)
  }

  /// The key, as in `--set key=value`.
  public var key: String
  /// What values it takes.
  public var kind: Kind
  /// The value when nobody says; nil when one must be given.
  public var standard: SettingValue?
  /// One sentence for `--help`.
  public var summary: String
  /// The unit, or empty.
  public var unit: String
  /// Whether training does not read it, so that rows which differ in it share a model.
  public var isForInference: Bool

  /// The description of one setting.
  public init(
    _ key: String,
    _ kind: Kind,
    standard: SettingValue?,
    _ summary: String,
    unit: String = "",
    isForInference: Bool = false
  ) {
    self.key = key
    self.kind = kind
    self.standard = standard
    self.summary = summary
    self.unit = unit
    self.isForInference = isForInference
  }
}

/// Resolved settings: every key of the description has a checked value.
public struct Settings: Sendable, Hashable {
  /// The values by key.
  public let values: [String: SettingValue]

  /// Checks given values against descriptions and fills in the standard ones.
  ///
  /// - Parameters:
  ///   - given: the values that a file or command line gave.
  ///   - descriptions: every setting that exists.
  ///   - owner: whose settings they are, for messages: `method viterbi`.
  /// - Throws: ``StudyError`` naming the key, its place and the known keys.
  public init(
    _ given: [String: SettingValue],
    for descriptions: [SettingDescription],
    owner: String
  ) throws(StudyError) {
    var values: [String: SettingValue] = [:]
    for key in given.keys.sorted() where !descriptions.contains(where: { $0.key == key }) {
      throw .unknownKey(key, owner: owner, known: descriptions.map(\.key))
    }
    for description in descriptions {
      if let value = given[description.key] {
        values[description.key] = try description.checked(value, owner: owner)
      } else if let standard = description.standard {
        values[description.key] = standard
      } else {
        throw .missingKey(description.key, owner: owner)
      }
    }
    self.values = values
  }

  /// The whole number of that key, which the description guarantees.
  public func integer(_ key: String) -> Int {
    guard case .integer(let value) = values[key] else {
      preconditionFailure("Settings: no whole number under '\(key)'")
    }
    return value
  }

  /// The number of that key.
  public func number(_ key: String) -> Double {
    switch values[key] {
    case .number(let value): return value
    case .integer(let value): return Double(value)
    default: preconditionFailure("Settings: no number under '\(key)'")
    }
  }

  /// The word of that key.
  public func text(_ key: String) -> String {
    guard case .text(let value) = values[key] else {
      preconditionFailure("Settings: no word under '\(key)'")
    }
    return value
  }

  /// The yes or no of that key.
  public func flag(_ key: String) -> Bool {
    guard case .flag(let value) = values[key] else {
      preconditionFailure("Settings: no yes or no under '\(key)'")
    }
    return value
  }

  /// The whole numbers of that key.
  public func integers(_ key: String) -> [Int] {
    guard case .list(let list) = values[key] else {
      preconditionFailure("Settings: no list under '\(key)'")
    }
    return list.compactMap { if case .integer(let value) = $0 { value } else { nil } }
  }

  /// The numbers of that key.
  public func numbers(_ key: String) -> [Double] {
    guard case .list(let list) = values[key] else {
      preconditionFailure("Settings: no list under '\(key)'")
    }
    return list.compactMap {
      switch $0 {
      case .integer(let value): Double(value)
      case .number(let value): value
      default: nil
      }
    }
  }
}

extension SettingDescription {
  /// The value in the kind's own form, or an error that names what was expected.
  func checked(_ value: SettingValue, owner: String) throws(StudyError) -> SettingValue {
    switch (kind, value) {
    case (.integer(let range), .integer(let number)) where range.contains(number): return value
    case (.number(let range), .number(let number)) where range.contains(number): return value
    case (.number(let range), .integer(let number)) where range.contains(Double(number)):
      return .number(Double(number))
    case (.choice(let words), .text(let word)) where words.contains(word): return value
    case (.text, .text), (.flag, .flag): return value
    case (.integers(let range), .list(let list)):
      if list.allSatisfy({ if case .integer(let n) = $0 { range.contains(n) } else { false } }) {
        return value
      }
    case (.integers(let range), .integer(let number)) where range.contains(number):
      return .list([value])
    case (.numbers(let range), .list(let list)):
      let numbers = list.map { (item: SettingValue) -> Double in
        switch item {
        case .integer(let n): Double(n)
        case .number(let x): x
        default: .nan
        }
      }
      if numbers.allSatisfy(range.contains) { return .list(numbers.map(SettingValue.number)) }
    case (.numbers(let range), .number(let number)) where range.contains(number):
      return .list([value])
    case (.numbers(let range), .integer(let number)) where range.contains(Double(number)):
      return .list([.number(Double(number))])
    default: break
    }
    throw .badValue(key: key, value: "\(value)", expected: "\(kind)", owner: owner)
  }
}
