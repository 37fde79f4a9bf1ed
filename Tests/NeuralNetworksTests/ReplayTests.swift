import Autodiff
import CTestSupport
import NeuralNetworks
import Tensors
import Testing

@Suite struct ReplayTests {
  @Test(
    "replayed steps equal fresh recordings to the bit, on three batches with a short one",
    arguments: 0..<3 as Range<UInt64>
  )
  func replayEqualsFresh(seed: UInt64) throws {
    let (x, y, dataset) = try regression(count: 11, inputs: 3, seed: seed, of: Float.self)
    let replayed: Sequential<Float> = network(3, 8, 1, seed: seed)
    let fresh = replayed.duplicate()
    var settings = TrainingSettings(.epochs(2), batchSize: 4)
    settings.shuffles = false
    settings.clip = .globalNorm(1)
    let outcome = try train(
      replayed,
      on: dataset,
      settings: settings,
      context: TrainingContext(stream: RandomStream(seed: seed)),
      loss: squaredLoss(replayed)
    )

    let flat = FlatParameters(fresh.parameters)
    let optimiser = Optimiser(.adam(), flat)
    for step in 0..<6 {
      let rows = [0..<4, 4..<8, 8..<11][step % 3]
      let batch = ["x": x.sliced(axis: 0, rows), "y": y.sliced(axis: 0, rows)]
      let recording = try Recording(inputs: batch, parameters: fresh.parameters) { inputs in
        ["loss": try squaredLoss(fresh)(inputs, .training)]
      }
      try recording.backward()
      flat.clip(.globalNorm(1))
      optimiser.step(rate: 1e-3)
      flat.valuesDidChange()
    }
    #expect(outcome.last == fresh.tensors())
  }

  /// Counts the allocations of each step from the second epoch on.
  private func allocations<Model: Module>(
    _ model: Model,
    _ dataset: Dataset<Float>,
    _ settings: TrainingSettings,
    loss: @escaping ([String: Tensor<Float>], Mode) throws -> Tensor<Float>
  ) throws -> [Int] where Model.Scalar == Float {
    var counts: [Int] = []
    counts.reserveCapacity(1000)
    var context = TrainingContext<Float>(stream: RandomStream(seed: 1))
    context.isCancelled = {
      counts.append(graybox_allocations_stop())
      graybox_allocations_start()
      return false
    }
    try train(model, on: dataset, settings: settings, context: context, loss: loss)
    _ = graybox_allocations_stop()
    return counts
  }

  private static let canCount = graybox_allocations_counted() != 0

  @Test("the counter counts", .enabled(if: canCount))
  func counterWorks() {
    graybox_allocations_start()
    let array = [Int](repeating: 1, count: 1000)
    #expect(graybox_allocations_stop() >= 1 && array.count == 1000)
  }

  @Test(
    "a step under replay allocates nothing, short batches and full ones",
    .enabled(if: canCount),
    arguments: [OptimiserRule.adam(), .sgd(momentum: 0.9)]
  )
  func noAllocations(rule: OptimiserRule) throws {
    let (_, _, dataset) = try regression(count: 50, inputs: 3, seed: 1, of: Float.self)
    for batch in [nil, 16] as [Int?] {
      let model: Sequential<Float> = network(3, 8, 1, seed: 1)
      var settings = TrainingSettings(.steps(40), batchSize: batch)
      settings.optimiser = rule
      settings.clip = .globalNorm(1)
      settings.shuffles = false
      let counts = try allocations(model, dataset, settings, loss: squaredLoss(model))
      #expect(counts.dropFirst(6).allSatisfy { $0 == 0 }, "\(counts)")
    }
  }

  @Test("recurrent layers over padded batches allocate nothing either", .enabled(if: canCount))
  func noAllocationsWithSequences() throws {
    var stream = RandomStream(seed: 1)
    let layer = GRU<Float>(inputs: 2, hidden: 4, from: &stream)
    let x = (1...8).map { normal([$0, 2], UInt64($0), "x") as Tensor<Float> }
    let dataset = try Dataset(sequences: ["x": x])
    let settings = TrainingSettings(.steps(40), batchSize: 3)
    let counts = try allocations(layer, dataset, settings) { inputs, _ in
      let mask: Tensor<Float> = try inputs.named("mask")
      let options = SequenceOptions(mask: mask)
      let y = layer.run(try inputs.named("x"), from: nil, options).outputs
      return weightedMean(square(y), mask)
    }
    // An epoch's first step shuffles, and shapes of batches occur for the first time now and then.
    let steps = counts.dropFirst()
    #expect(steps.count { $0 == 0 } >= 15, "\(counts)")
  }
}
