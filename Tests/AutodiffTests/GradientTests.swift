import Autodiff
import Tensors
import Testing

/// One primitive with the point at which its gradient is checked.
struct GradientCase: Sendable, CustomTestStringConvertible {
  let name: String
  let shapes: [[Int]]
  let domain: Domain
  let function: @Sendable ([Tensor<Double>]) -> Tensor<Double>

  var testDescription: String { name }

  /// Moves standard normal numbers into the operation's domain and away from its kinks.
  enum Domain {
    case any
    case positive
    case awayFromZero
    case wide

    func place(_ x: Double) -> Double {
      switch self {
      case .any: x
      case .positive: 0.2 + Swift.abs(x)
      case .awayFromZero: x < 0 ? x - 0.1 : x + 0.1
      case .wide: 2 * x + 0.01
      }
    }
  }

  init(
    _ name: String,
    _ shapes: [[Int]],
    domain: Domain = .any,
    _ function: @escaping @Sendable ([Tensor<Double>]) -> Tensor<Double>
  ) {
    self.name = name
    self.shapes = shapes
    self.domain = domain
    self.function = function
  }
}

private let elementwiseCases: [GradientCase] = [
  GradientCase("exp", [[3, 5]]) { exp($0[0]) },
  GradientCase("log", [[7]], domain: .positive) { log($0[0]) },
  GradientCase("sqrt", [[7]], domain: .positive) { sqrt($0[0]) },
  GradientCase("abs", [[9]], domain: .awayFromZero) { abs($0[0]) },
  GradientCase("sin", [[9]]) { sin($0[0]) },
  GradientCase("cos", [[9]]) { cos($0[0]) },
  GradientCase("tanh", [[9]]) { tanh($0[0]) },
  GradientCase("sigmoid", [[9]]) { sigmoid($0[0]) },
  GradientCase("softplus", [[9]]) { softplus($0[0]) },
  GradientCase("relu", [[9]], domain: .awayFromZero) { relu($0[0]) },
  GradientCase("square", [[9]]) { square($0[0]) },
  GradientCase("reciprocal", [[9]], domain: .positive) { reciprocal($0[0]) },
  GradientCase("negate", [[9]]) { -$0[0] },
  GradientCase("power by a number", [[9]], domain: .positive) { power($0[0], 2.5) },
  GradientCase("cube of negative numbers", [[9]]) { power($0[0], 3) },
  GradientCase("clamp", [[9]], domain: .wide) { clamp($0[0], -1...1.5) },
  GradientCase("add a number", [[4]]) { 2 + $0[0] + 1 },
  GradientCase("subtract from a number", [[4]]) { 2 - $0[0] - 1 },
  GradientCase("divide by a number", [[4]]) { $0[0] / 3 },
  GradientCase("divide a number", [[4]], domain: .positive) { 3 / $0[0] },
]

private let broadcastCases: [GradientCase] = [
  GradientCase("add", [[3, 4], [3, 4]]) { $0[0] + $0[1] },
  GradientCase("add a row", [[3, 4], [4]]) { $0[0] + $0[1] },
  GradientCase("add a column", [[3, 4], [3, 1]]) { $0[0] + $0[1] },
  GradientCase("weighted sum", [[3, 4], [3, 4]]) { weightedSum($0[0], 0.25, $0[1], -2) },
  GradientCase("weighted sum with itself", [[5]]) { weightedSum($0[0], 0.25, $0[0], 3) },
  GradientCase("squared distance", [[3, 4], [3, 4]]) { squaredDistance($0[0], $0[1]) },
  GradientCase("squared distance over several pieces", [[70, 60]]) {
    squaredDistance($0[0], Tensor(0.5).broadcast(to: [70, 60]))
  },
  GradientCase("subtract outer", [[3, 1], [1, 4]]) { $0[0] - $0[1] },
  GradientCase("multiply", [[2, 3, 4], [3, 1]]) { $0[0] * $0[1] },
  GradientCase("multiply by a scalar tensor", [[2, 3], []]) { $0[0] * $0[1] },
  GradientCase("divide", [[3, 4], [4]], domain: .positive) { $0[0] / $0[1] },
  GradientCase("power", [[3, 4], [4]], domain: .positive) { power($0[0], $0[1]) },
  GradientCase("minimum", [[3, 4], [3, 4]]) { minimum($0[0], $0[1]) },
  GradientCase("maximum", [[3, 4], [4]]) { maximum($0[0], $0[1]) },
  GradientCase("soft threshold", [[40], []], domain: .wide) {
    softThreshold($0[0], by: abs($0[1]) + 0.3)
  },
  GradientCase("soft threshold a column", [[5, 6], [6]]) {
    softThreshold($0[0], by: square($0[1]))
  },
  GradientCase("the same tensor twice", [[5]]) { $0[0] * $0[0] + $0[0] },
]

private let movingCases: [GradientCase] = [
  GradientCase("reshaped", [[3, 4]]) { square($0[0].reshaped([2, -1])) },
  GradientCase("transposed", [[3, 4]]) { exp($0[0].transposed()) },
  GradientCase("permuted", [[2, 3, 4]]) { square($0[0].permuted([2, 0, 1])) },
  GradientCase("broadcast", [[3, 1]]) { square($0[0].broadcast(to: [2, 3, 4])) },
  GradientCase("sliced", [[3, 6]]) { square($0[0].sliced(axis: 1, 2..<5)) },
  GradientCase("overlapping slices", [[6]]) {
    $0[0].sliced(axis: 0, 0..<4) * $0[0].sliced(axis: 0, 2..<6)
  },
  GradientCase("picked", [[3, 4]]) { square($0[0].picked(axis: 0, 1)) },
  GradientCase("gathered rows", [[4, 3]]) {
    square($0[0].gathered(Tensor([2, 0, 2], shape: [3])))
  },
  GradientCase("gathered columns", [[2, 4, 3]]) {
    square($0[0].gathered(Tensor([3, 1, 1, 0], shape: [2, 2]), axis: 1))
  },
  GradientCase("concatenated", [[2, 3], [2, 2]]) { square(concatenated([$0[0], $0[1]], axis: 1)) },
  GradientCase("concatenated rows", [[2, 3], [1, 3]]) { square(concatenated([$0[0], $0[1]])) },
  GradientCase("stacked", [[2, 3], [2, 3]]) { square(stacked([$0[0], $0[1]], axis: 1)) },
  GradientCase("select", [[8], [8]]) {
    select(isGreater($0[0], Tensor(0.123)), square($0[0]), exp($0[1]))
  },
  GradientCase("select with broadcasting", [[3, 4], [4]]) {
    select(Tensor([1, 0, 1], shape: [3, 1]), $0[0], square($0[1]))
  },
  GradientCase("top k", [[3, 7]]) { $0[0] * topKMask(abs($0[0]), 3) },
]

private let reductionCases: [GradientCase] = [
  GradientCase("sum", [[3, 4]]) { square($0[0]).sum() },
  GradientCase("sum of an axis", [[3, 4, 2]]) { square($0[0].sum(axis: 1)) },
  GradientCase("sum keeping the axis", [[3, 4]]) { $0[0] * $0[0].sum(axis: 0, keepingAxis: true) },
  GradientCase("mean", [[3, 4]]) { square($0[0].mean(axis: -1)) },
  GradientCase("maximum of an axis", [[3, 5]]) { square($0[0].maximum(axis: 1)) },
  GradientCase("minimum of an axis", [[3, 5]]) { square($0[0].minimum(axis: 0)) },
  GradientCase("cumulative sum", [[3, 5]]) { square($0[0].cumulativeSum(axis: 1)) },
  GradientCase("cumulative sum of rows", [[3, 5]]) { square($0[0].cumulativeSum(axis: 0)) },
  GradientCase("log sum exp", [[3, 5]]) { square($0[0].logSumExp(axis: 1)) },
  GradientCase("log sum exp of rows", [[3, 5, 2]]) { $0[0].logSumExp(axis: 0, keepingAxis: true) },
  GradientCase("softmax", [[3, 5]]) { softmax($0[0]) },
  GradientCase("softmax of an inner axis", [[3, 5, 2]]) { softmax($0[0], axis: 1) },
  GradientCase("log softmax", [[3, 5]]) { logSoftmax($0[0]) },
  GradientCase("log softmax of rows", [[3, 5]]) { logSoftmax($0[0], axis: 0) },
  GradientCase("softmax cross-entropy", [[4, 5]]) {
    softmaxCrossEntropy($0[0], Tensor([0, 4, 2, 2]))
  },
  GradientCase("normalised", [[3, 6]]) { normalised($0[0]) },
  GradientCase("unitRows", [[3, 6]]) { unitRows($0[0]) },
  GradientCase("Euclidean norm", [[3, 4]]) { euclideanNorm($0[0], axis: 1) },
  GradientCase("absolute sum", [[3, 4]], domain: .awayFromZero) { absoluteSum($0[0], axis: 0) },
]

private let productCases: [GradientCase] = [
  GradientCase("matmul", [[3, 4], [4, 5]]) { square(matmul($0[0], $0[1])) },
  GradientCase("matmul transposing A", [[4, 3], [4, 5]]) {
    square(matmul($0[0], $0[1], transposeA: true))
  },
  GradientCase("matmul transposing B", [[3, 4], [5, 4]]) {
    square(matmul($0[0], $0[1], transposeB: true))
  },
  GradientCase("matmul transposing both", [[4, 3], [5, 4]]) {
    square(matmul($0[0], $0[1], transposeA: true, transposeB: true))
  },
  GradientCase("batched matmul", [[2, 3, 4], [2, 4, 5]]) { square(matmul($0[0], $0[1])) },
  GradientCase("batched matmul transposed", [[2, 4, 3], [2, 5, 4]]) {
    square(matmul($0[0], $0[1], transposeA: true, transposeB: true))
  },
  GradientCase("batch times one matrix", [[2, 3, 4], [4, 5]]) { square(matmul($0[0], $0[1])) },
  GradientCase("batch transposed times one matrix", [[2, 4, 3], [4, 5]]) {
    square(matmul($0[0], $0[1], transposeA: true))
  },
  GradientCase("one matrix times a batch", [[3, 4], [2, 4, 5]]) { square(matmul($0[0], $0[1])) },
  GradientCase("linear", [[3, 4], [4, 5], [5]]) { square(linear($0[0], $0[1], $0[2])) },
  GradientCase("linear sigmoid", [[3, 4], [4, 5], [5]]) {
    linear($0[0], $0[1], $0[2], activation: .sigmoid)
  },
  GradientCase("linear tanh", [[2, 3, 4], [4, 5], [5]]) {
    linear($0[0], $0[1], $0[2], activation: .tanh)
  },
  GradientCase("linear relu", [[3, 4], [4, 5], [5]]) {
    linear($0[0], $0[1], $0[2], activation: .relu)
  },
  GradientCase("linear without bias", [[3, 4], [4, 5]]) { square(linear($0[0], $0[1])) },
  GradientCase("linear in pieces", [[1100, 64], [64, 65], [65]]) {
    linear($0[0], $0[1] * 0.2, $0[2], activation: .tanh)
  },
  GradientCase("gru cell", [[2, 9], [2, 9], [2, 3]]) { gruCell($0[0], $0[1], $0[2]) },
  GradientCase("lstm cell", [[2, 12], [2, 3]]) {
    let (output, cell) = lstmCell($0[0], $0[1])
    return output * 2 + square(cell)
  },
]

@Suite struct GradientTests {
  /// Central differences of smooth functions of order one are good to about 1e-9; 1e-6 leaves room
  /// for strong curvature and still fails on any wrong factor.
  static let tolerance = 1e-6

  @Test(
    "agrees with central differences",
    arguments: elementwiseCases + broadcastCases + movingCases + reductionCases + productCases,
    [UInt64(1), 2]
  )
  func agreesWithDifferences(example: GradientCase, seed: UInt64) throws {
    var stream = RandomStream(seed: seed).derived(example.name)
    let point = example.shapes.map { shape in
      let normal: Tensor<Double> = stream.normal(shape)
      return Tensor(normal.scalars.map(example.domain.place), shape: shape)
    }
    let check = try checkGradients(
      at: point,
      directions: 3,
      from: stream,
      { example.function($0) }
    )
    #expect(
      check.worstRelativeError < Self.tolerance,
      "\(example.name): difference \(check.difference), derivative \(check.derivative)"
    )
    #expect(check.derivative != 0)
  }

  @Test("a wrong gradient rule is caught")
  func wrongRuleIsCaught() throws {
    let x = Tensor<Double>([0.3, -1.2, 2])
    let check = try checkGradients(at: [x], from: RandomStream(seed: 3)) { inputs in
      // The value of sin with the gradient of x: right number, wrong rule.
      inputs[0] + stopGradient(sin(inputs[0]) - inputs[0])
    }
    #expect(check.worstRelativeError > 1e-2)
  }

  @Test("parameters are checked too")
  func parametersAreChecked() throws {
    let weight = Parameter(Tensor<Double>([0.5, -0.25, 1, 2], shape: [2, 2]))
    let x = Tensor<Double>([1, 2, 3, 4, 5, 6], shape: [3, 2])
    let check = try checkGradients(
      at: [x],
      parameters: [weight],
      from: RandomStream(seed: 4)
    ) { tanh(matmul($0[0], softplus(weight.value)) * 0.1) }
    #expect(check.worstRelativeError < Self.tolerance)
    #expect(weight.value == Tensor([0.5, -0.25, 1, 2], shape: [2, 2]))
  }

  @Test("no gradient flows through a stop")
  func stopGradientStops() throws {
    let recording = try Recording(
      inputs: ["x": Tensor<Double>([1, 2, 3])],
      differentiated: ["x"]
    ) { inputs in
      let x = inputs["x"] ?? Tensor(0)
      return ["loss": (x * stopGradient(x)).sum()]
    }
    try recording.backward()
    #expect(try recording.gradient(of: "x") == Tensor([1, 2, 3]))
  }
}
