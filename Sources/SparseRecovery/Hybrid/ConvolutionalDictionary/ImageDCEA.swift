// Source: tolooshams2020dcea, the Poisson denoiser. Deviations: each image has its mean as baseline; one grid of places in
// training, all of them averaged at inference.

internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The autoencoder for images of counts.
  package static let imageDCEA = ImageDCEAMethod.description
}

/// The autoencoder on images.
struct ImageDCEANetwork: DuplicableModule {
  typealias Scalar = Float

  let layers: Unfolded<ExponentialFISTA<Float>>
  /// The decoder's filters; those of the encoder where they are tied.
  let decoder: Parameter<Float>

  init(_ coding: ExponentialFISTA<Float>, layers count: Int) {
    layers = coding.unfolded(layers: count, learning: [.filters, .thresholds], sharing: .tied)
    decoder = coding.isTied ? layers.layers[0].synthesis : Parameter(coding.filters)
  }

  private init(layers: Unfolded<ExponentialFISTA<Float>>, decoder: Parameter<Float>) {
    self.layers = layers
    self.decoder = decoder
  }

  /// What is trained.
  var groups: [ParameterGroup<Float>] {
    layers.parameterGroups() + (layers.method.isTied ? [] : [ParameterGroup([decoder])])
  }

  /// The means of images of counts.
  func means(_ counts: Tensor<Float>) -> Tensor<Float> {
    let codes = layers.estimate(counts)
    let natural = layers.method.naturalParameters(codes, decoder.value, of: counts)
    return layers.method.law.mean(natural)
  }

  /// The means, averaged over all positions of the grid of places.
  func shiftedMeans(_ counts: Tensor<Float>) -> Tensor<Float> {
    guard case .images(let side, let stride) = layers.method.placement else { return means(counts) }
    let (height, width) = (counts.shape[1], counts.shape[2])
    let margin = side - 1
    /// The smallest extent that holds the image, both margins and all shifts, and is covered by places.
    func extent(_ pixels: Int) -> Int {
      let needed = pixels + 2 * margin + stride - 1
      return side + (needed - side + stride - 1) / stride * stride
    }
    let source = MirroredImage(counts)
    let (tall, broad) = (extent(height), extent(width))
    var sum = [Float](repeating: 0, count: height * width)
    for shift in 0..<(stride * stride) {
      let (top, left) = (margin + shift / stride, margin + shift % stride)
      let framed = source.framed(height: tall, width: broad, top: top, left: left)
      means(framed).withScalars { means in
        for y in 0..<height {
          for x in 0..<width { sum[y * width + x] += means[(y + top) * broad + x + left] }
        }
      }
    }
    let scale = 1 / Float(stride * stride)
    return Tensor(sum.map { $0 * scale }, shape: [1, height, width])
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.parameter("filters", decoder)
    visitor.child("encoder", layers)
  }

  func duplicated(in duplication: Duplication<Float>) -> ImageDCEANetwork {
    ImageDCEANetwork(
      layers: layers.duplicated(in: duplication),
      decoder: duplication.copy(decoder)
    )
  }
}

/// An image that goes on beyond its edges as in a mirror.
private struct MirroredImage {
  let pixels: [Float]
  let height: Int
  let width: Int

  init(_ image: Tensor<Float>) {
    pixels = image.scalars
    (height, width) = (image.shape[1], image.shape[2])
  }

  /// `[1, height, width]` with the image's first pixel at a place.
  func framed(height tall: Int, width broad: Int, top: Int, left: Int) -> Tensor<Float> {
    func mirrored(_ place: Int, _ extent: Int) -> Int {
      let period = 2 * extent
      let inside = ((place % period) + period) % period
      return inside < extent ? inside : period - 1 - inside
    }
    return Tensor(shape: [1, tall, broad]) { target in
      for y in 0..<tall {
        let row = mirrored(y - top, height) * width
        for x in 0..<broad { target[y * broad + x] = pixels[row + mirrored(x - left, width)] }
      }
    }
  }
}

/// Training and inference of the autoencoder on images.
enum ImageDCEAMethod {
  static let id = "dcea-images"
  static let version = 2

  static let description = MethodDescription(
    id: id,
    family: .hybrid,
    task: CountDenoisingTask.id,
    title: "DCEA",
    summary: "Convolutional sparse coding of Poisson counts unfolded, trained to give the means.",
    needs: ["training images with their means"],
    learns: ["filters", "thresholds"],
    law: "at its first filters, K layers are K iterations of FISTA coding, to the bit",
    references: ["tolooshams2020dcea"],
    arrays: CountImages.arrays,
    settings: [
      .init("filters", .integer(1...10_000), standard: .integer(169), "filters"),
      .init("side", .integer(1...99), standard: .integer(11), "pixels of a side of a filter"),
      .init("stride", .integer(1...99), standard: .integer(7), "pixels between places"),
      .init("layers", .integer(1...1000), standard: .integer(15), "steps of coding"),
      .init(
        "encoder",
        .choice(["tied", "untied"]),
        standard: .text("tied"),
        "one set of filters, or sets of their own for both directions of the encoder and the decoder"
      ),
      .init(
        "penalty",
        .number(0...1e6),
        standard: .number(0.5),
        "weight of the codes from which the first thresholds follow"
      ),
      .init(
        "peak",
        .number(0...1e9),
        standard: .number(0),
        "largest mean, for the first step size and the bound of residuals; 0 for that of the training"
          + " images"
      ),
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
    ] + TrainingChoices.descriptions(standard),
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let (filters, side) = (settings.integer("filters"), settings.integer("side"))
      let sets = settings.text("encoder") == "tied" ? 1 : 3
      // Every pixel is a place of one of the grids.
      let places =
        (settings.integer("height") + side) * (settings.integer("width") + side)
      return .init(
        parameters: sets * filters * side * side + filters,
        multiplyAccumulates: 2 * settings.integer("layers") * places * filters * side * side
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static var standard: TrainingChoices.Standard {
    TrainingChoices.Standard(epochs: 30, batch: 16, rate: 1e-3, of: "images")
  }

  private static func network(_ settings: Settings, peak: Double, _ stream: RandomStream)
    -> ImageDCEANetwork
  {
    let side = settings.integer("side")
    var stream = stream.derived("initial values")
    let filters: Tensor<Float> = stream.normal([settings.integer("filters"), side * side])
    let coding = ExponentialFISTA<Float>(
      law: .poisson,
      placement: .images(side: side, stride: settings.integer("stride")),
      baseline: nil,
      residualBound: peak,
      filters: unitRows(filters),
      penalty: settings.number("penalty"),
      largest: peak,
      isNonnegative: true,
      isTied: settings.text("encoder") == "tied",
      hasUnitFilters: false
    )
    return ImageDCEANetwork(coding, layers: settings.integer("layers"))
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    var tensors = model.tensors
    guard let peak = tensors.removeValue(forKey: "peak")?.double, peak.count == 1 else {
      throw StudyError.invalid("\(id): the model file has no number 'peak'")
    }
    let network = network(settings, peak: peak.scalar, RandomStream(seed: 0))
    try network.load(tensors, source: "the model of \(id)")
    return CountDenoising(denoise: { network.shiftedMeans($0) }, smallestSide: 1)
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let problems = try CountImageProblems(request)
    let given = settings.number("peak")
    let peak = given > 0 ? given : problems.peak
    let network = network(settings, peak: peak, request.stream)
    if let initial = request.initial {
      var tensors = initial.tensors
      tensors["peak"] = nil
      try network.load(tensors, source: "the initial model of \(id)")
    }
    var context = request.context(validation: problems.validation, redraw: problems.redraw)
    context.groups = network.groups
    let scale = Float(1 / (peak * peak))
    let outcome = try NeuralNetworks.train(
      network,
      on: problems.training,
      settings: TrainingChoices.trainingSettings(
        settings,
        hasValidation: problems.validation != nil
      ).validatingInBatches,
      context: context
    ) { inputs, _ in
      let means = network.means(try inputs.named("observations"))
      return meanSquaredError(means, try inputs.named("targets")) * scale
    }
    var tensors = network.tensors()
    tensors["peak"] = .double(Tensor(peak))
    return request.result(
      of: [outcome],
      method: id,
      version: version,
      tensors: tensors,
      axes: ["batch", "height", "width"]
    )
  }
}
