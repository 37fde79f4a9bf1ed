internal import CKernels
public import Tensors

/// `exp(x) / sum exp(x)` along an axis, without overflow.
@specialized(where Scalar == Float)
public func softmax<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, axis: Int = -1) -> Tensor<Scalar>
{
  let axis = resolvedAxis("softmax", axis, rank: x.rank)
  let columns = x.shape[axis]
  let kernels = Scalar.kernels
  let rows = x.movedToEnd(axis)
  return Primitive.unary(
    "softmax",
    rows,
    shape: rows.shape,
    forward: { x, y in
      kernels.pointee.softmax(x.count / max(columns, 1), columns, x.values, y.values)
    },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      kernels.pointee.softmax_backward(y.count / max(columns, 1), columns, y.values, gy, gx)
    }
  ).movedFromEnd(to: axis)
}

/// `x - log sum exp(x)` along an axis, without overflow.
@specialized(where Scalar == Float)
public func logSoftmax<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, axis: Int = -1) -> Tensor<
  Scalar
> {
  let axis = resolvedAxis("logSoftmax", axis, rank: x.rank)
  let columns = x.shape[axis]
  let kernels = Scalar.kernels
  let rows = x.movedToEnd(axis)
  return Primitive.unary(
    "logSoftmax",
    rows,
    shape: rows.shape,
    forward: { x, y in
      kernels.pointee.log_softmax(x.count / max(columns, 1), columns, x.values, y.values)
    },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      kernels.pointee.log_softmax_backward(y.count / max(columns, 1), columns, y.values, gy, gx)
    }
  ).movedFromEnd(to: axis)
}

/// The cross-entropy of each row against its label: `-log softmax(logits)[label]`, as one node.
///
/// - Parameters:
///   - logits: `[rows, classes]`.
///   - labels: whole numbers in `0..<classes`, `[rows]`; no gradient flows to them.
/// - Returns: `[rows]`, in nats.
@specialized(where Scalar == Float)
public func softmaxCrossEntropy<Scalar: RealTensorScalar>(
  _ logits: Tensor<Scalar>,
  _ labels: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(
    logits.rank == 2 && labels.shape == [logits.shape[0]],
    "softmaxCrossEntropy: logits \(logits.shape) with labels \(labels.shape)"
  )
  let rows = logits.shape[0]
  let columns = logits.shape[1]
  let probabilities = TensorStorage<Scalar>(uninitialised: logits.count)
  let kernels = Scalar.kernels
  return Primitive.binary(
    "softmaxCrossEntropy",
    logits,
    labels,
    shape: [rows],
    forward: { x, labels, y in
      checkIndices("softmaxCrossEntropy", labels, bound: columns)
      kernels.pointee.cross_entropy(
        rows,
        columns,
        x.values,
        labels.values,
        probabilities.values,
        y.values
      )
    },
    backward: { x, labels, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      kernels.pointee.cross_entropy_backward(
        rows,
        columns,
        probabilities.values,
        labels.values,
        gy,
        gx
      )
    }
  )
}

/// Each row (last axis) with its mean taken off and divided by its deviation, as one node.
///
/// `y = (x - mean) / sqrt(variance + epsilon)`, variance without Bessel's correction.
@specialized(where Scalar == Float)
public func normalised<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, epsilon: Scalar = 1e-5)
  -> Tensor<Scalar>
{
  let columns = x.shape.last ?? 1
  precondition(columns > 0, "normalised: the last axis of \(x.shape) is empty")
  let rows = x.count / columns
  let deviations = TensorStorage<Scalar>(uninitialised: rows)
  let kernels = Scalar.kernels
  let epsilon = Double(epsilon)
  return Primitive.unary(
    "normalised",
    x,
    shape: x.shape,
    forward: { x, y in
      kernels.pointee.normalise(rows, columns, epsilon, x.values, y.values, deviations.values)
    },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      kernels.pointee.normalise_backward(rows, columns, y.values, deviations.values, gy, gx)
    }
  )
}
