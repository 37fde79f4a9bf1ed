internal import Autodiff
internal import CKernels
public import Tensors

/// The orthonormal two-dimensional cosine transform (DCT-II).
///
/// Along each axis `c_k = a_k sum_i x_i cos(pi (2 i + 1) k / 2 n)`, `a_0 = sqrt(1/n)`, else `sqrt(2/n)`; by the
/// Fourier transform of the numbers in another order (`makhoul1980`).
///
/// - Complexity: O(n log n) for n pixels with small prime factors.
public struct CosineBasis<Scalar: RealTensorScalar>: OrthonormalBasis {
  /// `[height, width]`.
  public let imageShape: [Int]
  private let rows: CosinePlan<Scalar>
  private let columns: CosinePlan<Scalar>

  /// The basis of images of a size.
  public init(height: Int, width: Int) {
    imageShape = [height, width]
    rows = CosinePlan(length: height)
    columns = height == width ? rows : CosinePlan(length: width)
  }

  /// The cosine coefficients, lowest frequencies first.
  public func coefficients(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    let (there, back) = bodies
    return BatchMap.applied(
      "cosine transform",
      to: images,
      from: imageShape,
      to: imageShape,
      forward: there,
      adjoint: back
    )
  }

  /// The images of cosine coefficients.
  public func images(of coefficients: Tensor<Scalar>) -> Tensor<Scalar> {
    let (there, back) = bodies
    return BatchMap.applied(
      "inverse cosine transform",
      to: coefficients,
      from: imageShape,
      to: imageShape,
      forward: back,
      adjoint: there
    )
  }

  /// Ones, but for the mean.
  public var shrinks: Tensor<Scalar> {
    Tensor(shape: imageShape) { mask in
      mask.update(repeating: 1)
      mask[0] = 0
    }
  }

  private var bodies: (there: BatchMap.Body<Scalar>, back: BatchMap.Body<Scalar>) {
    let size = imageShape[0] * imageShape[1]
    return (
      BatchMap.each(size, size) { transform($0, inverse: false, into: $1) },
      BatchMap.each(size, size) { transform($0, inverse: true, into: $1) }
    )
  }

  /// One image; the inverse is the adjoint.
  func transform(
    _ image: UnsafePointer<Scalar>,
    inverse: Bool,
    into result: UnsafeMutablePointer<Scalar>
  ) {
    let (height, width) = (imageShape[0], imageShape[1])
    let kernels = Scalar.imaging.pointee
    let size = height * width
    let workspace = Workspace<Scalar>(
      size + max(rows.room(width: width), columns.room(width: height))
    )
    defer { withExtendedLifetime(workspace) {} }
    let turned = workspace.take(size)
    let room = workspace.take(max(rows.room(width: width), columns.room(width: height)))
    rows.run(image, width: width, inverse: inverse, into: result, room: room)
    kernels.transpose(height, width, result, turned)
    columns.run(turned, width: height, inverse: inverse, into: turned, room: room)
    kernels.transpose(width, height, turned, result)
  }
}

/// The orthonormal cosine transform along the first axis of `[length, width]`.
struct CosinePlan<Scalar: RealTensorScalar>: Sendable {
  let length: Int
  private let fourier: FourierPlan<Scalar>
  /// `cos(pi k / 2 n)` and the sine, by k.
  private let turns: [(cosine: Double, sine: Double)]

  init(length: Int) {
    self.length = length
    fourier = FourierPlan(length: length)
    turns = (0...length / 2).map { cosineAndSine(Double.pi * Double($0) / Double(2 * length)) }
  }

  private func pairs(_ width: Int) -> Int { (width + 1) / 2 }

  /// Numbers that ``run(_:width:inverse:into:room:)`` needs beside.
  func room(width: Int) -> Int {
    4 * max(length * pairs(width), (length / 2 + 1) * width)
  }

  /// Transforms the columns; `to` may be `from`.
  func run(
    _ from: UnsafePointer<Scalar>,
    width: Int,
    inverse: Bool,
    into to: UnsafeMutablePointer<Scalar>,
    room: UnsafeMutablePointer<Scalar>
  ) {
    let plane = self.room(width: width) / 4
    let a = ComplexPlanes(re: room, im: room + plane)
    let b = ComplexPlanes(re: room + 2 * plane, im: room + 3 * plane)
    if inverse {
      backward(from, width, to, a, b)
    } else {
      forward(from, width, to, a, b)
    }
  }

  /// Where number i goes: even ones first, odd ones backwards from the end.
  private func place(_ i: Int) -> Int { i % 2 == 0 ? i / 2 : length - 1 - i / 2 }

  private func forward(
    _ from: UnsafePointer<Scalar>,
    _ width: Int,
    _ to: UnsafeMutablePointer<Scalar>,
    _ a: ComplexPlanes<Scalar>,
    _ b: ComplexPlanes<Scalar>
  ) {
    let (pairs, n) = (pairs(width), length)
    let kernels = Scalar.imaging.pointee
    for i in 0..<n {
      let row = place(i) * pairs
      (a.re + row).update(from: from + i * width, count: pairs)
      (a.im + row).update(from: from + i * width + pairs, count: width - pairs)
      if width % 2 == 1 { a.im[row + pairs - 1] = 0 }
    }
    let z = fourier.run(a, scratch: b, width: pairs)
    let v = z.re == a.re ? b : a
    kernels.untangle(n, pairs, width, z.re, z.im, v.re, v.im)
    let scale = (2 / Double(n)).squareRoot()
    for k in 0...n / 2 {
      let (re, im) = (v.re + k * width, v.im + k * width)
      if k == 0 || 2 * k == n {
        Scalar.kernels.pointee
          .scale_shift(width, re, (1 / Double(n)).squareRoot(), 0, to + k * width)
      } else {
        let (c, s) = (scale * turns[k].cosine, scale * turns[k].sine)
        kernels.reflect(width, c, s, re, im, to + k * width, to + (n - k) * width)
      }
    }
  }

  private func backward(
    _ from: UnsafePointer<Scalar>,
    _ width: Int,
    _ to: UnsafeMutablePointer<Scalar>,
    _ a: ComplexPlanes<Scalar>,
    _ b: ComplexPlanes<Scalar>
  ) {
    let (pairs, n) = (pairs(width), length)
    let kernels = Scalar.imaging.pointee
    // The inverse Fourier transform leaves a factor n, which goes into these.
    let scale = (1 / Double(2 * n)).squareRoot()
    for k in 0...n / 2 {
      let (re, im) = (a.re + k * width, a.im + k * width)
      if k == 0 || 2 * k == n {
        Scalar.kernels.pointee
          .scale_shift(width, from + k * width, (1 / Double(n)).squareRoot(), 0, re)
        im.clear(count: width)
      } else {
        let (c, s) = (scale * turns[k].cosine, scale * turns[k].sine)
        kernels.reflect(width, c, s, from + k * width, from + (n - k) * width, re, im)
      }
    }
    kernels.entangle(n, pairs, width, a.re, a.im, b.re, b.im)
    let z = fourier.runInverse(b, scratch: a, width: pairs)
    for i in 0..<n {
      let row = place(i) * pairs
      (to + i * width).update(from: z.re + row, count: pairs)
      (to + i * width + pairs).update(from: z.im + row, count: width - pairs)
    }
  }
}
