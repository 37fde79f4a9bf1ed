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
    _ widths: [Int],
    _ stream: RandomStream
  ) -> ScaledVectorNetwork {
    var stream = stream.derived("initial values")
    let last = widths.count - 2
    return ScaledVectorNetwork(
      layers: Sequential(
        zip(widths, widths.dropFirst()).enumerated().map { index, pair in
          Dense<Float>(
            pair.0,
            pair.1,
            activation: index == last ? .identity : .relu,
            from: &stream
          )
        }
      )
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.invalid("\(id): must be trained before it can run; give a model file")
    }
    let last = settings.integers("hidden").count
    let constellation = MIMOArrays.constellation(settings)
    guard let receive = model.tensors["layers.0.weight"]?.shape.first,
      let outputs = model.tensors["layers.\(last).bias"]?.shape.first
    else {
      throw StudyError.invalid("\(id): the model file does not hold \(last + 1) dense layers")
    }
    let users = outputs / constellation.levels.count
    let network = network(
      widths(settings, receive: receive, users: users),
      RandomStream(seed: 0)
    )
    try network.load(model.tensors, source: "the model of \(id)")
    return DenseVectors(
      network: network,
      receive: receive,
      constellation: constellation,
      keepsProbabilities: settings.flag("probabilities")
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let constellation = MIMOArrays.constellation(settings)
    let vectors = try KnownVectors(request.data, constellation)
    let network = network(
      widths(settings, receive: vectors.observations.shape[1], users: vectors.labels.count),
      request.stream
    )
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    } else {
      network.scale.fit(to: vectors.observations)
    }
    func dataset(_ vectors: KnownVectors) throws -> Dataset<Float> {
      try Dataset([
        "observations": network.scale.normalised(vectors.observations),
        "labels": stacked(vectors.labels, axis: 1),
      ])
    }
    let validation = try request.validation.map { try dataset(KnownVectors($0, constellation)) }
    var run = DetectorTraining(
      method: id,
      version: version,
      network: network,
      settings: TrainingChoices.trainingSettings(settings, hasValidation: validation != nil),
      training: try dataset(vectors),
      validation: validation
    )
    run.inputAxes = ["batch", "receive"]
    run.redraw = { try dataset(KnownVectors($0, constellation)) }
    let size = constellation.levels.count
    return try run.run(request) { inputs, mode in
      let logits = network.layers(try inputs.named("observations"), mode: mode)
      let labels = try inputs.named("labels")
      return softmaxCrossEntropy(
        logits.reshaped([labels.count, size]),
        labels.reshaped([labels.count])
      ).mean()
    }
  }
}

/// Dense layers behind a scale of their inputs.
struct ScaledVectorNetwork: DuplicableModule {
  typealias Scalar = Float
  let scale: InputScale
  let layers: Sequential<Float>

  init(layers: Sequential<Float>) {
    scale = InputScale()
    self.layers = layers
  }

  private init(_ scale: InputScale, _ layers: Sequential<Float>) {
    self.scale = scale
    self.layers = layers
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("layers", layers)
  }

  func duplicated(in duplication: Duplication<Float>) -> ScaledVectorNetwork {
    ScaledVectorNetwork(
      scale.duplicated(in: duplication),
      layers.duplicated(in: duplication)
    )
  }
}

/// A trained dense network, ready for arrays.
struct DenseVectors: PreparedMethod {
  private static let chunk = 256

  let network: ScaledVectorNetwork
  let receive: Int
  let constellation: VectorConstellation
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let observations = network.scale.normalised(
      try KnownVectors.observations(arrays, constellation)
    )
    guard observations.shape[1] == receive else {
      throw StudyError.badShape(
        array: "observations",
        source: arrays.source,
        expected: "[batch, \(receive)] real dimensions, as in training",
        actual: arrays["observations"]?.shape ?? []
      )
    }
    let levels = Levels<Float>(constellation).values
    let (batch, size) = (observations.shape[0], levels.count)
    let outputs = network.layers(observations.sliced(axis: 0, 0..<1), mode: .inference).shape[1]
    let likely = TensorStorage<Float>(uninitialised: batch * outputs)
    // Chunks are disjoint ranges of vectors.
    nonisolated(unsafe) let target = likely.values
    pool.forEach(count: (batch + Self.chunk - 1) / Self.chunk) { number in
      let range = (number * Self.chunk)..<min((number + 1) * Self.chunk, batch)
      let logits = network.layers(observations.sliced(axis: 0, range), mode: .inference)
      softmax(logits.reshaped([logits.count / size, size])).withScalars { from in
        for index in 0..<from.count { target[range.lowerBound * outputs + index] = from[index] }
      }
    }
    let beliefs = Tensor(shape: [batch, outputs / size, size], storage: likely)
    return InferenceResult(
      arrays: LawArrays.outputs(
        beliefs: beliefs,
        symbols: Beliefs.decided(beliefs, among: levels),
        constellation,
        keepsProbabilities: keepsProbabilities,
        source: arrays.source
      )
    )
  }
}
