internal import Autodiff
public import Hybridization
public import Tensors

/// The alternating direction method of multipliers for `|A x - y|^2 / 2 + lambda phi(x)`.
///
/// Equations (`venkatakrishnan2013pnp`, with coupling `c`):
/// `s = (A'A + c I)^-1 (A'y + c (v - u))`, `v = prox(s + u, lambda / c)`, `u <- u + mu (s - v)`.
/// It converges for convex `phi` and `mu = 1`. With a denoiser as the prior: plug-and-play ADMM. The estimate
/// is `v`.
public struct SplitADMM<Operator: MeasurementOperator, P: Prior>: IterativeMethod
where P.Scalar == Operator.Scalar {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// What a step is told: `mu` and `lambda / c`.
  public typealias Parameters = RestorationParameters<Scalar>

  /// What an iteration hands to the next, each `[batch, height, width]`.
  public struct State {
    /// `v`.
    public var split: Tensor<Scalar>
    /// `u`.
    public var dual: Tensor<Scalar>
    /// `A' y`.
    public var backprojection: Tensor<Scalar>
  }

  /// `A`.
  public let measurement: Operator
  /// The slot.
  public let prior: P
  /// `lambda`.
  public let penalty: Double
  private let solver: NormalSolver<Scalar>

  /// The algorithm.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - prior: the slot.
  ///   - penalty: `lambda`, or of a denoiser the variance it takes away, times the coupling.
  ///   - coupling: `c`, above 0.
  public init(measurement: Operator, prior: P, penalty: Double, coupling: Double) {
    self.measurement = measurement
    self.prior = prior
    self.penalty = penalty
    solver = measurement.solver(weight: coupling)
  }

  /// `c`.
  public var coupling: Double { solver.weight }

  /// 1 and `lambda / c`.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(stepSize: 1, strength: penalty / coupling)
  }

  /// The regularised least-squares solution, no dual.
  public func start(_ observations: Tensor<Scalar>) -> State {
    let back = measurement.adjoint(of: observations)
    return State(
      split: solver.solution(back),
      dual: .zeros(back.shape),
      backprojection: back
    )
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let c = Scalar(coupling)
    let s = solver.solution(state.backprojection + (state.split - state.dual) * c)
    let v = prior.proximal(s + state.dual, strength: abs(parameters.strength.value))
    return State(
      split: v,
      dual: state.dual + (s - v) * parameters.stepSize.value,
      backprojection: state.backprojection
    )
  }

  /// `v`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.split }
}
