internal import NeuralNetworks
internal import Studies
internal import SymbolDetection
internal import Tensors

extension Benchmark {
  /// Detectors with 16 states at 10 dB; an item is a symbol.
  static var detection: [Benchmark] {
    [
      detector(ClassicalMethods.viterbi, [:]),
      detector(ClassicalMethods.bcjr, ["probabilities": .flag(false)]),
      detector(.viterbiNet, ["epochs": .integer(5)]),
      tracking,
    ]
  }

  private static let symbols = 1_000_000

  /// Inference as `graybox infer` runs it, arrays in memory.
  private static func detector(
    _ method: MethodDescription,
    _ given: [String: SettingValue]
  ) -> Benchmark {
    Benchmark("\(method.id)-infer", batch: symbols) {
      let settings = try Settings(given, for: method.settings, owner: method.id)
      let stream = RandomStream(seed: 1)
      let arrays = try drawn(["snr": .number(10)], .test, symbols, stream)
      var model: ModelFile?
      if let train = method.train {
        let pilots = try drawn(["snr": .number(10)], .training, 5000, stream.derived("training"))
        model = try train(TrainingRequest(data: pilots, settings: settings, stream: stream)).model
      }
      let prepared = try method.prepare(settings, model)
      var result = InferenceResult(arrays: ArrayBundle())
      return Work {
        result = try prepared.infer(arrays, pool: .serial)
      } findings: {
        errorRate(result.arrays, arrays)
      }
    }
  }

  /// The block-fading protocol of ViterbiNet: 100 blocks of 200 pilots with 500 full-batch steps of a
  /// 1-75-16 network, weights carried over, and 10,000 symbols; an item is a block.
  private static var tracking: Benchmark {
    let blocks = 100
    return Benchmark("viterbinet-tracking", batch: blocks, repeats: 5) {
      let method = MethodDescription.viterbiNet
      let settings = try Settings(
        [
          "hidden": .list([.integer(75)]), "activation": .text("relu"), "epochs": .integer(500),
          "batch": .integer(200), "rate": .number(0.005), "schedule": .text("constant"),
          "clip": .number(0),
        ],
        for: method.settings,
        owner: method.id
      )
      let draws = try (0..<blocks).map { block in
        let place: [String: SettingValue] = [
          "snr": .number(10), "fading": .text("block"), "block": .integer(block),
        ]
        let stream = RandomStream(seed: 1).derived("block", index: block)
        return (
          pilots: try drawn(place, .training, 200, stream.derived("pilots")),
          payload: try drawn(place, .test, 10_000, stream.derived("payload"))
        )
      }
      var rates: [Double] = []
      return Work {
        rates = try followed(method, settings, draws) { errorRate($0, $1).first?.value ?? .nan }
      } findings: {
        [("symbol_error_rate", rates.reduce(0, +) / Double(rates.count))]
      }
    }
  }

  /// Follows the channel through all blocks, learning from the pilots of each.
  ///
  /// - Parameters:
  ///   - method: learns and detects.
  ///   - settings: its own.
  ///   - draws: what each block teaches and asks.
  ///   - pool: the threads of both.
  ///   - rate: the error rate of outputs beside the truth.
  /// - Returns: the error rate of each block.
  /// - Throws: what training and detection throw.
  static func followed(
    _ method: MethodDescription,
    _ settings: Settings,
    _ draws: [(pilots: ArrayBundle, payload: ArrayBundle)],
    pool: WorkerPool = .serial,
    rate: (_ outputs: ArrayBundle, _ truth: ArrayBundle) -> Double
  ) throws -> [Double] {
    guard let train = method.train else { return [] }
    var model: ModelFile?
    return try draws.map { draw in
      let request = TrainingRequest(
        data: draw.pilots,
        settings: settings,
        initial: model,
        stream: RandomStream(seed: 1).derived("learning"),
        pool: pool
      )
      let trained = try train(request).model
      model = trained
      let result = try method.prepare(settings, trained).infer(draw.payload, pool: pool)
      return rate(result.arrays, draw.payload)
    }
  }

  private static func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    let scenario = IntersymbolInterferenceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, purpose, count, stream)
  }

  private static func errorRate(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle
  ) -> [(key: String, value: Double)] {
    guard let metric = SymbolDetectionTask.description.metrics.first,
      let count = try? metric.measure(outputs, truth)
    else { return [] }
    return [(metric.id, count.sum / count.reference)]
  }
}
