internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The black box for images of counts.
  package static let countNetwork = CountNetworkMethod.description
}

/// Convolutions with ReLU between them; what they give is added to the counts, both over the peak.
struct CountNetwork: DuplicableModule {
  typealias Scalar = Float

  /// `[3, 3, inputs, outputs]` each.
  let weights: [Parameter<Float>]
  let biases: [Parameter<Float>]
  let peak: PersistentState<Float>

  init(channels: Int, layers: Int, peak: Double, from stream: RandomStream) {
    var stream = stream.derived("initial values")
    let widths = [1] + [Int](repeating: channels, count: layers - 1) + [1]
    weights = (0..<layers).map { layer in
      let (inputs, outputs) = (widths[layer], widths[layer + 1])
      let drawn: Tensor<Float> = Initialisation.heNormal.drawn(
        [3, 3, inputs, outputs],
        inputs: 9 * inputs,
        outputs: 9 * outputs,
        from: &stream
      )
      return Parameter(layer == layers - 1 ? drawn * 0.1 : drawn)
    }
    biases = widths.dropFirst().map { Parameter(.zeros([$0])) }
    self.peak = PersistentState(Tensor(Float(peak)))
  }

  private init(
    weights: [Parameter<Float>],
    biases: [Parameter<Float>],
    peak: PersistentState<Float>
  ) {
    self.weights = weights
    self.biases = biases
    self.peak = peak
  }

  /// The means of images of counts.
  func means(_ counts: Tensor<Float>) -> Tensor<Float> {
    let input = counts * (1 / peak.value)
    var x = input.reshaped(counts.shape + [1])
    for layer in weights.indices {
      x = convolution(
        x,
        weights[layer].value,
        biases[layer].value,
        padding: .same,
        activation: layer == weights.count - 1 ? .identity : .relu
      )
    }
    return (input + x.reshaped(counts.shape)) * peak.value
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    for layer in weights.indices {
      visitor.parameter("\(layer).weight", weights[layer])
      visitor.parameter("\(layer).bias", biases[layer])
    }
    visitor.state("peak", peak)
  }

  func duplicated(in duplication: Duplication<Float>) -> CountNetwork {
    CountNetwork(
      weights: weights.map { duplication.copy($0) },
      biases: biases.map { duplication.copy($0) },
      peak: duplication.copy(peak)
    )
  }
}

/// Training and inference of the black box.
enum CountNetworkMethod {
  static let id = "count-network"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .dataDriven,
    task: CountDenoisingTask.id,
    title: "Convolutional network",
    summary: "A plain convolutional network from counts to means.",
    needs: ["training images with their means"],
    learns: ["means from counts"],
    references: ["tolooshams2020dcea"],
    arrays: CountImages.arrays,
    settings: [
      .init("channels", .integer(1...1024), standard: .integer(64), "channels between layers"),
      .init("layers", .integer(2...100), standard: .integer(8), "convolutions of 3 by 3"),
      .init(
        "height",
        .integer(1...100_000),
        standard: .integer(64),
        "rows of an image, to count operations"
      ),
      .init(
        "width",
        .integer(1...100_000),
        standard: .integer(64),
        "columns of an image, to count operations"
      ),
    ] + TrainingChoices.descriptions(.init(epochs: 30, batch: 16, rate: 1e-3, of: "images")),
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let (channels, layers) = (settings.integer("channels"), settings.integer("layers"))
      let weights = 9 * (2 * channels + (layers - 2) * channels * channels)
      return .init(
        parameters: weights + (layers - 1) * channels + 1,
        multiplyAccumulates: weights * settings.integer("height") * settings.integer("width")
      )
    },
    prepare: { settings, model in
      guard let model else {
        throw StudyError.untrained(id)
      }
      let network = network(settings, peak: 1, RandomStream(seed: 0))
      try network.load(model.tensors, source: "the model of \(id)")
      return CountDenoising(denoise: { network.means($0) }, smallestSide: 1)
    },
    train: { try train($0) }
  )

  private static func network(_ settings: Settings, peak: Double, _ stream: RandomStream)
    -> CountNetwork
  {
    CountNetwork(
      channels: settings.integer("channels"),
      layers: settings.integer("layers"),
      peak: peak,
      from: stream
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let problems = try CountImageProblems(request)
    let network = network(request.settings, peak: problems.peak, request.stream)
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let scale = Float(1 / (problems.peak * problems.peak))
    let outcome = try NeuralNetworks.train(
      network,
      on: problems.training,
      settings: TrainingChoices.trainingSettings(
        request.settings,
        hasValidation: problems.validation != nil
      ).validatingInBatches,
      context: request.context(validation: problems.validation, redraw: problems.redraw)
    ) { inputs, _ in
      let means = network.means(try inputs.named("observations"))
      return meanSquaredError(means, try inputs.named("targets")) * scale
    }
    return request.result(
      of: [outcome],
      method: id,
      version: version,
      tensors: network.tensors(),
      axes: ["batch", "height", "width"]
    )
  }
}
