internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Images of counts and their means that a network is trained on, checked and cut.
struct CountImageProblems {
  let training: Dataset<Float>
  let validation: Dataset<Float>?
  /// Reads the images of a later pass, drawn anew.
  let redraw: (ArrayBundle) throws -> Dataset<Float>
  /// The largest mean of the training images.
  let peak: Double

  init(_ request: TrainingRequest) throws {
    let own = try Self.pair(request.data)
    peak = Double(max(own.means.withScalars { $0.max() ?? 1 }, 1e-6))
    let (learned, heldOut) = request.parts(of: own.counts.shape[0])
    training = try Self.dataset(own, learned)
    let held = try request.validation.map { try Self.pair($0) }
    validation =
      try held.map { try Self.dataset($0, 0..<$0.counts.shape[0]) }
      ?? heldOut.map { try Self.dataset(own, $0) }
    redraw = { try Self.dataset(try Self.pair($0), learned) }
  }

  typealias Pair = (counts: Tensor<Float>, means: Tensor<Float>)

  private static func pair(_ bundle: ArrayBundle) throws(StudyError) -> Pair {
    let counts = try CountImages.counts(in: bundle).images
    let means = try CountImages.images("targets", in: bundle).images
    guard means.shape == counts.shape else {
      throw .badShape(
        array: "targets",
        source: bundle.source,
        expected: "\(counts.shape), as the observations",
        actual: means.shape
      )
    }
    return (counts, means)
  }

  private static func dataset(_ pair: Pair, _ range: Range<Int>) throws -> Dataset<Float> {
    func cut(_ tensor: Tensor<Float>) -> Tensor<Float> {
      let width = tensor.count / tensor.shape[0]
      return tensor.withScalars { source in
        Tensor(
          Array(source[(range.lowerBound * width)..<(range.upperBound * width)]),
          shape: [range.count] + tensor.shape.dropFirst()
        )
      }
    }
    return try Dataset(["observations": cut(pair.counts), "targets": cut(pair.means)])
  }
}

/// A trained denoiser of counts, ready for images.
struct CountDenoising: PreparedMethod {
  /// From counts to means, `[1, height, width]` both.
  let denoise: @Sendable (Tensor<Float>) -> Tensor<Float>
  /// The smallest side that it takes.
  let smallestSide: Int

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let (images, isSingle) = try CountImages.counts(in: arrays)
    guard images.shape[1] >= smallestSide, images.shape[2] >= smallestSide else {
      throw StudyError.badShape(
        array: "observations",
        source: arrays.source,
        expected: "images of at least \(smallestSide) x \(smallestSide)",
        actual: images.shape
      )
    }
    let means = SequenceChunks.mapped(images, pool: pool, denoise)
    let isFinite = means.withScalars { $0.allSatisfy(\.isFinite) }
    var bundle = ArrayBundle(source: arrays.source)
    bundle["estimates"] = .float(
      isSingle ? means.viewed(as: Array(means.shape.dropFirst())) : means
    )
    return InferenceResult(
      arrays: bundle,
      failure: isFinite ? nil : "a number of the estimates is not finite"
    )
  }
}
