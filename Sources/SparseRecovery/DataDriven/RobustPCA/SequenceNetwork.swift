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
/// `N` is batch normalisation. A convolution to `channels`, `relu(N(w * x))`; blocks `relu(x + N(w2 * relu(N(w1 * x))))`; a
/// convolution to what is added to the observations for the low-rank part, and to the sparse part, each in units of its root
/// mean square over the training set. Tissue is many times as strong as what moves in it: so normalised, a filter that
/// cancels the tissue is heard as well as one that doesn't, and a step of the optimiser is small beside what is sought.
struct SequenceNetwork: DuplicableModule {
  typealias Scalar = Float

  /// One convolution and its normalisation.
  struct Layer: DuplicableModule {
    typealias Scalar = Float

    /// `[kernel, kernel, kernel, inputs, outputs]`.
    let weight: Parameter<Float>
    let normalisation: BatchNormalisation<Float>

    init(
      kernel: Int,
      inputs: Int,
      outputs: Int,
      _ activation: Activation,
      from stream: inout RandomStream
    ) {
      let taps = kernel * kernel * kernel
      weight = Parameter(
        Initialisation.heNormal.drawn(
          [kernel, kernel, kernel, inputs, outputs],
          inputs: taps * inputs,
          outputs: taps * outputs,
          from: &stream
        )
      )
      normalisation = BatchNormalisation(outputs, activation: activation)
    }

    private init(weight: Parameter<Float>, normalisation: BatchNormalisation<Float>) {
      self.weight = weight
      self.normalisation = normalisation
    }

    func callAsFunction(_ x: Tensor<Float>, _ mode: Mode) -> Tensor<Float> {
      normalisation(convolution(x, weight.value, padding: .same), mode: mode)
    }

    func visit(_ visitor: any ModuleVisitor<Float>) {
      visitor.parameter("weight", weight)
      visitor.child("normalisation", normalisation)
    }

    func duplicated(in duplication: Duplication<Float>) -> Layer {
      Layer(
        weight: duplication.copy(weight),
        normalisation: normalisation.duplicated(in: duplication)
      )
    }
  }

  let scale: PersistentState<Float>
  /// The root mean square of both outputs of the last convolution, over the scale.
  let outputScale: PersistentState<Float>
  let first: Layer
  /// Two a block.
  let blocks: [Layer]
  /// `[kernel, kernel, kernel, channels, 2]`.
  let lastWeight: Parameter<Float>
  let lastBias: Parameter<Float>

  init(channels: Int, blocks count: Int, kernel: Int, scale: Float, from stream: RandomStream) {
    var stream = stream.derived("initial values")
    self.scale = PersistentState(Tensor(scale))
    outputScale = PersistentState(.ones([2]))
    first = Layer(kernel: kernel, inputs: 1, outputs: channels, .relu, from: &stream)
    blocks = (0..<(2 * count)).map { index in
      Layer(
        kernel: kernel,
        inputs: channels,
        outputs: channels,
        index % 2 == 0 ? .relu : .identity,
        from: &stream
      )
    }
    lastWeight = Parameter(.zeros([kernel, kernel, kernel, channels, 2]))
    lastBias = Parameter(.zeros([2]))
  }

  private init(_ other: SequenceNetwork, in duplication: Duplication<Float>) {
    scale = duplication.copy(other.scale)
    outputScale = duplication.copy(other.outputScale)
    first = other.first.duplicated(in: duplication)
    blocks = other.blocks.map { $0.duplicated(in: duplication) }
    lastWeight = duplication.copy(other.lastWeight)
    lastBias = duplication.copy(other.lastBias)
  }

  /// Both parts of sequences, `[batch, 2, frames, height, width]`.
  func callAsFunction(_ observations: Tensor<Float>, mode: Mode) -> Tensor<Float> {
    var x = first(observations.reshaped(observations.shape + [1]), mode)
    for block in stride(from: 0, to: blocks.count, by: 2) {
      x = relu(x + blocks[block + 1](blocks[block](x, mode), mode))
    }
    let parts =
      convolution(x, lastWeight.value, lastBias.value, padding: .same) * outputScale.value
    return stacked(
      [observations + parts.picked(axis: 4, 0), parts.picked(axis: 4, 1)],
      axis: 1
    )
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.state("scale", scale)
    visitor.state("output_scale", outputScale)
    visitor.child("first", first)
    visitor.children("block", blocks)
    visitor.parameter("last_weight", lastWeight)
    visitor.parameter("last_bias", lastBias)
  }

  func duplicated(in duplication: Duplication<Float>) -> SequenceNetwork {
    SequenceNetwork(self, in: duplication)
  }
}

/// Training and inference of the black box.
enum SequenceNetworkMethod {
  static let id = "sequence-resnet"
  static let version = 2

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
        parameters: weights + 2 * channels * (1 + inner) + 2,
        multiplyAccumulates: weights * numbers
      )
    },
    prepare: { settings, model in
      guard let model else {
        throw StudyError.untrained(id)
      }
      let network = network(settings, scale: 1, RandomStream(seed: 0))
      try network.load(model.tensors, source: "the model of \(id)")
      return LearnedSeparation(scale: network.scale.value.scalar) { network($0, mode: .inference) }
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
    } else {
      network.outputScale.set(Tensor(problems.departures))
    }
    let outcome = try NeuralNetworks.train(
      network,
      on: problems.training,
      settings: TrainingChoices.trainingSettings(
        request.settings,
        hasValidation: problems.validation != nil
      ).validatingInBatches,
      context: request.context(validation: problems.validation, redraw: problems.redraw)
    ) { inputs, mode in
      meanSquaredError(
        network(try inputs.named("observations"), mode: mode),
        try inputs.named("targets")
      )
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
