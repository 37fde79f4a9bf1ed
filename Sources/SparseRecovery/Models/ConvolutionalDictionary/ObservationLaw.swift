internal import Autodiff
public import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How observations are distributed given their natural parameter: one member of the exponential family.
///
/// `-log p(x | eta) = B(eta) - x eta - log f(x)`, with `E[x] = B'(eta)`:
///
/// | law | mean | B |
/// |---|---|---|
/// | normal | `eta` | `eta^2 / 2`, all over the variance |
/// | binomial | `M sigmoid(eta)` | `M log(1 + exp eta)` |
/// | Poisson | `exp eta` | `exp eta` |
///
/// - SeeAlso: `tolooshams2020dcea`.
public enum ObservationLaw: Sendable, Hashable {
  /// Normal, of a known variance; `eta` is the mean.
  case gaussian(variance: Double)
  /// Successes among so many trials; `eta` is the log-odds.
  case binomial(trials: Int)
  /// Counts; `eta` is the logarithm of the rate.
  case poisson

  /// `E[x | eta]`.
  public func mean<Scalar: RealTensorScalar>(_ parameters: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .gaussian: parameters
    case .binomial(let trials): sigmoid(parameters) * Scalar(trials)
    case .poisson: exp(parameters)
    }
  }

  /// The derivative of `log p(x | eta)` by `eta`.
  func score<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, _ parameters: Tensor<Scalar>)
    -> Tensor<Scalar>
  {
    switch self {
    case .gaussian(let variance):
      weightedSum(x, Scalar(1 / variance), parameters, Scalar(-1 / variance))
    case .binomial(let trials): weightedSum(x, 1, sigmoid(parameters), Scalar(-trials))
    case .poisson: weightedSum(x, 1, exp(parameters), -1)
    }
  }

  /// `B(eta) - x eta` (over the variance): the negative log-likelihood without what depends on `x` alone.
  ///
  /// - Parameters:
  ///   - x: observations.
  ///   - parameters: `eta`, of the same shape.
  /// - Returns: of that shape, in nats.
  public func loss<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, _ parameters: Tensor<Scalar>)
    -> Tensor<Scalar>
  {
    switch self {
    case .gaussian(let variance):
      (square(parameters) * 0.5 - x * parameters) * Scalar(1 / variance)
    case .binomial(let trials): softplus(parameters) * Scalar(trials) - x * parameters
    case .poisson: exp(parameters) - x * parameters
    }
  }

  /// `-log f(x)` of each observation, in nats; with ``loss(_:_:)`` the negative log-likelihood.
  public func observationTerm(_ x: Double) -> Double {
    switch self {
    case .gaussian(let variance):
      return x * x / (2 * variance) + 0.5 * naturalLogarithm(2 * Double.pi * variance)
    case .binomial(let trials):
      let m = Double(trials)
      return lgamma(x + 1) + lgamma(m - x + 1) - lgamma(m + 1)
    case .poisson: return lgamma(x + 1)
    }
  }

  /// `B''(eta)`, the variance of an observation where the law has one of its own.
  func variance(_ parameter: Double) -> Double {
    switch self {
    case .gaussian(let variance): return 1 / variance
    case .binomial(let trials):
      let p = 1 / (1 + exponential(-parameter))
      return Double(trials) * p * (1 - p)
    case .poisson: return exponential(parameter)
    }
  }

  /// The mean on a single number.
  func mean(_ parameter: Double) -> Double {
    switch self {
    case .gaussian: parameter
    case .binomial(let trials): Double(trials) / (1 + exponential(-parameter))
    case .poisson: exponential(parameter)
    }
  }

  /// ``loss(_:_:)`` on single numbers.
  func loss(_ x: Double, _ parameter: Double) -> Double {
    switch self {
    case .gaussian(let variance): return (parameter * parameter / 2 - x * parameter) / variance
    case .binomial(let trials):
      let positive = max(parameter, 0) + log1p(exponential(-parameter.magnitude))
      return Double(trials) * positive - x * parameter
    case .poisson: return exponential(parameter) - x * parameter
    }
  }

  /// The derivative of `log p` on single numbers.
  func score(_ x: Double, _ parameter: Double) -> Double {
    switch self {
    case .gaussian(let variance): (x - parameter) / variance
    default: x - mean(parameter)
    }
  }

  /// The natural parameter of a mean, kept away from the ends of its range.
  func parameter(ofMean mean: Double) -> Double {
    switch self {
    case .gaussian: return mean
    case .binomial(let trials):
      let share = min(max(mean / Double(trials), 1e-6), 1 - 1e-6)
      return naturalLogarithm(share / (1 - share))
    case .poisson: return naturalLogarithm(max(mean, 1e-6))
    }
  }

  /// The same on tensors.
  func parameter<Scalar: RealTensorScalar>(ofMean mean: Tensor<Scalar>) -> Tensor<Scalar> {
    switch self {
    case .gaussian: return mean
    case .binomial(let trials):
      let share = clamp(mean * Scalar(1 / Double(trials)), 1e-6...(1 - 1e-6))
      return log(share) - log(1 - share)
    case .poisson: return log(maximum(mean, Tensor(1e-6)))
    }
  }

  /// An upper bound of `B''` for observations of at most some size.
  func curvature(largest: Double) -> Double {
    switch self {
    case .gaussian(let variance): 1 / variance
    case .binomial(let trials): Double(trials) / 4
    case .poisson: max(largest, 1)
    }
  }

  /// Whether a number can be an observation.
  func admits(_ x: Double) -> Bool {
    switch self {
    case .gaussian: x.isFinite
    case .binomial(let trials): x >= 0 && x <= Double(trials) && x == x.rounded()
    case .poisson: x >= 0 && x.isFinite && x == x.rounded()
    }
  }

  /// What an observation can be, in words.
  var range: String {
    switch self {
    case .gaussian: "a finite number"
    case .binomial(let trials): "a whole number from 0 to \(trials) (setting trials)"
    case .poisson: "a whole number, 0 or more"
    }
  }
}
