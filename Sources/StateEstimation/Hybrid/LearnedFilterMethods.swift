internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// What the methods with a learned filter have in common: arrays, settings, training, preparation.
enum LearnedFilterMethods {
  /// What all of them read: sequences, and a model that is kept in the model file.
  static let inputs = [
    StateArrays.observations, StateArrays.lengths, StateArrays.targets,
    inModel(StateArrays.transition(isRequired: false)),
    inModel(StateArrays.emission(isRequired: false)), StateArrays.initialMean,
    StateArrays.controls, StateArrays.controlMatrix,
  ]

  /// An array that training reads and the model file keeps.
  static func inModel(_ array: MethodDescription.Array) -> MethodDescription.Array {
    .init(
      array.name,
      array.shapes,
      .knowledge,
      isRequired: false,
      array.summary + "; read in training, then kept in the model file"
    )
  }

  /// The numbers of a network, and a product each for those of its matrices.
  static func cost(_ network: any Module<Float>, besides: Int = 0) -> MethodDescription.Cost {
    let parameters = network.parameters
    return .init(
      parameters: parameters.reduce(0) { $0 + $1.count },
      multiplyAccumulates: parameters.filter { $0.shape.count == 2 }.reduce(besides) {
        $0 + $1.count
      }
    )
  }

  /// Trains a filter that is made for the model of the request.
  static func train<Filter: LearnedFilter>(
    _ id: String,
    version: Int,
    _ request: TrainingRequest,
    _ make: (SystemModel<Float>, RandomStream) -> Filter
  ) throws -> TrainingResult {
    let knowledge = try FilterKnowledge(request)
    let filter = make(knowledge.model, request.stream.derived("initial values"))
    return try FilterTraining(filter: filter).result(
      method: id,
      version: version,
      knowledge: knowledge,
      request
    )
  }

  /// The filter of a model file, run over sequences side by side.
  static func prepared<Filter: LearnedFilter>(
    _ id: String,
    _ settings: Settings,
    _ model: ModelFile?,
    _ make: (SystemModel<Float>, RandomStream) -> Filter
  ) throws -> any PreparedMethod {
    let (knowledge, learned) = try FilterKnowledge.read(model, settings, method: id)
    let filter = make(knowledge.model, RandomStream(seed: 0))
    try filter.network.load(learned, source: "the model of \(id)")
    return PreparedLearnedFilter(model: knowledge.model) { input, pool in
      try filter.estimates(input, pool: pool)
    }
  }
}
