// Source: boyd2011admm in the form of shlezinger2022mbopt, examples 9 and 15. Deviation: the coupling is
// learned through its logarithm and the threshold rho / (2 lambda) in place of rho; both are the same
// family of steps.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// What an ADMM iteration hands to the next.
public struct SplittingState<Scalar: RealTensorScalar> {
  /// `v`, the sparse copy, `[batch, n]`.
  public var sparse: Tensor<Scalar>
  /// `u`, the scaled dual variable, `[batch, n]`.
  public var dual: Tensor<Scalar>
  /// What the method makes of the observations once, `[batch, m]`.
  public var observations: Tensor<Scalar>
  /// The iterations made.
  public var iteration: Int

  /// `v - u`; nil in the first iteration, where it is zero.
  var target: Tensor<Scalar>? { iteration == 0 ? nil : sparse - dual }

  /// `v = shrink(s + u, theta)`, `u + mu (s - v)`: what all variants share; `s` as relaxed.
  func advanced(
    _ smooth: Tensor<Scalar>,
    threshold: Tensor<Scalar>,
    dualStep: Tensor<Scalar>
  ) -> SplittingState {
    let sparse = softThreshold(iteration == 0 ? smooth : smooth + dual, by: abs(threshold))
    let change = dualStep * (smooth - sparse)
    return SplittingState(
      sparse: sparse,
      dual: iteration == 0 ? change : dual + change,
      observations: observations,
      iteration: iteration + 1
    )
  }
}

/// The alternating direction method of multipliers for the Lasso.
///
/// Problem: `min |x - A s|^2 / 2 + rho |v|_1` with `s = v`. Equations:
/// `s = (A'A + 2 lambda I)^-1 (A'x + 2 lambda (v - u))`, `v = shrink(s + u, rho / (2 lambda))`,
/// `u = u + mu (s - v)`; the estimate is `v`. Between the first two, `s` is relaxed to
/// `alpha s + (1 - alpha) v`, which changes nothing at `alpha = 1`. The inverse is applied through the operator's orthogonal
/// rows, `s = w + (x Q - w G') / (eigenvalues + 2 lambda) G` with `w = v - u`, so that `lambda` can be learned.
///
/// - SeeAlso: `boyd2011admm`, `shlezinger2022mbopt`.
public struct ADMM<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public struct Parameters: StepParameters {
    /// The groups that are learned or left together.
    public enum Group: String, Hashable, Sendable, CaseIterable {
      /// `rho / (2 lambda)`.
      case thresholds
      /// `log(2 lambda)`.
      case couplings
      /// `mu`.
      case dualSteps
      /// `alpha`.
      case relaxations
    }

    /// `rho / (2 lambda)`, `[]`; its magnitude is used.
    public let threshold: Parameter<Scalar>
    /// `log(2 lambda)`, `[]`.
    public let logCoupling: Parameter<Scalar>
    /// `mu`, `[]`.
    public let dualStep: Parameter<Scalar>
    /// `alpha`, `[]`.
    public let relaxation: Parameter<Scalar>

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] {
      switch group {
      case .thresholds: [threshold]
      case .couplings: [logCoupling]
      case .dualSteps: [dualStep]
      case .relaxations: [relaxation]
      }
    }

    /// Names `threshold`, `log_coupling`, `dual_step` and `relaxation`.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("threshold", threshold)
      visitor.parameter("log_coupling", logCoupling)
      visitor.parameter("dual_step", dualStep)
      visitor.parameter("relaxation", relaxation)
    }

    /// The same with parameters of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(
        threshold: duplication.copy(threshold),
        logCoupling: duplication.copy(logCoupling),
        dualStep: duplication.copy(dualStep),
        relaxation: duplication.copy(relaxation)
      )
    }
  }

  /// `G`, `[m, n]`.
  let rows: Tensor<Scalar>
  /// `[m]`.
  let eigenvalues: Tensor<Scalar>
  /// `Q`, `[m, m]`.
  let rotation: Tensor<Scalar>
  /// `rho`.
  public let penalty: Double
  /// `2 lambda`, the first one.
  public let coupling: Double
  /// The first `mu`.
  public let dualStep: Double

  /// The Lasso's algorithm.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`.
  ///   - penalty: `rho`, 0 or more.
  ///   - coupling: `2 lambda`, above 0; half the mean eigenvalue of `A A'` when nil.
  ///   - dualStep: `mu`, 1 for the textbook's algorithm.
  public init(
    operators: Tensor<Scalar>,
    penalty: Double,
    coupling: Double? = nil,
    dualStep: Double = 1
  ) {
    precondition(operators.rank == 2, "ADMM: an operator of shape \(operators.shape)")
    let parts = OrthogonalRows(operators.converted(to: Double.self))
    rows = parts.rows.converted(to: Scalar.self)
    eigenvalues = parts.eigenvalues.converted(to: Scalar.self)
    rotation = parts.rotation.converted(to: Scalar.self)
    self.penalty = penalty
    self.coupling = coupling ?? Self.standardCoupling(operators)
    self.dualStep = dualStep
  }

  static func standardCoupling(_ operators: Tensor<Scalar>) -> Double {
    let norm = OperatorAnalysis.frobeniusNorm(operators.converted(to: Double.self))
    return norm > 0 ? norm * norm / Double(2 * operators.shape[0]) : 1
  }

  /// Parameters at the first values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(
      threshold: Parameter(Tensor(Scalar(penalty / coupling))),
      logCoupling: Parameter(Tensor(Scalar(naturalLogarithm(coupling)))),
      dualStep: Parameter(Tensor(Scalar(dualStep))),
      relaxation: Parameter(Tensor(1))
    )
  }

  /// Zeros, and the observations rotated once.
  public func start(_ observations: Tensor<Scalar>) -> SplittingState<Scalar> {
    let zero = Tensor<Scalar>.zeros([observations.shape[0], rows.shape[1]])
    return SplittingState(
      sparse: zero,
      dual: zero,
      observations: matmul(observations, rotation),
      iteration: 0
    )
  }

  /// One iteration.
  public func step(
    _ state: SplittingState<Scalar>,
    _ observations: Tensor<Scalar>,
    _ parameters: Parameters
  ) -> SplittingState<Scalar> {
    let scale = eigenvalues + exp(parameters.logCoupling.value)
    let relaxation = parameters.relaxation.value
    var smooth: Tensor<Scalar>
    if let target = state.target {
      let misfit = state.observations - matmul(target, rows, transposeB: true)
      smooth = target + matmul(misfit / scale, rows)
      smooth = relaxation * smooth + (1 - relaxation) * state.sparse
    } else {
      smooth = relaxation * matmul(state.observations / scale, rows)
    }
    return state.advanced(
      smooth,
      threshold: parameters.threshold.value,
      dualStep: parameters.dualStep.value
    )
  }

  /// `v`.
  public func estimate(_ state: SplittingState<Scalar>) -> Tensor<Scalar> { state.sparse }
}
