internal import CKernels
internal import Tensors

extension RealTensorScalar {
  /// The C kernels for images of this scalar.
  static var imaging: UnsafePointer<graybox_imaging_kernels> {
    Self.self == Float.self ? graybox_imaging_float() : graybox_imaging_double()
  }

  /// `y = a b`, number by number; `y` may be `a`.
  static func multiply(
    _ count: Int,
    _ a: UnsafePointer<Self>,
    _ b: UnsafePointer<Self>,
    _ y: UnsafeMutablePointer<Self>
  ) {
    var plan = graybox_broadcast()
    plan.rank = 1
    plan.extents.0 = Int64(count)
    plan.strides_a.0 = 1
    plan.strides_b.0 = 1
    kernels.pointee.binary(GRAYBOX_MULTIPLY, &plan, a, b, y)
  }
}

/// Numbers for the duration of one computation.
final class Workspace<Scalar: RealTensorScalar> {
  let start: UnsafeMutablePointer<Scalar>
  private var used = 0
  private let count: Int

  init(_ count: Int) {
    self.count = count
    start = .allocate(capacity: max(count, 1))
  }

  deinit { start.deallocate() }

  /// The next numbers, uninitialised.
  func take(_ length: Int) -> UnsafeMutablePointer<Scalar> {
    precondition(used + length <= count, "Workspace: \(used + length) numbers, \(count) are there")
    defer { used += length }
    return start + used
  }

  /// Real and imaginary parts.
  func takePlanes(_ length: Int) -> ComplexPlanes<Scalar> {
    ComplexPlanes(re: take(length), im: take(length))
  }
}

/// Where the real and the imaginary parts of complex numbers lie.
struct ComplexPlanes<Scalar> {
  var re: UnsafeMutablePointer<Scalar>
  var im: UnsafeMutablePointer<Scalar>

  /// Real and imaginary parts exchanged: a transform of these is the inverse one.
  var swapped: ComplexPlanes { ComplexPlanes(re: im, im: re) }
}
