internal import CKernels
public import Tensors

/// The orthonormal wavelets that images are written in.
public enum Wavelet: String, Sendable, CaseIterable {
  /// Haar's: two taps.
  case haar
  /// Daubechies' of four taps, two vanishing moments.
  case daubechies4 = "daubechies-4"
  /// Daubechies' of eight taps, four vanishing moments.
  case daubechies8 = "daubechies-8"

  /// The lowpass filter; its squares sum to 1 (`daubechies1988`).
  var lowpass: [Double] {
    let root3 = Double(3).squareRoot()
    switch self {
    case .haar: return [Double(0.5).squareRoot(), Double(0.5).squareRoot()]
    case .daubechies4:
      return [1 + root3, 3 + root3, 3 - root3, 1 - root3].map { $0 / Double(32).squareRoot() }
    case .daubechies8:
      return [
        0.230_377_813_308_896_4, 0.714_846_570_552_915_4, 0.630_880_767_929_858_7,
        -0.027_983_769_416_859_9, -0.187_034_811_719_093_1, 0.030_841_381_835_560_7,
        0.032_883_011_666_885_2, -0.010_597_401_785_069_0,
      ]
    }
  }
}

/// An orthonormal, periodic two-dimensional wavelet transform.
///
/// Each level filters rows and columns of what the level before left of the means; means come first along
/// both axes. An axis can be halved as long as its extent is even.
///
/// - Complexity: O(taps) a pixel.
/// - SeeAlso: `mallat1989`, `daubechies1988` (keys in `Documentation/References.bib`).
public struct WaveletBasis<Scalar: RealTensorScalar>: OrthonormalBasis {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// The filter.
  public let wavelet: Wavelet
  /// How many times the means are filtered again.
  public let levels: Int

  /// The basis of images of a size.
  ///
  /// - Parameters:
  ///   - wavelet: the filter.
  ///   - height: rows.
  ///   - width: columns.
  ///   - levels: at most this many; fewer where an extent cannot be halved so often, or would become shorter
  ///     than the filter.
  /// - Throws: ``ImageRestorationError/badShape(name:actual:expected:)`` where not even one level fits.
  public init(
    _ wavelet: Wavelet,
    height: Int,
    width: Int,
    levels: Int
  ) throws(ImageRestorationError) {
    imageShape = [height, width]
    self.wavelet = wavelet
    let shortest = wavelet.lowpass.count
    var made = 0
    var (rows, columns) = (height, width)
    while made < levels, rows % 2 == 0, columns % 2 == 0, rows >= shortest, columns >= shortest {
      rows /= 2
      columns /= 2
      made += 1
    }
    guard made > 0 else {
      throw .badShape(
        name: "the image",
        actual: [height, width],
        expected: "even extents of \(shortest) or more for the wavelet \(wavelet.rawValue)"
      )
    }
    self.levels = made
  }

  /// The wavelet coefficients, means of the last level in the first corner.
  public func coefficients(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    let size = imageShape[0] * imageShape[1]
    return BatchMap.applied(
      "wavelet transform",
      to: images,
      from: imageShape,
      to: imageShape,
      forward: BatchMap.each(size, size) { analyse($0, into: $1) },
      adjoint: BatchMap.each(size, size) { synthesise($0, into: $1) }
    )
  }

  /// The images of wavelet coefficients.
  public func images(of coefficients: Tensor<Scalar>) -> Tensor<Scalar> {
    let size = imageShape[0] * imageShape[1]
    return BatchMap.applied(
      "inverse wavelet transform",
      to: coefficients,
      from: imageShape,
      to: imageShape,
      forward: BatchMap.each(size, size) { synthesise($0, into: $1) },
      adjoint: BatchMap.each(size, size) { analyse($0, into: $1) }
    )
  }

  /// Ones, but for the means of the last level.
  public var shrinks: Tensor<Scalar> {
    let (height, width) = (imageShape[0] >> levels, imageShape[1] >> levels)
    return Tensor(shape: imageShape) { mask in
      for row in 0..<imageShape[0] {
        for column in 0..<imageShape[1] {
          mask[row * imageShape[1] + column] = row < height && column < width ? 0 : 1
        }
      }
    }
  }

  private func analyse(_ from: UnsafePointer<Scalar>, into to: UnsafeMutablePointer<Scalar>) {
    let size = imageShape[0] * imageShape[1]
    let workspace = Workspace<Scalar>(2 * size)
    defer { withExtendedLifetime(workspace) {} }
    let (a, b) = (workspace.take(size), workspace.take(size))
    let kernels = Scalar.imaging.pointee
    let filter = wavelet.lowpass
    to.update(from: from, count: size)
    for level in 0..<levels {
      let (rows, columns) = (imageShape[0] >> level, imageShape[1] >> level)
      gather(to, rows, columns, into: a)
      kernels.wavelet_analysis(rows, columns, filter.count, filter, a, b)
      kernels.transpose(rows, columns, b, a)
      kernels.wavelet_analysis(columns, rows, filter.count, filter, a, b)
      kernels.transpose(columns, rows, b, a)
      scatter(a, rows, columns, into: to)
    }
  }

  private func synthesise(_ from: UnsafePointer<Scalar>, into to: UnsafeMutablePointer<Scalar>) {
    let size = imageShape[0] * imageShape[1]
    let workspace = Workspace<Scalar>(2 * size)
    defer { withExtendedLifetime(workspace) {} }
    let (a, b) = (workspace.take(size), workspace.take(size))
    let kernels = Scalar.imaging.pointee
    let filter = wavelet.lowpass
    to.update(from: from, count: size)
    for level in (0..<levels).reversed() {
      let (rows, columns) = (imageShape[0] >> level, imageShape[1] >> level)
      gather(to, rows, columns, into: a)
      kernels.transpose(rows, columns, a, b)
      kernels.wavelet_synthesis(columns, rows, filter.count, filter, b, a)
      kernels.transpose(columns, rows, a, b)
      kernels.wavelet_synthesis(rows, columns, filter.count, filter, b, a)
      scatter(a, rows, columns, into: to)
    }
  }

  private func gather(
    _ image: UnsafeMutablePointer<Scalar>,
    _ rows: Int,
    _ columns: Int,
    into block: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<rows {
      (block + row * columns).update(from: image + row * imageShape[1], count: columns)
    }
  }

  private func scatter(
    _ block: UnsafeMutablePointer<Scalar>,
    _ rows: Int,
    _ columns: Int,
    into image: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<rows {
      (image + row * imageShape[1]).update(from: block + row * columns, count: columns)
    }
  }
}
