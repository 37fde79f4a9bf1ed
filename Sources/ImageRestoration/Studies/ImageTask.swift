package import Studies
internal import Tensors

/// The task of this domain: images from what was seen of them.
package enum ImageTask {
  package static let id = "image-restoration"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Restore images from blurred, incomplete or compressed measurements.",
    metrics: [
      MetricDescription(
        id: "nmse",
        title: "normalised mean squared error",
        unit: "dB",
        isLogarithmic: false,
        countsErrors: false,
        measure: { try normalisedErrors($0, $1) }
      ),
      MetricDescription(
        id: "psnr",
        title: "mean peak signal-to-noise ratio",
        unit: "decibels",
        isLogarithmic: false,
        countsErrors: false,
        measure: { outputs, truth in
          try means(outputs, truth) { min(ImageQuality.psnrDecibels($0, $1), 200) }
        }
      ),
      MetricDescription(
        id: "ssim",
        title: "mean structural similarity",
        unit: "",
        isLogarithmic: false,
        countsErrors: false,
        measure: { outputs, truth in
          // An image smaller than the window has no structural similarity.
          try means(outputs, truth) { estimate, target in
            target.shape.allSatisfy { $0 >= 11 }
              ? ImageQuality.structuralSimilarity(estimate, target) : nil
          }
        }
      ),
      MetricDescription(
        id: "residual",
        title: "last relative change of an iteration",
        unit: "",
        isLogarithmic: true,
        countsErrors: false,
        measure: { outputs, truth in
          let last = Double(outputs["residuals"]?.float?.scalars.last ?? 0)
          return try means(outputs, truth) { _, _ in last }
        }
      ),
      MetricDescription(
        id: "pixel_error",
        title: "mean squared error of a pixel",
        unit: "",
        isLogarithmic: true,
        countsErrors: false,
        measure: { outputs, truth in
          try means(outputs, truth) { estimate, target in
            zip(estimate.scalars, target.scalars)
              .reduce(0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / Double(target.count)
          }
        }
      ),
    ],
    itemCount: { bundle in try count(bundle) },
    slice: { bundle, range in try slice(bundle, range) },
    image: { bundle, name in shown(bundle, name) },
    imageMetric: "psnr"
  )

  /// The first image of an array; nil where it holds no images, as with a dense or a Fourier operator.
  private static func shown(_ bundle: ArrayBundle, _ name: String) -> Tensor<Float>? {
    guard !ImageArrays.isComplex(bundle[name]), let tensor = bundle[name]?.float else { return nil }
    let images = tensor.rank == 2 ? tensor.viewed(as: [1] + tensor.shape) : tensor
    guard images.rank == 3, images.shape[1] > 1, images.shape[2] > 1 else { return nil }
    return image(images, 0)
  }

  private static func pairs(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws(StudyError)
    -> [(estimate: Tensor<Float>, target: Tensor<Float>)]
  {
    let targets = try ImageArrays.images("targets", in: truth)
    guard let array = outputs["estimates"]?.float else {
      throw .missingArray("estimates", source: outputs.source, expected: "real numbers")
    }
    let estimates = array.rank == 2 ? array.viewed(as: [1] + array.shape) : array
    guard estimates.shape == targets.shape else {
      throw .badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    return (0..<targets.shape[0]).map { (image(estimates, $0), image(targets, $0)) }
  }

  /// One image of a stack.
  private static func image(_ images: Tensor<Float>, _ index: Int) -> Tensor<Float> {
    let size = images.shape[1] * images.shape[2]
    return images.withScalars {
      Tensor(Array($0[index * size..<(index + 1) * size]), shape: Array(images.shape.dropFirst()))
    }
  }

  private static func normalisedErrors(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws
    -> MetricDescription.Count
  {
    var count = MetricDescription.Count(
      trials: 0,
      errors: 0,
      sum: 0,
      sumOfSquares: 0,
      reference: 0
    )
    for (estimate, target) in try pairs(outputs, truth) {
      let energy = target.scalars.reduce(0) { $0 + Double($1) * Double($1) }
      let error = energy > 0 ? ImageQuality.normalisedError(estimate, target) * energy : 0
      count.trials += 1
      count.sum += error
      count.sumOfSquares += error * error
      count.reference += energy
    }
    return count
  }

  private static func means(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle,
    _ value: (Tensor<Float>, Tensor<Float>) -> Double?
  ) throws -> MetricDescription.Count {
    let values = try pairs(outputs, truth).compactMap { value($0.estimate, $0.target) }
    return MetricDescription.Count(
      trials: values.count,
      errors: 0,
      sum: values.reduce(0, +),
      sumOfSquares: values.reduce(0) { $0 + $1 * $1 },
      reference: Double(values.count)
    )
  }

  /// How many images there are: of the targets, or one observation an image.
  private static func count(_ bundle: ArrayBundle) throws(StudyError) -> Int {
    if bundle["targets"] != nil || bundle["images"] != nil {
      return try ImageArrays.images("targets", in: bundle).shape[0]
    }
    guard let array = bundle["observations"] else {
      throw .missingArray("observations", source: bundle.source, expected: "one for each image")
    }
    return array.shape.first ?? 0
  }

  /// The images of a range; the operator and the noise power belong to all.
  private static func slice(_ bundle: ArrayBundle, _ range: Range<Int>) throws -> ArrayBundle {
    let count = try count(bundle)
    guard range.lowerBound >= 0, range.upperBound <= count, !range.isEmpty else {
      throw StudyError.invalid("\(bundle.source): images \(range) are not among the \(count)")
    }
    var part = bundle
    for name in ["observations", "targets", "estimates", "images"] {
      switch bundle[name] {
      case .float(let tensor): part[name] = .float(cut(tensor, range, of: count))
      case .double(let tensor): part[name] = .double(cut(tensor, range, of: count))
      case .complex(let tensor): part[name] = .complex(cut(tensor, range, of: count))
      case nil: continue
      }
    }
    return part
  }

  private static func cut<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ range: Range<Int>,
    of count: Int
  ) -> Tensor<Scalar> {
    guard tensor.shape.first == count, tensor.rank > 1 else { return tensor }
    let size = tensor.count / count
    return tensor.withScalars { source in
      Tensor(
        Array(source[range.lowerBound * size..<range.upperBound * size]),
        shape: [range.count] + tensor.shape.dropFirst()
      )
    }
  }
}
