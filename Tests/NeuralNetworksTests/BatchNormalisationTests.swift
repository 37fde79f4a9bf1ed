import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct BatchNormalisationTests {
  private func layer<Scalar: RealTensorScalar>(
    _ features: Int,
    _ activation: Activation = .identity,
    seed: UInt64 = 1,
    as type: Scalar.Type = Scalar.self
  ) -> BatchNormalisation<Scalar> {
    let layer = BatchNormalisation<Scalar>(features, activation: activation)
    layer.scale.set(normal([features], seed, "scale"))
    layer.shift.set(normal([features], seed, "shift"))
    return layer
  }

  /// The layer in plain operations, with given moments.
  private func plain(
    _ x: Tensor<Double>,
    _ layer: BatchNormalisation<Double>,
    mean: Tensor<Double>,
    variance: Tensor<Double>
  ) -> Tensor<Double> {
    let y = (x - mean) / sqrt(variance + layer.epsilon) * layer.scale.value + layer.shift.value
    return ActivationLayer(layer.activation)(y)
  }

  @Test(
    "values and gradients in both modes, over one row and over many",
    arguments: [Activation.identity, .relu, .leakyRelu],
    [[5, 3], [3, 2, 37], [1, 4], [600, 3]]
  )
  func valuesAndGradients(activation: Activation, shape: [Int]) throws {
    let features = shape[shape.count - 1]
    let layer: BatchNormalisation<Double> = layer(features, activation)
    let x: Tensor<Double> = normal(shape, 3)
    let rows = x.reshaped([-1, features])
    let mean = rows.mean(axis: 0)
    let variance = square(rows - mean).mean(axis: 0)
    let trained = layer(x, mode: .training)
    #expect(trained.shape == shape)
    // A handful of roundings of numbers of size one.
    #expect(
      largestDifference(trained, plain(x, layer, mean: mean, variance: variance)) < 1e-12
    )
    layer.mean.set(normal([features], 5))
    layer.variance.set(square(normal([features], 6)) + 0.1)
    let expected = plain(x, layer, mean: layer.mean.value, variance: layer.variance.value)
    #expect(largestDifference(layer(x, mode: .inference), expected) < 1e-12)
    // A single row is its own mean: no gradient to speak of.
    guard rows.shape[0] > 1 else { return }
    for mode in [Mode.training, .inference] {
      let check = try checkGradients(
        at: [x],
        parameters: layer.parameters,
        from: RandomStream(seed: 7)
      ) { layer($0[0], mode: mode) }
      #expect(check.worstRelativeError < gradientTolerance)
    }
  }

  @Test("a large batch is cut into pieces, and the bits do not depend on the threads")
  func pieces() throws {
    let layer: BatchNormalisation<Double> = layer(65, .relu)
    let x: Tensor<Double> = normal([5, 900, 65], 9)
    let rows = x.reshaped([-1, 65])
    let mean = rows.mean(axis: 0)
    let variance = square(rows - mean).mean(axis: 0)
    let results = try [1, 2]
      .map { threads in
        let copy = layer.duplicate()
        let recording = try Recording(
          inputs: ["x": x],
          differentiated: ["x"],
          parameters: copy.parameters,
          pool: WorkerPool(threads: threads)
        ) { inputs in
          let y = copy(try inputs.named("x"), mode: .training)
          return ["y": y, "loss": (square(y) * y).sum()]
        }
        try recording.backward()
        return [try recording.value("y"), try recording.gradient(of: "x")]
          + copy.parameters.map(\.gradient) + [copy.mean.value, copy.variance.value]
      }
    #expect(results[0] == results[1])
    #expect(
      largestDifference(results[0][0], plain(x, layer, mean: mean, variance: variance)) < 1e-12
    )
    let plainRecording = try Recording(
      inputs: ["x": rows],
      differentiated: ["x"],
      parameters: layer.parameters
    ) { inputs in
      let x = try inputs.named("x")
      let mean = x.mean(axis: 0)
      let y = plain(x, layer, mean: mean, variance: square(x - mean).mean(axis: 0))
      return ["loss": (square(y) * y).sum()]
    }
    try plainRecording.backward()
    let expected = [try plainRecording.gradient(of: "x")] + layer.parameters.map(\.gradient)
    for (found, expected) in zip(results[0].dropFirst(), expected) {
      let size = expected.scalars.map { Swift.abs($0) }.max() ?? 0
      // Sums over 4500 rows in another order.
      #expect(largestDifference(found.reshaped(expected.shape), expected) < 1e-11 * size)
    }
  }

  @Test("running statistics move by a tenth, the variance with Bessel's correction")
  func runningStatistics() {
    let layer = BatchNormalisation<Double>(2)
    let x = Tensor<Double>([1, 10, 2, 10, 3, 16, 6, 20], shape: [4, 2])
    _ = layer(x, mode: .inference)
    #expect(layer.mean.value.scalars == [0, 0] && layer.variance.value.scalars == [1, 1])
    _ = layer(x, mode: .training)
    // Means 3 and 14, sums of squares 14 and 72.
    let means = layer.mean.value.scalars
    let variances = layer.variance.value.scalars
    #expect(Swift.abs(means[0] - 0.3) < 1e-15 && Swift.abs(means[1] - 1.4) < 1e-15)
    #expect(Swift.abs(variances[0] - (0.9 + 0.1 * 14 / 3)) < 1e-15)
    #expect(Swift.abs(variances[1] - (0.9 + 0.1 * 72 / 3)) < 1e-14)
    // One row has no variance to learn from.
    _ = layer(Tensor([3, 14], shape: [1, 2]), mode: .training)
    #expect(layer.variance.value.scalars == variances)
  }

  @Test("under replay training moves the statistics, and inference reads them as they are then")
  func replay() throws {
    let replayed: BatchNormalisation<Float> = layer(3)
    let fresh = replayed.duplicate()
    let batches: [Tensor<Float>] = (0..<3).map { normal([7, 3], $0) }
    func recorded(_ layer: BatchNormalisation<Float>, _ x: Tensor<Float>, _ mode: Mode) throws
      -> Recording<Float>
    {
      try Recording(inputs: ["x": x], parameters: layer.parameters) { inputs in
        ["y": layer(try inputs.named("x"), mode: mode)]
      }
    }
    let training = try recorded(replayed, batches[0], .training)
    let inference = try recorded(replayed, batches[0], .inference)
    _ = try recorded(fresh, batches[0], .training)
    for x in batches {
      try training.replay(["x": x])
      let other = try recorded(fresh, x, .training)
      #expect(try training.value("y") == other.value("y"))
      #expect(replayed.mean.value == fresh.mean.value)
      #expect(replayed.variance.value == fresh.variance.value)
      try inference.replay(["x": x])
      #expect(try inference.value("y") == fresh(x, mode: .inference))
      #expect(replayed.mean.value == fresh.mean.value)
    }
  }

  /// Two dense layers with a normalisation between them.
  private func network(seed: UInt64) -> Sequential<Float> {
    var stream = RandomStream(seed: seed)
    return Sequential([
      Dense(3, 8, from: &stream), BatchNormalisation<Float>(8, activation: .leakyRelu),
      Dense(8, 1, from: &stream),
    ])
  }

  @Test("a trained network's steps equal those of fresh recordings, statistics included")
  func training() throws {
    let (x, y, dataset) = try regression(count: 11, inputs: 3, seed: 1, of: Float.self)
    let replayed = network(seed: 1)
    let fresh = replayed.duplicate()
    var settings = TrainingSettings(.epochs(2), batchSize: 4)
    settings.shuffles = false
    let outcome = try train(
      replayed,
      on: dataset,
      settings: settings,
      context: TrainingContext(stream: RandomStream(seed: 1)),
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
      optimiser.step(rate: 1e-3)
      flat.valuesDidChange()
    }
    #expect(outcome.last == fresh.tensors())
  }

  @Test("statistics go with the model, and the best ones come back")
  func bestStatistics() throws {
    let (_, _, dataset) = try regression(count: 40, inputs: 3, seed: 2, of: Float.self)
    let model = network(seed: 2)
    var settings = TrainingSettings(.epochs(5), batchSize: 10)
    settings.validationFraction = 0.25
    let outcome = try train(
      model,
      on: dataset,
      settings: settings,
      context: TrainingContext(stream: RandomStream(seed: 2)),
      loss: squaredLoss(model)
    )
    #expect(model.tensors() == outcome.best)
    #expect(outcome.best.keys.contains { $0.hasSuffix("variance") })
    let copy = network(seed: 3)
    try copy.load(outcome.best, source: "the test")
    let x: Tensor<Float> = normal([6, 3], 9)
    #expect(copy(x) == model(x))
  }
}
