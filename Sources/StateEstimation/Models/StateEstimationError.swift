/// What can be wrong with a state-space model or the arrays given to a filter.
public enum StateEstimationError: Error, Equatable, Sendable, CustomStringConvertible {
  /// An array whose shape does not fit the model.
  case badShape(name: String, expected: String, actual: [Int])
  /// A covariance that is none.
  case notACovariance(name: String, reason: String)
  /// A number that the filter cannot take.
  case badNumber(name: String, reason: String)
  /// A steady state that the recursion does not reach.
  case noSteadyState(iterations: Int)

  /// One sentence: what, where and how to fix it.
  public var description: String {
    switch self {
    case .badShape(let name, let expected, let actual):
      "\(name) has shape \(actual), expected \(expected)"
    case .notACovariance(let name, let reason): "\(name) is not a covariance: \(reason)"
    case .badNumber(let name, let reason): "\(name) \(reason)"
    case .noSteadyState(let iterations):
      "the covariance has not settled after \(iterations) steps; the model has no steady state"
        + " that observations reach"
    }
  }
}
