public import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The angle of each point `(x, y)` from the first axis, in radians, in `(-pi, pi]`.
///
/// The gradient at the origin, where the angle has none, is zero.
///
/// - Parameters:
///   - y: the second coordinates.
///   - x: the first coordinates, of the same shape.
/// - Returns: angles of that shape.
@specialized(where Scalar == Float)
public func arcTangent<Scalar: RealTensorScalar>(
  _ y: Tensor<Scalar>,
  _ x: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(y.shape == x.shape, "arcTangent: shapes \(y.shape) and \(x.shape)")
  return Primitive.binary(
    "arcTangent",
    y,
    x,
    shape: y.shape,
    forward: { y, x, angle in
      for i in 0..<angle.count {
        angle.values[i] = Scalar(atan2(Double(y.values[i]), Double(x.values[i])))
      }
    },
    backward: { y, x, angle in
      guard let g = angle.gradients else { return }
      let gy = y.accumulatedGradient
      let gx = x.accumulatedGradient
      for i in 0..<angle.count {
        let (a, b) = (y.values[i], x.values[i])
        let energy = a * a + b * b
        guard energy > 0 else { continue }
        gy?[i] += g[i] * b / energy
        gx?[i] -= g[i] * a / energy
      }
    },
    forwardRule: { at in
      let (y, x) = (at.operands[0], at.operands[1])
      let energy = square(y) + square(x)
      // No derivative at the origin, as backward has it.
      let share = select(isGreater(energy, Tensor(0)), reciprocal(energy), Tensor(0))
      return sum(
        at.change(0).map { x * share * $0 },
        at.change(1).map { -(y * share) * $0 }
      )
    },
    scalarRule: { builder, operands in
      zip(operands[0], operands[1]).map { builder.apply(.arcTangent, $0, $1) }
    }
  )
}
