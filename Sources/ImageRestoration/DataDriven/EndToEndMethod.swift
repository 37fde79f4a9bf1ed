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
      from: &stream
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.invalid("\(id): must be trained before it can run; give a model file")
    }
    let network = network(settings, RandomStream(seed: 0))
    try network.load(model.tensors, source: "the model of \(id)")
    return ImageMethod(
      choice: OperatorChoice(settings),
      restorer: NetworkRestorer(network: network)
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let network = network(request.settings, request.stream)
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let pairs = try ObservedImages(request, inputs: .images)
    var job = NetworkTraining(
      method: id,
      version: version,
      network: network,
      settings: TrainingChoices.trainingSettings(
        request.settings,
        hasValidation: pairs.validation != nil
      ),
      training: pairs.training,
      validation: pairs.validation
    )
    job.inputAxes = ["batch", "height", "width"]
    job.redraw = { try ObservedImages.dataset($0, request.settings, inputs: .images) }
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

/// Images and what one operator saw of them, as datasets.
struct ObservedImages {
  /// What the dataset's `observations` are.
  enum Inputs: Sendable {
    /// Of the images' shape: as observed, or back-projected.
    case images
    /// As observed.
    case measurements
  }

  let training: Dataset<Float>
  let validation: Dataset<Float>?

  /// The datasets of a request; a share of the training images is held out where no others are given.
  init(_ request: TrainingRequest, inputs: Inputs) throws {
    let all = try Self.arrays(request.data, request.settings, inputs: inputs)
    if let given = request.validation {
      training = try Dataset(all)
      validation = try Self.dataset(given, request.settings, inputs: inputs)
      return
    }
    let count = all.values.first?.shape[0] ?? 0
    let share = request.settings.number("validation_share")
    let heldOut = share > 0 && count >= 2 ? max(1, Int(share * Double(count))) : 0
    training = try Dataset(all.mapValues { $0.sliced(axis: 0, 0..<(count - heldOut)) })
    validation =
      heldOut > 0
      ? try Dataset(all.mapValues { $0.sliced(axis: 0, (count - heldOut)..<count) }) : nil
  }

  /// All images of a bundle.
  static func dataset(
    _ bundle: ArrayBundle,
    _ settings: Settings,
    inputs: Inputs
  ) throws -> Dataset<Float> {
    try Dataset(arrays(bundle, settings, inputs: inputs))
  }

  private static func arrays(
    _ bundle: ArrayBundle,
    _ settings: Settings,
    inputs: Inputs
  ) throws -> [String: Tensor<Float>] {
    func read<Operator: MeasurementOperator<Float>>(
      _ measurement: Operator
    ) throws -> [String: Tensor<Float>] {
      let rows = try ImageArrays.observations(
        in: bundle,
        shape: measurement.measurementShape,
        as: Float.self
      ).rows
      let targets = try ImageArrays.images("targets", in: bundle)
      guard targets.shape == [rows.shape[0]] + measurement.imageShape else {
        throw StudyError.badShape(
          array: "targets",
          source: bundle.source,
          expected: "\([rows.shape[0]] + measurement.imageShape), an image an observation",
          actual: targets.shape
        )
      }
      let seen = inputs == .images ? image(of: rows, measurement) : rows
      return ["observations": seen, "targets": targets]
    }
    return try read(OperatorChoice(settings).made(from: bundle, as: Float.self))
  }

  /// Observations of the images' shape, else `A' y`.
  static func image<Operator: MeasurementOperator>(
    of observations: Tensor<Operator.Scalar>,
    _ measurement: Operator
  ) -> Tensor<Operator.Scalar> {
    measurement.measurementShape == measurement.imageShape
      ? observations : measurement.adjoint(of: observations)
  }
}
