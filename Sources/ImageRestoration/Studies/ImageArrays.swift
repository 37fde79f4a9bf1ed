package import Studies
package import Tensors

/// Arrays and settings that the methods of image restoration share.
package enum ImageArrays {
  package static let observations = MethodDescription.Array(
    "observations",
    [
      ["height", "width"], ["batch", "height", "width"], ["batch", "measurements"],
      ["batch", "samples"],
    ],
    .input,
    unit: "as measured",
    "what is seen of each image; of the operator 'dense' one row an image, of 'fourier' complex samples"
      + " in the mask's order; an array 'images', as a folder of images gives, stands in for it"
  )
  package static let targets = MethodDescription.Array(
    "targets",
    [["height", "width"], ["batch", "height", "width"]],
    .target,
    isRequired: false,
    unit: "0 black to 1 white",
    "the true images: what errors are measured against; in training 'images' stands in for it"
  )
  package static let operators = MethodDescription.Array(
    "operator",
    [["measurements", "pixels"]],
    .knowledge,
    isRequired: false,
    "the matrix of the measurement 'dense'; pixels row by row"
  )
  package static let kernel = MethodDescription.Array(
    "kernel",
    [["rows", "columns"]],
    .knowledge,
    isRequired: false,
    "what images are blurred with, for 'blur' and 'super-resolution'; odd extents, the middle in place"
  )
  package static let mask = MethodDescription.Array(
    "mask",
    [["height", "width"]],
    .knowledge,
    isRequired: false,
    unit: "0 or 1",
    "pixels that are seen, for 'mask', or frequencies that are measured, for 'fourier'"
  )
  package static let noiseVariance = MethodDescription.Array(
    "noise_variance",
    [[]],
    .knowledge,
    isRequired: false,
    unit: "linear, 0 or more",
    "noise power of a measurement, from which a setting of 0 is replaced"
  )
  package static let estimates = MethodDescription.Array(
    "estimates",
    [["height", "width"], ["batch", "height", "width"]],
    .output,
    unit: "0 black to 1 white",
    "the restored images"
  )
  package static let residuals = MethodDescription.Array(
    "residuals",
    [["iterations"]],
    .output,
    unit: "relative",
    "largest relative change of an image in each iteration; of one number, 0, for a closed form"
  )

  /// All of them.
  package static let all = [
    observations, targets, operators, kernel, mask, noiseVariance, estimates, residuals,
  ]

  /// What every method can be told about the operator.
  package static let settings: [SettingDescription] = [
    .init(
      "measurement",
      .choice(["auto", "identity", "dense", "blur", "mask", "super-resolution", "fourier"]),
      standard: .text("auto"),
      "how images are seen; auto goes by the arrays: operator, kernel, mask, complex observations"
    ),
    .init(
      "boundary",
      .choice(["circular", "reflective"]),
      standard: .text("circular"),
      "how a blurred image goes on beyond its rim"
    ),
    .init(
      "factor",
      .integer(1...64),
      standard: .integer(1),
      "pixels a step of super-resolution, along both axes"
    ),
    .init(
      "height",
      .integer(0...100_000),
      standard: .integer(0),
      "rows of an image where the operator is a matrix; 0 for a square"
    ),
  ]

  /// How long iterative methods run.
  package static func stopping(iterations: Int, tolerance: Double) -> [SettingDescription] {
    [
      .init(
        "iterations",
        .integer(1...1_000_000),
        standard: .integer(iterations),
        "iterations at most"
      ),
      .init(
        "tolerance",
        .number(0...1),
        standard: .number(tolerance),
        "relative change of the images at which the iteration has converged; 0 to make all iterations"
      ),
      .init(
        "stop_after",
        .integer(0...1_000_000),
        standard: .integer(0),
        "iterations made at inference; 0 to go by the tolerance"
      ),
    ]
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
    guard let tensor = numbers(array, as: scalar), !isComplex(array) else {
      throw .badNumbers(array: name, source: bundle.source, reason: "is complex, expected real")
    }
    try checkFinite(tensor, name, bundle)
    return tensor
  }

  static func isComplex(_ array: NumericArray?) -> Bool {
    if case .complex = array { true } else { false }
  }

  /// The numbers in a precision; complex ones with their last axis.
  private static func numbers<Scalar: RealTensorScalar>(
    _ array: NumericArray,
    as scalar: Scalar.Type
  ) -> Tensor<Scalar>? {
    switch array {
    case .float(let tensor), .complex(let tensor):
      tensor as? Tensor<Scalar> ?? tensor.converted(to: scalar)
    case .double(let tensor): tensor as? Tensor<Scalar> ?? tensor.converted(to: scalar)
    }
  }

  private static func checkFinite<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>,
    _ name: String,
    _ bundle: ArrayBundle
  ) throws(StudyError) {
    if let place = tensor.withScalars({ $0.firstIndex { !$0.isFinite } }) {
      throw .badNumbers(
        array: name,
        source: bundle.source,
        reason: "has a number that is not finite at place \(place) (row-major)"
      )
    }
  }

  /// The noise power; nil when it is not given.
  static func noiseVariance(in bundle: ArrayBundle) throws(StudyError) -> Double? {
    guard bundle["noise_variance"] != nil else { return nil }
    let tensor = try real("noise_variance", in: bundle, as: Double.self)
    guard tensor.count == 1, tensor.scalar >= 0 else {
      throw .badNumbers(
        array: "noise_variance",
        source: bundle.source,
        reason: "must be one number, 0 or more"
      )
    }
    return tensor.scalar
  }

  /// The observations of an operator, `[batch] + measurementShape`.
  static func observations<Scalar: RealTensorScalar>(
    in bundle: ArrayBundle,
    shape: [Int],
    as scalar: Scalar.Type
  ) throws(StudyError) -> (rows: Tensor<Scalar>, isSingle: Bool) {
    let name = bundle["observations"] == nil ? "images" : "observations"
    guard let array = bundle[name], let tensor = numbers(array, as: scalar) else {
      throw .missingArray(
        "observations",
        source: bundle.source,
        expected: "\(shape) or [batch] + \(shape)"
      )
    }
    try checkFinite(tensor, name, bundle)
    let isSingle = tensor.shape == shape
    guard isSingle || Array(tensor.shape.dropFirst()) == shape, tensor.count > 0 else {
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: "\(shape) or [batch] + \(shape)\(shape.last == 2 ? " (complex)" : "")",
        actual: tensor.shape
      )
    }
    return (tensor.viewed(as: [tensor.count / shape.reduce(1, *)] + shape), isSingle)
  }

  /// The true images, `[batch, height, width]`, in single precision.
  package static func images(
    _ name: String,
    in bundle: ArrayBundle
  ) throws(StudyError) -> Tensor<Float> {
    let name = bundle[name] == nil && bundle["images"] != nil ? "images" : name
    let tensor = try real(name, in: bundle, as: Float.self)
    guard tensor.rank == 2 || tensor.rank == 3, tensor.count > 0 else {
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: "[height, width] or [batch, height, width]",
        actual: tensor.shape
      )
    }
    return tensor.rank == 3 ? tensor : tensor.viewed(as: [1] + tensor.shape)
  }
}
