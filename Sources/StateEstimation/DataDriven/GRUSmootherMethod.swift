internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Recurrent layers in both directions in place of a smoother.
  package static let gruSmoother = MethodDescription(
    id: GRUSmootherMethod.id,
    family: .dataDriven,
    task: StateEstimationTask.id,
    title: "Bidirectional recurrent network",
    summary: "Recurrent layers forth and back from observations to states.",
    needs: ["emission", "training trajectories"],
    learns: ["the estimate"],
    references: ["satorras2019", "cho2014"],
    arrays: GraphSmootherMethod.inputs(usesModel: false) + [StateArrays.outputs[0]],
    settings: GRUSmootherMethod.settings,
    version: GRUSmootherMethod.version,
    cost: {
      let (m, n) = SystemChoice.extents($0, isLinear: true)
      return LearnedFilterMethods.cost(
        GRUSmootherMethod.network($0, states: m, observed: n, RandomStream(seed: 0))
      )
    },
    prepare: { try GRUSmootherMethod.prepared($0, $1) },
    train: { try GRUSmootherMethod.train($0) }
  )
}

/// Settings, training and preparation of the recurrent rival.
enum GRUSmootherMethod {
  static let id = "gru-smoother"
  static let version = 1

  static let settings: [SettingDescription] =
    [
      .init("hidden", .integer(1...10_000), standard: .integer(64), "units of each direction"),
      .init("layers", .integer(1...16), standard: .integer(1), "pairs of recurrent layers"),
      SmootherMethods.evidence,
    ] + SystemChoice.extentSettings + SmootherMethods.training(standard)

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 20, batch: 8, rate: 3e-3, of: "pieces")
    standard.validationShare = 0.5
    return standard
  }

  static func network(
    _ settings: Settings,
    states: Int,
    observed: Int,
    _ stream: RandomStream
  ) -> GRUSmootherNetwork {
    var stream = stream
    return GRUSmootherNetwork(
      features: SmootherMethods.evidence(settings).features(observed),
      hidden: settings.integer("hidden"),
      layers: settings.integer("layers"),
      states: states,
      from: &stream
    )
  }

  private static func smoother(
    _ knowledge: SmootherMethods.Knowledge,
    _ settings: Settings,
    _ stream: RandomStream
  ) throws -> GRUSmoother {
    GRUSmoother(
      method: try knowledge.messages(evidence: SmootherMethods.evidence(settings), stepSize: 1),
      network: network(
        settings,
        states: knowledge.model.states,
        observed: knowledge.model.observed,
        stream
      )
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    try SmootherMethods.train(
      id,
      version: version,
      request,
      usesModel: false,
      weighting: .last
    ) { try smoother($0, request.settings, $1) }
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    try SmootherMethods.prepared(id, settings, model, usesModel: false) {
      try smoother($0, settings, $1)
    }
  }
}
