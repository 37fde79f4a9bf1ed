internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// A search among the images that a trained generator can make.
  package static let csgm = CSGMMethod.description
}

/// Compressed sensing with a generative prior: a variational autoencoder, trained on images alone.
enum CSGMMethod {
  static let id = "csgm"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .hybrid,
    task: ImageTask.id,
    title: "Generative prior",
    summary: "Searches the codes of a generator for the image that explains the measurements best.",
    needs: ["operator", "training images"],
    learns: ["what images look like, whatever the operator"],
    law: "with a code of one number the search ends where a search of the whole line ends",
    references: ["bora2017csgm", "kingma2014vae"],
    arrays: [
      ImageArrays.observations, ImageArrays.targets, ImageArrays.operators,
      ImageArrays.estimates,
    ],
    settings: networkSettings + searchSettings
      + TrainingChoices.descriptions(trainingStandard) + ImageSets.extents,
    version: version,
    trainsInParallel: true,
    cost: { cost($0) },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static var trainingStandard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 100, rate: 1e-3, of: "images")
    standard.clip = 0
    return standard
  }

  private static let networkSettings: [SettingDescription] = [
    .init(
      "hidden",
      .integers(1...65536),
      standard: .list([.integer(500), .integer(500)]),
      "units of the encoder's hidden layers; the decoder's are the same backwards"
    ),
    .init("codes", .integer(1...65536), standard: .integer(20), "numbers of a code"),
  ]

  private static let searchSettings: [SettingDescription] = [
    .init(
      "penalty",
      .number(0...1e9),
      standard: .number(0.1),
      "weight of the squared norm of a code beside the misfit"
    ),
    .init(
      "misfit",
      .choice(["mean", "sum"]),
      standard: .text("mean"),
      "the squared error of the measurements: their mean, for operators with entries of variance 1,"
        + " or their sum, for variance 1 over the measurements"
    ),
    .init("steps", .integer(1...10_000_000), standard: .integer(1000), "steps from each start"),
    .init("search_rate", .number(1e-9...10), standard: .number(0.01), "rate of Adam on the codes"),
    .init("restarts", .integer(1...10_000), standard: .integer(10), "starts; the best one counts"),
    .init("search_seed", .integer(0...1_000_000_000), standard: .integer(1), "seed of the starts"),
  ]

  private static func widths(_ settings: Settings) -> (encoder: [Int], decoder: [Int]) {
    let (hidden, pixels) = (settings.integers("hidden"), settings.integer("pixels"))
    let codes = settings.integer("codes")
    return ([pixels] + hidden + [2 * codes], [codes] + hidden.reversed() + [pixels])
  }

  /// Trained numbers; a decoder and the operator, there and back, in each step of each start.
  private static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let (encoder, decoder) = widths(settings)
    func products(_ widths: [Int]) -> Int {
      zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    }
    func biases(_ widths: [Int]) -> Int { widths.dropFirst().reduce(0, +) }
    let step = products(decoder) + settings.integer("measurements") * settings.integer("pixels")
    return .init(
      parameters: products(encoder) + products(decoder) + biases(encoder) + biases(decoder),
      multiplyAccumulates: 2 * settings.integer("steps") * settings.integer("restarts") * step
    )
  }

  private static func network(_ settings: Settings, pixels: Int, _ stream: RandomStream)
    -> VariationalAutoencoder<Float>
  {
    var stream = stream.derived("initial values")
    return VariationalAutoencoder(
      width: pixels,
      hidden: settings.integers("hidden"),
      codes: settings.integer("codes"),
      from: &stream
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    guard let pixels = model.tensors["encoder.0.weight"]?.shape.first,
      let extents = ImageSets.extents(in: model)
    else { throw StudyError.invalid("\(id): the model file does not hold an encoder") }
    let network = network(settings, pixels: pixels, RandomStream(seed: 0))
    try network.load(ImageSets.network(in: model), source: "the model of \(id)")
    var search = LatentSearch()
    search.penalty = settings.number("penalty")
    search.isAveraged = settings.text("misfit") == "mean"
    search.steps = settings.integer("steps")
    search.rate = settings.number("search_rate")
    search.restarts = settings.integer("restarts")
    let seed = UInt64(settings.integer("search_seed"))
    return PreparedSearch(search: search, prior: network, extents: extents, seed: seed)
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let (training, validation) = try ImageSets.datasets(request, names: ["targets"])
    let network = network(settings, pixels: training.pixels, request.stream)
    if let initial = request.initial {
      try network.load(ImageSets.network(in: initial), source: "the initial model of \(id)")
    }
    var stream = request.stream.derived("codes")
    var job = NetworkTraining(
      method: id,
      version: version,
      network: network,
      settings: TrainingChoices.trainingSettings(settings, hasValidation: validation != nil),
      training: training.dataset,
      validation: validation?.dataset
    )
    job.redraw = { try ImageSets($0, names: ["targets"], rows: training.dataset.count).dataset }
    job.inputAxes = ["batch", "measurements"]
    let result = try job.run(request) { inputs, mode in
      let images = try inputs.named("targets")
      let codes = images.sliced(axis: 1, 0..<1).broadcast(to: [images.shape[0], network.codes])
      return network.loss(images, noise: normalNoise(like: codes, from: &stream), mode: mode)
    }
    return training.completed(result)
  }
}

/// A trained generator, ready for measurements.
private struct PreparedSearch: PreparedMethod {
  let search: LatentSearch
  let prior: VariationalAutoencoder<Float>
  let extents: [Int]
  let seed: UInt64

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let operators = try ImageArrays.real("operator", in: arrays, as: Float.self)
    let pixels = extents.reduce(1, *)
    guard operators.rank == 2, operators.shape[1] == pixels else {
      throw StudyError.badShape(
        array: "operator",
        source: arrays.source,
        expected: "[measurements, \(pixels)], as the images that the model was trained on",
        actual: operators.shape
      )
    }
    let (rows, isSingle) = try ImageArrays.observations(
      in: arrays,
      shape: [operators.shape[0]],
      as: Float.self
    )
    let found = try search.search(
      rows,
      operators: operators,
      prior: prior,
      from: RandomStream(seed: seed),
      pool: pool
    )
    let lost = found.losses.count { !$0.isFinite }
    return InferenceResult(
      arrays: ImageSets.output(found.images, extents, isSingle: isSingle, of: arrays),
      failure: lost == 0
        ? nil : "the search of \(lost) of \(found.losses.count) images ended at no finite loss"
    )
  }
}
