internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import SparseRecovery
internal import Studies
internal import Tensors

extension Benchmark {
  /// Parts of signals.
  ///
  /// Sequences of 20 frames of 32 x 32 into tissue and bubbles (an item is a sequence; classical
  /// methods make 50 iterations), series of 500 counts into events of three filters (an item is a series; 250
  /// steps of coding, nine events of matching pursuit). Learned methods are trained for one pass, which does
  /// not change their time.
  static var parts: [Benchmark] {
    let fifty: [String: SettingValue] = ["stop_after": .integer(50)]
    let once: [String: SettingValue] = ["epochs": .integer(1)]
    return [
      separated(ClassicalSeparationMethods.proximalGradient, fifty),
      separated(ClassicalSeparationMethods.admm, fifty),
      separated(.corona, once),
      separated(.sequenceNetwork, once),
      coded(ClassicalDictionaryMethods.fista, once),
      coded(ClassicalDictionaryMethods.pursuit, once),
      coded(.dcea, once),
      autoencoderStep(batch: 32),
    ]
  }

  private static func separated(_ method: MethodDescription, _ given: [String: SettingValue])
    -> Benchmark
  {
    inferred(method, given, by: UltrasoundScenario.description, examples: 4, batch: 1)
  }

  private static func coded(_ method: MethodDescription, _ given: [String: SettingValue])
    -> Benchmark
  {
    inferred(method, given, by: SpikeCountScenario.description, examples: 16, batch: 32)
  }

  /// Inference as `graybox infer` runs it, arrays in memory.
  private static func inferred(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    by scenario: ScenarioDescription,
    examples: Int,
    batch: Int
  ) -> Benchmark {
    Benchmark("\(method.id)-infer", batch: batch, repeats: 5) {
      let world = try Settings([:], for: scenario.settings, owner: scenario.id)
      let stream = RandomStream(seed: 1)
      let arrays = try scenario.draw(world, .test, batch, stream)
      let settings = try Settings(given, for: method.settings, owner: method.id)
      var model: ModelFile?
      if let train = method.train {
        let data = try scenario.draw(world, .training, examples, stream.derived("training"))
        model = try train(TrainingRequest(data: data, settings: settings, stream: stream)).model
      }
      let prepared = try method.prepare(settings, model)
      return Work { _ = try prepared.infer(arrays, pool: .serial) }
    }
  }

  /// One step of the autoencoder with 250 layers on series of 500 binomial counts; an item is a series.
  private static func autoencoderStep(batch: Int) -> Benchmark {
    Benchmark("dcea-train", batch: batch, repeats: 5) {
      let scenario = SpikeCountScenario.description
      let world = try Settings([:], for: scenario.settings, owner: scenario.id)
      let arrays = try scenario.draw(world, .test, batch, RandomStream(seed: 1))
      guard let series = arrays["observations"]?.float,
        let filters = arrays["initial_filters"]?.float
      else { throw StudyError.invalid("dcea-train: the scenario has no series") }
      let coding = ExponentialFISTA<Float>(
        law: .binomial(trials: 30),
        baseline: -2,
        filters: filters,
        penalty: 6,
        isNonnegative: true
      )
      let network = coding.unfolded(layers: 250, learning: [.filters], sharing: .tied)
      let step = RepeatedStep(of: network.learnedParameters, on: try Dataset(["series": series])) {
        let x: Tensor<Float> = try $0.named("series")
        let natural = coding.naturalParameters(
          network.estimate(x),
          network.layers[0].synthesis.value,
          of: x
        )
        return coding.law.loss(x, natural).mean()
      }
      return Work { try step(rate: 1e-3) }
    }
  }
}
