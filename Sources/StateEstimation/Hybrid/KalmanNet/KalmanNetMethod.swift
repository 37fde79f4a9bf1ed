internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The Kalman filter whose gain a recurrent network gives.
  package static let kalmanNet = MethodDescription(
    id: KalmanNetMethod.id,
    family: .hybrid,
    task: StateEstimationTask.id,
    title: "KalmanNet",
    summary: "The Kalman filter with a recurrent network in the place of Riccati's gain.",
    needs: ["model, perhaps wrong", "training trajectories"],
    learns: ["gain"],
    law: "with Riccati's gain in the slot it is the (extended) Kalman filter",
    references: ["revach2022kalmannet", "shlezinger2023mbdl", "klein2022uncertainty"],
    arrays: LearnedFilterMethods.inputs + [KalmanNetMethod.observationNoise] + StateArrays.outputs,
    settings: KalmanNetMethod.settings,
    version: KalmanNetMethod.version,
    cost: { KalmanNetMethod.cost($0) },
    prepare: { try KalmanNetMethod.prepared($0, $1) },
    train: { try KalmanNetMethod.train($0) }
  )
}

/// Settings, training and preparation of KalmanNet.
enum KalmanNetMethod {
  static let id = "kalmannet"
  static let version = 2

  static let settings: [SettingDescription] =
    SystemChoice.settings + [
      .init(
        "architecture",
        .integer(1...2),
        standard: .integer(2),
        "1: one large recurrent unit; 2: three small ones, wired as the covariances are"
      ),
      .init(
        "feature_factor",
        .integer(1...1000),
        standard: .integer(5),
        "architecture 2: units of a feature's layer over its numbers"
      ),
      .init(
        "gain_factor",
        .integer(1...1000),
        standard: .integer(40),
        "architecture 2: hidden units of the gain over the numbers that go in"
      ),
      .init(
        "covariances",
        .flag,
        standard: .flag(false),
        "whether to give covariances, P = K R H (H'H)^-1, nis and log_likelihood, by S^-1 = R^-1 (I - H K); they need"
          + " observation_noise, and as many independent observed numbers as states"
      ),
    ] + SystemChoice.extentSettings + FilterTrainingSettings.descriptions(standard)

  /// `R`, for covariances alone.
  static let observationNoise = MethodDescription.Array(
    StateArrays.observationNoise.name,
    StateArrays.observationNoise.shapes,
    .knowledge,
    isRequired: false,
    StateArrays.observationNoise.summary + "; needed for covariances"
  )

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 60, batch: 30, rate: 1e-3, of: "trajectories")
    standard.weightDecay = 1e-3
    return standard
  }

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let (m, n) = SystemChoice.extents(settings)
    let network = network(settings, states: m, observed: n, RandomStream(seed: 0))
    return LearnedFilterMethods.cost(network, besides: m * n + m * m)
  }

  /// A network drawn at random.
  static func network(
    _ settings: Settings,
    states: Int,
    observed: Int,
    _ stream: RandomStream
  ) -> any GainNetwork<Float> {
    var stream = stream
    if settings.integer("architecture") == 1 {
      return RecurrentGain<Float>(states: states, observed: observed, from: &stream)
    }
    return CovarianceGain<Float>(
      states: states,
      observed: observed,
      featureFactor: settings.integer("feature_factor"),
      gainFactor: settings.integer("gain_factor"),
      from: &stream
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let knowledge = try FilterKnowledge(request)
    let network = network(
      request.settings,
      states: knowledge.model.states,
      observed: knowledge.model.observed,
      request.stream.derived("initial values")
    )
    return try trained(network, knowledge, request)
  }

  private static func trained<Network: GainNetwork<Float>>(
    _ network: Network,
    _ knowledge: FilterKnowledge,
    _ request: TrainingRequest
  ) throws -> TrainingResult {
    let filter = BatchedFilter(model: knowledge.model, network: network)
    return try FilterTraining(filter: filter).result(
      method: id,
      version: version,
      knowledge: knowledge,
      request
    )
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    let (knowledge, learned) = try FilterKnowledge.read(model, settings, method: id)
    let network = network(
      settings,
      states: knowledge.model.states,
      observed: knowledge.model.observed,
      RandomStream(seed: 0)
    )
    return try prepared(
      network,
      knowledge,
      learned,
      givesCovariances: settings.flag("covariances")
    )
  }

  private static func prepared<Network: GainNetwork<Float>>(
    _ network: Network,
    _ knowledge: FilterKnowledge,
    _ learned: [String: NumericArray],
    givesCovariances: Bool
  ) throws -> any PreparedMethod {
    try network.load(learned, source: "the model of \(id)")
    let filter = BatchedFilter(model: knowledge.model, network: network)
    if givesCovariances {
      let method = PreparedKalmanNet(filter: filter)
      try method.checkEmission()
      return method
    }
    return PreparedLearnedFilter(model: knowledge.model) { input, pool in
      try filter.replayed(input, pool: pool)
    }
  }
}
