internal import Studies
internal import Tensors

/// Arrays and settings that the methods of sequence separation share, and how they are read.
enum SequenceArrays {
  static let observations = MethodDescription.Array(
    "observations",
    [["frames", "height", "width"], ["batch", "frames", "height", "width"]],
    .input,
    unit: "as measured",
    "image sequences; a number that is not finite is an error"
  )
  static let targets = MethodDescription.Array(
    "targets",
    [["2", "frames", "height", "width"], ["batch", "2", "frames", "height", "width"]],
    .target,
    isRequired: false,
    unit: "as the observations",
    "the true low-rank part, then the true sparse part"
  )
  static let estimates = MethodDescription.Array(
    "estimates",
    [["2", "frames", "height", "width"], ["batch", "2", "frames", "height", "width"]],
    .output,
    unit: "as the observations",
    "the low-rank part, then the sparse part"
  )

  /// The extents from which operations are counted.
  static let extents: [SettingDescription] = [
    .init("frames", .integer(1...100_000), standard: .integer(20), counting("frames")),
    .init("height", .integer(1...100_000), standard: .integer(32), counting("rows of a frame")),
    .init("width", .integer(1...100_000), standard: .integer(32), counting("columns of a frame")),
  ]

  private static func counting(_ what: String) -> String {
    "\(what), to count operations; computing takes the arrays' own"
  }

  /// Checked sequences, `[batch, frames, height, width]`.
  static func sequences<Scalar: RealTensorScalar>(
    in bundle: ArrayBundle,
    as scalar: Scalar.Type
  ) throws(StudyError) -> (sequences: Tensor<Scalar>, isSingle: Bool) {
    try stack("observations", in: bundle, rank: 4, as: scalar)
  }

  /// Checked parts, `[batch, 2, frames, height, width]`.
  static func parts<Scalar: RealTensorScalar>(
    _ name: String,
    in bundle: ArrayBundle,
    as scalar: Scalar.Type
  ) throws(StudyError) -> Tensor<Scalar> {
    let tensor = try stack(name, in: bundle, rank: 5, as: scalar).sequences
    guard tensor.shape[1] == 2 else {
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: "[batch, 2, frames, height, width], the low-rank part and the sparse part",
        actual: tensor.shape
      )
    }
    return tensor
  }

  private static func stack<Scalar: RealTensorScalar>(
    _ name: String,
    in bundle: ArrayBundle,
    rank: Int,
    as scalar: Scalar.Type
  ) throws(StudyError) -> (sequences: Tensor<Scalar>, isSingle: Bool) {
    let words =
      (rank == 5 ? "[2, frames, height, width]" : "[frames, height, width]")
      + ", or with a batch in front"
    guard let array = bundle[name] else {
      throw .missingArray(name, source: bundle.source, expected: words)
    }
    let shape = array.shape
    guard shape.count == rank || shape.count == rank - 1, shape.allSatisfy({ $0 > 0 }) else {
      throw .badShape(array: name, source: bundle.source, expected: words, actual: shape)
    }
    let tensor = try SparseArrays.real(name, in: bundle, as: scalar)
    return shape.count == rank
      ? (tensor, false) : (tensor.viewed(as: [1] + shape), true)
  }

  /// Estimates as an output array of the observations' form.
  static func output<Scalar: RealTensorScalar>(
    _ estimates: Tensor<Scalar>,
    isSingle: Bool,
    source: String
  ) -> ArrayBundle {
    let shaped =
      isSingle ? estimates.viewed(as: Array(estimates.shape.dropFirst())) : estimates
    var bundle = ArrayBundle(source: source)
    bundle["estimates"] =
      Scalar.self == Double.self
      ? .double(shaped.converted(to: Double.self)) : .float(shaped.converted(to: Float.self))
    return bundle
  }
}
