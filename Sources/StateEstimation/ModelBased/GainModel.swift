/// The slot of the Kalman filter: how much of the innovation the estimate takes.
///
/// The filter's recursion is written once, in ``GaussianFilter``; formulas and networks fill its gain:
/// ``RiccatiGain`` by the covariances of a model, ``SigmaPointGain`` by points sent through it,
/// ``SteadyStateGain`` by the limit of the first. A filling never allocates after ``makeMemory()``.
///
/// A step calls, in this order: `predict` (or `hold` before the first observation, where the initial mean is
/// the state at the first observation already), `observe`, `fill` unless nothing was observed, `correct`.
///
/// Laws: with the Riccati gain the filter is the (extended) Kalman filter; a step's result depends on the
/// memory and the step alone; after `start` a memory is as new.
public protocol GainModel<Transition, Emission>: Sendable {
  /// How the state moves on.
  associatedtype Transition: VectorFunction
  /// What is observed of it.
  associatedtype Emission: VectorFunction where Emission.Scalar == Scalar
  /// The precision.
  associatedtype Scalar where Scalar == Transition.Scalar
  /// What one sequence carries from step to step: covariances, hidden states; a class of buffers.
  associatedtype Memory: AnyObject

  /// A step's numbers.
  typealias Step = FilterStep<Scalar>
  /// A pointer to a step's numbers.
  typealias Numbers = UnsafePointer<Scalar>

  /// The first moments of the system.
  var model: StateSpaceModel<Transition, Emission> { get }

  /// Memory for one sequence.
  func makeMemory() -> Memory

  /// Begins a sequence.
  ///
  /// - Parameters:
  ///   - step: its `estimate` is the initial mean; `previous` and `predicted` equal it.
  ///   - covariance: `P_0`, `[m, m]`.
  ///   - memory: becomes as new.
  func start(_ step: Step, covariance: Numbers, _ memory: Memory)

  /// Writes `predicted` from `previous`, and what else the gain needs.
  func predict(_ step: Step, _ memory: Memory)

  /// Takes the initial mean as the first prediction; `predicted` equals it.
  func hold(_ step: Step, _ memory: Memory)

  /// Writes `predictedObservation` from `predicted`.
  func observe(_ step: Step, _ memory: Memory)

  /// Writes `gain`, and `consistency` where it is known.
  ///
  /// - Returns: false where there is no gain, as with an innovation covariance that is not positive definite.
  func fill(_ step: Step, _ memory: Memory) -> Bool

  /// Learns of the new estimate; writes `covariance`.
  func correct(_ step: Step, _ memory: Memory)
}

extension GainModel {
  /// `x_{t|t-1} = f(x_{t-1|t-1})`.
  public func predict(_ step: Step, _ memory: Memory) {
    model.transition.evaluate(step.previous, into: step.predicted)
  }

  /// Nothing to do.
  public func hold(_ step: Step, _ memory: Memory) {}

  /// `y_{t|t-1} = h(x_{t|t-1})`.
  public func observe(_ step: Step, _ memory: Memory) {
    model.emission.evaluate(step.predicted, into: step.predictedObservation)
  }

  /// No covariance is known.
  public func correct(_ step: Step, _ memory: Memory) {
    for i in 0..<(step.states * step.states) { step.covariance[i] = .nan }
  }
}
