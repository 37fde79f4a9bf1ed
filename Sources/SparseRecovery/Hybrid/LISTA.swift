// Source: gregor2010lista; the form W1 = mu A', W2 = I - mu A'A of shlezinger2022mbopt, example 17.

public import Autodiff
public import Hybridization
public import NeuralNetworks
public import Tensors

/// ISTA with its two matrices written out, so that both can be learned (LISTA).
///
/// Equation: `s_{k+1} = shrink(x W1 + s_k W2, theta)`, rows being problems. At `W1 = mu A`,
/// `W2 = I - mu A'A`, `theta = mu lambda` it is ISTA, up to rounding; where ISTA has another matrix `W`, so is
/// `W1 = mu W`, `W2 = I - mu A'W`.
///
/// - SeeAlso: `gregor2010lista`.
public struct LISTA<Scalar: RealTensorScalar>: IterativeMethod {
  /// What a step is told.
  public struct Parameters: StepParameters {
    /// The groups that are learned or left together.
    public enum Group: String, Hashable, Sendable, CaseIterable {
      /// `theta`.
      case thresholds
      /// `W1` and `W2`.
      case matrices
    }

    /// `theta`, `[]` or `[n]`; its magnitude is used.
    public let threshold: Parameter<Scalar>
    /// `W1`, `[m, n]`.
    public let inputMatrix: Parameter<Scalar>
    /// `W2`, `[n, n]`.
    public let stateMatrix: Parameter<Scalar>

    /// The parameters of a group.
    public func members(of group: Group) -> [Parameter<Scalar>] {
      group == .thresholds ? [threshold] : [inputMatrix, stateMatrix]
    }

    /// Names `threshold`, `input_matrix` and `state_matrix`.
    public func visit(_ visitor: any ModuleVisitor<Scalar>) {
      visitor.parameter("threshold", threshold)
      visitor.parameter("input_matrix", inputMatrix)
      visitor.parameter("state_matrix", stateMatrix)
    }

    /// The same with parameters of its own.
    public func duplicated(in duplication: Duplication<Scalar>) -> Parameters {
      Parameters(
        threshold: duplication.copy(threshold),
        inputMatrix: duplication.copy(inputMatrix),
        stateMatrix: duplication.copy(stateMatrix)
      )
    }
  }

  /// The algorithm whose steps these are at the first values.
  public let base: ISTA<Scalar>

  /// The step that starts as that of ISTA.
  public init(_ base: ISTA<Scalar>) { self.base = base }

  /// Parameters at ISTA's values.
  public func initialParameters(ofLayer layer: Int) -> Parameters {
    let own = base.initialParameters(ofLayer: layer)
    let operators = base.operators.converted(to: Double.self)
    let stepSize = Double(base.stepSize)
    let columns = operators.shape[1]
    let matrix = base.matrix.converted(to: Double.self)
    let product = matmul(operators, matrix, transposeA: true)
    let state = Tensor<Scalar>(shape: [columns, columns]) { target in
      product.withScalars { product in
        for i in 0..<target.count {
          target[i] = Scalar((i % (columns + 1) == 0 ? 1 : 0) - stepSize * product[i])
        }
      }
    }
    return Parameters(
      threshold: own.threshold,
      inputMatrix: Parameter((matrix * stepSize).converted(to: Scalar.self)),
      stateMatrix: Parameter(state)
    )
  }

  /// Zeros.
  public func start(_ observations: Tensor<Scalar>) -> ShrinkageState<Scalar> {
    base.start(observations)
  }

  /// One layer.
  public func step(
    _ state: ShrinkageState<Scalar>,
    _ observations: Tensor<Scalar>,
    _ parameters: Parameters
  ) -> ShrinkageState<Scalar> {
    var moved = matmul(observations, parameters.inputMatrix.value)
    if state.iteration > 0 {
      moved = moved + summedAtoms(state.estimate, parameters.stateMatrix.value)
    }
    return ShrinkageState(
      estimate: softThreshold(moved, by: abs(parameters.threshold.value)),
      iteration: state.iteration + 1
    )
  }

  /// `s_k`.
  public func estimate(_ state: ShrinkageState<Scalar>) -> Tensor<Scalar> { state.estimate }
}
