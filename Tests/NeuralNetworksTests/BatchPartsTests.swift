import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct BatchPartsTests {
  /// Trains on 11 samples in batches of 7 and 4.
  private func run<Scalar: RealTensorScalar>(
    parts: Int,
    threads: Int = 1,
    steps: Int = 6,
    of type: Scalar.Type
  ) throws -> TrainingOutcome {
    let model: Sequential<Scalar> = network(3, 6, 1, seed: 2)
    var settings = TrainingSettings(.steps(steps), batchSize: 7)
    settings.batchParts = parts
    settings.schedule = .constant(1e-2)
    settings.clip = .globalNorm(1)
    var context = TrainingContext<Scalar>(stream: RandomStream(seed: 3))
    context.pool = WorkerPool(threads: threads)
    return try train(
      model,
      on: regression(count: 11, inputs: 3, seed: 1, of: Scalar.self).dataset,
      settings: settings,
      context: context,
      loss: squaredLoss(model)
    )
  }

  @Test("in parts, uneven ones too, a batch teaches what it teaches whole", arguments: [2, 3, 20])
  func sameLesson(parts: Int) throws {
    let whole = try run(parts: 1, of: Double.self)
    let parted = try run(parts: parts, of: Double.self)
    for (name, values) in whole.last {
      let (a, b) = (try #require(values.double), try #require(parted.last[name]?.double))
      // Six steps, each with rounding of numbers of size one.
      #expect(largestDifference(a, b) < 1e-12, "\(name)")
    }
    for (a, b) in zip(whole.trainingLosses, parted.trainingLosses) {
      #expect(abs(a - b) < 1e-12 * max(a, 1))
    }
  }

  @Test("the bits depend on the parts, not on the threads", arguments: [2, 5])
  func threads(parts: Int) throws {
    let one = try run(parts: parts, of: Float.self)
    for threads in [2, 3] {
      let other = try run(parts: parts, threads: threads, of: Float.self)
      #expect(other.last == one.last && other.trainingLosses == one.trainingLosses)
    }
  }

  @Test("sequences of different length weigh by their steps")
  func sequences() throws {
    func run(parts: Int) throws -> TrainingOutcome {
      let model: Sequential<Double> = network(2, 4, 1, seed: 5)
      let lengths = [3, 9, 1, 4, 6]
      let steps: [Tensor<Double>] = lengths.enumerated().map { normal([$1, 2], UInt64($0)) }
      var settings = TrainingSettings(.steps(3))
      settings.batchParts = parts
      settings.schedule = .constant(1e-2)
      return try train(
        model,
        on: Dataset(sequences: ["steps": steps]),
        settings: settings,
        context: TrainingContext(stream: RandomStream(seed: 3))
      ) { inputs, mode in
        let x: Tensor<Double> = try inputs.named("steps")
        let mask: Tensor<Double> = try inputs.named("mask")
        let y = model(x.reshaped([-1, 2]), mode: mode).reshaped(mask.shape)
        return (square(y - 1) * mask).sum() / mask.sum()
      }
    }
    let (whole, parted) = (try run(parts: 1), try run(parts: 2))
    for (name, values) in whole.last {
      let (a, b) = (try #require(values.double), try #require(parted.last[name]?.double))
      #expect(largestDifference(a, b) < 1e-12, "\(name)")
    }
  }

  @Test("parts draw apart: where both keep or both drop a number, that is chance")
  func draws() throws {
    let count = 200
    var source = RandomStream(seed: 1)
    let thinned = Dropout<Float>(rate: 0.5, from: &source)
    let weight = Dense<Float>(
      weight: .zeros([count, 1]),
      bias: nil,
      activation: .identity
    )
    var settings = TrainingSettings(.steps(1))
    settings.batchParts = 2
    settings.optimiser = .sgd()
    settings.schedule = .constant(1)
    let outcome = try train(
      weight,
      on: Dataset(["x": .ones([2, count])]),
      settings: settings,
      context: TrainingContext(stream: RandomStream(seed: 3))
    ) { inputs, mode in
      weight(thinned(try inputs.named("x"), mode: mode), mode: mode).mean()
    }
    // The gradient of a weight is 0, 1 or 2 halves: how many of the two rows kept its input.
    let steps = try #require(outcome.last["weight"]?.float).scalars.map { -$0 }
    let once = steps.count { abs($0 - 1) < 1e-6 }
    // 100 of 200 expected, deviation 7; none if both parts drew the same.
    #expect(once > 60 && once < 140, "\(once)")
    #expect(steps.allSatisfy { [0, 1, 2].contains($0) })
  }

  /// A layer and a number that training leaves alone.
  private struct Offset: DuplicableModule {
    let layer: Sequential<Float>
    let constant: PersistentState<Float>

    func visit(_ visitor: any ModuleVisitor<Float>) {
      visitor.child("layer", layer)
      visitor.state("constant", constant)
    }

    func duplicated(in duplication: Duplication<Float>) -> Offset {
      Offset(layer: layer.duplicated(in: duplication), constant: duplication.copy(constant))
    }
  }

  @Test("a model with constants may be trained in parts")
  func constants() throws {
    let model = Offset(layer: network(3, 4, 1, seed: 1), constant: PersistentState(Tensor([2])))
    var settings = TrainingSettings(.steps(2))
    settings.batchParts = 2
    let outcome = try train(
      model,
      on: regression(count: 4, inputs: 3, seed: 1, of: Float.self).dataset,
      settings: settings,
      context: TrainingContext(stream: RandomStream(seed: 3))
    ) { inputs, mode in
      let y: Tensor<Float> = try inputs.named("y")
      return meanSquaredError(
        model.layer(try inputs.named("x"), mode: mode),
        y + model.constant.value
      )
    }
    #expect(outcome.status == .completed && model.constant.value == Tensor([2]))
  }

  @Test("a model that keeps statistics of its batches is refused")
  func statistics() throws {
    let model = Sequential<Float>([BatchNormalisation(3), network(3, 4, 1, seed: 1)])
    var settings = TrainingSettings(.steps(1))
    settings.batchParts = 2
    let data = try regression(count: 4, inputs: 3, seed: 1, of: Float.self).dataset
    #expect(
      throws: NetworkError.invalidSetting(
        name: "batchParts",
        value: "2",
        requirement: "1 for a model that keeps statistics of its batches"
      )
    ) {
      try train(
        model,
        on: data,
        settings: settings,
        context: TrainingContext(stream: RandomStream(seed: 3)),
        loss: squaredLoss(model)
      )
    }
  }
}
