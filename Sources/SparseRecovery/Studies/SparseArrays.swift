package import Studies
internal import Tensors

/// Arrays and settings that the methods of sparse recovery share, and how they are read.
package enum SparseArrays {
  package static let observations = MethodDescription.Array(
    "observations",
    [["measurements"], ["batch", "measurements"]],
    .input,
    unit: "as measured",
    "one problem a row; a number that is not finite is an error"
  )
  package static let targets = MethodDescription.Array(
    "targets",
    [["unknowns"], ["batch", "unknowns"]],
    .target,
    isRequired: false,
    unit: "as the signals",
    "the true signals: what training learns from and errors are measured against"
  )
  package static let estimates = MethodDescription.Array(
    "estimates",
    [["unknowns"], ["batch", "unknowns"]],
    .output,
    unit: "as the signals",
    "the recovered signals"
  )

  /// The operator: read on every call, or in training only and kept in the model file.
  package static func operators(inModel: Bool) -> MethodDescription.Array {
    .init(
      "operator",
      [["measurements", "unknowns"]],
      .knowledge,
      isRequired: !inModel,
      inModel
        ? "the dictionary; needed in training, then kept in the model file"
        : "the dictionary: observations = operator * signal + noise"
    )
  }

  /// The noise power.
  package static func noiseVariance(_ summary: String) -> MethodDescription.Array {
    .init(
      "noise_variance",
      [[]],
      .knowledge,
      isRequired: false,
      unit: "linear, 0 or more",
      summary
    )
  }

  /// How far an iterative method or network goes.
  package static let stopAfter = SettingDescription(
    "stop_after",
    .integer(0...1_000_000),
    standard: .integer(0),
    "layers or iterations made at inference; 0 for all"
  )

  /// The extents from which parameters and operations are counted.
  package static let extents: [SettingDescription] = [
    .init(
      "measurements",
      .integer(1...1_000_000),
      standard: .integer(250),
      "rows of the operator, to count parameters and operations; computing takes the arrays' own"
    ),
    .init(
      "unknowns",
      .integer(1...1_000_000),
      standard: .integer(500),
      "columns of the operator, to count parameters and operations; as above"
    ),
  ]

  /// A checked real array of two axes, or of one that is then the only row.
  static func rows<Scalar: RealTensorScalar>(
    _ name: String,
    in bundle: ArrayBundle,
    width: Int? = nil,
    as scalar: Scalar.Type
  ) throws(StudyError) -> (rows: Tensor<Scalar>, isSingle: Bool) {
    let words = width.map { "[\($0)] or [batch, \($0)]" } ?? "[width] or [batch, width]"
    guard let array = bundle[name] else {
      throw .missingArray(name, source: bundle.source, expected: words)
    }
    let shape = array.shape
    guard shape.count == 1 || shape.count == 2, shape.allSatisfy({ $0 > 0 }),
      width == nil || shape.last == width
    else {
      throw .badShape(array: name, source: bundle.source, expected: words, actual: shape)
    }
    let tensor = try real(name, in: bundle, as: scalar)
    let width = shape[shape.count - 1]
    return (tensor.viewed(as: [tensor.count / width, width]), shape.count == 1)
  }

  /// A real array of finite numbers.
  static func real<Scalar: RealTensorScalar>(
    _ name: String,
    in bundle: ArrayBundle,
    as scalar: Scalar.Type
  ) throws(StudyError) -> Tensor<Scalar> {
    guard let array = bundle[name] else {
      throw .missingArray(name, source: bundle.source, expected: "real numbers")
    }
    let tensor: Tensor<Scalar>
    switch array {
    case .float(let float): tensor = float as? Tensor<Scalar> ?? float.converted(to: scalar)
    case .double(let double): tensor = double as? Tensor<Scalar> ?? double.converted(to: scalar)
    case .complex:
      throw .badNumbers(array: name, source: bundle.source, reason: "is complex, expected real")
    }
    let firstBad = tensor.withScalars { numbers in numbers.firstIndex { !$0.isFinite } }
    if let firstBad {
      throw .badNumbers(
        array: name,
        source: bundle.source,
        reason: "has a number that is not finite at place \(firstBad) (row-major)"
      )
    }
    return tensor
  }

  /// The operator, `[m, n]`.
  static func operators(in bundle: ArrayBundle) throws(StudyError) -> Tensor<Double> {
    let tensor = try real("operator", in: bundle, as: Double.self)
    guard tensor.rank == 2, tensor.count > 0 else {
      throw .badShape(
        array: "operator",
        source: bundle.source,
        expected: "[measurements, unknowns]",
        actual: tensor.shape
      )
    }
    return tensor
  }

  /// The noise power; nil when it is not given.
  static func noiseVariance(in bundle: ArrayBundle) throws(StudyError) -> Double? {
    guard bundle["noise_variance"] != nil else { return nil }
    let tensor = try real("noise_variance", in: bundle, as: Double.self)
    guard tensor.count == 1 else {
      throw .badShape(
        array: "noise_variance",
        source: bundle.source,
        expected: "a single number",
        actual: tensor.shape
      )
    }
    guard tensor.scalar >= 0 else {
      throw .badNumbers(
        array: "noise_variance",
        source: bundle.source,
        reason: "is \(tensor.scalar), expected 0 or more"
      )
    }
    return tensor.scalar
  }

  /// The domain's errors in the words of arrays.
  static func asStudyError(_ error: any Error, source: String) -> any Error {
    guard let error = error as? SparseRecoveryError else { return error }
    return StudyError.invalid("\(source): \(error)")
  }

  /// Estimates as an output array of the observations' form.
  static func output<Scalar: RealTensorScalar>(
    _ estimates: Tensor<Scalar>,
    isSingle: Bool,
    isDouble: Bool,
    source: String
  ) -> ArrayBundle {
    let shaped = isSingle ? estimates.viewed(as: [estimates.count]) : estimates
    var bundle = ArrayBundle(source: source)
    bundle["estimates"] =
      isDouble
      ? .double(shaped.converted(to: Double.self)) : .float(shaped.converted(to: Float.self))
    return bundle
  }
}
