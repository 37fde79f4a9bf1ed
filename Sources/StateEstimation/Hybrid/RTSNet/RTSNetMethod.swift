internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The Rauch-Tung-Striebel smoother whose gains are learned, forth and back.
  package static let rtsNet = MethodDescription(
    id: RTSNetMethod.id,
    family: .hybrid,
    task: StateEstimationTask.id,
    title: "RTSNet",
    summary: "The Rauch-Tung-Striebel smoother with recurrent networks in the place of both gains.",
    needs: ["model, perhaps wrong", "training trajectories"],
    learns: ["gains"],
    law: "with the classical gains in the slots it is the Rauch-Tung-Striebel smoother",
    references: ["revach2023rtsnet", "rauch1965"],
    arrays: LearnedFilterMethods.inputs + [StateArrays.outputs[0]],
    settings: RTSNetMethod.settings,
    version: RTSNetMethod.version,
    cost: { RTSNetMethod.cost($0) },
    prepare: { try RTSNetMethod.prepared($0, $1) },
    train: { try RTSNetMethod.train($0) }
  )
}

/// Settings, training and preparation of RTSNet.
enum RTSNetMethod {
  static let id = "rtsnet"
  static let version = 2

  static let settings: [SettingDescription] =
    SystemChoice.settings + [
      .init(
        "feature_factor",
        .integer(1...1000),
        standard: .integer(5),
        "units of a feature's layer over its numbers"
      ),
      .init(
        "gain_factor",
        .integer(1...1000),
        standard: .integer(40),
        "hidden units of a gain over the numbers that go in"
      ),
    ] + SystemChoice.extentSettings + FilterTrainingSettings.descriptions(standard)

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 60, batch: 30, rate: 1e-3, of: "trajectories")
    standard.weightDecay = 1e-3
    return standard
  }

  private static func network(
    _ settings: Settings,
    _ states: Int,
    _ observed: Int,
    _ stream: RandomStream
  ) -> RTSNetwork {
    var (forth, back) = (stream.derived("forward"), stream.derived("backward"))
    let (features, gains) = (settings.integer("feature_factor"), settings.integer("gain_factor"))
    return RTSNetwork(
      forward: CovarianceGain(
        states: states,
        observed: observed,
        featureFactor: features,
        gainFactor: gains,
        from: &forth
      ),
      backward: SmootherGain(
        states: states,
        featureFactor: features,
        gainFactor: gains,
        from: &back
      )
    )
  }

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let (m, n) = SystemChoice.extents(settings)
    return LearnedFilterMethods.cost(
      network(settings, m, n, RandomStream(seed: 0)),
      besides: m * n + 2 * m * m
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    try LearnedFilterMethods.train(id, version: version, request) {
      filter($0, request.settings, $1)
    }
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    try LearnedFilterMethods.prepared(id, settings, model) { filter($0, settings, $1) }
  }

  private static func filter(
    _ model: SystemModel<Float>,
    _ settings: Settings,
    _ stream: RandomStream
  ) -> RTSNetFilter {
    RTSNetFilter(model: model, network: network(settings, model.states, model.observed, stream))
  }
}
