import Autodiff
import Hybridization
import NeuralNetworks
import Tensors
import Testing

@Suite struct UnfoldedTests {
  typealias Group = GradientDescent.Parameters.Group

  private func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test("at the model's values K layers are K iterations, to the bit", arguments: [1, 2, 7])
  func law(layers: Int) {
    let (method, x, _) = GradientDescent.problem(seed: 1)
    for sharing in [ParameterSharing<Group>.perLayer, .tied, .tying([.matrix])] {
      let network = method.unfolded(layers: layers, sharing: sharing)
      let classical = method.trace(x, iterations: layers)
      let unfolded = network.trace(x)
      #expect(unfolded.count == layers)
      #expect(zip(unfolded, classical).allSatisfy { $0.scalars == $1.scalars })
      #expect(network.estimate(x).scalars == classical.last?.scalars)
    }
  }

  @Test("solves least squares to the tolerance", arguments: 0..<5 as Range<UInt64>)
  func solving(seed: UInt64) {
    let (method, x, truth) = GradientDescent.problem(seed: seed)
    let outcome = method.solve(x, until: .tolerance(1e-12, maximumIterations: 20_000))
    #expect(outcome.status == .converged)
    #expect(outcome.residuals.count == outcome.iterations)
    #expect(outcome.residuals.last ?? 1 <= 1e-12)
    // The slowest mode shrinks by 1 - 0.1 lambda a step, so that the error is some 100 last steps.
    #expect(worst(outcome.value, truth) < 1e-8)
  }

  @Test("says how it ended")
  func endings() {
    var (method, x, _) = GradientDescent.problem(seed: 1)
    #expect(method.solve(x, until: .iterations(3)).status == .completed)
    let limited = method.solve(x, until: .tolerance(1e-12, maximumIterations: 3))
    #expect(limited.status == .iterationLimit)
    #expect(limited.iterations == 3)
    method.stepSize = 1e200
    let diverged = method.solve(x, until: .iterations(100))
    guard case .diverged(let iteration) = diverged.status else {
      Issue.record("status \(diverged.status)")
      return
    }
    #expect(iteration == diverged.iterations && iteration < 100)
    #expect(!diverged.status.isSuccess)
  }

  @Test("layers share what is tied or not learned, and only that")
  func sharing() {
    let method = GradientDescent.problem(seed: 1).method
    let network = method.unfolded(
      layers: 3,
      learning: [.stepSize, .momentum],
      sharing: .tying([.momentum])
    )
    let (first, last) = (network.layers[0], network.layers[2])
    #expect(first.stepSize !== last.stepSize)
    #expect(first.momentum === last.momentum)
    #expect(first.matrix === last.matrix)
    #expect(network.learnedCount == 3 + 1)
    #expect(network.parameterCount == 3 + 1 + 60)
    let copy = network.duplicate()
    #expect(copy.layers[0].matrix === copy.layers[2].matrix)
    #expect(copy.layers[0].matrix !== first.matrix)
    #expect(ModuleAudit.unvisited(in: network) == [])
  }

  @Test("weights of layers sum to one", arguments: LayerWeighting.allCases, [1, 2, 9])
  func weights(weighting: LayerWeighting, layers: Int) {
    let weights = weighting.weights(layers: layers)
    #expect(weights.count == layers)
    #expect((weights.reduce(0, +) - 1).magnitude < 1e-12)
    if weighting == .logarithmic, layers == 9 {
      #expect(weights[0] == 0)
      #expect((weights[8] / weights[2] - 2).magnitude < 1e-12)  // log 9 / log 3
    }
  }
}
