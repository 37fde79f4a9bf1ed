internal import Autodiff
public import Tensors

/// Riccati's gain in recorded operations, so that a loss or the likelihood reaches `Q` and `R`.
///
/// The law of its streaming form is ``RiccatiGain``'s. Jacobians are recorded too.
///
/// - SeeAlso: `shlezinger2023monograph`, chapter 5.
public struct RecordedRiccatiGain<Transition: VectorFunction, Emission: VectorFunction>:
  RecordedGain
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>
  /// `Q`, `[m, m]`, symmetric and positive semidefinite; recorded where it is learned.
  public let process: Tensor<Scalar>
  /// `R`, `[n, n]`, symmetric and positive definite; recorded where it is learned.
  public let observation: Tensor<Scalar>
  /// `P_0`, `[m, m]`.
  public let initialCovariance: Tensor<Scalar>

  /// What goes from step to step.
  public struct Carry {
    /// `P_t`, `[batch, m, m]`.
    public var covariance: Tensor<Scalar>
    /// `sum_t log p(y_t | y_1 ... y_{t-1})` so far, `[batch]`, in nats; nil before the first step.
    public var logLikelihood: Tensor<Scalar>?
  }

  /// The gain of a model and its noise.
  public init(
    model: StateSpaceModel<Transition, Emission>,
    process: Tensor<Scalar>,
    observation: Tensor<Scalar>,
    initialCovariance: Tensor<Scalar>
  ) {
    self.model = model
    self.process = process
    self.observation = observation
    self.initialCovariance = initialCovariance
  }

  /// `P_0` for each sequence.
  public func start(batch: Int) -> Carry {
    let m = model.states
    return Carry(
      covariance: initialCovariance.reshaped([1, m, m]).broadcast(to: [batch, m, m]),
      logLikelihood: nil
    )
  }

  /// The same numbers, through which no gradient flows back; the likelihood is a sum and keeps its own.
  public func detached(_ carry: Carry) -> Carry {
    var carry = carry
    carry.covariance = stopGradient(carry.covariance)
    return carry
  }

  /// `K = P H' S^-1`; complete observations only.
  public func gain(_ step: RecordedStep<Scalar>, _ carry: inout Carry) -> Tensor<Scalar> {
    let (m, n) = (model.states, model.observed)
    let batch = step.predicted.shape[0]
    let f = model.transition.jacobians(at: step.previous)
    let h = model.emission.jacobians(at: step.predicted)
    let q = process.reshaped([1, m, m])
    let r = observation.reshaped([1, n, n])
    let predicted = matmul(matmul(f, carry.covariance), f, transposeB: true) + q
    let cross = matmul(h, predicted)
    let factor = choleskyFactor(matmul(cross, h, transposeB: true) + r)
    let half = triangularSolve(factor, cross)
    let transposed = triangularSolve(factor, half, transposed: true)
    let gain = transposed.permuted([0, 2, 1])
    // Joseph's form.
    let identity = Tensor(Matrix<Scalar>.identity(m).scalars, shape: [1, m, m])
    let left = identity - matmul(gain, h)
    let noise = matmul(
      gain,
      matmul(r.broadcast(to: [batch, n, n]), gain, transposeB: true)
    )
    carry.covariance = matmul(matmul(left, predicted), left, transposeB: true) + noise
    let white = triangularSolve(factor, step.innovation.reshaped([batch, n, 1]))
    let squares = square(white).reshaped([batch, n]).sum(axis: 1)
    let terms = squares + logDeterminant(factor: factor)
    let likelihood = terms * -0.5 - Scalar(n) * 0.918_938_533_204_672_7
    carry.logLikelihood = carry.logLikelihood.map { $0 + likelihood } ?? likelihood
    return gain
  }
}
