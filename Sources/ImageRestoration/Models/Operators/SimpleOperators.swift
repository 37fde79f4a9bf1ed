internal import Autodiff
internal import CKernels
public import Tensors

/// Images seen as they are: denoising.
public struct IdentityOperator<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]

  /// The operator of images of a size.
  public init(height: Int, width: Int) { imageShape = [height, width] }

  /// `[height, width]`.
  public var measurementShape: [Int] { imageShape }
  /// 1.
  public var normBound: Double { 1 }

  /// The images.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> { images }

  /// The measurements.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> { measurements }

  /// Division by `1 + c`.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    NormalSolver(weight: weight) { $0 * Scalar(1 / (1 + weight)) }
  }
}

/// Some pixels are seen, the others are not: inpainting and subsampling.
public struct MaskOperator<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// 1 where a pixel is seen, else 0, `[height, width]`.
  public let mask: Tensor<Scalar>

  /// The operator of a mask.
  ///
  /// - Parameter mask: `[height, width]` of zeros and ones.
  /// - Throws: ``ImageRestorationError`` for anything else.
  public init(mask: Tensor<Scalar>) throws(ImageRestorationError) {
    guard mask.rank == 2, mask.count > 0 else {
      throw .badShape(name: "the mask", actual: mask.shape, expected: "[height, width]")
    }
    guard mask.withScalars({ $0.allSatisfy { $0 == 0 || $0 == 1 } }) else {
      throw .badNumber(name: "the mask", value: "neither 0 nor 1", expected: "zeros and ones")
    }
    imageShape = mask.shape
    self.mask = mask
  }

  /// A mask that keeps each pixel with the given probability.
  public static func random(
    keeping share: Double,
    height: Int,
    width: Int,
    from stream: inout RandomStream
  ) throws(ImageRestorationError) -> MaskOperator {
    let numbers: Tensor<Float> = stream.uniform([height, width])
    return try MaskOperator(
      mask: Tensor(
        numbers.scalars.map { $0 < Float(share) ? 1 : 0 },
        shape: [height, width]
      )
    )
  }

  /// `[height, width]`; pixels that are not seen are 0.
  public var measurementShape: [Int] { imageShape }
  /// 1.
  public var normBound: Double { 1 }

  /// The images times the mask.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> { images * mask }

  /// The measurements times the mask.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> { measurements * mask }

  /// Division by `mask + c`.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    let gains = Tensor(mask.scalars.map { Scalar(1 / (Double($0) + weight)) }, shape: imageShape)
    return NormalSolver(weight: weight) { $0 * gains }
  }
}
