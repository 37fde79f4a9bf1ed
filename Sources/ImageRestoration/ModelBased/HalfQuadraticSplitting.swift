internal import Autodiff
public import Hybridization
public import Tensors

/// Half-quadratic splitting: a fit to the measurements and a proximal step in turn, the noise that the
/// prior takes away falling from step to step.
///
/// Equations (`zhang2021dpir`): at step k with deviation `d_k`, which falls geometrically, and coupling
/// `c_k = lambda / d_k^2`: `s = (A'A + c_k I)^-1 (A'y + c_k v)`, `v = prox(s, d_k^2)`. With a penalty
/// `lambda = factor sigma^2` of the noise this is the plug-and-play of the reference.
public struct HalfQuadraticSplitting<Operator: MeasurementOperator, P: Prior>: IterativeMethod
where P.Scalar == Operator.Scalar {
  /// The precision.
  public typealias Scalar = Operator.Scalar
  /// What a step is told: a relaxation, 1 for none, and `d_k^2`.
  public typealias Parameters = RestorationParameters<Scalar>

  /// What an iteration hands to the next.
  public struct State {
    /// `v`, `[batch, height, width]`.
    public var split: Tensor<Scalar>
    /// `A' y`.
    public var backprojection: Tensor<Scalar>
    /// The steps made.
    public var iteration: Int
  }

  /// `A`.
  public let measurement: Operator
  /// The slot.
  public let prior: P
  /// `lambda`.
  public let penalty: Double
  /// `d_k`; the last stays when there are more steps.
  public let deviations: [Double]
  private let solvers: [NormalSolver<Scalar>]

  /// The algorithm.
  ///
  /// - Parameters:
  ///   - measurement: `A`.
  ///   - prior: the slot.
  ///   - penalty: `lambda`, above 0.
  ///   - first: `d_1`, such as 0.2 for images from 0 to 1.
  ///   - last: `d_K`, such as the noise's deviation; above 0, at most `first`.
  ///   - steps: `K`, 1 or more.
  public init(
    measurement: Operator,
    prior: P,
    penalty: Double,
    first: Double,
    last: Double,
    steps: Int
  ) {
    precondition(
      penalty > 0 && last > 0 && first >= last && steps >= 1,
      "HalfQuadraticSplitting: penalty \(penalty), deviations \(first) to \(last), \(steps) steps"
    )
    self.measurement = measurement
    self.prior = prior
    self.penalty = penalty
    deviations = (0..<steps).map { step in
      let share = steps > 1 ? Double(step) / Double(steps - 1) : 1
      return first * exponential(share * naturalLogarithm(last / first))
    }
    solvers = deviations.map { measurement.solver(weight: penalty / ($0 * $0)) }
  }

  /// 1 and `d_k^2` of the layer.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    let deviation = deviations[min(layer, deviations.count - 1)]
    return Parameters(stepSize: 1, strength: deviation * deviation)
  }

  /// The regularised least-squares solution of the first coupling.
  public func start(_ observations: Tensor<Scalar>) -> State {
    let back = measurement.adjoint(of: observations)
    return State(split: solvers[0].solution(back), backprojection: back, iteration: 0)
  }

  /// One iteration with the coupling of the schedule.
  public func step(_ state: State, _ observations: Tensor<Scalar>, _ parameters: Parameters)
    -> State
  {
    let solver = solvers[min(state.iteration, solvers.count - 1)]
    let s = solver.solution(state.backprojection + state.split * Scalar(solver.weight))
    let v = prior.proximal(s, strength: abs(parameters.strength.value))
    return State(
      split: state.split + (v - state.split) * parameters.stepSize.value,
      backprojection: state.backprojection,
      iteration: state.iteration + 1
    )
  }

  /// `v`.
  public func estimate(_ state: State) -> Tensor<Scalar> { state.split }

  /// All steps of the schedule, each with its own parameters.
  ///
  /// - Parameter observations: `y`.
  /// - Returns: the estimate after each step.
  public func scheduled(_ observations: Tensor<Scalar>) -> [Tensor<Scalar>] {
    var state = start(observations)
    return deviations.indices.map { layer in
      state = step(state, observations, initialParameters(ofLayer: layer))
      return estimate(state)
    }
  }
}
