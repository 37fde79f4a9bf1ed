internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The black box of a fixed channel: dense layers from what the antennas receive to symbols.
  package static let denseVectorDetector = DenseVectorDetector.description
}

/// A dense network that is told nothing of the channel and learns the one that it is trained on.
enum DenseVectorDetector {
  static let id = "dense-vector-detector"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .dataDriven,
    task: MIMODetectionTask.id,
    title: "Dense network",
    summary:
      "A dense network from what the antennas receive to the symbols, for one fixed channel.",
    needs: ["training vectors of the one channel"],
    learns: ["symbol probabilities from observations"],
    references: ["samuel2019detnet", "goodfellow2016deep"],
    arrays: [
      MIMOArrays.observations, MIMOArrays.targets, MIMOArrays.estimates, MIMOArrays.probabilities,
    ],
    settings: [
      MIMOArrays.constellation, MIMOArrays.probabilitiesSetting,
      .init(
        "hidden",
        .integers(1...16384),
        standard: .list(Array(repeating: .integer(300), count: 5)),
        "units of the hidden layers, first to last"
      ),
      .init("users", .integer(1...1024), standard: .integer(30), "users, to count operations"),
      .init("receive", .integer(1...1024), standard: .integer(60), "antennas, to count operations"),
    ] + TrainingChoices.descriptions(standard),
    version: version,
    cost: { settings in
      let parts = MIMOArrays.constellation(settings).isComplex ? 2 : 1
      let widths = widths(
        settings,
        receive: settings.integer("receive") * parts,
        users: settings.integer("users") * parts
      )
      let products = zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
      return .init(
        parameters: products + widths.dropFirst().reduce(0, +),
        multiplyAccumulates: products
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 500, rate: 1e-3)
    standard.validationShare = 0
    return standard
  }

  /// Numbers in each layer, real dimensions.
  private static func widths(_ settings: Settings, receive: Int, users: Int) -> [Int] {
    let levels = MIMOArrays.constellation(settings).levels.count
    return [receive] + settings.integers("hidden") + [users * levels]
  }

  private static func network(
    _ settings: Settings,
    receive: Int,
    users: Int,
    _ stream: RandomStream
  ) -> DenseVectorNetwork {
    var stream = stream.derived("initial values")
    let layers = Sequential<Float>.dense(
      widths(settings, receive: receive, users: users),
      activation: .relu,
      from: &stream
    )
    return DenseVectorNetwork(scale: InputScale(), layers: layers, users: users)
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let last = settings.integers("hidden").count
    let constellation = MIMOArrays.constellation(settings)
    guard let receive = model.tensors["layers.0.weight"]?.shape.first,
      let outputs = model.tensors["layers.\(last).bias"]?.shape.first
    else {
      throw StudyError.invalid("\(id): the model file does not hold \(last + 1) dense layers")
    }
    let users = outputs / constellation.levels.count
    let network = network(settings, receive: receive, users: users, RandomStream(seed: 0))
    try network.load(model.tensors, source: "the model of \(id)")
    return PreparedBeliefNetwork(
      network: network,
      receive: receive,
      constellation: constellation,
      keepsProbabilities: settings.flag("probabilities")
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let vectors = try KnownVectors(request.data, MIMOArrays.constellation(request.settings))
    return try network(
      request.settings,
      receive: vectors.observations.shape[1],
      users: vectors.labels.count,
      request.stream
    ).trained(id, version: version, on: vectors, request)
  }
}

/// Dense layers behind a scale of their inputs.
struct DenseVectorNetwork: VectorBlackBox {
  typealias Scalar = Float
  let scale: InputScale
  let layers: Sequential<Float>
  let users: Int

  func outputs(_ scaled: Tensor<Float>, mode: Mode) -> Tensor<Float> {
    layers(scaled, mode: mode)
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("layers", layers)
  }

  func duplicated(in duplication: Duplication<Float>) -> DenseVectorNetwork {
    DenseVectorNetwork(
      scale: scale.duplicated(in: duplication),
      layers: layers.duplicated(in: duplication),
      users: users
    )
  }
}
