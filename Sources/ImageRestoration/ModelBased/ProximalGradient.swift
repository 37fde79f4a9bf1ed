internal import Autodiff
public import Hybridization
public import Tensors

/// Proximal gradient steps for `|A x - y|^2 / 2 + lambda phi(x)`, with momentum where asked for (FISTA).
///
/// Equation: `x_{k+1} = prox(z_k - mu A'(A z_k - y), mu lambda)`, `mu <= 1 / |A|^2`, `z_k` the extrapolation of
/// `beck2009fista` or `x_k`. With a denoiser as the prior: plug-and-play forward-backward splitting. The
/// steps can be recorded: unfolded, it is the network of unrolled plug-and-play.
///
/// - SeeAlso: `beck2009fista`, `ryu2019pnp` (keys in `Documentation/References.bib`).
public struct ProximalGradient<Operator: MeasurementOperator, P: Prior>: IterativeMethod
where P.Scalar == Operator.Scalar {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// What a step is told: `mu` and `mu lambda`.
  public typealias Parameters = RestorationParameters<Scalar>

  /// What an iteration hands to the next.
  public struct State {
    /// `x_k`.
    public var estimate: Tensor<Scalar>
    /// `z_k`.
    public var point: Tensor<Scalar>
    /// `t_k`.
    public var momentum: Double
  }

  /// `A`.
  public let measurement: Operator
  /// The slot.
  public let prior: P
  /// `lambda`, or of a denoiser the variance it takes away, over `mu`.
  public let penalty: Double
  /// `mu`.
  public let stepSize: Double
  /// Whether steps are extrapolated.
  public let isAccelerated: Bool

  /// The algorithm with step `1 / normBound^2`, or a relative of it.
  public init(
    measurement: Operator,
    prior: P,
    penalty: Double,
    stepSize: Double? = nil,
    isAccelerated: Bool = false
  ) {
    self.measurement = measurement
    self.prior = prior
    self.penalty = penalty
    let bound = measurement.normBound * measurement.normBound
    self.stepSize = stepSize ?? 1 / max(bound, .leastNormalMagnitude)
    self.isAccelerated = isAccelerated
  }

  /// `mu` and `mu lambda`.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(stepSize: stepSize, strength: stepSize * penalty)
  }

  /// `A' y`, scaled to a step.
  public func start(_ observations: Tensor<Scalar>) -> State {
    let first = measurement.adjoint(of: observations) * Scalar(stepSize)
    return State(estimate: first, point: first, momentum: 1)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    step(
      state,
      observations,
      stepSize: parameters.stepSize.value,
      strength: parameters.strength.value
    )
  }

  /// One iteration with `mu` and the prior's strength, each `[]`.
  func step(
    _ state: State,
    _ observations: Tensor<Scalar>,
    stepSize: Tensor<Scalar>,
    strength: Tensor<Scalar>
  ) -> State {
    let misfit = measurement.measurements(of: state.point) - observations
    let forward = state.point - measurement.adjoint(of: misfit) * stepSize
    let next = prior.proximal(forward, strength: abs(strength))
    guard isAccelerated else { return State(estimate: next, point: next, momentum: 1) }
    let momentum = (1 + (1 + 4 * state.momentum * state.momentum).squareRoot()) / 2
    let factor = Scalar((state.momentum - 1) / momentum)
    return State(
      estimate: next,
      point: factor == 0 ? next : next + (next - state.estimate) * factor,
      momentum: momentum
    )
  }

  /// `x_k`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.estimate }
}
