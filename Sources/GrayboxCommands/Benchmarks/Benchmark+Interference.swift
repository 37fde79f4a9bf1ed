internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import SymbolDetection
internal import Tensors

extension Benchmark {
  /// Interference cancellation with four users and four antennas; an item is a vector.
  static var interference: [Benchmark] {
    [
      interferenceDetector(.iterativeSIC, [:]),
      interferenceDetector(.deepSIC, ["epochs": .integer(2)]),
      beliefStep,
      deepSICTracking(threads: 1),
      deepSICTracking(threads: 2),
    ]
  }

  /// Inference as `graybox infer` runs it, arrays in memory, on one thread.
  private static func interferenceDetector(
    _ method: MethodDescription,
    _ given: [String: SettingValue]
  ) -> Benchmark {
    let vectors = 200_000
    return Benchmark("\(method.id)-infer", batch: vectors) {
      let settings = try Settings(given, for: method.settings, owner: method.id)
      let arrays = try interfering([:], .test, vectors, "test")
      var model: ModelFile?
      if let train = method.train {
        let known = try interfering([:], .training, 1000, "training")
        let stream = RandomStream(seed: 1)
        model = try train(TrainingRequest(data: known, settings: settings, stream: stream)).model
      }
      let prepared = try method.prepare(settings, model)
      var result = InferenceResult(arrays: ArrayBundle())
      return Work {
        result = try prepared.infer(arrays, pool: .serial)
      } findings: {
        [("bit_error_rate", interferenceRate(result.arrays, arrays, metric: 0))]
      }
    }
  }

  /// One full-batch step of a 7-128-2 classifier on 500 vectors.
  private static var beliefStep: Benchmark {
    Benchmark("deepsic-train", batch: 500, repeats: 9) {
      var stream = RandomStream(seed: 1)
      let block = BeliefClassifier<Float>(
        Sequential([
          Dense(7, 128, activation: .relu, from: &stream), Dense(128, 2, from: &stream),
        ])
      )
      let input: Tensor<Float> = stream.normal([500, 7])
      let labels = Tensor<Float>(stream.integers(500, below: 2).map(Float.init))
      let flat = FlatParameters(block.parameters)
      let optimiser = Optimiser(.adam(), flat)
      let recording = try Recording(
        inputs: ["input": input, "labels": labels],
        parameters: block.parameters
      ) { inputs in
        ["loss": block.loss(of: try inputs.named("input"), against: try inputs.named("labels"))]
      }
      return Work {
        try recording.forward()
        try recording.backward()
        optimiser.step(rate: 1e-3)
      }
    }
  }

  /// Blocks of the fading protocol: 500 pilots, 20 networks of 300 full-batch steps carried over from
  /// block to block, and 10,000 vectors; an item is a block.
  private static func deepSICTracking(threads: Int) -> Benchmark {
    let blocks = 10
    return Benchmark("deepsic-tracking", batch: blocks, threads: threads, repeats: 3) {
      let method = MethodDescription.deepSIC
      let settings = try Settings(
        [
          "hidden": .list([.integer(128)]), "activation": .text("relu"), "epochs": .integer(300),
          "batch": .integer(500), "rate": .number(0.005), "schedule": .text("constant"),
          "clip": .number(0),
        ],
        for: method.settings,
        owner: method.id
      )
      let draws = try (0..<blocks).map { block in
        let place: [String: SettingValue] = [
          "snr": .number(12), "fading": .text("block"), "block": .integer(block),
        ]
        return (
          pilots: try interfering(place, .training, 500, "pilots \(block)"),
          payload: try interfering(place, .test, 10_000, "payload \(block)")
        )
      }
      let pool = threads > 1 ? WorkerPool(threads: threads) : .serial
      var rates: [Double] = []
      return Work {
        rates = try followed(method, settings, draws, pool: pool) {
          interferenceRate($0, $1, metric: 1)
        }
      } findings: {
        [("vector_error_rate", rates.reduce(0, +) / Double(rates.count))]
      }
    }
  }

  private static func interfering(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ name: String
  ) throws -> ArrayBundle {
    let scenario = InterferenceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, purpose, count, RandomStream(seed: 1).derived(name))
  }

  private static func interferenceRate(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle,
    metric: Int
  ) -> Double {
    let metric = MIMODetectionTask.description.metrics[metric]
    guard let count = try? metric.measure(outputs, truth) else { return .nan }
    return count.sum / count.reference
  }
}
