/// What can be wrong with an operator, a kernel or the images given to a method.
public enum ImageRestorationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An array whose extents do not fit.
  case badShape(name: String, actual: [Int], expected: String)
  /// A number that cannot be used.
  case badNumber(name: String, value: String, expected: String)
  /// A matrix that had to be positive definite.
  case singular(name: String)

  /// One sentence: what, where and how to fix it.
  public var description: String {
    switch self {
    case .badShape(let name, let actual, let expected):
      "\(name) has shape \(actual), expected \(expected)"
    case .badNumber(let name, let value, let expected):
      "\(name) is \(value), expected \(expected)"
    case .singular(let name): "\(name) is singular to rounding; raise the weight"
    }
  }
}
