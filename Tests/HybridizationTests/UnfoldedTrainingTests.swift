import Autodiff
import Hybridization
import NeuralNetworks
import Tensors
import Testing

@Suite struct UnfoldedTrainingTests {
  private static func settings(_ epochs: Int) -> TrainingSettings {
    var settings = TrainingSettings(.epochs(epochs), batchSize: 32)
    settings.schedule = .constant(0.02)
    return settings
  }

  private func data(_ seed: UInt64) throws -> (GradientDescent, Dataset<Double>) {
    let (method, x, truth) = GradientDescent.problem(seed: seed, batch: 128)
    return (method, try Dataset(["observations": x, "targets": truth]))
  }

  private func error(_ network: Unfolded<GradientDescent>, _ dataset: Dataset<Double>) throws
    -> Double
  {
    let x = try #require(dataset.array("observations"))
    let truth = try #require(dataset.array("targets"))
    return square(network.estimate(x) - truth).mean().scalar
  }

  private func loss(_ inputs: [String: Tensor<Double>], _ estimate: Tensor<Double>) throws
    -> Tensor<Double>
  {
    square(estimate - (try inputs.named("targets"))).mean()
  }

  @Test(
    "learned step sizes and momentum beat the best constant ones",
    arguments: [1, 2] as [UInt64]
  )
  func together(seed: UInt64) throws {
    let (method, dataset) = try data(seed)
    var best = Double.infinity
    for stepSize in stride(from: 0.05, through: 1, by: 0.05) {
      for momentum in stride(from: 0.0, through: 0.8, by: 0.1) {
        var tuned = method
        tuned.stepSize = stepSize
        tuned.momentum = momentum
        best = min(best, try error(tuned.unfolded(layers: 4), dataset))
      }
    }
    let network = method.unfolded(layers: 4, learning: [.stepSize, .momentum])
    let matrix = network.layers[0].matrix.value
    let outcome = try network.trainTogether(
      on: dataset,
      settings: Self.settings(300),
      context: TrainingContext(stream: RandomStream(seed: seed)),
      weighting: .last,
      problem: { try $0.named("observations") },
      loss: loss
    )
    #expect(outcome.status == .completed)
    #expect(try error(network, dataset) < best)
    #expect(network.layers[0].matrix.value.scalars == matrix.scalars, "what is not learned stays")
  }

  @Test("a group of rate 0 stays where it is")
  func rateFactors() throws {
    let (method, dataset) = try data(5)
    let network = method.unfolded(layers: 2, learning: [.stepSize, .momentum])
    try network.trainTogether(
      on: dataset,
      settings: Self.settings(3),
      context: TrainingContext(stream: RandomStream(seed: 5)),
      weighting: .uniform,
      rateFactors: [.momentum: 0],
      problem: { try $0.named("observations") },
      loss: loss
    )
    #expect(network.layers.allSatisfy { $0.momentum.value.scalar == 0 })
    #expect(network.layers.allSatisfy { $0.stepSize.value.scalar != 0.1 })
  }

  @Test("layer by layer each added layer lowers the error")
  func layerByLayer() throws {
    let (method, dataset) = try data(3)
    let network = method.unfolded(layers: 3, learning: [.stepSize])
    let start = try (1...3).map { try error(network.prefix($0), dataset) }
    let outcomes = try network.trainLayerByLayer(
      on: dataset,
      settings: Self.settings(100),
      context: TrainingContext(stream: RandomStream(seed: 3)),
      refinements: [0.2],
      problem: { try $0.named("observations") },
      loss: loss
    )
    #expect(outcomes.count == 6)
    let end = try (1...3).map { try error(network.prefix($0), dataset) }
    #expect(zip(end, end.dropFirst()).allSatisfy { $0 > $1 })
    #expect(zip(end, start).allSatisfy { $0 < $1 })
  }

  @Test("drawn anew, every stage learns from samples of its own, and the same ones change nothing")
  func redrawnLayerByLayer() throws {
    let (method, dataset) = try data(3)
    func trained(_ redraw: ((Int) throws -> Dataset<Double>)?) throws -> [TrainingOutcome] {
      var context = TrainingContext<Double>(stream: RandomStream(seed: 3))
      context.redraw = redraw
      return try method.unfolded(layers: 3, learning: [.stepSize]).trainLayerByLayer(
        on: dataset,
        settings: Self.settings(2),
        context: context,
        refinements: [0.2],
        problem: { try $0.named("observations") },
        loss: loss
      )
    }
    var asked: [Int] = []
    let again = try trained {
      asked.append($0)
      return dataset
    }
    #expect(asked == Array(1..<12), "six stages of two passes, the first of which is given")
    let plain = try trained(nil)
    #expect(again.map(\.trainingLosses) == plain.map(\.trainingLosses))
    let fresh = try trained { try data(UInt64(100 + $0)).1 }
    #expect(fresh[0].trainingLosses[0] == plain[0].trainingLosses[0])
    #expect(fresh[1].trainingLosses[0] != plain[1].trainingLosses[0])
  }

  @Test("the gradient through layers agrees with finite differences")
  func gradients() throws {
    let (method, x, truth) = GradientDescent.problem(seed: 4)
    let sizes: Tensor<Double> = Tensor([0.1, 0.2, 0.3])
    let unrolled: (Tensor<Double>) -> Tensor<Double> = { sizes in
      var now = Tensor<Double>.zeros(truth.shape)
      for layer in 0..<3 {
        let residual = matmul(now, method.operators, transposeB: true) - x
        now = now - sizes.picked(axis: 0, layer) * matmul(residual, method.operators)
      }
      return square(now - truth).mean()
    }
    let check = try checkGradients(at: [sizes], from: RandomStream(seed: 1)) { unrolled($0[0]) }
    #expect(check.worstRelativeError < 1e-6)
    // The same numbers through the unfolded network.
    let network = method.unfolded(layers: 3, learning: [.stepSize])
    for (layer, size) in zip(network.layers, sizes.scalars) { layer.stepSize.set(Tensor(size)) }
    let recording = try Recording(
      inputs: [:],
      parameters: network.learnedParameters
    ) { _ in ["loss": square(network.estimate(x) - truth).mean()] }
    try recording.backward(from: "loss")
    let direct = try Recording(
      inputs: ["sizes": sizes],
      differentiated: ["sizes"],
      parameters: []
    ) { inputs in
      ["loss": unrolled(try inputs.named("sizes"))]
    }
    try direct.backward(from: "loss")
    let expected = try direct.gradient(of: "sizes").scalars
    for (layer, value) in zip(network.layers, expected) {
      #expect((layer.stepSize.gradient.scalar - value).magnitude <= 1e-12 * value.magnitude)
    }
  }
}
