internal import Autodiff
internal import CKernels
public import Tensors

/// Blur by a kernel on an image that is mirrored at its rims (the outermost pixel twice).
///
/// A kernel that is symmetric along both axes is diagonal in the cosine transform, which then applies and
/// solves it; any other is applied tap by tap, and conjugate gradients solve it.
public struct ReflectiveBlur<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// `sqrt(|A|_1 |A|_inf)`, from the magnitudes of the kernel.
  public let normBound: Double
  private let taps: MirroredTaps<Scalar>
  private let basis: CosineBasis<Scalar>
  /// The eigenvalues in the cosine basis, `[height, width]`; nil for kernels that are not symmetric.
  private let eigenvalues: Tensor<Scalar>?

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
    taps = MirroredTaps(kernel, height: height, width: width)
    basis = CosineBasis(height: height, width: width)
    let doubles = kernel.converted(to: Double.self)
    eigenvalues =
      Self.isSymmetric(doubles)
      ? Self.eigenvalues(MirroredTaps(doubles, height: height, width: width), imageShape)
        .converted(to: Scalar.self)
      : nil
    let magnitudes = MirroredTaps(abs(doubles), height: height, width: width)
    let ones = [Double](repeating: 1, count: height * width)
    let (rows, columns) = (magnitudes.applied(ones), magnitudes.adjoint(ones))
    normBound = ((rows.max() ?? 0) * (columns.max() ?? 0)).squareRoot() * (1 + 1e-6)
  }

  /// Whether the kernel is symmetric along both axes, so that the cosine transform solves it.
  public var isDiagonal: Bool { eigenvalues != nil }

  /// `[height, width]`.
  public var measurementShape: [Int] { imageShape }

  /// The blurred images.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    mapped("blur", images, isAdjoint: false)
  }

  /// The adjoint; the same for symmetric kernels.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> {
    mapped("adjoint blur", measurements, isAdjoint: true)
  }

  /// Division in the cosine domain, or conjugate gradients.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    guard let eigenvalues else { return ConjugateGradients.solver(self, weight: weight) }
    let gains = Tensor(
      eigenvalues.scalars.map { Scalar(1 / (Double($0) * Double($0) + weight)) },
      shape: imageShape
    )
    return NormalSolver(weight: weight) { right in
      basis.images(of: basis.coefficients(of: right) * gains)
    }
  }

  private func mapped(_ name: String, _ x: Tensor<Scalar>, isAdjoint: Bool) -> Tensor<Scalar> {
    if let eigenvalues { return basis.images(of: basis.coefficients(of: x) * eigenvalues) }
    let size = imageShape[0] * imageShape[1]
    let there: BatchMap.Body<Scalar> = BatchMap.each(size, size) { taps.apply($0, into: $1) }
    let back: BatchMap.Body<Scalar> = BatchMap.each(size, size) { taps.applyAdjoint($0, into: $1) }
    return BatchMap.applied(
      name,
      to: x,
      from: imageShape,
      to: imageShape,
      forward: isAdjoint ? back : there,
      adjoint: isAdjoint ? there : back
    )
  }

  private static func isSymmetric(_ kernel: Tensor<Double>) -> Bool {
    let (rows, columns) = (kernel.shape[0], kernel.shape[1])
    let largest = kernel.scalars.reduce(0) { max($0, $1.magnitude) }
    return (0..<rows).allSatisfy { row in
      (0..<columns).allSatisfy { column in
        let value = kernel[row, column]
        return (value - kernel[rows - 1 - row, column]).magnitude <= 1e-6 * largest
          && (value - kernel[row, columns - 1 - column]).magnitude <= 1e-6 * largest
      }
    }
  }

  /// The cosine coefficients of a blurred corner pixel over those of the pixel.
  private static func eigenvalues(_ taps: MirroredTaps<Double>, _ shape: [Int]) -> Tensor<Double> {
    let basis = CosineBasis<Double>(height: shape[0], width: shape[1])
    var corner = [Double](repeating: 0, count: shape[0] * shape[1])
    corner[0] = 1
    let batch = [1] + shape
    let before = basis.coefficients(of: Tensor(corner, shape: batch))
    let after = basis.coefficients(of: Tensor(taps.applied(corner), shape: batch))
    return (after / before).reshaped(shape)
  }
}

/// Convolution tap by tap with mirrored rims.
struct MirroredTaps<Scalar: RealTensorScalar>: Sendable {
  private let kernel: [Scalar]
  private let rows: Int
  private let columns: Int
  private let height: Int
  private let width: Int

  init(_ kernel: Tensor<Scalar>, height: Int, width: Int) {
    self.kernel = kernel.scalars
    (rows, columns) = (kernel.shape[0], kernel.shape[1])
    (self.height, self.width) = (height, width)
  }

  private var stride: Int { width + columns - 1 }

  /// The place inside the image that a place of the padded one mirrors.
  private static func mirrored(_ place: Int, _ extent: Int) -> Int {
    place < 0 ? -1 - place : place >= extent ? 2 * extent - 1 - place : place
  }

  func apply(_ image: UnsafePointer<Scalar>, into result: UnsafeMutablePointer<Scalar>) {
    let workspace = Workspace<Scalar>((height + rows - 1) * stride)
    defer { withExtendedLifetime(workspace) {} }
    let padded = workspace.start
    for row in 0..<height + rows - 1 {
      let from = image + Self.mirrored(row - rows / 2, height) * width
      for column in 0..<stride {
        padded[row * stride + column] = from[Self.mirrored(column - columns / 2, width)]
      }
    }
    result.clear(count: height * width)
    forEachTap { weight, offset in
      for row in 0..<height {
        Scalar.kernels.pointee
          .accumulate_scaled(width, weight, padded + row * stride + offset, result + row * width)
      }
    }
  }

  func applyAdjoint(_ image: UnsafePointer<Scalar>, into result: UnsafeMutablePointer<Scalar>) {
    let workspace = Workspace<Scalar>((height + rows - 1) * stride)
    defer { withExtendedLifetime(workspace) {} }
    let padded = workspace.start
    padded.clear(count: (height + rows - 1) * stride)
    forEachTap { weight, offset in
      for row in 0..<height {
        Scalar.kernels.pointee
          .accumulate_scaled(width, weight, image + row * width, padded + row * stride + offset)
      }
    }
    result.clear(count: height * width)
    for row in 0..<height + rows - 1 {
      let to = result + Self.mirrored(row - rows / 2, height) * width
      for column in 0..<stride {
        to[Self.mirrored(column - columns / 2, width)] += padded[row * stride + column]
      }
    }
  }

  /// Calls the body with each weight and where the image it multiplies starts in the padded one.
  private func forEachTap(_ body: (_ weight: Double, _ offset: Int) -> Void) {
    for row in 0..<rows {
      for column in 0..<columns where kernel[row * columns + column] != 0 {
        body(
          Double(kernel[row * columns + column]),
          (rows - 1 - row) * stride + columns - 1 - column
        )
      }
    }
  }

  func applied(_ image: [Scalar]) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: image.count) { buffer, count in
      if let to = buffer.baseAddress {
        image.withUnsafeBufferPointer { if let from = $0.baseAddress { apply(from, into: to) } }
      }
      count = image.count
    }
  }

  func adjoint(_ image: [Scalar]) -> [Scalar] {
    [Scalar](unsafeUninitializedCapacity: image.count) { buffer, count in
      if let to = buffer.baseAddress {
        image.withUnsafeBufferPointer {
          if let from = $0.baseAddress { applyAdjoint(from, into: to) }
        }
      }
      count = image.count
    }
  }
}
