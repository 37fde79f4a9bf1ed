internal import Studies
internal import Tensors

/// The operator that settings and arrays describe.
struct OperatorChoice: Sendable {
  private let measurement: String
  private let boundary: String
  private let factor: Int
  private let height: Int

  init(_ settings: Settings) {
    measurement = settings.text("measurement")
    boundary = settings.text("boundary")
    factor = settings.integer("factor")
    height = settings.integer("height")
  }

  /// The operator.
  ///
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  func made<Scalar: RealTensorScalar>(
    from arrays: ArrayBundle,
    as scalar: Scalar.Type
  ) throws -> any MeasurementOperator<Scalar> {
    do {
      switch kind(arrays) {
      case "dense": return try dense(arrays, scalar)
      case "mask":
        return try MaskOperator(mask: ImageArrays.real("mask", in: arrays, as: scalar))
      case "fourier":
        return try UndersampledFourier(mask: ImageArrays.real("mask", in: arrays, as: scalar))
      case "blur": return try blur(arrays, scalar)
      case "super-resolution":
        let (rows, columns) = try seenExtents(arrays)
        return try SuperResolution(
          kernel: ImageArrays.real("kernel", in: arrays, as: scalar),
          factor: factor,
          height: factor * rows,
          width: factor * columns
        )
      default:
        let (rows, columns) = try seenExtents(arrays)
        return IdentityOperator<Scalar>(height: rows, width: columns)
      }
    } catch let error as ImageRestorationError {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
  }

  private func kind(_ arrays: ArrayBundle) -> String {
    guard measurement == "auto" else { return measurement }
    if arrays["operator"] != nil { return "dense" }
    if arrays["kernel"] != nil { return factor > 1 ? "super-resolution" : "blur" }
    guard arrays["mask"] != nil else { return "identity" }
    return ImageArrays.isComplex(arrays["observations"]) ? "fourier" : "mask"
  }

  private func dense<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    _ scalar: Scalar.Type
  ) throws -> DenseOperator<Scalar> {
    let matrix = try ImageArrays.real("operator", in: arrays, as: scalar)
    let pixels = matrix.shape.last ?? 0
    let rows = height > 0 ? height : Int(Double(pixels).squareRoot().rounded())
    guard rows > 0, pixels % rows == 0, height > 0 || rows * rows == pixels else {
      throw StudyError.badShape(
        array: "operator",
        source: arrays.source,
        expected: height > 0
          ? "[measurements, a multiple of height \(height)]"
          : "[measurements, pixels of a square], or the setting height",
        actual: matrix.shape
      )
    }
    return try DenseOperator(matrix: matrix, height: rows, width: pixels / rows)
  }

  private func blur<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    _ scalar: Scalar.Type
  ) throws -> any MeasurementOperator<Scalar> {
    let (rows, columns) = try seenExtents(arrays)
    let kernel = try ImageArrays.real("kernel", in: arrays, as: scalar)
    return boundary == "reflective"
      ? try ReflectiveBlur(kernel: kernel, height: rows, width: columns)
      : try CircularBlur(kernel: kernel, height: rows, width: columns)
  }

  /// The extents of an observation that is an image.
  private func seenExtents(_ arrays: ArrayBundle) throws(StudyError) -> (Int, Int) {
    let images = try ImageArrays.images("observations", in: arrays)
    return (images.shape[1], images.shape[2])
  }
}
