internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

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
    let (learned, heldOut) = request.parts(of: all.values.first?.shape[0] ?? 0)
    func cut(_ range: Range<Int>) throws -> Dataset<Float> {
      try Dataset(all.mapValues { $0.sliced(axis: 0, range) })
    }
    training = try cut(learned)
    validation =
      try request.validation.map { try Self.dataset($0, request.settings, inputs: inputs) }
      ?? heldOut.map(cut)
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
    // Images stand in for either, not for both: there would be nothing to learn.
    guard bundle["observations"] != nil || bundle["targets"] != nil else {
      throw StudyError.missingArray(
        "observations",
        source: bundle.source,
        expected: "what was seen of each image, beside the images as targets"
      )
    }
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

  /// The training of a network on a request's images, begun at its initial model if it has one.
  static func training<Network: Module<Float>>(
    of network: Network,
    method: String,
    version: Int,
    _ request: TrainingRequest,
    inputs: Inputs
  ) throws -> NetworkTraining<Network> {
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(method)")
    }
    let pairs = try ObservedImages(request, inputs: inputs)
    var job = NetworkTraining(
      method: method,
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
    let count = pairs.training.count
    job.redraw = {
      let all = try arrays($0, request.settings, inputs: inputs)
      return try Dataset(all.mapValues { $0.sliced(axis: 0, 0..<count) })
    }
    return job
  }
}

extension Module where Scalar == Float {
  /// Reads what training left; without a model there is nothing to run.
  func load(trained model: ModelFile?, of method: String) throws {
    guard let model else {
      throw StudyError.untrained(method)
    }
    try load(model.tensors, source: "the model of \(method)")
  }
}
