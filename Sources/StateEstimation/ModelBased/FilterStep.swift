// Proof of safety: each piece is allocated once, of a type without references, and lives as long as the step
// that owns it; a step is used by one thread at a time.

public import Tensors

/// One step of a filter: the numbers that the recursion and the model of the gain share.
///
/// All of it is memory allocated once; a step allocates nothing. Vectors have `states` or `observed` numbers,
/// matrices are row-major.
public final class FilterStep<Scalar: RealTensorScalar> {
  /// `m`.
  public let states: Int
  /// `n`.
  public let observed: Int
  /// `x_{t-1|t-1}`, `[m]`.
  public let previous: UnsafeMutablePointer<Scalar>
  /// `x_{t-2|t-2}`, `[m]`; the initial mean in the first step.
  public let earlier: UnsafeMutablePointer<Scalar>
  /// `x_{t-1|t-2}`, `[m]`; the initial mean in the first step.
  public let earlierPredicted: UnsafeMutablePointer<Scalar>
  /// `y_{t-1}`, `[n]`, what was predicted of it where it is missing; `h` of the initial mean in the first step.
  public let earlierObservation: UnsafeMutablePointer<Scalar>
  /// `x_{t|t-1}`, `[m]`.
  public let predicted: UnsafeMutablePointer<Scalar>
  /// `x_{t|t}`, `[m]`.
  public let estimate: UnsafeMutablePointer<Scalar>
  /// `P_{t|t}`, `[m, m]`; NaN where the gain does not know it.
  public let covariance: UnsafeMutablePointer<Scalar>
  /// `y_t`, `[n]`; NaN where it is missing.
  public let observation: UnsafeMutablePointer<Scalar>
  /// `y_{t|t-1}`, `[n]`.
  public let predictedObservation: UnsafeMutablePointer<Scalar>
  /// `y_t - y_{t|t-1}`, `[n]`; 0 where the observation is missing.
  public let innovation: UnsafeMutablePointer<Scalar>
  /// `K_t`, `[m, n]`: what the gain model writes; columns of missing entries must be 0.
  public let gain: UnsafeMutablePointer<Scalar>
  /// The entries of the observation that are there, the first `presentCount` of `[n]`.
  public let present: UnsafeMutablePointer<Int32>
  // Of one thread, and never lent to two at once: the run-time check of that costs a tenth of a step.
  /// How many entries of the observation are there.
  @exclusivity(unchecked) public internal(set) var presentCount = 0
  /// Whether the initial mean is the next prediction.
  @exclusivity(unchecked) var holds = false
  /// `dy' S^-1 dy` and `log det S` of the entries that are there; NaN where the gain does not know them.
  public let consistency: UnsafeMutablePointer<Double>

  private let numbers: UnsafeMutablePointer<Scalar>
  /// `P_{t|t-1}` `[m, m]` and `Cov(x_{t-1}, x_t)` `[m, m]`, kept for a smoother.
  package let predictedCovariance: UnsafeMutablePointer<Scalar>
  package let crossCovariance: UnsafeMutablePointer<Scalar>

  /// Memory for a model of so many states and observed numbers.
  public init(states: Int, observed: Int) {
    let (m, n) = (states, observed)
    self.states = m
    self.observed = n
    let count = 5 * m + 3 * m * m + 4 * n + m * n
    numbers = .allocate(capacity: count)
    numbers.clear(count: count)
    previous = numbers
    earlier = previous + m
    earlierPredicted = earlier + m
    predicted = earlierPredicted + m
    estimate = predicted + m
    covariance = estimate + m
    predictedCovariance = covariance + m * m
    crossCovariance = predictedCovariance + m * m
    observation = crossCovariance + m * m
    predictedObservation = observation + n
    innovation = predictedObservation + n
    earlierObservation = innovation + n
    gain = earlierObservation + n
    present = .allocate(capacity: max(n, 1))
    present.initialize(repeating: 0, count: max(n, 1))
    consistency = .allocate(capacity: 2)
    consistency.initialize(repeating: .nan, count: 2)
  }

  deinit {
    numbers.deallocate()
    present.deallocate()
    consistency.deallocate()
  }

  /// `-1/2 (dy' S^-1 dy + log det S + n log 2 pi)` of the last observation, in nats.
  public var logLikelihood: Double {
    presentCount == 0
      ? 0
      : -0.5 * (consistency[0] + consistency[1] + Double(presentCount) * 1.837_877_066_409_345_5)
  }

  /// Whether every entry of the observation is there.
  public var isComplete: Bool { presentCount == observed }
}
