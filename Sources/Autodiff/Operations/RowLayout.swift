internal import Tensors

/// Rows of numbers at given distances.
struct RowLayout {
  let rows: Int
  let width: Int

  /// Copies rows that begin `sourceStride` apart to places `targetStride` apart.
  ///
  /// Rows of a few numbers would pay more for a call each than for the copy.
  @inline(__always)
  func copy<Scalar: RealTensorScalar>(
    from source: UnsafeMutablePointer<Scalar>,
    every sourceStride: Int,
    to target: UnsafeMutablePointer<Scalar>,
    every targetStride: Int
  ) {
    var (source, target) = (source, target)
    for _ in 0..<rows {
      if width > 16 {
        target.update(from: source, count: width)
      } else {
        for column in 0..<width { target[column] = source[column] }
      }
      source += sourceStride
      target += targetStride
    }
  }

  /// Adds such rows to others.
  @inline(__always)
  func add<Scalar: RealTensorScalar>(
    _ source: UnsafeMutablePointer<Scalar>,
    every sourceStride: Int,
    to target: UnsafeMutablePointer<Scalar>,
    every targetStride: Int
  ) {
    var (source, target) = (source, target)
    for _ in 0..<rows {
      for column in 0..<width { target[column] += source[column] }
      source += sourceStride
      target += targetStride
    }
  }
}
