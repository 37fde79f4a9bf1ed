// Source of the widths: the end-to-end network of `bora2017csgm`'s program, m-50-200-784.

internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The black box: dense layers from measurements to the image, trained for one operator.
  package static let measurementDecoder = MeasurementDecoder.description
}

/// A dense network from the measurements of one operator to images.
enum MeasurementDecoder {
  static let id = "measurement-decoder"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .dataDriven,
    task: ImageTask.id,
    title: "End-to-end network",
    summary: "A dense network from the measurements of one operator to the image.",
    needs: ["training images and their measurements"],
    learns: ["images from the measurements of one operator"],
    references: ["bora2017csgm"],
    arrays: [
      ImageArrays.observations, ImageArrays.targets, ImageArrays.estimates,
    ],
    settings: [
      .init(
        "hidden",
        .integers(1...65536),
        standard: .list([.integer(50), .integer(200)]),
        "units of the hidden layers, first to last"
      )
    ]
      + TrainingChoices.descriptions(.init(epochs: 50, batch: 100, rate: 1e-3, of: "images"))
      + ImageSets.extents,
    version: version,
    cost: { settings in
      let widths =
        [settings.integer("measurements")] + settings.integers("hidden")
        + [settings.integer("pixels")]
      let products = zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
      return .init(
        parameters: products + widths.dropFirst().reduce(0, +),
        multiplyAccumulates: products
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  /// Layers to the logits of pixels, and the factor that brings measurements to size one.
  private struct Network: Module {
    let layers: Sequential<Float>
    let scale: PersistentState<Float>

    init(_ widths: [Int], scale: Float, _ stream: RandomStream) {
      var stream = stream.derived("initial values")
      layers = .dense(widths, activation: .relu, from: &stream)
      self.scale = PersistentState(Tensor(scale))
    }

    func logits(_ observations: Tensor<Float>, mode: Mode) -> Tensor<Float> {
      layers(observations * scale.value, mode: mode)
    }

    func visit(_ visitor: any ModuleVisitor<Float>) {
      visitor.child("layers", layers)
      visitor.state("scale", scale)
    }
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let hidden = settings.integers("hidden")
    guard let measurements = model.tensors["layers.0.weight"]?.shape.first,
      let pixels = model.tensors["layers.\(hidden.count).bias"]?.shape.first,
      let extents = ImageSets.extents(in: model)
    else {
      throw StudyError.invalid(
        "\(id): the model file does not hold \(hidden.count + 1) dense layers"
      )
    }
    let network = Network([measurements] + hidden + [pixels], scale: 1, RandomStream(seed: 0))
    try network.load(ImageSets.network(in: model), source: "the model of \(id)")
    return Prepared(network: network, measurements: measurements, extents: extents)
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let names = ["observations", "targets"]
    let (training, validation) = try ImageSets.datasets(request, names: names)
    let observations = try ImageSets.observations(in: request.data)
    let power = Double(square(observations).mean().scalar)
    let network = Network(
      [training.measurements] + settings.integers("hidden") + [training.pixels],
      scale: power > 0 ? Float(1 / power.squareRoot()) : 1,
      request.stream
    )
    if let initial = request.initial {
      try network.load(ImageSets.network(in: initial), source: "the initial model of \(id)")
    }
    var job = NetworkTraining(
      method: id,
      version: version,
      network: network,
      settings: TrainingChoices.trainingSettings(settings, hasValidation: validation != nil),
      training: training.dataset,
      validation: validation?.dataset
    )
    job.redraw = { try ImageSets($0, names: names, rows: training.dataset.count).dataset }
    job.inputAxes = ["batch", "measurements"]
    let share = 1 / Float(training.pixels)
    let result = try job.run(request) { inputs, mode in
      let images = try inputs.named("targets")
      let logits = network.logits(try inputs.named("observations"), mode: mode)
      // The cross-entropy of a pixel, as in the autoencoder.
      return (softplus(logits) - images * logits).sum(axis: 1).mean() * share
    }
    return training.completed(result)
  }

  /// A trained network, ready for measurements.
  private struct Prepared: PreparedMethod {
    let network: Network
    let measurements: Int
    let extents: [Int]

    func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
      let (rows, isSingle) = try ImageArrays.observations(
        in: arrays,
        shape: [measurements],
        as: Float.self
      )
      let images = sigmoid(network.logits(rows, mode: .inference))
      return InferenceResult(
        arrays: ImageSets.output(images, extents, isSingle: isSingle, of: arrays)
      )
    }
  }
}
