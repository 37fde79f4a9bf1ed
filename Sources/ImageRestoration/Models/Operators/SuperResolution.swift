internal import Autodiff
internal import CKernels
public import Tensors

/// Every `factor`-th pixel of a blurred image along both axes; the rims are circular.
///
/// `A A'` is a circular convolution of small images, so that Fourier transforms of their size solve
/// `(A' A + c I)^-1 v = (v - A' (A A' + c I)^-1 A v) / c` (`zhao2016super`).
public struct SuperResolution<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// `[height / factor, width / factor]`.
  public let measurementShape: [Int]
  /// The largest singular value.
  public let normBound: Double
  /// Pixels a step.
  public let factor: Int
  private let blur: CircularBlur<Scalar>
  private let small: ImageSpectrum<Scalar>
  /// The spectrum of `A A'`.
  private let power: [Double]

  /// The operator of a kernel and a factor.
  ///
  /// - Parameters:
  ///   - kernel: odd extents; its middle is the place itself.
  ///   - factor: 1 or more; divides both extents.
  ///   - height: rows of an image.
  ///   - width: columns of an image.
  /// - Throws: ``ImageRestorationError`` where they do not fit.
  public init(
    kernel: Tensor<Scalar>,
    factor: Int,
    height: Int,
    width: Int
  ) throws(ImageRestorationError) {
    guard factor >= 1, height % factor == 0, width % factor == 0 else {
      throw .badShape(
        name: "the image",
        actual: [height, width],
        expected: "multiples of the factor \(factor)"
      )
    }
    imageShape = [height, width]
    measurementShape = [height / factor, width / factor]
    self.factor = factor
    blur = try CircularBlur(kernel: kernel, height: height, width: width)
    small = ImageSpectrum(height: height / factor, width: width / factor)
    let doubled = try CircularBlur(
      kernel: kernel.converted(to: Double.self),
      height: height,
      width: width
    )
    var corner = [Double](repeating: 0, count: small.height * small.width)
    corner[0] = 1
    let back = doubled.adjoint(
      of: Self.spread(Tensor(corner, shape: [1, small.height, small.width]), factor, imageShape)
    )
    let round = Self.picked(doubled.measurements(of: back), factor)
    let spectrum = ImageSpectrum<Double>(height: small.height, width: small.width)
      .spectrum(of: round.scalars)
    power = spectrum.re.map { max($0, 0) }
    normBound = (power.max() ?? 0).squareRoot() * (1 + 1e-6)
  }

  /// The small images.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    Self.picked(blur.measurements(of: images), factor)
  }

  /// The small images spread out, then blurred by the kernel turned round.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> {
    blur.adjoint(of: Self.spread(measurements, factor, imageShape))
  }

  /// The solver of a weight.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    let gains = power.map { Scalar(1 / ($0 + weight)) }
    let inner = FilterSolver.solver(small, gains, weight: weight)
    return NormalSolver(weight: weight) { right in
      (right - adjoint(of: inner.solution(measurements(of: right)))) * Scalar(1 / weight)
    }
  }

  private static func bodies<Number: RealTensorScalar>(
    _ factor: Int,
    _ shape: [Int]
  ) -> (pick: BatchMap.Body<Number>, spread: BatchMap.Body<Number>) {
    let (rows, columns, width) = (shape[0] / factor, shape[1] / factor, shape[1])
    let size = shape[0] * shape[1]
    return (
      BatchMap.each(size, rows * columns) { image, small in
        for row in 0..<rows {
          for column in 0..<columns {
            small[row * columns + column] = image[factor * (row * width + column)]
          }
        }
      },
      BatchMap.each(rows * columns, size) { small, image in
        image.clear(count: size)
        for row in 0..<rows {
          for column in 0..<columns {
            image[factor * (row * width + column)] = small[row * columns + column]
          }
        }
      }
    )
  }

  private static func picked<Number: RealTensorScalar>(
    _ images: Tensor<Number>,
    _ factor: Int
  ) -> Tensor<Number> {
    let shape = Array(images.shape.dropFirst())
    let (pick, spread): (BatchMap.Body<Number>, BatchMap.Body<Number>) = bodies(factor, shape)
    return BatchMap.applied(
      "decimation",
      to: images,
      from: shape,
      to: shape.map { $0 / factor },
      forward: pick,
      adjoint: spread
    )
  }

  private static func spread<Number: RealTensorScalar>(
    _ small: Tensor<Number>,
    _ factor: Int,
    _ shape: [Int]
  ) -> Tensor<Number> {
    let (pick, spread): (BatchMap.Body<Number>, BatchMap.Body<Number>) = bodies(factor, shape)
    return BatchMap.applied(
      "spreading",
      to: small,
      from: shape.map { $0 / factor },
      to: shape,
      forward: spread,
      adjoint: pick
    )
  }
}
