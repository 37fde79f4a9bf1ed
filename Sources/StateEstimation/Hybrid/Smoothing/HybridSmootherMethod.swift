internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Message passing whose messages a graph network corrects.
  package static let hybridSmoother = MethodDescription(
    id: "hybrid-smoother",
    family: .hybrid,
    task: StateEstimationTask.id,
    title: "Hybrid smoother",
    summary:
      "Message passing on the chain of states with a graph network that corrects what arrives.",
    needs: ["model, perhaps wrong", "noise covariances", "training trajectories"],
    learns: ["what the messages get wrong"],
    law: "with a correction of zero it is message passing, whose fixed point is the"
      + " Rauch-Tung-Striebel smoother",
    references: ["satorras2019"],
    arrays: GraphSmootherMethod.inputs(usesModel: true) + [StateArrays.outputs[0]],
    settings: GraphSmootherMethod.settings(usesModel: true),
    version: GraphSmootherMethod.version,
    trainsInParallel: true,
    cost: { try GraphSmootherMethod.cost($0, usesModel: true) },
    prepare: { try GraphSmootherMethod.prepared("hybrid-smoother", $0, $1, usesModel: true) },
    train: { try GraphSmootherMethod.train("hybrid-smoother", $0, usesModel: true) }
  )

  /// The same network without any message.
  package static let graphSmoother = MethodDescription(
    id: "graph-smoother",
    family: .dataDriven,
    task: StateEstimationTask.id,
    title: "Graph network",
    summary: "The graph network of the hybrid smoother alone: no messages of a model.",
    needs: ["emission", "training trajectories"],
    learns: ["the estimate"],
    references: ["satorras2019"],
    arrays: GraphSmootherMethod.inputs(usesModel: false) + [StateArrays.outputs[0]],
    settings: GraphSmootherMethod.settings(usesModel: false),
    version: GraphSmootherMethod.version,
    trainsInParallel: true,
    cost: { try GraphSmootherMethod.cost($0, usesModel: false) },
    prepare: { try GraphSmootherMethod.prepared("graph-smoother", $0, $1, usesModel: false) },
    train: { try GraphSmootherMethod.train("graph-smoother", $0, usesModel: false) }
  )
}

/// Settings, training and preparation of smoothers with a graph network.
enum GraphSmootherMethod {
  static let version = 1

  static func inputs(usesModel: Bool) -> [MethodDescription.Array] {
    let sequences = [StateArrays.observations, StateArrays.lengths, StateArrays.targets]
    let emission = LearnedFilterMethods.inModel(StateArrays.emission(isRequired: false))
    guard usesModel else { return sequences + [emission] }
    return sequences + [
      LearnedFilterMethods.inModel(StateArrays.transition(isRequired: false)), emission,
      LearnedFilterMethods.inModel(StateArrays.processNoise),
      LearnedFilterMethods.inModel(StateArrays.observationNoise), StateArrays.initialMean,
      StateArrays.initialCovariance,
    ]
  }

  static func settings(usesModel: Bool) -> [SettingDescription] {
    let model =
      usesModel
      ? SystemChoice.settings + MessagePassingMethod.passing : MessagePassingMethod.steps
    return model + [
      .init("hidden", .integer(1...10_000), standard: .integer(48), "what each node remembers"),
      SmootherMethods.evidence,
    ] + SystemChoice.extentSettings + SmootherMethods.training(standard)
  }

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 5, batch: 1, rate: 1e-3, of: "pieces")
    standard.validationShare = 0.5
    return standard
  }

  private static func smoother(
    _ method: GradientMessagePassing<SystemTransition<Float>>,
    observed: Int,
    _ settings: Settings,
    _ stream: RandomStream
  ) -> GraphSmoother {
    var stream = stream
    return GraphSmoother(
      method,
      observed: observed,
      hidden: settings.integer("hidden"),
      iterations: settings.integer("iterations"),
      from: &stream
    )
  }

  private static func smoother(
    _ knowledge: SmootherMethods.Knowledge,
    _ settings: Settings,
    _ stream: RandomStream
  ) throws -> GraphSmoother {
    smoother(
      try knowledge.messages(
        evidence: SmootherMethods.evidence(settings),
        stepSize: settings.number("step_size")
      ),
      observed: knowledge.model.observed,
      settings,
      stream
    )
  }

  /// Of a step of a sequence: all products of all iterations.
  static func cost(_ settings: Settings, usesModel: Bool) throws -> MethodDescription.Cost {
    let (m, n) = SystemChoice.extents(settings, isLinear: !usesModel)
    let method = try GradientMessagePassing<SystemTransition<Float>>(
      transition: .linear(LinearFunction(.identity(m))),
      emission: LinearFunction(Matrix(rows: min(n, m), columns: m, identityRows(min(n, m), m))),
      noise: NoiseCovariances(process: .identity(m), observation: .identity(min(n, m))),
      stepSize: 1,
      evidence: SmootherMethods.evidence(settings),
      usesModel: usesModel
    )
    let network = smoother(method, observed: n, settings, RandomStream(seed: 0)).network
    let one = LearnedFilterMethods.cost(network)
    let messages = usesModel ? 3 * m * m + 2 * m * n : 0
    return .init(
      parameters: one.parameters,
      multiplyAccumulates: settings.integer("iterations") * (one.multiplyAccumulates + messages)
    )
  }

  private static func identityRows(_ rows: Int, _ columns: Int) -> [Float] {
    (0..<(rows * columns)).map { $0 / columns == $0 % columns ? 1 : 0 }
  }

  static func train(_ id: String, _ request: TrainingRequest, usesModel: Bool) throws
    -> TrainingResult
  {
    try SmootherMethods.train(
      id,
      version: version,
      request,
      usesModel: usesModel,
      weighting: .linear
    ) { knowledge, stream in
      try smoother(knowledge, request.settings, stream)
    }
  }

  static func prepared(
    _ id: String,
    _ settings: Settings,
    _ model: ModelFile?,
    usesModel: Bool
  ) throws -> any PreparedMethod {
    try SmootherMethods.prepared(id, settings, model, usesModel: usesModel) { knowledge, stream in
      try smoother(knowledge, settings, stream)
    }
  }
}
