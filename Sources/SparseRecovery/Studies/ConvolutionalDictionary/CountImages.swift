internal import Autodiff
package import Studies
internal import Tensors

/// The task of finding the means of images of Poisson counts.
package enum CountDenoisingTask {
  package static let id = "count-denoising"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Find the means of images of Poisson counts.",
    metrics: [
      MetricDescription(
        id: "relative_error",
        title: "squared error of a pixel over the squared largest mean of its image",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { outputs, truth in
          let errors = try relativeErrors(outputs, truth)
          return count(errors)
        }
      ),
      MetricDescription(
        id: "psnr",
        title: "PSNR with the largest mean of each image as peak, in dB",
        unit: "",
        isLogarithmic: false,
        countsErrors: false,
        measure: { outputs, truth in
          count(try relativeErrors(outputs, truth).map { -10 * decadicLogarithm(max($0, 1e-30)) })
        }
      ),
    ],
    costUnit: "image",
    itemCount: { try CountImages.images("observations", in: $0).images.shape[0] },
    slice: { bundle, range in
      let batch = try CountImages.images("observations", in: bundle).images.shape[0]
      guard range.lowerBound >= 0, range.upperBound <= batch, !range.isEmpty else {
        throw StudyError.invalid(
          "\(bundle.source): images \(range) are not among the \(batch) there are"
        )
      }
      return bundle.sliced(
        range,
        of: batch,
        ranks: ["observations": 3, "targets": 3, "estimates": 3]
      )
    },
    image: { arrays, name in
      let image = try CountImages.images(name, in: arrays).images.picked(axis: 0, 0)
      let largest = image.scalars.reduce(0) { max($0, $1) }
      return image * (largest > 0 ? 1 / largest : 0)
    },
    imageMetric: "psnr"
  )

  private static func count(_ values: [Double]) -> MetricDescription.Count {
    MetricDescription.Count(
      trials: values.count,
      errors: 0,
      sum: values.reduce(0, +),
      sumOfSquares: values.reduce(0) { $0 + $1 * $1 },
      reference: Double(values.count)
    )
  }

  /// The mean squared error of each image over the square of its largest mean.
  private static func relativeErrors(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws
    -> [Double]
  {
    let estimates = try CountImages.images("estimates", in: outputs).images
    let targets = try CountImages.images("targets", in: truth).images
    guard targets.shape == estimates.shape else {
      throw StudyError.badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    let size = targets.count / targets.shape[0]
    return estimates.withScalars { estimates in
      targets.withScalars { targets in
        (0..<(targets.count / size)).map { item in
          var (error, largest) = (0.0, 0.0)
          for place in (item * size)..<((item + 1) * size) {
            let difference = Double(estimates[place]) - Double(targets[place])
            error += difference * difference
            largest = max(largest, Double(targets[place]))
          }
          return error / Double(size) / max(largest * largest, 1e-30)
        }
      }
    }
  }
}

/// The arrays of the task, and how they are read.
enum CountImages {
  static let arrays: [MethodDescription.Array] = [
    .init(
      "observations",
      [["height", "width"], ["batch", "height", "width"]],
      .input,
      unit: "counts",
      "images of counts"
    ),
    .init(
      "targets",
      [["height", "width"], ["batch", "height", "width"]],
      .target,
      isRequired: false,
      unit: "counts",
      "the true means: what training learns from and errors are measured against"
    ),
    .init(
      "estimates",
      [["height", "width"], ["batch", "height", "width"]],
      .output,
      unit: "counts",
      "the means"
    ),
  ]

  /// Checked images, `[batch, height, width]`.
  static func images(_ name: String, in bundle: ArrayBundle) throws(StudyError) -> (
    images: Tensor<Float>, isSingle: Bool
  ) {
    let words = "[height, width] or [batch, height, width]"
    guard let shape = bundle[name]?.shape else {
      throw .missingArray(name, source: bundle.source, expected: words)
    }
    guard shape.count == 2 || shape.count == 3, shape.allSatisfy({ $0 > 0 }) else {
      throw .badShape(array: name, source: bundle.source, expected: words, actual: shape)
    }
    let tensor = try SparseArrays.real(name, in: bundle, as: Float.self)
    return shape.count == 3 ? (tensor, false) : (tensor.viewed(as: [1] + shape), true)
  }

  /// Checked counts.
  static func counts(in bundle: ArrayBundle) throws(StudyError) -> (
    images: Tensor<Float>, isSingle: Bool
  ) {
    let (images, isSingle) = try images("observations", in: bundle)
    let bad = images.withScalars { $0.firstIndex { !ObservationLaw.poisson.admits(Double($0)) } }
    if let bad {
      throw .badNumbers(
        array: "observations",
        source: bundle.source,
        reason:
          "has a number at place \(bad) (row-major) that is not \(ObservationLaw.poisson.range)"
      )
    }
    return (images, isSingle)
  }
}

/// Images of Poisson counts: drawn, or of a folder.
package enum CountImageScenario {
  package static let id = "poisson-images"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: CountDenoisingTask.id,
    summary: "Images whose pixels are Poisson counts, a few at the brightest.",
    settings: ImageSource.settings + [
      .init("height", .integer(4...100_000), standard: .integer(64), "rows of an image"),
      .init("width", .integer(4...100_000), standard: .integer(64), "columns of an image"),
      .init(
        "peak",
        .number(1e-6...1e9),
        standard: .number(4),
        "the mean count of the brightest pixel of each image"
      ),
    ],
    item: "image",
    axisLabels: ["peak": .init(title: "mean count of the brightest pixel", unit: "")],
    draw: { settings, purpose, count, stream in
      guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) images") }
      let images = try ImageSource(settings, purpose)
        .drawn(count, from: stream.derived("images"))
      let means = scaled(images, peak: settings.number("peak"))
      var counts = stream.derived("counts")
      var bundle = ArrayBundle(source: "scenario \(id)")
      bundle["observations"] = .float(counts.poisson(means))
      bundle["targets"] = .float(means)
      return bundle
    }
  )

  /// Each image with its brightest pixel at the peak; an image of zeros stays one.
  private static func scaled(_ images: Tensor<Float>, peak: Double) -> Tensor<Float> {
    let size = images.count / images.shape[0]
    return images.withScalars { source in
      Tensor(shape: images.shape) { target in
        for start in stride(from: 0, to: source.count, by: size) {
          var largest: Float = 0
          for i in start..<(start + size) { largest = max(largest, source[i]) }
          let factor = largest > 0 ? Float(peak) / largest : 0
          for i in start..<(start + size) { target[i] = max(source[i], 0) * factor }
        }
      }
    }
  }
}
