internal import CKernels
public import Tensors

extension Tensor where Scalar: RealTensorScalar {
  private func reducedShape(_ axis: Int, keeping: Bool) -> [Int] {
    var reduced = shape
    if keeping { reduced[axis] = 1 } else { reduced.remove(at: axis) }
    return reduced
  }

  /// The sum of all elements, of shape `[]`.
  public func sum() -> Tensor { reshaped([count]).sum(axis: 0) }

  /// The mean of all elements, of shape `[]`.
  public func mean() -> Tensor { sum() * (1 / Scalar(count)) }

  /// The sum along an axis.
  public func sum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let axis = resolvedAxis("sum", axis, rank: rank)
    let view = AxisView(shape, axis: axis)
    let kernels = Scalar.kernels
    return Primitive.unary(
      "sum",
      self,
      shape: reducedShape(axis, keeping: keepingAxis),
      forward: { x, y in
        kernels.pointee.sum(view.outer, view.extent, view.inner, x.values, y.values)
      },
      backward: { x, y in
        guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        kernels.pointee.repeat_accumulate(view.outer, view.extent, view.inner, 1, gy, gx)
      },
      forwardRule: { at in at.change(0)?.sum(axis: axis + 1, keepingAxis: keepingAxis) },
      scalarRule: { builder, operands in
        (0..<(view.outer * view.inner)).map { place in
          let first = place / view.inner * view.extent * view.inner + place % view.inner
          return (0..<view.extent).reduce(builder.constant(0)) { sum, k in
            builder.apply(.add, sum, operands[0][first + k * view.inner])
          }
        }
      }
    )
  }

  /// The mean along an axis.
  public func mean(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let extent = shape[resolvedAxis("mean", axis, rank: rank)]
    return sum(axis: axis, keepingAxis: keepingAxis) * (1 / Scalar(extent))
  }

  /// The largest element along an axis; the first of equals gets the gradient.
  public func maximum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    extremum("maximum", sign: 1, axis: axis, keepingAxis: keepingAxis)
  }

  /// The smallest element along an axis; the first of equals gets the gradient.
  public func minimum(axis: Int, keepingAxis: Bool = false) -> Tensor {
    extremum("minimum", sign: -1, axis: axis, keepingAxis: keepingAxis)
  }

  private func extremum(_ name: String, sign: Int32, axis: Int, keepingAxis: Bool) -> Tensor {
    let axis = resolvedAxis(name, axis, rank: rank)
    precondition(shape[axis] > 0, "\(name): axis \(axis) of \(shape) is empty")
    let view = AxisView(shape, axis: axis)
    let positions = IndexBuffer(count: view.outer * view.inner)
    let kernels = Scalar.kernels
    return Primitive.unary(
      name,
      self,
      shape: reducedShape(axis, keeping: keepingAxis),
      forward: { x, y in
        kernels.pointee.extremum(
          sign,
          view.outer,
          view.extent,
          view.inner,
          x.values,
          y.values,
          positions.values
        )
      },
      backward: { x, y in
        guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        kernels.pointee.extremum_backward(
          view.outer,
          view.extent,
          view.inner,
          positions.values,
          gy,
          gx
        )
      }
    )
  }

  /// The running sum along an axis.
  public func cumulativeSum(axis: Int) -> Tensor {
    let view = AxisView(shape, axis: resolvedAxis("cumulativeSum", axis, rank: rank))
    let kernels = Scalar.kernels
    return Primitive.unary(
      "cumulativeSum",
      self,
      shape: shape,
      forward: { x, y in
        kernels.pointee.cumulative_sum(
          view.outer,
          view.extent,
          view.inner,
          0,
          0,
          x.values,
          y.values
        )
      },
      backward: { x, y in
        guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        kernels.pointee.cumulative_sum(view.outer, view.extent, view.inner, 1, 1, gy, gx)
      },
      forwardRule: { at in
        at.change(0)?.cumulativeSum(axis: axis < 0 ? axis : axis + 1)
      },
      scalarRule: { builder, operands in
        var sums = operands[0]
        for place in sums.indices where place / view.inner % view.extent > 0 {
          sums[place] = builder.apply(.add, sums[place - view.inner], sums[place])
        }
        return sums
      }
    )
  }

  /// `log sum exp(x)` along an axis, without overflow.
  public func logSumExp(axis: Int, keepingAxis: Bool = false) -> Tensor {
    let axis = resolvedAxis("logSumExp", axis, rank: rank)
    let columns = shape[axis]
    precondition(columns > 0, "logSumExp: axis \(axis) of \(shape) is empty")
    let rows = movedToEnd(axis)
    let kernels = Scalar.kernels
    let result = Primitive.unary(
      "logSumExp",
      rows,
      shape: Array(rows.shape.dropLast()),
      forward: { x, y in kernels.pointee.log_sum_exp(y.count, columns, x.values, y.values) },
      backward: { x, y in
        guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        kernels.pointee.log_sum_exp_backward(y.count, columns, x.values, y.values, gy, gx)
      }
    )
    return keepingAxis ? result.reshaped(reducedShape(axis, keeping: true)) : result
  }

  /// The tensor with one axis moved behind all others.
  func movedToEnd(_ axis: Int) -> Tensor {
    permuted((0..<rank).filter { $0 != axis } + [axis])
  }

  /// The tensor with its last axis moved to a place.
  func movedFromEnd(to axis: Int) -> Tensor {
    var order = Array(0..<(rank - 1))
    order.insert(rank - 1, at: axis)
    return permuted(order)
  }
}

/// The Euclidean norm along an axis; infinite gradient at zero is avoided: the gradient there is 0.
@specialized(where Scalar == Float)
public func euclideanNorm<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  axis: Int,
  keepingAxis: Bool = false
) -> Tensor<Scalar> {
  let squared = square(x).sum(axis: axis, keepingAxis: keepingAxis)
  let zero = Tensor<Scalar>(0)
  let isZero = isEqual(squared, zero)
  return select(isZero, zero, sqrt(select(isZero, Tensor(1), squared)))
}

/// The sum of absolute values along an axis.
@specialized(where Scalar == Float)
public func absoluteSum<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  axis: Int,
  keepingAxis: Bool = false
) -> Tensor<Scalar> {
  abs(x).sum(axis: axis, keepingAxis: keepingAxis)
}

/// Positions that a reduction keeps for its backward pass.
final class IndexBuffer: @unchecked Sendable {
  // Safe to share: one node writes and reads it, on the recording's thread.
  let values: UnsafeMutablePointer<Int32>

  init(count: Int) {
    values = .allocate(capacity: max(count, 1))
    values.initialize(repeating: 0, count: max(count, 1))
  }

  deinit { values.deallocate() }
}
