import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct TrainingTests {
  private func context<Scalar>(_ seed: UInt64, of type: Scalar.Type = Scalar.self)
    -> TrainingContext<Scalar>
  {
    TrainingContext(stream: RandomStream(seed: seed).derived("training"))
  }

  @Test("a linear layer reaches the least-squares solution", arguments: 0..<3 as Range<UInt64>)
  func leastSquares(seed: UInt64) throws {
    let (x, y, dataset) = try regression(count: 60, inputs: 3, seed: seed, of: Double.self)
    var stream = RandomStream(seed: seed)
    let layer = Dense<Double>(3, 1, from: &stream)
    var settings = TrainingSettings(.steps(600))
    settings.optimiser = .sgd(momentum: 0.5)
    settings.schedule = .constant(0.2)
    let outcome = try train(
      layer,
      on: dataset,
      settings: settings,
      context: context(seed),
      loss: squaredLoss(layer)
    )
    #expect(outcome.status == .completed && outcome.steps == 600 && outcome.epochs == 600)
    // The normal equations: the residual is orthogonal to every input and to the constant.
    let residual = layer(x) - y
    #expect(largestDifference(matmul(x, residual, transposeA: true), .zeros([3, 1])) < 1e-11)
    #expect(Swift.abs(residual.sum().scalar) < 1e-11)
  }

  @Test("an epoch's loss is the mean over all samples, the short batch weighted by its size")
  func epochLoss() throws {
    let (_, _, dataset) = try regression(count: 10, inputs: 2, seed: 1, of: Double.self)
    let model: Sequential<Double> = network(2, 3, 1, seed: 1)
    var settings = TrainingSettings(.epochs(2), batchSize: 4)
    settings.schedule = .constant(0)
    settings.validationBatchSize = 3
    var context = context(1, of: Double.self)
    context.validation = dataset
    let outcome = try train(
      model,
      on: dataset,
      settings: settings,
      context: context,
      loss: squaredLoss(model)
    )
    let inputs = ["x": dataset.array("x"), "y": dataset.array("y")].compactMapValues { $0 }
    let whole = try squaredLoss(model)(inputs, .inference).scalar
    #expect(outcome.steps == 6)
    for loss in outcome.trainingLosses + outcome.validationLosses {
      #expect(Swift.abs(loss - whole) < 1e-13)
    }
    #expect(outcome.trainingLosses.count == 2 && outcome.validationLosses.count == 2)
  }

  @Test("early stopping ends after the patience and leaves the model at the best epoch")
  func earlyStopping() throws {
    let (_, _, small) = try regression(count: 6, inputs: 4, seed: 3, of: Double.self)
    let (_, _, other) = try regression(count: 40, inputs: 4, seed: 3, of: Double.self)
    let model: Sequential<Double> = network(4, 20, 1, seed: 3)
    var settings = TrainingSettings(.epochs(2000), batchSize: 3)
    settings.schedule = .constant(2e-2)
    settings.patience = 25
    var context = context(3, of: Double.self)
    context.validation = other.selecting(Array(6..<40))
    let outcome = try train(
      model,
      on: small,
      settings: settings,
      context: context,
      loss: squaredLoss(model)
    )
    let losses = outcome.validationLosses
    let lowest = try #require(losses.min())
    let best = try #require(losses.firstIndex(of: lowest)) + 1
    #expect(outcome.status == .stoppedEarly(bestEpoch: best))
    #expect(outcome.bestEpoch == best && outcome.bestLoss == lowest)
    #expect(losses.count == best + 25)
    let held = try #require(context.validation)
    let inputs = ["x": held.array("x"), "y": held.array("y")].compactMapValues { $0 }
    #expect(Swift.abs(try squaredLoss(model)(inputs, .inference).scalar - lowest) < 1e-13)
    #expect(model.tensors() == outcome.best)
    try model.load(outcome.last, source: "last")
    let final = try squaredLoss(model)(inputs, .inference).scalar
    #expect(Swift.abs(final - (losses.last ?? 0)) < 1e-13)
  }

  @Test("padded batches of sequences equal their sequences one by one", arguments: [1, 4])
  func raggedBatches(lengthMultiple: Int) throws {
    var stream = RandomStream(seed: 5)
    let start = GRU<Double>(inputs: 2, hidden: 3, from: &stream)
    let lengths = [4, 1, 6, 3]
    let x = lengths.enumerated().map { normal([$1, 2], UInt64($0), "x") as Tensor<Double> }
    let y = lengths.enumerated().map { normal([$1, 3], UInt64($0), "y") as Tensor<Double> }
    func step(_ rows: [Int]) throws -> (loss: Double, parameters: [Tensor<Double>]) {
      let layer = start.duplicate()
      let dataset = try Dataset(
        sequences: ["x": rows.map { x[$0] }, "y": rows.map { y[$0] }],
        lengthMultiple: lengthMultiple
      )
      var settings = TrainingSettings(.steps(1))
      settings.optimiser = .sgd()
      settings.schedule = .constant(1)
      let outcome = try train(layer, on: dataset, settings: settings, context: context(1)) {
        inputs,
        mode in
        meanSquaredError(
          layer(try inputs.named("x"), mode: mode),
          try inputs.named("y"),
          weights: try inputs.named("mask")
        )
      }
      return (outcome.trainingLosses[0], layer.parameters.map(\.value))
    }
    let together = try step([0, 1, 2, 3])
    let alone = try (0..<4).map { try step([$0]) }
    let total = Double(lengths.reduce(0, +))
    let loss = zip(alone, lengths).reduce(0) { $0 + $1.0.loss * Double($1.1) } / total
    #expect(Swift.abs(together.loss - loss) < 1e-13)
    for index in start.parameters.indices {
      let value = start.parameters[index].value
      var expected = Tensor<Double>.zeros(value.shape)
      for (one, length) in zip(alone, lengths) {
        expected = expected + one.parameters[index] * (Double(length) / total)
      }
      #expect(largestDifference(together.parameters[index], expected) < 1e-13)
    }
  }

  @Test("equal streams give equal bits, other streams other orders; threads do not matter")
  func reproducible() throws {
    let (_, _, dataset) = try regression(count: 700, inputs: 8, seed: 6, of: Float.self)
    func run(_ seed: UInt64, threads: Int) throws -> [String: NumericArray] {
      let model: Sequential<Float> = network(8, 64, 1, seed: 6)
      var context = context(seed, of: Float.self)
      context.pool = WorkerPool(threads: threads)
      let settings = TrainingSettings(.epochs(2), batchSize: 300)
      return try train(
        model,
        on: dataset,
        settings: settings,
        context: context,
        loss: squaredLoss(model)
      ).last
    }
    let one = try run(1, threads: 1)
    #expect(try run(1, threads: 1) == one)
    #expect(try run(1, threads: 3) == one)
    #expect(try run(2, threads: 1) != one)
  }

  @Test("frozen groups stay, others move")
  func frozenGroups() throws {
    let (_, _, dataset) = try regression(count: 20, inputs: 2, seed: 2, of: Float.self)
    let model: Sequential<Float> = network(2, 3, 1, seed: 2)
    let before = model.tensors()
    var context = context(2, of: Float.self)
    context.groups = [
      ParameterGroup(model.layers[0].parameters, isFrozen: true),
      ParameterGroup(model.layers[1].parameters),
    ]
    try train(
      model,
      on: dataset,
      settings: TrainingSettings(.epochs(1)),
      context: context,
      loss: squaredLoss(model)
    )
    let after = model.tensors()
    #expect(after["0.weight"] == before["0.weight"] && after["0.bias"] == before["0.bias"])
    #expect(after["1.weight"] != before["1.weight"] && after["1.bias"] != before["1.bias"])
  }

  @Test("weight decay shrinks what the loss does not hold")
  func weightDecay() throws {
    let dataset = try Dataset(["x": Tensor<Double>([1])])
    struct Two: Module {
      let used = Parameter(Tensor<Double>(1))
      let idle = Parameter(Tensor<Double>(1))
      func visit(_ visitor: any ModuleVisitor<Double>) {
        visitor.parameter("used", used)
        visitor.parameter("idle", idle)
      }
    }
    let model = Two()
    var settings = TrainingSettings(.steps(2))
    settings.optimiser = .adamW()
    settings.schedule = .constant(0.5)
    settings.weightDecay = 0.5
    try train(model, on: dataset, settings: settings, context: context(1)) { inputs, _ in
      square(model.used.value * (try inputs.named("x"))).mean()
    }
    #expect(Swift.abs(model.idle.value.scalar - 0.75 * 0.75) < 1e-15)
  }

  @Test("progress comes at the end of each epoch and ends with nothing left")
  func progress() throws {
    let (_, _, dataset) = try regression(count: 10, inputs: 2, seed: 2, of: Float.self)
    let model: Sequential<Float> = network(2, 3, 1, seed: 2)
    var context = context(2, of: Float.self)
    var reports: [TrainingProgress] = []
    context.onProgress = { reports.append($0) }
    var settings = TrainingSettings(.epochs(3), batchSize: 4)
    settings.validationFraction = 0.2
    let outcome = try train(
      model,
      on: dataset,
      settings: settings,
      context: context,
      loss: squaredLoss(model)
    )
    let ends = reports.filter(\.isEndOfEpoch)
    #expect(ends.map(\.epoch) == [1, 2, 3] && ends.map(\.step) == [2, 4, 6])
    #expect(ends.map(\.trainingLoss) == outcome.trainingLosses)
    #expect(ends.map(\.validationLoss) == outcome.validationLosses)
    #expect(ends.allSatisfy { $0.plannedSteps == 6 && $0.plannedEpochs == 3 })
    #expect(ends[0].secondsLeft > 0 && ends[2].secondsLeft == 0)
  }

  @Test("a cancelled training keeps what it reached", arguments: [0, 1, 5])
  func cancelled(steps: Int) throws {
    let (_, _, dataset) = try regression(count: 10, inputs: 2, seed: 2, of: Float.self)
    let model: Sequential<Float> = network(2, 3, 1, seed: 2)
    let before = model.tensors()
    var context = context(2, of: Float.self)
    let countdown = Countdown(steps)
    context.isCancelled = { countdown.isOver() }
    let outcome = try train(
      model,
      on: dataset,
      settings: TrainingSettings(.epochs(10), batchSize: 5),
      context: context,
      loss: squaredLoss(model)
    )
    #expect(outcome.status == .cancelled(afterStep: steps) && outcome.steps == steps)
    #expect((outcome.last == before) == (steps == 0))
    #expect(outcome.epochs == steps / 2)
  }

  @Test("the model's own state counts as the start: training in two parts moves on")
  func warmStart() throws {
    let (_, _, dataset) = try regression(count: 30, inputs: 2, seed: 2, of: Double.self)
    let model: Sequential<Double> = network(2, 3, 1, seed: 2)
    var settings = TrainingSettings(.steps(50))
    settings.schedule = .constant(1e-2)
    let losses = try (0..<3).map { _ in
      try train(
        model,
        on: dataset,
        settings: settings,
        context: context(2),
        loss: squaredLoss(model)
      ).trainingLosses
    }
    #expect(losses[1][0] < losses[0][49] && losses[2][0] < losses[1][49])
  }
}

@Suite struct TrainingErrorTests {
  private func error(
    _ change: (inout TrainingSettings) -> Void,
    loss: @escaping ([String: Tensor<Float>], Mode) throws -> Tensor<Float> = { inputs, _ in
      square(try inputs.named("x")).mean()
    }
  ) throws -> (any Error)? {
    let dataset = try Dataset(["x": Tensor<Float>([1, 2])])
    let model = ParameterModule()
    var settings = TrainingSettings(.steps(2), batchSize: 1)
    change(&settings)
    do {
      try train(
        model,
        on: dataset,
        settings: settings,
        context: TrainingContext(stream: RandomStream(seed: 1))
      ) { try loss($0, $1) * model.gain.value }
      return nil
    } catch {
      return error
    }
  }

  private struct ParameterModule: Module {
    let gain = Parameter(Tensor<Float>(1))
    func visit(_ visitor: any ModuleVisitor<Float>) { visitor.parameter("gain", gain) }
  }

  @Test("each setting out of range is named")
  func settings() throws {
    func name(_ change: (inout TrainingSettings) -> Void) throws -> String? {
      guard case .invalidSetting(let name, _, _) = try error(change) as? NetworkError else {
        return nil
      }
      return name
    }
    #expect(try name { $0.duration = .epochs(0) } == "epochs")
    #expect(try name { $0.duration = .steps(0) } == "steps")
    #expect(try name { $0.batchSize = 0 } == "batchSize")
    #expect(try name { $0.validationBatchSize = 0 } == "validationBatchSize")
    #expect(try name { $0.weightDecay = -1 } == "weightDecay")
    #expect(try name { $0.validationFraction = 1 } == "validationFraction")
    #expect(try name { $0.clip = .globalNorm(0) } == "clip")
    #expect(try name { $0.optimiser = .sgd(momentum: 1) } == "momentum")
    #expect(try name { $0.optimiser = .adam(beta2: 1) } == "beta2")
    #expect(try name { $0.schedule = .constant(-1) } == "schedule")
    #expect(try name { $0.schedule = .warmUp(steps: 0, then: .constant(1)) } == "schedule")
    #expect(try name { $0.schedule = .decay(from: 1, to: 0) } == "schedule")
    #expect(try name { $0.patience = 3 } == "patience")
    #expect(try error { _ in } == nil)
  }

  @Test("a loss that is no number, asks for an unknown input or looks at numbers is refused")
  func losses() throws {
    let vector = try error(
      { _ in },
      loss: { inputs, _ in
        concatenated([try inputs.named("x"), try inputs.named("x")], axis: 0)
      }
    )
    #expect(vector as? NetworkError == .lossNotScalar(shape: [2]))
    let unknown = try error({ _ in }, loss: { inputs, _ in try inputs.named("z") })
    #expect(unknown as? NetworkError == .missingInput(name: "z", known: ["x"]))
    let looking = try error(
      { _ in },
      loss: { inputs, _ in
        let x = square(try inputs.named("x") as Tensor<Float>)
        return x.scalars[0] > 2 ? x.mean() : -x.mean()
      }
    )
    #expect(looking as? RecordingError == .notReplayable(operation: "square"))
  }

  @Test("a validation set without an array of the training set is refused")
  func validationArrays() throws {
    let model = ParameterModule()
    var context = TrainingContext<Float>(stream: RandomStream(seed: 1))
    context.validation = try Dataset(["y": Tensor<Float>([1])])
    #expect(throws: NetworkError.missingInput(name: "x", known: ["y"])) {
      try train(
        model,
        on: try Dataset(["x": Tensor<Float>([1])]),
        settings: TrainingSettings(.steps(1)),
        context: context
      ) { _, _ in model.gain.value }
    }
  }
}
