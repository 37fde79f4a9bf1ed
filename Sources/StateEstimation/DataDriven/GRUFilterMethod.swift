internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Recurrent networks that give the state itself.
  package static let gruFilter = MethodDescription(
    id: GRUFilterMethod.id,
    family: .dataDriven,
    task: StateEstimationTask.id,
    title: "Recurrent network",
    summary:
      "A gated recurrent unit from observations to states, with or without the model's prediction.",
    needs: ["training trajectories"],
    learns: ["the estimate"],
    references: ["revach2022kalmannet", "cho2014"],
    arrays: LearnedFilterMethods.inputs + [StateArrays.outputs[0]],
    settings: GRUFilterMethod.settings,
    version: GRUFilterMethod.version,
    cost: { GRUFilterMethod.cost($0) },
    prepare: { try GRUFilterMethod.prepared($0, $1) },
    train: { try GRUFilterMethod.train($0) }
  )
}

/// Settings, training and preparation of the recurrent rivals.
enum GRUFilterMethod {
  static let id = "gru-filter"
  static let version = 1

  static let settings: [SettingDescription] =
    SystemChoice.settings + [
      .init(
        "form",
        .choice(RecurrentStateNetwork.Form.allCases.map(\.rawValue)),
        standard: .text(RecurrentStateNetwork.Form.vanilla.rawValue),
        "vanilla: sees observations alone, no controls; model-based: the model's prediction too; difference: gives what is"
          + " added to the prediction"
      ),
      .init("hidden", .integer(1...10_000), standard: .integer(80), "recurrent units"),
    ] + SystemChoice.extentSettings + FilterTrainingSettings.descriptions(standard)

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 30, rate: 3e-3, of: "trajectories")
    standard.weightDecay = 1e-3
    return standard
  }

  private static func network(
    _ settings: Settings,
    _ states: Int,
    _ observed: Int,
    _ stream: RandomStream
  ) -> RecurrentStateNetwork {
    var stream = stream
    return RecurrentStateNetwork(
      RecurrentStateNetwork.Form(rawValue: settings.text("form")) ?? .vanilla,
      states: states,
      observed: observed,
      hidden: settings.integer("hidden"),
      from: &stream
    )
  }

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let (m, n) = SystemChoice.extents(settings)
    return LearnedFilterMethods.cost(network(settings, m, n, RandomStream(seed: 0)))
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
  ) -> RecurrentStateFilter {
    RecurrentStateFilter(
      model: model,
      network: network(settings, model.states, model.observed, stream)
    )
  }
}
