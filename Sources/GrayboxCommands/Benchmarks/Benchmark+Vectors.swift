internal import NeuralNetworks
internal import Studies
internal import SymbolDetection
internal import Tensors

extension Benchmark {
  /// Detectors of vectors of signs at 10 dB, a random channel for each; an item is a vector.
  ///
  /// 30 users and 60 antennas, the size of the published tables; exact search has 10 users and 20. What
  /// learns is trained for a few steps first: an untrained network computes as long as a good one.
  static var vectors: [Benchmark] {
    let large = [
      MIMOMethods.zeroForcing, MIMOMethods.linearMMSE, MIMOMethods.decisionFeedback,
      MIMOMethods.approximateMessagePassing, MIMOMethods.boxProjectedGradient,
    ]
    return large.flatMap { [vectorDetector($0, batch: 1), vectorDetector($0, batch: 1000)] } + [
      vectorDetector(MIMOMethods.semidefiniteRelaxation, batch: 1),
      vectorDetector(MIMOMethods.semidefiniteRelaxation, batch: 200),
      vectorDetector(MIMOMethods.sphereDecoder, users: 10, snr: 8, batch: 1),
      vectorDetector(MIMOMethods.sphereDecoder, users: 10, snr: 8, batch: 1000),
      vectorDetector(MIMOMethods.exhaustive, users: 10, snr: 8, batch: 1),
      vectorDetector(MIMOMethods.exhaustive, users: 10, snr: 8, batch: 1000),
    ]
      + [MethodDescription.learnedProjectedGradient, .detNet].flatMap {
        [vectorDetector($0, batch: 1), vectorDetector($0, batch: 1000)]
      }
      + [MethodDescription.denseVectorDetector, .residualDetector].flatMap {
        [
          vectorDetector($0, channel: "toeplitz", batch: 1),
          vectorDetector($0, channel: "toeplitz", batch: 1000),
        ]
      }
  }

  /// Inference as `graybox infer` runs it, arrays in memory.
  private static func vectorDetector(
    _ method: MethodDescription,
    users: Int = 30,
    snr: Double = 10,
    channel: String = "iid",
    batch: Int
  ) -> Benchmark {
    Benchmark("\(method.id)-infer", batch: batch, repeats: 5) {
      let scenario = MIMOScenario.description
      let world = try Settings(
        [
          "users": .integer(users), "receive": .integer(2 * users), "snr": .number(snr),
          "channel": .text(channel),
        ],
        for: scenario.settings,
        owner: scenario.id
      )
      let arrays = try scenario.draw(world, .test, batch, RandomStream(seed: 1))
      let given: [String: SettingValue] = method.train == nil ? [:] : ["epochs": .integer(1)]
      let settings = try Settings(given, for: method.settings, owner: method.id)
      var model: ModelFile?
      if let train = method.train {
        let known = try scenario.draw(world, .training, 1000, RandomStream(seed: 2))
        let stream = RandomStream(seed: 1)
        model = try train(TrainingRequest(data: known, settings: settings, stream: stream)).model
      }
      let prepared = try method.prepare(settings, model)
      var result = InferenceResult(arrays: ArrayBundle())
      return Work {
        result = try prepared.infer(arrays, pool: .serial)
      } findings: {
        // One vector says nothing about a rate, nor does a network that was hardly trained.
        guard batch > 1, model == nil, let metric = MIMODetectionTask.description.metrics.first,
          let count = try? metric.measure(result.arrays, arrays)
        else { return [] }
        return [(metric.id, count.sum / count.reference)]
      }
    }
  }
}
