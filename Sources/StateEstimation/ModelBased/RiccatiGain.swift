// Goals in order: covariances stay symmetric and positive definite over thousands of steps (Joseph's form,
// no inverse); a step of three states below a third of a microsecond; missing entries are left out, not
// approximated.

internal import CKernels
internal import Tensors

/// The gain of the (extended) Kalman filter, from the covariances that a model predicts.
///
/// `P_{t|t-1} = F P F' + Q`, `S = H P_{t|t-1} H' + R`, `K = P_{t|t-1} H' S^-1` by a Cholesky solve,
/// `P = (I - K H) P_{t|t-1} (I - K H)' + K R K'`. `F` and `H` are Jacobians at the last estimate and at the
/// prediction.
///
/// - SeeAlso: `sarkka2013`, chapters 4 and 5.
public struct RiccatiGain<Transition: VectorFunction, Emission: VectorFunction>: GainModel
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar
  /// Covariances of one sequence.
  public typealias Memory = MomentMemory<Transition.Scalar>

  /// Which matrix stands for a nonlinear transition.
  public enum Linearisation: Sendable, Hashable {
    /// Its Jacobian.
    case jacobian
    /// The matrix `F(x)` with `f(x) = F(x) x`.
    case stateDependentMatrix
  }

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>
  /// `Q` and `R`.
  public let noise: NoiseCovariances<Transition.Scalar>
  /// Which matrix stands for the transition.
  public let linearisation: Linearisation

  /// The gain of a model and its noise.
  public init(
    model: StateSpaceModel<Transition, Emission>,
    noise: NoiseCovariances<Transition.Scalar>,
    linearisation: Linearisation = .jacobian
  ) {
    noise.checkFits(states: model.states, observed: model.observed)
    self.model = model
    self.noise = noise
    self.linearisation = linearisation
  }

  /// Covariances of one sequence.
  public func makeMemory() -> MomentMemory<Scalar> {
    MomentMemory(states: model.states, observed: model.observed)
  }

  /// Begins with `P_0`.
  public func start(_ step: Step, covariance: Numbers, _ memory: MomentMemory<Scalar>) {
    let count = model.states * model.states
    memory.covariance.update(from: covariance, count: count)
    step.covariance.update(from: covariance, count: count)
  }

  /// `x_{t|t-1} = f(x)`, `P_{t|t-1} = F P F' + Q`.
  public func predict(_ step: Step, _ memory: MomentMemory<Scalar>) {
    switch linearisation {
    case .jacobian:
      model.transition.linearise(
        step.previous,
        into: step.predicted,
        jacobian: memory.transition
      )
    case .stateDependentMatrix:
      model.transition.evaluate(step.previous, into: step.predicted)
      model.transition.stateDependentMatrix(step.previous, into: memory.transition)
    }
    Scalar.kernels.pointee.moments_predict(
      model.states,
      memory.transition,
      memory.covariance,
      noise.process.base,
      step.crossCovariance,
      step.predictedCovariance
    )
  }

  /// `P_{t|t-1} = P_0`.
  public func hold(_ step: Step, _ memory: MomentMemory<Scalar>) {
    let count = model.states * model.states
    step.predictedCovariance.update(from: memory.covariance, count: count)
    step.crossCovariance.update(from: memory.covariance, count: count)
  }

  /// `K = P_{t|t-1} H' S^-1`.
  public func fill(_ step: Step, _ memory: MomentMemory<Scalar>) -> Bool {
    let (m, p) = (model.states, step.presentCount)
    model.emission.jacobian(step.predicted, into: memory.emission)
    let isComplete = step.isComplete
    if !isComplete {
      memory.selectPresent(step, noise: noise.observation.base)
      for i in 0..<p {
        (memory.presentEmission + i * m).update(
          from: memory.emission + Int(step.present[i]) * m,
          count: m
        )
      }
    }
    let kernels = Scalar.kernels
    kernels.pointee.moments_observe(
      m,
      p,
      isComplete ? memory.emission : memory.presentEmission,
      step.predictedCovariance,
      isComplete ? noise.observation.base : UnsafePointer(memory.presentNoise),
      memory.cross,
      memory.innovationCovariance
    )
    let isFilled = kernels.pointee.moments_gain(
      m,
      p,
      memory.cross,
      memory.innovationCovariance,
      isComplete ? step.innovation : memory.presentInnovation,
      isComplete ? step.gain : memory.presentGain,
      memory.factor,
      step.consistency
    )
    if !isComplete { memory.spreadGain(step) }
    return isFilled != 0
  }

  /// Joseph's form of the corrected covariance.
  public func correct(_ step: Step, _ memory: MomentMemory<Scalar>) {
    let m = model.states
    if step.presentCount == 0 {
      memory.covariance.update(from: step.predictedCovariance, count: m * m)
    } else {
      let isComplete = step.isComplete
      Scalar.kernels.pointee.moments_correct(
        m,
        step.presentCount,
        isComplete ? memory.emission : memory.presentEmission,
        isComplete ? noise.observation.base : UnsafePointer(memory.presentNoise),
        isComplete ? step.gain : memory.presentGain,
        step.predictedCovariance,
        memory.covariance,
        memory.work
      )
    }
    step.covariance.update(from: memory.covariance, count: m * m)
  }
}
