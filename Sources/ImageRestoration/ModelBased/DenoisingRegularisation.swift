internal import Autodiff
public import Hybridization
public import Tensors

/// Regularisation by denoising (RED): the fixed points of `A'(A x - y) + lambda (x - D(x)) = 0`.
///
/// Equation: `x <- (1 - mu) x + mu (A'A + lambda I)^-1 (A'y + lambda D(x))`, the fixed-point iteration of
/// `romano2017red` with relaxation; `D` is the prior's proximal operator at a fixed strength.
public struct DenoisingRegularisation<Operator: MeasurementOperator, P: Prior>: IterativeMethod
where P.Scalar == Operator.Scalar {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// What a step is told: `mu` and the strength of `D`.
  public typealias Parameters = RestorationParameters<Scalar>

  /// What an iteration hands to the next.
  public struct State {
    /// `x`, `[batch, height, width]`.
    public var estimate: Tensor<Scalar>
    /// `A' y`.
    public var backprojection: Tensor<Scalar>
  }

  /// `A`.
  public let measurement: Operator
  /// The slot: `D`.
  public let prior: P
  /// The strength of `D`: the variance of the noise that a denoiser takes away.
  public let strength: Double
  private let solver: NormalSolver<Scalar>

  /// The algorithm.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - prior: the slot.
  ///   - weight: `lambda`, above 0.
  ///   - strength: of `D`.
  public init(measurement: Operator, prior: P, weight: Double, strength: Double) {
    self.measurement = measurement
    self.prior = prior
    self.strength = strength
    solver = measurement.solver(weight: weight)
  }

  /// `lambda`.
  public var weight: Double { solver.weight }

  /// 1 and the strength.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(stepSize: 1, strength: strength)
  }

  /// The regularised least-squares solution.
  public func start(_ observations: Tensor<Scalar>) -> State {
    let back = measurement.adjoint(of: observations)
    return State(estimate: solver.solution(back), backprojection: back)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let denoised = prior.proximal(state.estimate, strength: abs(parameters.strength.value))
    let next = solver.solution(state.backprojection + denoised * Scalar(weight))
    return State(
      estimate: state.estimate + (next - state.estimate) * parameters.stepSize.value,
      backprojection: state.backprojection
    )
  }

  /// `x`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.estimate }
}
