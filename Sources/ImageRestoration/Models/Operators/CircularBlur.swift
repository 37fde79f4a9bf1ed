internal import CKernels
public import Tensors

/// Blur by a kernel on an image that goes on at the opposite rim: circular convolution, by Fourier transforms.
public struct CircularBlur<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// The largest modulus of the kernel's spectrum.
  public let normBound: Double
  private let transform: ImageSpectrum<Scalar>
  private let re: [Scalar]
  private let im: [Scalar]
  private let power: [Double]

  /// The operator of a kernel.
  ///
  /// - Parameters:
  ///   - kernel: odd extents; its middle is the place itself.
  ///   - height: rows of an image.
  ///   - width: columns of an image.
  /// - Throws: ``ImageRestorationError`` where the kernel does not fit.
  public init(
    kernel: Tensor<Scalar>,
    height: Int,
    width: Int
  ) throws(ImageRestorationError) {
    try BlurKernel.check(kernel, height: height, width: width)
    imageShape = [height, width]
    transform = ImageSpectrum(height: height, width: width)
    let (rows, columns) = (kernel.shape[0], kernel.shape[1])
    var response = [Double](repeating: 0, count: height * width)
    for row in 0..<rows {
      for column in 0..<columns {
        let y = (row - rows / 2 + height) % height
        let x = (column - columns / 2 + width) % width
        response[y * width + x] += Double(kernel[row, column])
      }
    }
    let spectrum = ImageSpectrum<Double>(height: height, width: width).spectrum(of: response)
    re = spectrum.re.map { Scalar($0) }
    im = spectrum.im.map { Scalar($0) }
    power = zip(spectrum.re, spectrum.im).map { $0 * $0 + $1 * $1 }
    normBound = (power.max() ?? 0).squareRoot() * (1 + 1e-6)
  }

  /// `[height, width]`.
  public var measurementShape: [Int] { imageShape }

  private func body(conjugate: Bool) -> BatchMap.Body<Scalar> {
    let size = imageShape[0] * imageShape[1]
    return BatchMap.each(size, size) {
      transform.filter($0, by: re, im, conjugate: conjugate, into: $1)
    }
  }

  /// The blurred images.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    BatchMap.applied(
      "blur",
      to: images,
      from: imageShape,
      to: imageShape,
      forward: body(conjugate: false),
      adjoint: body(conjugate: true)
    )
  }

  /// The images blurred by the kernel turned round.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> {
    BatchMap.applied(
      "adjoint blur",
      to: measurements,
      from: imageShape,
      to: imageShape,
      forward: body(conjugate: true),
      adjoint: body(conjugate: false)
    )
  }

  /// Division by `|K|^2 + c` in the Fourier domain.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    let gains = power.map { Scalar(1 / ($0 + weight)) }
    return FilterSolver.solver(transform, gains, weight: weight)
  }
}

/// Solvers that are filters.
enum FilterSolver {
  /// Multiplication of the spectrum by real gains: its own adjoint.
  static func solver<Scalar: RealTensorScalar>(
    _ transform: ImageSpectrum<Scalar>,
    _ gains: [Scalar],
    weight: Double
  ) -> NormalSolver<Scalar> {
    let shape = [transform.height, transform.width]
    let size = shape[0] * shape[1]
    return NormalSolver(weight: weight) { right in
      let body: BatchMap.Body<Scalar> = BatchMap.each(size, size) {
        transform.filter($0, by: gains, into: $1)
      }
      return BatchMap.applied(
        "normal equations",
        to: right,
        from: shape,
        to: shape,
        forward: body,
        adjoint: body
      )
    }
  }
}
