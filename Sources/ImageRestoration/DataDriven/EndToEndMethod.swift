internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The black box: a U-Net from what one operator saw to the image.
  package static let endToEndRestorer = EndToEndMethod.description
}

/// A U-Net trained for one operator.
///
/// It reads the observations where they have the images' shape, else `A' y`; nothing else is told of the
/// operator.
enum EndToEndMethod {
  static let id = "unet"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .dataDriven,
    task: ImageTask.id,
    title: "U-Net",
    summary: "A U-Net from the observations of one operator to the image.",
    needs: ["training images and their observations"],
    learns: ["images from the observations of one operator"],
    references: ["ronneberger2015unet"],
    arrays: ImageArrays.all,
    settings: [
      .init(
        "features",
        .integer(1...1024),
        standard: .integer(24),
        "channels of the finest level; twice as many on each coarser one"
      ),
      .init("levels", .integer(1...8), standard: .integer(2), "how often the grid is halved"),
      .init(
        "margin",
        .integer(0...256),
        standard: .integer(12),
        "pixels by which images are continued on each side, at most their extents"
      ),
      .init(
        "edges",
        .choice(PaddingMode.allCases.map(\.rawValue)),
        standard: .text(PaddingMode.circular.rawValue),
        "what they are continued with; a blur that goes around wants circular"
      ),
    ]
      + TrainingChoices.descriptions(.init(epochs: 30, batch: 16, rate: 1e-3, of: "images"))
      + ImageArrays.settings,
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let network = network(settings, RandomStream(seed: 0))
      let parameters = network.parameters.reduce(0) { $0 + $1.value.count }
      let (features, levels) = (settings.integer("features"), settings.integer("levels"))
      // Two convolutions a level down, two up with three times the channels in, each level a quarter of the pixels
      // and twice the channels.
      let level = 9 * features * features * (levels * (2 + 4) + 2)
      return .init(parameters: parameters, multiplyAccumulates: 4096 * level)
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static func network(_ settings: Settings, _ stream: RandomStream) -> UNet<Float> {
    var stream = stream.derived("initial values")
    return UNet(
      features: settings.integer("features"),
      levels: settings.integer("levels"),
      margin: settings.integer("margin"),
      edges: PaddingMode(rawValue: settings.text("edges")) ?? .zeros,
      from: &stream
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    let network = network(settings, RandomStream(seed: 0))
    try network.load(trained: model, of: id)
    return ImageMethod(
      choice: OperatorChoice(settings),
      restorer: NetworkRestorer(network: network)
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let network = network(request.settings, request.stream)
    let job = try ObservedImages.training(
      of: network,
      method: id,
      version: version,
      request,
      inputs: .images
    )
    return try job.run(request) { inputs, mode in
      let (seen, targets) = (try inputs.named("observations"), try inputs.named("targets"))
      let output = network.output(of: seen.reshaped(seen.shape + [1]), mode: mode)
      return meanSquaredError(output.reshaped(targets.shape), targets)
    }
  }
}

/// A trained network on what an operator saw.
private struct NetworkRestorer: ImageRestorer {
  let network: UNet<Float>

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    { observations in
      let seen = ObservedImages.image(of: observations, measurement).converted(to: Float.self)
      let output = network.output(of: seen.reshaped(seen.shape + [1]))
      return Restored(images: output.reshaped(seen.shape).converted(to: Operator.Scalar.self))
    }
  }
}
