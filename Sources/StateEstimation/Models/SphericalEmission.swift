internal import Autodiff
public import Tensors

/// Spherical coordinates of a point: its distance, its angle from the third axis, its azimuth.
///
/// `h(x) = (|x|, acos(x_3 / |x|), atan2(x_2, x_1))`, angles in radians.
///
/// - SeeAlso: `revach2022kalmannet`.
public struct SphericalEmission<Scalar: RealTensorScalar>: VectorFunction {
  /// Spherical coordinates.
  public init() {}

  /// Three coordinates.
  public var inputs: Int { 3 }
  /// Distance and two angles.
  public var outputs: Int { 3 }

  /// Distance and two angles.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    let flat = (x[0] * x[0] + x[1] * x[1]).squareRoot()
    y[0] = (flat * flat + x[2] * x[2]).squareRoot()
    y[1] = Scalar(angle(Double(flat), Double(x[2])))
    y[2] = Scalar(angle(Double(x[1]), Double(x[0])))
  }

  /// The derivative; rows of zeros where an angle has none, on the third axis.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    matrix.clear(count: 9)
    let flatEnergy = x[0] * x[0] + x[1] * x[1]
    let energy = flatEnergy + x[2] * x[2]
    guard energy > 0 else { return }
    let distance = energy.squareRoot()
    for j in 0..<3 { matrix[j] = x[j] / distance }
    guard flatEnergy > 0 else { return }
    let flat = flatEnergy.squareRoot()
    matrix[3] = x[0] * x[2] / (flat * energy)
    matrix[4] = x[1] * x[2] / (flat * energy)
    matrix[5] = -flat / energy
    matrix[6] = -x[1] / flatEnergy
    matrix[7] = x[0] / flatEnergy
  }

  /// Distance and two angles.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    let first = x.sliced(axis: 1, 0..<1)
    let second = x.sliced(axis: 1, 1..<2)
    let third = x.sliced(axis: 1, 2..<3)
    let flatEnergy = square(first) + square(second)
    let distance = sqrt(flatEnergy + square(third))
    return concatenated(
      [distance, arcTangent(sqrt(flatEnergy), third), arcTangent(second, first)],
      axis: 1
    )
  }

  /// The derivative; not finite on the third axis.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    let first = x.sliced(axis: 1, 0..<1)
    let second = x.sliced(axis: 1, 1..<2)
    let third = x.sliced(axis: 1, 2..<3)
    let flatEnergy = square(first) + square(second)
    let energy = flatEnergy + square(third)
    let (flat, distance) = (sqrt(flatEnergy), sqrt(energy))
    let slant = third / (flat * energy)
    let rows = [
      first / distance, second / distance, third / distance, first * slant, second * slant,
      -flat / energy, -second / flatEnergy, first / flatEnergy, third * 0,
    ]
    return concatenated(rows, axis: 1).reshaped([x.shape[0], 3, 3])
  }
}
