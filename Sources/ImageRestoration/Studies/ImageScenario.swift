internal import Autodiff
package import Studies
internal import Tensors

/// Images and what is seen of them: the operators of the studies.
package enum ImageScenario {
  package static let id = "images"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: ImageTask.id,
    summary: "Procedural images or a folder of yours, seen through an operator, with noise.",
    settings: ImageSource.settings + [
      .init("height", .integer(8...4096), standard: .integer(64), "rows of an image"),
      .init("width", .integer(8...4096), standard: .integer(64), "columns of an image"),
      .init(
        "measurement",
        .choice([
          "denoising", "blur", "inpainting", "compressed-sensing", "fourier", "super-resolution",
        ]),
        standard: .text("blur"),
        "how images are seen"
      ),
      .init(
        "problem",
        .integer(0...4),
        standard: .integer(0),
        "the measurement as a number for axes: 1 blur, 2 inpainting, 3 compressed sensing, 4 Fourier; 0 for"
          + " what measurement says"
      ),
      .init(
        "kernel",
        .choice(["gaussian", "uniform", "motion"]),
        standard: .text("gaussian"),
        "what blurs; also before super-resolution"
      ),
      .init(
        "blur",
        .number(0.3...50),
        standard: .number(1.6),
        "deviation of the Gaussian, side of the square, length of the movement",
        unit: "pixels"
      ),
      .init("factor", .integer(2...8), standard: .integer(2), "pixels a step of super-resolution"),
      .init(
        "keep",
        .number(0.01...1),
        standard: .number(0.5),
        "share of pixels or frequencies that are seen, or measurements a pixel"
      ),
      .init(
        "pattern",
        .choice(["random", "lines"]),
        standard: .text("random"),
        "which frequencies: denser towards low ones, or whole lines of them"
      ),
      .init(
        "operator_seed",
        .integer(0...1_000_000),
        standard: .integer(1),
        "which random mask or matrix"
      ),
      .init(
        "noise",
        .choice(["gaussian", "poisson"]),
        standard: .text("gaussian"),
        "the noise's law"
      ),
      .init(
        "noise_deviation",
        .number(0...10),
        standard: .number(0.01),
        "standard deviation of Gaussian noise on a measurement"
      ),
      .init(
        "peak",
        .number(0.01...1e9),
        standard: .number(100),
        "counts of a white pixel under Poisson noise"
      ),
    ],
    item: "image",
    axisLabels: [
      "blur": .init(title: "blur", unit: "pixels"),
      "problem": .init(title: "blur, inpainting, compressed sensing, Fourier", unit: ""),
      "keep": .init(title: "share measured", unit: ""),
      "noise_deviation": .init(title: "noise deviation", unit: ""),
    ],
    draw: { settings, purpose, count, stream in try draw(settings, purpose, count, stream) }
  )

  private static func draw(
    _ settings: Settings,
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) images") }
    let images = try ImageSource(settings, purpose).drawn(count, from: stream)
    var bundle = ArrayBundle(source: "scenario \(id)")
    bundle["targets"] = .float(images)
    do { try see(images, settings, stream, into: &bundle) } catch let error as ImageRestorationError
    { throw StudyError.invalid("scenario \(id): \(error)") }
    return bundle
  }

  private static func measurement(_ settings: Settings) -> String {
    switch settings.integer("problem") {
    case 1: "blur"
    case 2: "inpainting"
    case 3: "compressed-sensing"
    case 4: "fourier"
    default: settings.text("measurement")
    }
  }

  /// Adds the operator's arrays and the observations.
  private static func see(
    _ images: Tensor<Float>,
    _ settings: Settings,
    _ stream: RandomStream,
    into bundle: inout ArrayBundle
  ) throws {
    let (height, width) = (settings.integer("height"), settings.integer("width"))
    let keep = settings.number("keep")
    var random = RandomStream(seed: UInt64(settings.integer("operator_seed")))
      .derived("operator")
    switch measurement(settings) {
    case "blur":
      let kernel = kernel(settings)
      bundle["kernel"] = .float(kernel)
      let blur = try CircularBlur(kernel: kernel, height: height, width: width)
      bundle["observations"] = .float(noisy(blur.measurements(of: images), settings, stream))
    case "super-resolution":
      let kernel = kernel(settings)
      bundle["kernel"] = .float(kernel)
      let factor = settings.integer("factor")
      let seen = try SuperResolution(kernel: kernel, factor: factor, height: height, width: width)
      bundle["observations"] = .float(noisy(seen.measurements(of: images), settings, stream))
    case "inpainting":
      let mask = try MaskOperator<Float>
        .random(keeping: keep, height: height, width: width, from: &random)
      bundle["mask"] = .float(mask.mask)
      bundle["observations"] = .float(
        noisy(mask.measurements(of: images), settings, stream) * mask.mask
      )
    case "compressed-sensing":
      let rows = max(1, Int((keep * Double(height * width)).rounded()))
      let dense = try DenseOperator<Float>
        .gaussian(measurements: rows, height: height, width: width, from: &random)
      bundle["operator"] = .float(dense.matrix)
      bundle["observations"] = .float(noisy(dense.measurements(of: images), settings, stream))
    case "fourier":
      let mask = FrequencyMask.drawn(
        settings.text("pattern"),
        keeping: keep,
        height: height,
        width: width,
        from: &random
      )
      bundle["mask"] = .float(mask)
      let seen = try UndersampledFourier(mask: mask)
      bundle["observations"] = .complex(noisy(seen.measurements(of: images), settings, stream))
    default: bundle["observations"] = .float(noisy(images, settings, stream))
    }
    let deviation = settings.number("noise_deviation")
    let isPoisson = settings.text("noise") == "poisson"
    // Of Poisson counts the mean over mid-gray.
    let variance = isPoisson ? 0.5 / settings.number("peak") : deviation * deviation
    bundle["noise_variance"] = .float(Tensor(Float(variance)))
  }

  private static func kernel(_ settings: Settings) -> Tensor<Float> {
    let size = settings.number("blur")
    let kernel: Tensor<Double> =
      switch settings.text("kernel") {
      case "uniform": BlurKernel.uniform(extent: 2 * Int((size / 2).rounded(.down)) + 1)
      case "motion": BlurKernel.motion(length: max(size, 1), angleRadians: 0.6)
      default: BlurKernel.gaussian(deviation: size)
      }
    return kernel.converted(to: Float.self)
  }

  private static func noisy(
    _ clean: Tensor<Float>,
    _ settings: Settings,
    _ stream: RandomStream
  ) -> Tensor<Float> {
    var noise = stream.derived("noise")
    if settings.text("noise") == "poisson" {
      let peak = Float(settings.number("peak"))
      return noise.poisson(maximum(clean, Tensor(0)) * peak) * (1 / peak)
    }
    let deviation = Float(settings.number("noise_deviation"))
    guard deviation > 0 else { return clean }
    let normals: Tensor<Float> = noise.normal(clean.shape)
    return clean + normals * deviation
  }
}

/// Which frequencies are measured.
enum FrequencyMask {
  /// A mask, `[height, width]`, frequency (0, 0) first; the lowest frequencies are always in it.
  ///
  /// `random`: each frequency with a probability that falls with its size; `lines`: whole rows of the
  /// spectrum, as in Cartesian magnetic resonance, chosen in the same way.
  static func drawn(
    _ pattern: String,
    keeping share: Double,
    height: Int,
    width: Int,
    from stream: inout RandomStream
  ) -> Tensor<Float> {
    func size(_ u: Int, _ v: Int) -> Double {
      let a = Double(min(u, height - u)) / Double(height)
      let b = pattern == "lines" ? 0 : Double(min(v, width - v)) / Double(width)
      return (a * a + b * b).squareRoot()
    }
    let places = pattern == "lines" ? height : height * width
    let random: Tensor<Float> = stream.uniform([places])
    let numbers = random.scalars
    // The smallest keys are kept, so that the share is met exactly.
    let keys = (0..<places).map { place -> Double in
      let distance = pattern == "lines" ? size(place, 0) : size(place / width, place % width)
      return distance < 0.04 ? -1 : Double(numbers[place]) * (distance + 0.05)
    }
    let kept = max(1, Int((share * Double(places)).rounded()))
    let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }.prefix(kept)
    var mask = [Float](repeating: 0, count: height * width)
    for place in order {
      if pattern == "lines" {
        for column in 0..<width { mask[place * width + column] = 1 }
      } else {
        mask[place] = 1
      }
    }
    return Tensor(mask, shape: [height, width])
  }
}
