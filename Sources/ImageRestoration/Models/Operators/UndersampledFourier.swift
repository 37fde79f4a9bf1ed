internal import CKernels
public import Tensors

/// Some frequencies of an image: `y = M F x` with the unitary Fourier transform `F`, as in magnetic
/// resonance.
///
/// Measurements are complex: `[samples, 2]`, real and imaginary part, in the order of the mask's ones, row
/// by row. Images are real, so `A' y` is the real part.
public struct UndersampledFourier<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// `[samples, 2]`.
  public let measurementShape: [Int]
  private let transform: ImageSpectrum<Scalar>
  /// Of each sample: its place in the half spectrum, whether it is the conjugate of that place, and its
  /// weight on the way back.
  private let samples: [Sample]
  /// The spectrum of `A' A`.
  private let power: [Double]

  private struct Sample: Sendable {
    var place: Int
    var isConjugate: Bool
    var weight: Double
  }

  /// The operator of a mask.
  ///
  /// - Parameter mask: 1 where a frequency is measured, else 0, `[height, width]`; frequency (0, 0) first.
  /// - Throws: ``ImageRestorationError`` for anything else, or when nothing is measured.
  public init(mask: Tensor<Scalar>) throws(ImageRestorationError) {
    guard mask.rank == 2, mask.count > 0 else {
      throw .badShape(name: "the mask", actual: mask.shape, expected: "[height, width]")
    }
    let values = mask.scalars
    guard values.allSatisfy({ $0 == 0 || $0 == 1 }), values.contains(1) else {
      throw .badNumber(
        name: "the mask",
        value: "neither 0 nor 1, or 0 everywhere",
        expected: "zeros and ones"
      )
    }
    let (height, width) = (mask.shape[0], mask.shape[1])
    imageShape = mask.shape
    let transform = ImageSpectrum<Scalar>(height: height, width: width)
    self.transform = transform
    let half = transform.half
    samples = values.indices.filter { values[$0] == 1 }.map { index in
      let (u, v) = (index / width, index % width)
      let isPaired = u != 0 && 2 * u != height
      return u < half
        ? Sample(place: v * half + u, isConjugate: false, weight: isPaired ? 0.5 : 1)
        : Sample(
          place: (width - v) % width * half + height - u,
          isConjugate: true,
          weight: 0.5
        )
    }
    measurementShape = [samples.count, 2]
    power = (0..<width * half).map { place in
      let (v, u) = (place / half, place % half)
      let other = (height - u) % height * width + (width - v) % width
      return (Double(values[u * width + v]) + Double(values[other])) / 2
    }
  }

  /// 1.
  public var normBound: Double { 1 }

  private var scale: Double { 1 / (Double(imageShape[0]) * Double(imageShape[1])).squareRoot() }

  private var bodies: (there: BatchMap.Body<Scalar>, back: BatchMap.Body<Scalar>) {
    let size = imageShape[0] * imageShape[1]
    return (
      BatchMap.each(size, 2 * samples.count) { measure($0, into: $1) },
      BatchMap.each(2 * samples.count, size) { bring($0, into: $1) }
    )
  }

  private func measure(_ image: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    let workspace = transform.workspace()
    defer { withExtendedLifetime(workspace) {} }
    let (x, _) = transform.transformed(image, in: workspace)
    let scale = Scalar(self.scale)
    for (index, sample) in samples.enumerated() {
      y[2 * index] = scale * x.re[sample.place]
      y[2 * index + 1] = (sample.isConjugate ? -scale : scale) * x.im[sample.place]
    }
  }

  private func bring(_ y: UnsafePointer<Scalar>, into image: UnsafeMutablePointer<Scalar>) {
    let workspace = transform.workspace()
    defer { withExtendedLifetime(workspace) {} }
    let x = workspace.takePlanes(transform.planeCount)
    let free = workspace.takePlanes(transform.planeCount)
    x.re.clear(count: transform.count)
    x.im.clear(count: transform.count)
    // The unitary inverse is the plain one times the root of the number of pixels.
    let scale = 1 / self.scale
    for (index, sample) in samples.enumerated() {
      let weight = Scalar(scale * sample.weight)
      x.re[sample.place] += weight * y[2 * index]
      x.im[sample.place] += (sample.isConjugate ? -weight : weight) * y[2 * index + 1]
    }
    transform.inverted(x, scratch: free, into: image)
  }

  /// The measured frequencies.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    let (there, back) = bodies
    return BatchMap.applied(
      "undersampled Fourier",
      to: images,
      from: imageShape,
      to: measurementShape,
      forward: there,
      adjoint: back
    )
  }

  /// The real part of the image of the measured frequencies alone.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> {
    let (there, back) = bodies
    return BatchMap.applied(
      "adjoint undersampled Fourier",
      to: measurements,
      from: measurementShape,
      to: imageShape,
      forward: back,
      adjoint: there
    )
  }

  /// Division in the Fourier domain by `c` plus the mean of the mask at a frequency and at its negative.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    FilterSolver.solver(transform, power.map { Scalar(1 / ($0 + weight)) }, weight: weight)
  }
}
