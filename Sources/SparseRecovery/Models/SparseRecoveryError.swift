/// What can be wrong with an operator, a signal's law or the observations given to a method.
public enum SparseRecoveryError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An array whose extents do not fit.
  case badShape(name: String, actual: [Int], expected: String)
  /// A number that cannot be used.
  case badNumber(name: String, value: String, expected: String)
  /// An operator whose rows (or, if it is tall, columns) depend on each other.
  case rankDeficient(rows: Int, columns: Int)
  /// A column of the operator that is zero, so that its unknown is not seen at all.
  case zeroColumn(Int)

  /// One sentence: what, where and how to fix it.
  public var description: String {
    switch self {
    case .badShape(let name, let actual, let expected):
      "\(name) has shape \(actual), expected \(expected)"
    case .badNumber(let name, let value, let expected):
      "\(name) is \(value), expected \(expected)"
    case .rankDeficient(let rows, let columns):
      "the operator [\(rows), \(columns)] does not have full rank; leave out dependent "
        + (rows <= columns ? "rows" : "columns")
    case .zeroColumn(let column):
      "column \(column) of the operator is zero; leave that unknown out"
    }
  }
}
