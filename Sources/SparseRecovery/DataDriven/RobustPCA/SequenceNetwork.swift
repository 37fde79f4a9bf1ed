internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The black box: convolutions over time and both axes of a frame.
  package static let sequenceNetwork = SequenceNetworkMethod.description
}

/// A residual network of three-dimensional convolutions from sequences to both parts.
///
/// A convolution to `channels`, blocks `y = x + w2 * relu(w1 * x + b1) + b2`, a convolution to both parts; the
/// observations are added to the low-rank part.
struct SequenceNetwork: DuplicableModule {
  typealias Scalar = Float

  /// One convolution.
  struct Layer: DuplicableModule {
    typealias Scalar = Float

    /// `[kernel, kernel, kernel, inputs, outputs]`.
    let weight: Parameter<Float>
    let bias: Parameter<Float>

    init(kernel: Int, inputs: Int, outputs: Int, scale: Float, from stream: inout RandomStream) {
      let taps = kernel * kernel * kernel
      let drawn: Tensor<Float> = Initialisation.heNormal.drawn(
        [kernel, kernel, kernel, inputs, outputs],
        inputs: taps * inputs,
        outputs: taps * outputs,
        from: &stream
      )
      weight = Parameter(drawn * scale)
      bias = Parameter(.zeros([outputs]))
    }

    private init(weight: Parameter<Float>, bias: Parameter<Float>) {
      self.weight = weight
      self.bias = bias
    }

    func callAsFunction(_ x: Tensor<Float>, _ activation: Activation) -> Tensor<Float> {
      convolution(x, weight.value, bias.value, padding: .same, activation: activation)
    }

    func visit(_ visitor: any ModuleVisitor<Float>) {
      visitor.parameter("weight", weight)
      visitor.parameter("bias", bias)
    }

    func duplicated(in duplication: Duplication<Float>) -> Layer {
      Layer(weight: duplication.copy(weight), bias: duplication.copy(bias))
    }
  }

  let scale: PersistentState<Float>
  let first: Layer
  /// Two a block.
  let blocks: [Layer]
  let last: Layer

  init(channels: Int, blocks count: Int, kernel: Int, scale: Float, from stream: RandomStream) {
    var stream = stream.derived("initial values")
    self.scale = PersistentState(Tensor(scale))
    first = Layer(kernel: kernel, inputs: 1, outputs: channels, scale: 1, from: &stream)
    blocks = (0..<(2 * count)).map { index in
      // A block starts near the identity.
      let scale: Float = index % 2 == 0 ? 1 : 0.1
      return Layer(kernel: kernel, inputs: channels, outputs: channels, scale: scale, from: &stream)
    }
    last = Layer(kernel: kernel, inputs: channels, outputs: 2, scale: 0.1, from: &stream)
  }

  private init(_ other: SequenceNetwork, in duplication: Duplication<Float>) {
    scale = duplication.copy(other.scale)
    first = other.first.duplicated(in: duplication)
    blocks = other.blocks.map { $0.duplicated(in: duplication) }
    last = other.last.duplicated(in: duplication)
  }

  /// Both parts of sequences, `[batch, 2, frames, height, width]`.
  func callAsFunction(_ observations: Tensor<Float>) -> Tensor<Float> {
    var x = first(observations.reshaped(observations.shape + [1]), .relu)
    for block in stride(from: 0, to: blocks.count, by: 2) {
      x = relu(x + blocks[block + 1](blocks[block](x, .relu), .identity))
    }
    let parts = last(x, .identity)
    return stacked(
      [observations + parts.picked(axis: 4, 0), parts.picked(axis: 4, 1)],
      axis: 1
    )
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.state("scale", scale)
    visitor.child("first", first)
    visitor.children("block", blocks)
    visitor.child("last", last)
  }

  func duplicated(in duplication: Duplication<Float>) -> SequenceNetwork {
    SequenceNetwork(self, in: duplication)
  }
}

/// Training and inference of the black box.
enum SequenceNetworkMethod {
  static let id = "sequence-resnet"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .dataDriven,
    task: SequenceSeparationTask.id,
    title: "3-D residual network",
    summary: "A residual network of three-dimensional convolutions from sequences to both parts.",
    needs: ["training sequences with both parts"],
    learns: ["both parts from sequences"],
    references: ["he2016resnet", "solomon2019corona"],
    arrays: [SequenceArrays.observations, SequenceArrays.targets, SequenceArrays.estimates],
    settings: [
      .init("channels", .integer(1...1024), standard: .integer(16), "channels between layers"),
      .init(
        "blocks",
        .integer(0...100),
        standard: .integer(2),
        "residual blocks, of two layers each"
      ),
      .init("kernel", .integer(1...15), standard: .integer(3), "side of the kernels"),
    ] + TrainingChoices.descriptions(.init(epochs: 20, batch: 8, rate: 2e-3, of: "sequences"))
      + SequenceArrays.extents,
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let (channels, kernel) = (settings.integer("channels"), settings.integer("kernel"))
      let taps = kernel * kernel * kernel
      let inner = 2 * settings.integer("blocks")
      let weights = taps * (channels + inner * channels * channels + 2 * channels)
      let numbers =
        settings.integer("frames") * settings.integer("height") * settings.integer("width")
      return .init(
        parameters: weights + channels * (1 + inner) + 2,
        multiplyAccumulates: weights * numbers
      )
    },
    prepare: { settings, model in
      guard let model else {
        throw StudyError.untrained(id)
      }
      let network = network(settings, scale: 1, RandomStream(seed: 0))
      try network.load(model.tensors, source: "the model of \(id)")
      return LearnedSeparation(scale: network.scale.value.scalar) { network($0) }
    },
    train: { try train($0) }
  )

  private static func network(_ settings: Settings, scale: Float, _ stream: RandomStream)
    -> SequenceNetwork
  {
    SequenceNetwork(
      channels: settings.integer("channels"),
      blocks: settings.integer("blocks"),
      kernel: settings.integer("kernel"),
      scale: scale,
      from: stream
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let problems = try SequenceProblems(request)
    let network = network(request.settings, scale: problems.scale, request.stream)
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let outcome = try NeuralNetworks.train(
      network,
      on: problems.training,
      settings: TrainingChoices.trainingSettings(
        request.settings,
        hasValidation: problems.validation != nil
      ).validatingInBatches,
      context: request.context(validation: problems.validation, redraw: problems.redraw)
    ) { inputs, _ in
      meanSquaredError(network(try inputs.named("observations")), try inputs.named("targets"))
    }
    return request.result(
      of: [outcome],
      method: id,
      version: version,
      tensors: network.tensors(),
      axes: ["batch", "frames", "height", "width"]
    )
  }
}
