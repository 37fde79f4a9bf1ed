/// What an iterative computation gave, and whether it succeeded.
public struct Outcome<Value> {
  /// How it ended.
  public enum Status: Sendable, Hashable {
    /// The residual fell below the tolerance.
    case converged
    /// The iterations asked for were made; no tolerance was set.
    case completed
    /// The residual was still above the tolerance at the last iteration allowed.
    case iterationLimit
    /// A number was not finite after that iteration, counted from 1.
    case diverged(iteration: Int)

    /// Whether the value can be used.
    public var isSuccess: Bool { self == .converged || self == .completed }
  }

  /// The last estimate.
  public let value: Value
  /// How it ended.
  public let status: Status
  /// The iterations made.
  public let iterations: Int
  /// The residual of each iteration.
  public let residuals: [Double]

  /// The result of an iterative computation.
  public init(value: Value, status: Status, iterations: Int, residuals: [Double]) {
    self.value = value
    self.status = status
    self.iterations = iterations
    self.residuals = residuals
  }

  /// One sentence on how it ended.
  public var sentence: String {
    let last = residuals.last.map { "\($0)" } ?? "unknown"
    switch status {
    case .converged: return "converged in \(iterations) iterations, residual \(last)"
    case .completed: return "made \(iterations) iterations"
    case .iterationLimit:
      return "did not converge in \(iterations) iterations, residual \(last)"
    case .diverged(let iteration):
      return "diverged: a number is not finite after iteration \(iteration)"
    }
  }
}

/// When a solver stops.
public struct StoppingRule: Sendable, Hashable {
  /// The residual to reach; nil to make all iterations.
  public var tolerance: Double?
  /// The most iterations.
  public var maximumIterations: Int

  /// Stops when the residual is at most `tolerance`.
  public static func tolerance(_ tolerance: Double, maximumIterations: Int = 10_000)
    -> StoppingRule
  {
    StoppingRule(tolerance: tolerance, maximumIterations: maximumIterations)
  }

  /// Makes so many iterations.
  public static func iterations(_ count: Int) -> StoppingRule {
    StoppingRule(tolerance: nil, maximumIterations: count)
  }
}
