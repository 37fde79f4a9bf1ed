public import Tensors

/// An orthonormal basis for images: coefficients `W x`, images `W' c`, `W W' = I`.
///
/// Both are operations that can be recorded. Law, tested for every conformer: the way back undoes the way
/// there, and lengths are kept.
public protocol OrthonormalBasis<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// `[height, width]`, of images and of coefficients.
  var imageShape: [Int] { get }

  /// `W x` of each image.
  ///
  /// - Parameter images: `[batch, height, width]`.
  /// - Returns: `[batch, height, width]`.
  func coefficients(of images: Tensor<Scalar>) -> Tensor<Scalar>

  /// `W' c` of each set of coefficients, shapes as above.
  func images(of coefficients: Tensor<Scalar>) -> Tensor<Scalar>

  /// Which coefficients a prior leaves alone, 0, and which it shrinks, 1: `[height, width]`; those that
  /// carry the mean are left alone.
  var shrinks: Tensor<Scalar> { get }
}

/// The pixels themselves, all of which a prior shrinks.
public struct PixelBasis<Scalar: RealTensorScalar>: OrthonormalBasis {
  /// `[height, width]`.
  public let imageShape: [Int]

  /// The basis of images of a size.
  public init(height: Int, width: Int) { imageShape = [height, width] }

  /// The images.
  public func coefficients(of images: Tensor<Scalar>) -> Tensor<Scalar> { images }

  /// The coefficients.
  public func images(of coefficients: Tensor<Scalar>) -> Tensor<Scalar> { coefficients }

  /// Ones.
  public var shrinks: Tensor<Scalar> { .ones(imageShape) }
}
