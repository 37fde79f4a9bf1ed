internal import Autodiff
public import Hybridization
public import Tensors

/// Iterative shrinkage with momentum (FISTA).
///
/// Equations: `s_{k+1} = shrink(z_k + mu A'(x - A z_k), theta)`, `t_{k+1} = (1 + sqrt(1 + 4 t_k^2))/2`,
/// `z_{k+1} = s_{k+1} + (t_k - 1)/t_{k+1} (s_{k+1} - s_k)`, `z_0 = s_0 = 0`, `t_0 = 1`. The Lasso's value falls
/// as 1/k^2.
///
/// - SeeAlso: `beck2009fista`.
public struct FISTA<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public typealias Parameters = ShrinkageParameters<Scalar>

  /// What an iteration hands to the next.
  public struct State {
    /// `s_k`, `[batch, n]`.
    public var estimate: Tensor<Scalar>
    /// `z_k`, `[batch, n]`.
    public var point: Tensor<Scalar>
    /// `t_k`.
    public var momentum: Double
  }

  /// The algorithm without momentum, whose first values this one has too.
  public let base: ISTA<Scalar>

  /// The Lasso's algorithm with step `1/L`.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`.
  ///   - penalty: `lambda`, 0 or more.
  ///   - stepSize: `mu`; `1/L` when nil.
  public init(operators: Tensor<Scalar>, penalty: Double, stepSize: Double? = nil) {
    base = ISTA(operators: operators, penalty: penalty, stepSize: stepSize)
  }

  /// Parameters at the first values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    base.initialParameters(ofLayer: layer)
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> State {
    let zero = base.start(observations).estimate
    return State(estimate: zero, point: zero, momentum: 1)
  }

  /// One iteration.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let next = base.step(
      ShrinkageState(estimate: state.point, iteration: state.momentum == 1 ? 0 : 1),
      observations,
      parameters
    ).estimate
    let momentum = (1 + (1 + 4 * state.momentum * state.momentum).squareRoot()) / 2
    let factor = Scalar((state.momentum - 1) / momentum)
    return State(
      estimate: next,
      point: factor == 0 ? next : next + factor * (next - state.estimate),
      momentum: momentum
    )
  }

  /// `s_k`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.estimate }
}
