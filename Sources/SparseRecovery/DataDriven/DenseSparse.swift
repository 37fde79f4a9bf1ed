internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The black box: dense layers from measurements to the signal.
  package static let denseSparse = DenseSparseMethod.description
}

/// A dense network that is told nothing of the operator.
enum DenseSparseMethod {
  static let id = "dense-sparse"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .dataDriven,
    task: SparseRecoveryTask.id,
    title: "Dense network",
    summary: "A dense network from measurements to signals.",
    needs: ["training signals"],
    learns: ["signals from measurements"],
    references: ["goodfellow2016deep"],
    arrays: [SparseArrays.observations, SparseArrays.targets, SparseArrays.estimates],
    settings: [
      .init(
        "hidden",
        .integers(1...16384),
        standard: .list([.integer(1000), .integer(1000)]),
        "units of the hidden layers, first to last"
      ),
      .init(
        "activation",
        .choice(["relu", "tanh", "sigmoid"]),
        standard: .text("relu"),
        "function of the hidden units"
      ),
    ] + TrainingChoices.descriptions(.init(epochs: 20, rate: 1e-3, of: "problems"))
      + SparseArrays.extents,
    version: version,
    cost: { settings in
      let widths =
        [settings.integer("measurements")] + settings.integers("hidden")
        + [settings.integer("unknowns")]
      let products = zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
      return .init(
        parameters: products + widths.dropFirst().reduce(0, +),
        multiplyAccumulates: products
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static func network(
    _ settings: Settings,
    measurements: Int,
    unknowns: Int,
    _ stream: RandomStream
  ) -> Sequential<Float> {
    var stream = stream.derived("initial values")
    let activation = Activation(rawValue: settings.text("activation")) ?? .relu
    return .dense(
      [measurements] + settings.integers("hidden") + [unknowns],
      activation: activation,
      from: &stream
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let last = settings.integers("hidden").count
    guard let measurements = model.tensors["0.weight"]?.shape.first,
      let unknowns = model.tensors["\(last).bias"]?.shape.first
    else {
      throw StudyError.invalid("\(id): the model file does not hold \(last + 1) dense layers")
    }
    let network = network(
      settings,
      measurements: measurements,
      unknowns: unknowns,
      RandomStream(seed: 0)
    )
    try network.load(model.tensors, source: "the model of \(id)")
    return LearnedRecovery(measurements: measurements) { network($0, mode: .inference) }
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let problems = try TrainingProblems(request, needsOperator: false)
    let network = network(
      settings,
      measurements: problems.measurements,
      unknowns: problems.unknowns,
      request.stream
    )
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let watch = TrainingWatch(
      request: request,
      stages: .whole(epochs: settings.integer("epochs"))
    )
    let scale = 1 / problems.energy
    let outcome = try NeuralNetworks.train(
      network,
      on: problems.training,
      settings: TrainingChoices.trainingSettings(
        settings,
        hasValidation: problems.validation != nil
      ),
      context: watch.context(problems)
    ) { inputs, mode in
      let estimate = network(try inputs.named("observations"), mode: mode)
      return square(estimate - (try inputs.named("targets"))).sum(axis: 1).mean() * scale
    }
    return watch.result([outcome], method: id, version: version, tensors: network.tensors())
  }
}
