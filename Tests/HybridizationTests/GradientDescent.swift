import Autodiff
import Hybridization
import NeuralNetworks
import Tensors

/// Least squares by gradient descent with momentum, `min |x - H s|^2 / 2`: a method for the tests.
struct GradientDescent: IterativeMethod {
  struct Parameters: StepParameters {
    enum Group: CaseIterable, Hashable, Sendable { case stepSize, momentum, matrix }

    let stepSize: Parameter<Double>
    let momentum: Parameter<Double>
    let matrix: Parameter<Double>

    func members(of group: Group) -> [Parameter<Double>] {
      switch group {
      case .stepSize: [stepSize]
      case .momentum: [momentum]
      case .matrix: [matrix]
      }
    }

    func visit(_ visitor: any ModuleVisitor<Double>) {
      visitor.parameter("step_size", stepSize)
      visitor.parameter("momentum", momentum)
      visitor.parameter("matrix", matrix)
    }

    func duplicated(in duplication: Duplication<Double>) -> Parameters {
      Parameters(
        stepSize: duplication.copy(stepSize),
        momentum: duplication.copy(momentum),
        matrix: duplication.copy(matrix)
      )
    }
  }

  /// `H`, `[m, n]`.
  let operators: Tensor<Double>
  var stepSize = 0.1
  var momentum = 0.0

  func initialParameters(ofLayer layer: Int) -> Parameters {
    Parameters(
      stepSize: Parameter(Tensor(stepSize)),
      momentum: Parameter(Tensor(momentum)),
      matrix: Parameter(operators)
    )
  }

  func start(_ x: Tensor<Double>) -> (now: Tensor<Double>, before: Tensor<Double>) {
    let zero = Tensor<Double>.zeros([x.shape[0], operators.shape[1]])
    return (zero, zero)
  }

  func step(
    _ state: (now: Tensor<Double>, before: Tensor<Double>),
    _ x: Tensor<Double>,
    _ parameters: Parameters
  ) -> (now: Tensor<Double>, before: Tensor<Double>) {
    let h = parameters.matrix.value
    let gradient = matmul(matmul(state.now, h, transposeB: true) - x, h)
    let next =
      state.now - parameters.stepSize.value * gradient
      + parameters.momentum.value * (state.now - state.before)
    return (next, state.now)
  }

  func estimate(_ state: (now: Tensor<Double>, before: Tensor<Double>)) -> Tensor<Double> {
    state.now
  }

  /// A well-conditioned problem: operator, observations and the exact solutions.
  static func problem(seed: UInt64, batch: Int = 8, rows: Int = 12, columns: Int = 5)
    -> (method: GradientDescent, observations: Tensor<Double>, truth: Tensor<Double>)
  {
    var stream = RandomStream(seed: seed)
    let h: Tensor<Double> = stream.normal([rows, columns]) * (1 / Double(rows).squareRoot())
    let truth: Tensor<Double> = stream.normal([batch, columns])
    return (GradientDescent(operators: h), matmul(truth, h, transposeB: true), truth)
  }
}
