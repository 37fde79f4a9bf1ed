internal import CKernels
public import Tensors

/// A mask: 1 where `a > b`, else 0, with broadcasting; it has no gradient and replays.
@specialized(where Scalar == Float)
public func isGreater<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>)
  -> Tensor<Scalar>
{
  broadcastOperation("isGreater", GRAYBOX_GREATER, a, b, isDifferentiable: false)
}

/// A mask: 1 where `a >= b`, else 0, with broadcasting.
@specialized(where Scalar == Float)
public func isGreaterOrEqual<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>)
  -> Tensor<Scalar>
{
  broadcastOperation("isGreaterOrEqual", GRAYBOX_GREATER_EQUAL, a, b, isDifferentiable: false)
}

/// A mask: 1 where `a < b`, else 0, with broadcasting.
@specialized(where Scalar == Float)
public func isLess<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>)
  -> Tensor<Scalar>
{
  broadcastOperation("isLess", GRAYBOX_LESS, a, b, isDifferentiable: false)
}

/// A mask: 1 where `a <= b`, else 0, with broadcasting.
@specialized(where Scalar == Float)
public func isLessOrEqual<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>)
  -> Tensor<Scalar>
{
  broadcastOperation("isLessOrEqual", GRAYBOX_LESS_EQUAL, a, b, isDifferentiable: false)
}

/// A mask: 1 where `a == b`, else 0, with broadcasting.
@specialized(where Scalar == Float)
public func isEqual<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>)
  -> Tensor<Scalar>
{
  broadcastOperation("isEqual", GRAYBOX_EQUAL, a, b, isDifferentiable: false)
}

/// Elements of `a` where the mask is not 0, of `b` elsewhere, with broadcasting of all three.
///
/// - Parameters:
///   - mask: 0 or 1, as the comparisons give; no gradient flows to it.
///   - a: taken where the mask is set; gets the gradient there.
///   - b: taken elsewhere; gets the gradient there.
/// - Returns: of the shape that the three broadcast to.
@specialized(where Scalar == Float)
public func select<Scalar: RealTensorScalar>(
  _ mask: Tensor<Scalar>,
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>
) -> Tensor<Scalar> {
  let shape = broadcastShape(
    "select",
    broadcastShape("select", mask.shape, a.shape),
    b.shape
  )
  let mask = mask.broadcast(to: shape)
  let a = a.broadcast(to: shape)
  let b = b.broadcast(to: shape)
  let kernels = Scalar.kernels
  let (m, x, z) = (mask.storage, a.storage, b.storage)
  return Primitive.apply(
    "select",
    [mask, a, b],
    shape: shape,
    forward: { y in kernels.pointee.select(y.count, m.values, x.values, z.values, y.values) },
    backward: { y in
      guard let gy = y.gradients else { return }
      kernels.pointee.select_backward(
        y.count,
        m.values,
        gy,
        x.accumulatedGradient,
        z.accumulatedGradient
      )
    },
    forwardRule: { at in
      at.change(1) == nil && at.change(2) == nil
        ? nil : select(at.repeated(0), at.full(1), at.full(2))
    },
    scalarRule: { builder, operands in
      operands[0].indices.map { place in
        builder.apply(.select, operands[0][place], operands[1][place], operands[2][place])
      }
    }
  )
}

/// A mask of the `k` largest elements along the last axis; the first of equals; no gradient.
///
/// - Parameters:
///   - x: `[.., n]`.
///   - k: between 0 and `n`.
/// - Returns: 0 or 1, of the shape of `x`; multiply by it to keep the `k` largest.
@specialized(where Scalar == Float)
public func topKMask<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, _ k: Int) -> Tensor<Scalar> {
  let columns = x.shape.last ?? 1
  precondition(k >= 0 && k <= columns, "topKMask: \(k) of \(columns) elements")
  let kernels = Scalar.kernels
  return Primitive.unary(
    "topKMask",
    x,
    shape: x.shape,
    forward: { x, y in
      kernels.pointee.top_k_mask(
        columns == 0 ? 0 : x.count / columns,
        columns,
        k,
        x.values,
        y.values
      )
    },
    backward: nil
  )
}
