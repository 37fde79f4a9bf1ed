internal import CKernels
internal import Tensors

/// The discrete Fourier transform of any length, `X_k = sum_i x_i exp(-2 pi j i k / n)`, of many columns at
/// once.
///
/// Self-sorting passes of radix 4, 2 and the length's other prime factors (`swarztrauber1984`); a factor p
/// costs p multiply-accumulates a number, so lengths with small factors are fast.
final class FourierPlan<Scalar: RealTensorScalar>: Sendable {
  let length: Int
  private let passes: [Pass]

  private struct Pass: Sendable {
    var radix: Int
    /// Blocks a radix: the length left, over the radix.
    var groups: Int
    /// The product of the radices before.
    var stride: Int
    var twiddles: [Scalar]
    var roots: [Scalar]
  }

  init(length: Int) {
    precondition(length >= 1, "FourierPlan: length \(length)")
    self.length = length
    var (left, stride) = (length, 1)
    var passes: [Pass] = []
    for radix in Self.radices(of: length) {
      let groups = left / radix
      var twiddles: [Scalar] = []
      twiddles.reserveCapacity(2 * left)
      for p in 0..<groups {
        for j in 0..<radix { twiddles += Self.root(p * j, of: left) }
      }
      let roots = (0..<radix).flatMap { Self.root($0, of: radix) }
      passes.append(
        Pass(radix: radix, groups: groups, stride: stride, twiddles: twiddles, roots: roots)
      )
      left = groups
      stride *= radix
    }
    self.passes = passes
  }

  /// The radices whose product is the length.
  static func radices(of length: Int) -> [Int] {
    var (left, radices): (Int, [Int]) = (length, [])
    while left % 4 == 0 {
      radices.append(4)
      left /= 4
    }
    var factor = 2
    while left > 1 {
      if factor * factor > left { factor = left }
      while left % factor == 0 {
        radices.append(factor)
        left /= factor
      }
      factor += 1
    }
    return radices
  }

  private static func root(_ numerator: Int, of length: Int) -> [Scalar] {
    let angle = -2 * Double.pi * Double(numerator % length) / Double(length)
    let (cosine, sine) = cosineAndSine(angle)
    return [Scalar(cosine), Scalar(sine)]
  }

  /// Transforms `width` columns, `[length, width]`.
  ///
  /// - Parameters:
  ///   - x: the numbers; overwritten.
  ///   - scratch: as many numbers more.
  ///   - width: how many columns.
  /// - Returns: whichever of the two holds the result.
  func run(
    _ x: ComplexPlanes<Scalar>,
    scratch: ComplexPlanes<Scalar>,
    width: Int
  ) -> ComplexPlanes<Scalar> {
    let kernels = Scalar.imaging.pointee
    var (from, to) = (x, scratch)
    for pass in passes {
      pass.twiddles.withUnsafeBufferPointer { twiddles in
        pass.roots.withUnsafeBufferPointer { roots in
          kernels.fourier_pass(
            pass.radix,
            pass.groups,
            pass.stride * width,
            twiddles.baseAddress,
            roots.baseAddress,
            from.re,
            from.im,
            to.re,
            to.im
          )
        }
      }
      swap(&from, &to)
    }
    return from
  }

  /// The inverse transform times the length.
  func runInverse(
    _ x: ComplexPlanes<Scalar>,
    scratch: ComplexPlanes<Scalar>,
    width: Int
  ) -> ComplexPlanes<Scalar> {
    run(x.swapped, scratch: scratch.swapped, width: width).swapped
  }
}
