import Autodiff
import Hybridization
import NeuralNetworks
import SparseRecovery
import Tensors
import Testing

/// One unfolded method at its first values beside the classical algorithm it stands for.
struct UnfoldingLaw: Sendable, CustomTestStringConvertible {
  let name: String
  /// Traces of the network and of the algorithm after so many layers.
  let traces:
    @Sendable (Problem, Int) throws -> (network: [Tensor<Double>], classical: [Tensor<Double>])
  /// 0 where the bits are equal; else the rounding of sums formed in another order.
  let tolerance: Double

  var testDescription: String { name }

  /// A method against itself, unfolded.
  init<Method: IterativeMethod>(
    _ name: String,
    _ make: @escaping @Sendable (Problem) throws -> Method
  ) where Method.Scalar == Double, Method.Problem == Tensor<Double> {
    self.init(name, tolerance: 0, make) { try make($0).trace($0.observations, iterations: $1) }
  }

  /// A method against another algorithm's iterations.
  init<Method: IterativeMethod>(
    _ name: String,
    tolerance: Double,
    _ make: @escaping @Sendable (Problem) throws -> Method,
    _ classical: @escaping @Sendable (Problem, Int) throws -> [Tensor<Double>]
  ) where Method.Scalar == Double, Method.Problem == Tensor<Double> {
    self.name = name
    self.tolerance = tolerance
    traces = { problem, layers in
      let network = try make(problem).unfolded(layers: layers)
      return (network.trace(problem.observations), try classical(problem, layers))
    }
  }

  static func ista(_ problem: Problem) -> ISTA<Double> {
    ISTA(operators: problem.operators, penalty: 0.1)
  }

  static func withSelection(_ problem: Problem, _ matrix: Tensor<Double>? = nil) -> ISTA<Double> {
    ISTA(
      operators: problem.operators,
      penalty: 0.1,
      matrix: matrix,
      selection: SupportSelection(share: 0.05, maximum: 0.1)
    )
  }

  static func prior(_ noise: Double = 1e-4) -> TISTA<Double>.Prior {
    .init(sparsity: 0.1, variance: 1, noiseVariance: noise)
  }

  static let all: [UnfoldingLaw] = [
    UnfoldingLaw("learned-ista") { ista($0) },
    UnfoldingLaw("lista-cp, a threshold for each entry", tolerance: 0) { problem in
      ISTA(operators: problem.operators, penalty: 0.1, hasThresholdPerEntry: true)
    } _: {
      ista($0).trace($0.observations, iterations: $1)
    },
    UnfoldingLaw("lista", tolerance: 1e-12) {
      LISTA(ista($0))
    } _: {
      ista($0).trace($0.observations, iterations: $1)
    },
    UnfoldingLaw("lista-cpss") { withSelection($0) },
    UnfoldingLaw("lista-cpss, written out", tolerance: 1e-12) {
      withSelection($0)
    } _: {
      PlainAlgorithms.ista($0, penalty: 0.1, share: 0.05, maximum: 0.1, iterations: $1)
    },
    UnfoldingLaw("alista with the dictionary as weight", tolerance: 0) {
      ISTA(operators: $0.operators, penalty: 0.1, matrix: $0.operators)
    } _: {
      ista($0).trace($0.observations, iterations: $1)
    },
    UnfoldingLaw("alista") {
      withSelection($0, try AnalyticWeight(of: $0.operators).weight)
    },
    UnfoldingLaw("tista") { try TISTA(operators: $0.operators, prior: prior()) },
    UnfoldingLaw("lamp") { AMP(operators: $0.operators, threshold: 1.2) },
    UnfoldingLaw("lamp, AMP written out", tolerance: 1e-10) {
      AMP(operators: $0.operators, threshold: 1.2)
    } _: {
      PlainAlgorithms.amp($0, threshold: 1.2, iterations: $1)
    },
    UnfoldingLaw("unfolded-admm") { ADMM(operators: $0.operators, penalty: 0.1) },
    UnfoldingLaw("unfolded-admm with matrices", tolerance: 1e-12) {
      MatrixADMM(operators: $0.operators, penalty: 0.1, dualStep: 0.9)
    } _: {
      ADMM(operators: $0.operators, penalty: 0.1, dualStep: 0.9)
        .trace($0.observations, iterations: $1)
    },
  ]
}

@Suite struct UnfoldingLawTests {
  @Test(
    "at the first values K layers are K iterations",
    arguments: UnfoldingLaw.all,
    [1, 2, 9]
  )
  func law(_ law: UnfoldingLaw, layers: Int) throws {
    for seed in 0..<3 as Range<UInt64> {
      let problem = Problem(seed: seed, noiseDeviation: 0.01)
      let (network, classical) = try law.traces(problem, layers)
      #expect(network.count == layers && classical.count == layers)
      for (a, b) in zip(network, classical) { #expect(worst(a, b) <= law.tolerance) }
      #expect(network[layers - 1].scalars.contains { $0 != 0 }, "something was recovered")
    }
  }

  @Test("gradients through three layers agree with differences", arguments: 0..<3 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    let p = Problem(seed: seed, measurements: 10, unknowns: 16, nonzeros: 3, noiseDeviation: 0.05)
    let a = p.operators
    try check(UnfoldingLaw.ista(p), p, seed)
    try check(ISTA(operators: a, penalty: 0.05, hasThresholdPerEntry: true), p, seed)
    try check(UnfoldingLaw.withSelection(p), p, seed)
    try check(LISTA(UnfoldingLaw.ista(p)), p, seed)
    try check(ADMM(operators: a, penalty: 0.1), p, seed)
    try check(MatrixADMM(operators: a, penalty: 0.1), p, seed)
    try check(AMP(operators: a, threshold: 0.8), p, seed)
    try check(TISTA(operators: a, prior: UnfoldingLaw.prior()), p, seed)
  }

  private func check<Method: IterativeMethod>(_ method: Method, _ problem: Problem, _ seed: UInt64)
    throws where Method.Scalar == Double, Method.Problem == Tensor<Double>
  {
    let network = method.unfolded(layers: 3)
    let check = try checkGradients(
      at: [],
      parameters: network.learnedParameters,
      from: RandomStream(seed: seed)
    ) { _ in
      network.estimate(problem.observations)
    }
    #expect(check.worstRelativeError < 1e-6, "\(Method.self): \(check)")
    #expect(ModuleAudit.unvisited(in: network) == [])
  }

  @Test("support selection grows by its share up to its maximum")
  func selection() {
    let selection = SupportSelection()
    let counts = (0..<16).map { selection.count(iteration: $0, unknowns: 500) }
    #expect(counts.prefix(4) == [6, 12, 18, 24])
    #expect(counts.suffix(6) == [65, 65, 65, 65, 65, 65])
  }
}

/// The algorithms written out for one problem at a time, without tensors.
enum PlainAlgorithms {
  private static func rows(_ tensor: Tensor<Double>) -> [[Double]] {
    let width = tensor.shape[1]
    let numbers = tensor.scalars
    return stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<$0 + width]) }
  }

  private static func shrunk(_ x: Double, _ threshold: Double) -> Double {
    x > threshold ? x - threshold : (x < -threshold ? x + threshold : 0)
  }

  /// `A s` and `A' r` for an operator of rows.
  private static func image(_ a: [[Double]], _ s: [Double]) -> [Double] {
    a.map { row in zip(row, s).reduce(0) { $0 + $1.0 * $1.1 } }
  }

  private static func correlations(_ a: [[Double]], _ r: [Double]) -> [Double] {
    var result = [Double](repeating: 0, count: a[0].count)
    for (row, value) in zip(a, r) { for j in row.indices { result[j] += row[j] * value } }
    return result
  }

  /// Runs each row's iteration and stacks the estimates.
  private static func traced(
    _ problem: Problem,
    _ iterations: Int,
    _ run: (_ x: [Double], _ a: [[Double]]) -> [[Double]]
  ) -> [Tensor<Double>] {
    let a = rows(problem.operators)
    let traces = rows(problem.observations).map { run($0, a) }
    return (0..<iterations).map { k in
      Tensor(traces.flatMap { $0[k] }, shape: [traces.count, a[0].count])
    }
  }

  static func ista(
    _ problem: Problem,
    penalty: Double,
    share: Double,
    maximum: Double,
    iterations: Int
  ) -> [Tensor<Double>] {
    let step = 1 / OperatorAnalysis.lipschitzBound(problem.operators)
    return traced(problem, iterations) { x, a in
      var s = [Double](repeating: 0, count: a[0].count)
      return (1...iterations).map { k in
        let residual = zip(x, image(a, s)).map { $0 - $1 }
        let moved = zip(s, correlations(a, residual)).map { $0 + step * $1 }
        let count = Int((min(share * Double(k), maximum) * Double(s.count)).rounded())
        let order = moved.indices.sorted { moved[$0].magnitude > moved[$1].magnitude }
        let passing = Set(order.prefix(count))
        s = moved.indices.map { j in
          passing.contains(j) && moved[j].magnitude > step * penalty
            ? moved[j] : shrunk(moved[j], step * penalty)
        }
        return s
      }
    }
  }

  static func amp(_ problem: Problem, threshold: Double, iterations: Int) -> [Tensor<Double>] {
    traced(problem, iterations) { x, a in
      var s = [Double](repeating: 0, count: a[0].count)
      var v = [Double](repeating: 0, count: a.count)
      return (0..<iterations).map { _ in
        let onsager = Double(s.count { $0 != 0 }) / Double(a.count)
        let image = image(a, s)
        v = x.indices.map { x[$0] - image[$0] + onsager * v[$0] }
        let deviation = (v.reduce(0) { $0 + $1 * $1 } / Double(a.count)).squareRoot()
        s = zip(s, correlations(a, v)).map { shrunk($0 + $1, threshold * deviation) }
        return s
      }
    }
  }
}
