// Source: shlezinger2022mbopt, example 16.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// ADMM with its two matrices written out, so that both can be learned.
///
/// Equations, rows being problems and `w = v - u`: `s = x W1 + w W2`, `v = shrink(s + u, theta)`,
/// `u = u + mu (s - v)`. At `W1 = A (A'A + 2 lambda I)^-1`, `W2 = 2 lambda (A'A + 2 lambda I)^-1` and
/// `theta = rho / (2 lambda)` it is ``ADMM``, up to rounding.
///
/// - SeeAlso: `shlezinger2022mbopt`.
public struct MatrixADMM<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public struct Parameters: StepParameters {
    /// The groups that are learned or left together.
    public enum Group: String, Hashable, Sendable, CaseIterable {
      /// `theta`.
      case thresholds
      /// `mu`.
      case dualSteps
      /// `W1` and `W2`.
      case matrices
    }

    /// `theta`, `[]`; its magnitude is used.
    public let threshold: Parameter<Scalar>
    /// `mu`, `[]`.
    public let dualStep: Parameter<Scalar>
    /// `W1`, `[m, n]`.
    public let inputMatrix: Parameter<Scalar>
    /// `W2`, `[n, n]`.
    public let stateMatrix: Parameter<Scalar>

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] {
      switch group {
      case .thresholds: [threshold]
      case .dualSteps: [dualStep]
      case .matrices: [inputMatrix, stateMatrix]
      }
    }

    /// Names `threshold`, `dual_step`, `input_matrix` and `state_matrix`.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("threshold", threshold)
      visitor.parameter("dual_step", dualStep)
      visitor.parameter("input_matrix", inputMatrix)
      visitor.parameter("state_matrix", stateMatrix)
    }

    /// The same with parameters of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(
        threshold: duplication.copy(threshold),
        dualStep: duplication.copy(dualStep),
        inputMatrix: duplication.copy(inputMatrix),
        stateMatrix: duplication.copy(stateMatrix)
      )
    }
  }

  private let threshold: Scalar
  private let dualStep: Scalar
  private let inputMatrix: Tensor<Scalar>
  private let stateMatrix: Tensor<Scalar>

  /// The step that starts as that of ADMM with the same arguments.
  ///
  /// - Parameters:
  ///   - operators: `A`, `[m, n]`.
  ///   - penalty: `rho`, 0 or more.
  ///   - coupling: `2 lambda`, above 0; half the mean eigenvalue of `A A'` when nil.
  ///   - dualStep: `mu`.
  public init(
    operators: Tensor<Scalar>,
    penalty: Double,
    coupling: Double? = nil,
    dualStep: Double = 1
  ) {
    let coupling = coupling ?? ADMM.standardCoupling(operators)
    let a = operators.converted(to: Double.self)
    let columns = a.shape[1]
    var shifted = Matrix(
      rows: columns,
      columns: columns,
      matmul(a, a, transposeA: true).scalars
    )
    for i in 0..<columns { shifted[i, i] += coupling }
    // A positive coupling makes the matrix definite; a factor that fails means one that is not.
    guard
      let factor = try? CholeskyFactor(
        shifted,
        relativePivot: Double(columns) * Double.ulpOfOne
      )
    else { preconditionFailure("MatrixADMM: coupling \(coupling) must be well above 0") }
    let inverted = Tensor(factor.inverse().scalars, shape: [columns, columns])
    threshold = Scalar(penalty / coupling)
    self.dualStep = Scalar(dualStep)
    inputMatrix = matmul(a, inverted).converted(to: Scalar.self)
    stateMatrix = (inverted * coupling).converted(to: Scalar.self)
  }

  /// Parameters at ADMM's values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(
      threshold: Parameter(Tensor(threshold)),
      dualStep: Parameter(Tensor(dualStep)),
      inputMatrix: Parameter(inputMatrix),
      stateMatrix: Parameter(stateMatrix)
    )
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> SplittingState<Scalar> {
    let zero = Tensor<Scalar>.zeros([observations.shape[0], inputMatrix.shape[1]])
    return SplittingState(sparse: zero, dual: zero, observations: observations, iteration: 0)
  }

  /// One layer.
  public func step(
    _ state: SplittingState<Scalar>,
    _ observations: Tensor<Scalar>,
    _ parameters: Parameters
  ) -> SplittingState<Scalar> {
    var smooth = matmul(state.observations, parameters.inputMatrix.value)
    if let target = state.target { smooth = smooth + matmul(target, parameters.stateMatrix.value) }
    return state.advanced(
      smooth,
      threshold: parameters.threshold.value,
      dualStep: parameters.dualStep.value
    )
  }

  /// `v`.
  public func estimate(_ state: SplittingState<Scalar>) -> Tensor<Scalar> { state.sparse }
}
