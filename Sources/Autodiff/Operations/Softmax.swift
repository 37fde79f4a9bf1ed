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
  let plan = CrossEntropyPlan<Scalar>(
    rows: logits.shape[0],
    columns: logits.shape[1],
    pool: Primitive.pool([logits, labels])
  )
  return Primitive.binary(
    "softmaxCrossEntropy",
    logits,
    labels,
    shape: [logits.shape[0]],
    forward: { plan.forward($0, $1, $2) },
    backward: { plan.backward($0, $1, $2) }
  )
}

/// The probabilities and pieces of one cross-entropy.
private final class CrossEntropyPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint rows.
  private let columns: Int
  private let pool: WorkerPool
  private let pieces: RowPieces
  private let probabilities: TensorStorage<Scalar>
  private let forwardPieces = PieceClosure()
  private let backwardPieces = PieceClosure()

  init(rows: Int, columns: Int, pool: WorkerPool) {
    self.columns = columns
    self.pool = pool
    pieces = RowPieces(rows: rows, work: columns * RowPieces.exponentialWork)
    probabilities = TensorStorage(uninitialised: rows * columns)
  }

  func forward(
    _ x: TensorStorage<Scalar>,
    _ labels: TensorStorage<Scalar>,
    _ y: TensorStorage<Scalar>
  ) {
    checkIndices("softmaxCrossEntropy", labels, bound: columns)
    forwardPieces.run(pool, count: pieces.count) {
      { [unowned self] piece in
        let (start, rows) = pieces.range(piece)
        Scalar.kernels.pointee.cross_entropy(
          rows,
          columns,
          x.values + start * columns,
          labels.values + start,
          probabilities.values + start * columns,
          y.values + start
        )
      }
    }
  }

  func backward(
    _ x: TensorStorage<Scalar>,
    _ labels: TensorStorage<Scalar>,
    _ y: TensorStorage<Scalar>
  ) {
    guard y.gradients != nil, x.accumulatedGradient != nil else { return }
    backwardPieces.run(pool, count: pieces.count) {
      { [unowned self] piece in
        guard let gy = y.gradients, let gx = x.gradients else { return }
        let (start, rows) = pieces.range(piece)
        Scalar.kernels.pointee.cross_entropy_backward(
          rows,
          columns,
          probabilities.values + start * columns,
          labels.values + start,
          gy + start,
          gx + start * columns
        )
      }
    }
  }
}

/// Each row (last axis) with its mean taken off and divided by its deviation, as one node.
///
/// `y = (x - mean) / sqrt(variance + epsilon)`, variance without Bessel's correction.
@specialized(where Scalar == Float)
public func normalised<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, epsilon: Scalar = 1e-5)
  -> Tensor<Scalar>
{
  let kernels = Scalar.kernels.pointee
  return rescaled("normalised", x, epsilon, kernels.normalise, kernels.normalise_backward)
}

/// Each row (last axis) divided by its length, as one node.
///
/// `y = x / max(|x|, epsilon)`. A row shorter than `epsilon` has no direction: nothing is propagated to it.
@specialized(where Scalar == Float)
public func unitRows<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, epsilon: Scalar = 1e-12)
  -> Tensor<Scalar>
{
  let kernels = Scalar.kernels.pointee
  return rescaled("unitRows", x, epsilon, kernels.unit_rows, kernels.unit_rows_backward)
}

/// Rows that a kernel scales by a number of each, which it keeps for the way back.
private func rescaled<Scalar: RealTensorScalar>(
  _ name: String,
  _ x: Tensor<Scalar>,
  _ epsilon: Scalar,
  _ scale: @escaping RowScaling,
  _ scaleBackward: @escaping RowScalingBackward
) -> Tensor<Scalar> {
  let columns = x.shape.last ?? 1
  precondition(columns > 0, "\(name): the last axis of \(x.shape) is empty")
  let rows = x.count / columns
  let scales = TensorStorage<Scalar>(uninitialised: rows)
  let epsilon = Double(epsilon)
  return Primitive.unary(
    name,
    x,
    shape: x.shape,
    forward: { x, y in scale(rows, columns, epsilon, x.values, y.values, scales.values) },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      scaleBackward(rows, columns, y.values, scales.values, gy, gx)
    }
  )
}

private typealias RowScaling =
  @convention(c) (
    Int, Int, Double, UnsafeRawPointer?, UnsafeMutableRawPointer?, UnsafeMutableRawPointer?
  ) -> Void
private typealias RowScalingBackward =
  @convention(c) (
    Int, Int, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeRawPointer?, UnsafeMutableRawPointer?
  ) -> Void
