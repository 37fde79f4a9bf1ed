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
    arrays: [
      StateArrays.observations, StateArrays.lengths, StateArrays.targets,
      KalmanNetMethod.inModel(StateArrays.transition(isRequired: false)),
      KalmanNetMethod.inModel(StateArrays.emission(isRequired: false)),
      StateArrays.initialMean, StateArrays.outputs[0],
    ],
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
        "vanilla: sees observations alone; model-based: the model's prediction too; difference: gives what is"
          + " added to the prediction"
      ),
      .init("hidden", .integer(1...10_000), standard: .integer(80), "recurrent units"),
      .init(
        "states",
        .integer(1...1000),
        standard: .integer(2),
        "m, to count parameters and operations; computing takes the arrays' own"
      ),
      .init(
        "observed",
        .integer(1...1000),
        standard: .integer(2),
        "n, to count parameters and operations; as above"
      ),
    ] + FilterTrainingSettings.descriptions(standard)

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
    let network = network(
      settings,
      settings.integer("states"),
      settings.integer("observed"),
      RandomStream(seed: 0)
    )
    return .init(
      parameters: network.parameters.reduce(0) { $0 + $1.count },
      multiplyAccumulates: network.parameters.filter { $0.shape.count == 2 }
        .reduce(0) { $0 + $1.count }
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let knowledge = try FilterKnowledge(request)
    let filter = RecurrentStateFilter(
      model: knowledge.model,
      network: network(
        request.settings,
        knowledge.model.states,
        knowledge.model.observed,
        request.stream.derived("initial values")
      )
    )
    return try FilterTraining(filter: filter).result(
      method: id,
      version: version,
      knowledge: knowledge,
      request
    )
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.invalid("\(id): must be trained before it can run; give a model file")
    }
    let knowledge = try FilterKnowledge(model, settings)
    let filter = RecurrentStateFilter(
      model: knowledge.model,
      network: network(
        settings,
        knowledge.model.states,
        knowledge.model.observed,
        RandomStream(seed: 0)
      )
    )
    try filter.network.load(FilterKnowledge.learned(model), source: "the model of \(id)")
    return PreparedLearnedFilter(model: knowledge.model) { input, pool in
      try filter.estimates(input, pool: pool)
    }
  }
}

extension LearnedFilter {
  /// Estimates of all sequences, `[batch, time, m]`, computed side by side; NaN after the end of a sequence.
  ///
  /// - Parameters:
  ///   - input: observations and initial means.
  ///   - pool: sequences are shared out among its threads in pieces cut by their number.
  /// - Returns: the estimates.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  func estimates(_ input: FilterInput<Float>, pool: WorkerPool) throws -> Tensor<Float> {
    try input.check(states: model.states, observed: model.observed)
    let (batch, time, m, n) = (input.batch, input.time, model.states, model.observed)
    let target = TensorStorage<Float>(uninitialised: batch * time * m)
    nonisolated(unsafe) let to = target.values
    let width = 64
    pool.forEach(count: (batch + width - 1) / width) { piece in
      let range = (piece * width)..<min((piece + 1) * width, batch)
      let given = input.observations.sliced(axis: 0, range)
      let numbers = given.scalars
      let part = estimates(
        Tensor(numbers.map { $0.isNaN ? 0 : $0 }, shape: [range.count, time, n]),
        mean: input.means(range),
        mask: Tensor(numbers.map { $0.isNaN ? 0 : 1 }, shape: [range.count, time, n])
      )
      part.withScalars { x in
        for row in 0..<range.count {
          let sequence = range.lowerBound + row
          let inside = input.duration(sequence) * m
          for place in 0..<(time * m) {
            to[sequence * time * m + place] = place < inside ? x[row * time * m + place] : .nan
          }
        }
      }
    }
    return Tensor(shape: [batch, time, m], storage: target)
  }
}
