/// What can be wrong with a study file, a setting or a user's arrays.
public enum StudyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A key that nothing reads.
  case unknownKey(String, owner: String, known: [String])
  /// A key that must be given.
  case missingKey(String, owner: String)
  /// A value of the wrong kind or out of range.
  case badValue(key: String, value: String, expected: String, owner: String)
  /// An array that the method needs and the file lacks.
  case missingArray(String, source: String, expected: String)
  /// An array whose shape does not fit.
  case badShape(array: String, source: String, expected: String, actual: [Int])
  /// Numbers that the method cannot take.
  case badNumbers(array: String, source: String, reason: String)
  /// Anything else that the user can mend, in one sentence.
  case invalid(String)

  /// One sentence: what, where and how to fix it.
  public var description: String {
    switch self {
    case .unknownKey(let key, let owner, let known):
      "\(owner): unknown key '\(key)'; known keys: \(known.joined(separator: ", "))"
    case .missingKey(let key, let owner): "\(owner): key '\(key)' must be given"
    case .badValue(let key, let value, let expected, let owner):
      "\(owner): key '\(key)' cannot be \(value); expected \(expected)"
    case .missingArray(let name, let source, let expected):
      "\(source): array '\(name)' is missing; expected \(expected)"
    case .badShape(let array, let source, let expected, let actual):
      "\(source): array '\(array)' has shape \(actual), expected \(expected)"
    case .badNumbers(let array, let source, let reason): "\(source): array '\(array)' \(reason)"
    case .invalid(let sentence): sentence
    }
  }
}

extension StudyError {
  /// A method that learns was asked to run without a model.
  package static func untrained(_ method: String) -> StudyError {
    .invalid("\(method): must be trained before it can run; give a model file")
  }
}
