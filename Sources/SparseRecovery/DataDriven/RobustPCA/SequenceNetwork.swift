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

  let scale: PersistentState<Float>
  /// The root mean square of both outputs of the last convolution, over the scale.
  let outputScale: PersistentState<Float>
  let first: Sequential<Float>
  /// Two a block.
  let blocks: [Sequential<Float>]
  let last: Convolution<Float>

  init(channels: Int, blocks count: Int, kernel: Int, scale: Float, from stream: RandomStream) {
    var stream = stream.derived("initial values")
    self.scale = PersistentState(Tensor(scale))
    outputScale = PersistentState(.ones([2]))
    func layer(_ inputs: Int, _ activation: Activation) -> Sequential<Float> {
      Sequential([
        Convolution(
          inputs,
          channels,
          kernel: [kernel, kernel, kernel],
          hasBias: false,
          initialisation: .heNormal,
          from: &stream
        ),
        BatchNormalisation(channels, activation: activation),
      ])
    }
    first = layer(1, .relu)
    blocks = (0..<(2 * count)).map { layer(channels, $0 % 2 == 0 ? .relu : .identity) }
    last = Convolution(weight: .zeros([kernel, kernel, kernel, channels, 2]), bias: .zeros([2]))
  }

  private init(_ other: SequenceNetwork, in duplication: Duplication<Float>) {
    scale = duplication.copy(other.scale)
    outputScale = duplication.copy(other.outputScale)
    first = other.first.duplicated(in: duplication)
    blocks = other.blocks.map { $0.duplicated(in: duplication) }
    last = other.last.duplicated(in: duplication)
  }

  /// Both parts of sequences, `[batch, 2, frames, height, width]`.
  func callAsFunction(_ observations: Tensor<Float>, mode: Mode) -> Tensor<Float> {
    var x = first(observations.reshaped(observations.shape + [1]), mode: mode)
    for block in stride(from: 0, to: blocks.count, by: 2) {
      x = relu(x + blocks[block + 1](blocks[block](x, mode: mode), mode: mode))
    }
    let parts = last(x, mode: mode) * outputScale.value
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
    visitor.child("last", last)
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
