internal import Hybridization
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Settings, training and preparation that unfolded detectors share.
enum UnfoldedVectors {
  /// How many layers there are and run, and which of them the loss counts.
  static func settings(layers: Int) -> [SettingDescription] {
    [
      MIMOArrays.constellation, MIMOArrays.probabilitiesSetting,
      .init("layers", .integer(1...1000), standard: .integer(layers), "layers of the network"),
      .init(
        "stop_after",
        .integer(0...1000),
        standard: .integer(0),
        "layers to run at inference, at most those there are; 0 for all"
      ),
      .init(
        "weighting",
        .choice(LayerWeighting.allCases.map(\.rawValue)),
        standard: .text("logarithmic"),
        "which layers' losses count: the last, all alike, or by the logarithm of their number"
      ),
      .init(
        "users",
        .integer(1...1024),
        standard: .integer(30),
        "users, to count parameters and operations; computing takes the arrays' own"
      ),
    ]
  }

  /// The arrays that they read and write.
  static let arrays = [
    MIMOArrays.observations, MIMOArrays.channel, MIMOArrays.targets, MIMOArrays.estimates,
    MIMOArrays.probabilities,
  ]

  /// Real dimensions of the symbols, as the settings count them.
  static func dimensions(_ settings: Settings) -> Int {
    settings.integer("users") * (MIMOArrays.constellation(settings).isComplex ? 2 : 1)
  }

  /// Layers that run.
  static func layersUsed(_ settings: Settings) -> Int {
    let (layers, stop) = (settings.integer("layers"), settings.integer("stop_after"))
    return stop > 0 ? min(stop, layers) : layers
  }

  /// Real dimensions of the symbols of training vectors.
  static func dimensions(_ request: TrainingRequest) throws -> Int {
    let constellation = MIMOArrays.constellation(request.settings)
    return try MIMOArrays.targets(request.data, constellation).shape.last ?? 0
  }

  /// The detector of a model file.
  static func prepared<Method: VectorUnfolding>(
    _ id: String,
    _ method: Method,
    users: Int?,
    _ settings: Settings,
    _ model: ModelFile?
  ) throws -> any PreparedMethod {
    let network = method.unfolded(layers: settings.integer("layers"))
    if let model { try network.load(model.tensors, source: "the model of \(id)") }
    return UnfoldedDetector(
      network: network.prefix(layersUsed(settings)),
      users: users,
      constellation: MIMOArrays.constellation(settings),
      keepsProbabilities: settings.flag("probabilities")
    )
  }

  /// Trains all layers together.
  static func train<Method: VectorUnfolding>(
    _ id: String,
    version: Int,
    _ method: Method,
    _ request: TrainingRequest
  ) throws -> TrainingResult {
    let settings = request.settings
    let samples = VectorSamples(
      method: method,
      constellation: MIMOArrays.constellation(settings)
    )
    let network = method.unfolded(layers: settings.integer("layers"))
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let validation = try request.validation.map { try samples.dataset($0) }
    var run = NetworkTraining(
      method: id,
      version: version,
      network: network,
      settings: TrainingChoices.trainingSettings(settings, hasValidation: validation != nil),
      training: try samples.dataset(request.data),
      validation: validation
    )
    run.inputAxes = ["batch", "receive"]
    run.redraw = { try samples.dataset($0) }
    let weighting = LayerWeighting(rawValue: settings.text("weighting")) ?? .logarithmic
    return try run.run(request) { inputs, _ in
      let equations = NormalEquations(
        gram: try inputs.named("gram"),
        matched: try inputs.named("matched")
      )
      return try weighting.loss(network.trace(equations)) { try method.loss($0, inputs) }
    }
  }
}
