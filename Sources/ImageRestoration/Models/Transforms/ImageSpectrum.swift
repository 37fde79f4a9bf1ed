internal import CKernels
internal import Tensors

/// The two-dimensional Fourier transform of real images and its inverse.
///
/// Spectra are kept by half, transposed: place `(v, u)`, `v < width`, `u <= height / 2`, holds the
/// frequency `(u, v)`; the other half is its conjugate at `(height - u, width - v)`.
struct ImageSpectrum<Scalar: RealTensorScalar>: Sendable {
  let height: Int
  let width: Int
  private let rows: FourierPlan<Scalar>
  private let columns: FourierPlan<Scalar>

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
    rows = FourierPlan(length: height)
    columns = height == width ? rows : FourierPlan(length: width)
  }

  /// Rows of the half that is kept.
  var half: Int { height / 2 + 1 }
  /// Numbers of a spectrum's plane.
  var count: Int { width * half }
  private var pairs: Int { (width + 1) / 2 }
  /// Numbers of a plane that transforms work in.
  var planeCount: Int { max(height * pairs, count) }

  /// Room for a transform and its result.
  func workspace() -> Workspace<Scalar> { Workspace(4 * planeCount) }

  /// The spectrum of an image, in the workspace, with room of the same size.
  func transformed(
    _ image: UnsafePointer<Scalar>,
    in workspace: Workspace<Scalar>
  ) -> (spectrum: ComplexPlanes<Scalar>, free: ComplexPlanes<Scalar>) {
    let kernels = Scalar.imaging.pointee
    let (a, b) = (workspace.takePlanes(planeCount), workspace.takePlanes(planeCount))
    unpack(image, into: a)
    let z = rows.run(a, scratch: b, width: pairs)
    let other = z.re == a.re ? b : a
    kernels.untangle(height, pairs, width, z.re, z.im, other.re, other.im)
    kernels.transpose(half, width, other.re, z.re)
    kernels.transpose(half, width, other.im, z.im)
    let spectrum = columns.run(z, scratch: other, width: half)
    return (spectrum, spectrum.re == z.re ? other : z)
  }

  /// The image of a spectrum, whose planes are overwritten; the real part where it is not one.
  func inverted(
    _ spectrum: ComplexPlanes<Scalar>,
    scratch: ComplexPlanes<Scalar>,
    into image: UnsafeMutablePointer<Scalar>
  ) {
    let kernels = Scalar.imaging.pointee
    let v = columns.runInverse(spectrum, scratch: scratch, width: half)
    let other = v.re == spectrum.re ? scratch : spectrum
    kernels.transpose(width, half, v.re, other.re)
    kernels.transpose(width, half, v.im, other.im)
    kernels.entangle(height, pairs, width, other.re, other.im, v.re, v.im)
    let z = rows.runInverse(v, scratch: other, width: pairs)
    let scale = 1 / (Double(height) * Double(width))
    for row in 0..<height {
      let (to, from) = (image + row * width, row * pairs)
      Scalar.kernels.pointee.scale_shift(pairs, z.re + from, scale, 0, to)
      Scalar.kernels.pointee.scale_shift(width - pairs, z.im + from, scale, 0, to + pairs)
    }
  }

  /// The left columns as real, the right ones as imaginary parts.
  private func unpack(_ image: UnsafePointer<Scalar>, into z: ComplexPlanes<Scalar>) {
    for row in 0..<height {
      (z.re + row * pairs).update(from: image + row * width, count: pairs)
      (z.im + row * pairs).update(from: image + row * width + pairs, count: width - pairs)
      if width % 2 == 1 { z.im[row * pairs + pairs - 1] = 0 }
    }
  }

  /// Multiplies the spectrum of an image by real numbers in the spectrum's order.
  func filter(
    _ image: UnsafePointer<Scalar>,
    by gains: UnsafePointer<Scalar>,
    into result: UnsafeMutablePointer<Scalar>
  ) {
    let workspace = self.workspace()
    defer { withExtendedLifetime(workspace) {} }
    let (x, free) = transformed(image, in: workspace)
    Scalar.multiply(count, x.re, gains, x.re)
    Scalar.multiply(count, x.im, gains, x.im)
    inverted(x, scratch: free, into: result)
  }

  /// Multiplies the spectrum of an image by complex numbers, or by their conjugates.
  func filter(
    _ image: UnsafePointer<Scalar>,
    by re: UnsafePointer<Scalar>,
    _ im: UnsafePointer<Scalar>,
    conjugate: Bool,
    into result: UnsafeMutablePointer<Scalar>
  ) {
    let workspace = self.workspace()
    defer { withExtendedLifetime(workspace) {} }
    let (x, free) = transformed(image, in: workspace)
    Scalar.imaging.pointee
      .complex_multiply(count, conjugate ? 1 : 0, x.re, x.im, re, im, x.re, x.im)
    inverted(x, scratch: free, into: result)
  }

  /// A copy of an image's spectrum, real parts then imaginary ones.
  func spectrum(of image: [Scalar]) -> (re: [Scalar], im: [Scalar]) {
    precondition(image.count == height * width, "ImageSpectrum: \(image.count) numbers")
    let workspace = self.workspace()
    defer { withExtendedLifetime(workspace) {} }
    let (x, _) = transformed(image, in: workspace)
    return (
      Array(UnsafeBufferPointer(start: x.re, count: count)),
      Array(UnsafeBufferPointer(start: x.im, count: count))
    )
  }
}
