internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// A residual network from the observation to all users' symbols.
  package static let residualDetector = MethodDescription(
    id: "residual-detector",
    family: .dataDriven,
    task: MIMODetectionTask.id,
    title: "Residual network",
    summary: "A residual network from the observation to the symbols of all users.",
    needs: ["constellation", "training vectors"],
    learns: ["everything"],
    references: ["he2016residual"],
    arrays: [
      MIMOArrays.observations, MIMOArrays.targets, MIMOArrays.estimates, MIMOArrays.probabilities,
    ],
    settings: ResidualDetectorMethod.settings,
    version: ResidualDetectorMethod.version,
    cost: { ResidualDetectorMethod.cost($0) },
    prepare: { try ResidualDetectorMethod.prepared($0, $1) },
    train: { try ResidualDetectorMethod.train($0) }
  )
}

/// `h_0 = relu(W x + b)`, `h_{i+1} = h_i + V_i relu(U_i h_i + c_i) + d_i`, logits of every user of the last.
struct ResidualNetwork: VectorBlackBox {
  typealias Scalar = Float
  let scale: InputScale
  let first: Dense<Float>
  let blocks: [Sequential<Float>]
  let last: Dense<Float>
  let users: Int

  init(
    receive: Int,
    users: Int,
    levels: Int,
    width: Int,
    blocks: Int,
    from stream: inout RandomStream
  ) {
    scale = InputScale()
    first = Dense(receive, width, activation: .relu, from: &stream)
    self.blocks = (0..<blocks).map { _ in
      Sequential([
        Dense<Float>(width, width, activation: .relu, from: &stream),
        Dense<Float>(width, width, from: &stream),
      ])
    }
    last = Dense(width, users * levels, from: &stream)
    self.users = users
  }

  private init(_ other: ResidualNetwork, in duplication: Duplication<Float>) {
    scale = other.scale.duplicated(in: duplication)
    first = other.first.duplicated(in: duplication)
    blocks = other.blocks.map { $0.duplicated(in: duplication) }
    last = other.last.duplicated(in: duplication)
    users = other.users
  }

  func outputs(_ scaled: Tensor<Float>, mode: Mode) -> Tensor<Float> {
    var hidden = first(scaled, mode: mode)
    for block in blocks { hidden = hidden + block(hidden, mode: mode) }
    return last(hidden, mode: mode)
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("first", first)
    visitor.children("block", blocks)
    visitor.child("last", last)
  }

  func duplicated(in duplication: Duplication<Float>) -> ResidualNetwork {
    ResidualNetwork(self, in: duplication)
  }
}

/// Settings, training and preparation of the residual network.
enum ResidualDetectorMethod {
  static let version = 1

  static let settings: [SettingDescription] =
    [
      MIMOArrays.constellation, MIMOArrays.probabilitiesSetting,
      .init("width", .integer(1...16384), standard: .integer(128), "units of every layer"),
      .init("blocks", .integer(0...100), standard: .integer(2), "residual blocks of two layers"),
      .init(
        "users",
        .integer(1...1024),
        standard: .integer(4),
        "users and antennas, to count parameters and operations; computing takes the arrays' own"
      ),
    ] + TrainingChoices.descriptions(standard).filter { $0.key != "validation_share" }

  /// The best of the study `deepsic-search`.
  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 64, rate: 3e-3)
    standard.weightDecay = 0.3
    return standard
  }

  private static func fresh(
    _ settings: Settings,
    receive: Int,
    users: Int,
    _ stream: RandomStream
  ) -> ResidualNetwork {
    var stream = stream.derived("initial values")
    return ResidualNetwork(
      receive: receive,
      users: users,
      levels: MIMOArrays.constellation(settings).levels.count,
      width: settings.integer("width"),
      blocks: settings.integer("blocks"),
      from: &stream
    )
  }

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let constellation = MIMOArrays.constellation(settings)
    let users = settings.integer("users") * (constellation.isComplex ? 2 : 1)
    let width = settings.integer("width")
    let outputs = users * constellation.levels.count
    let products = users * width + 2 * settings.integer("blocks") * width * width + width * outputs
    return .init(
      parameters: products + (1 + 2 * settings.integer("blocks")) * width + outputs,
      multiplyAccumulates: products
    )
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.untrained("residual-detector")
    }
    let constellation = MIMOArrays.constellation(settings)
    let size = constellation.levels.count
    guard let receive = model.tensors["first.weight"]?.shape.first,
      let outputs = model.tensors["last.weight"]?.shape.last, outputs >= size, outputs % size == 0
    else {
      throw StudyError.invalid(
        "residual-detector: the model file has no layers for \(constellation.rawValue)"
      )
    }
    let network = fresh(
      settings,
      receive: receive,
      users: outputs / size,
      RandomStream(seed: 0)
    )
    try network.load(model.tensors, source: "the model of residual-detector")
    return PreparedBeliefNetwork(
      network: network,
      receive: receive,
      constellation: constellation,
      keepsProbabilities: settings.flag("probabilities")
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let vectors = try KnownVectors(request.data, MIMOArrays.constellation(request.settings))
    return try fresh(
      request.settings,
      receive: vectors.observations.shape[1],
      users: vectors.labels.count,
      request.stream
    ).trained("residual-detector", version: version, on: vectors, request)
  }
}
