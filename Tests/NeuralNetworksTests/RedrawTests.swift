import NeuralNetworks
import Tensors
import Testing

@Suite struct RedrawTests {
  private func samples(_ draw: UInt64, count: Int = 12) throws -> Dataset<Float> {
    try regression(count: count, inputs: 3, seed: draw, of: Float.self).dataset
  }

  private func run(
    stoppingAfter steps: Int? = nil,
    checkpoint: CheckpointPolicy? = nil,
    redraw: ((Int) throws -> Dataset<Float>)?
  ) throws -> TrainingOutcome {
    let model: Sequential<Float> = network(3, 6, 1, seed: 2)
    var settings = TrainingSettings(.epochs(5), batchSize: 5)
    settings.schedule = .constant(1e-2)
    var context = TrainingContext<Float>(stream: RandomStream(seed: 3))
    context.redraw = redraw
    context.checkpoint = checkpoint
    if let steps {
      let countdown = Countdown(steps)
      context.isCancelled = { countdown.isOver() }
    }
    return try train(
      model,
      on: try samples(0),
      settings: settings,
      context: context,
      loss: squaredLoss(model)
    )
  }

  @Test("the first set again in every pass changes nothing; new samples do")
  func sameAgain() throws {
    let plain = try run(redraw: nil)
    let again = try run { _ in try samples(0) }
    let fresh = try run { try samples(UInt64($0)) }
    #expect(again.trainingLosses == plain.trainingLosses && again.last == plain.last)
    #expect(fresh.trainingLosses[0] == plain.trainingLosses[0])
    #expect(fresh.trainingLosses[1] != plain.trainingLosses[1])
  }

  @Test("interrupted anywhere and taken up, redrawn samples give the same bits")
  func resumed() throws {
    let whole = try run { try samples(UInt64($0)) }
    #expect(whole.steps == 15)
    for stop in [1, 3, 4, 8, 15] {
      try withCheckpoint { path in
        let policy = CheckpointPolicy(path: path)
        _ = try run(stoppingAfter: stop, checkpoint: policy) { try samples(UInt64($0)) }
        let second = try run(checkpoint: policy) { try samples(UInt64($0)) }
        #expect(second.trainingLosses == whole.trainingLosses && second.last == whole.last)
      }
    }
  }

  @Test("samples of another shape or number are an error")
  func misfits() throws {
    #expect(
      throws: NetworkError.unequalCounts(name: "redrawn training set", expected: 12, actual: 11)
    ) {
      try run { _ in try samples(1, count: 11) }
    }
    #expect(throws: NetworkError.missingInput(name: "x", known: ["other", "y"])) {
      try run { _ in
        try Dataset(["other": Tensor<Float>.zeros([12, 3]), "y": Tensor<Float>.zeros([12, 1])])
      }
    }
    #expect(throws: NetworkError.self) {
      try run { _ in
        try Dataset(["x": Tensor<Float>.zeros([12, 4]), "y": Tensor<Float>.zeros([12, 1])])
      }
    }
  }
}
