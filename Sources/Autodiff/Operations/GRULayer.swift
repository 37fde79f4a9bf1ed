internal import CKernels
public import Tensors

/// All time steps of a gated recurrent layer from a state of zeros, as one node.
///
/// With `a[t]` the input's part and `b = h U + c` the state's, gates in the order r, z, n:
/// `r, z = sigmoid(a[t] + b)`, `n = tanh(a[t] + r b)`, `h' = (1 - z) n + z h`. The same numbers as one
/// ``gruCell(_:_:_:)`` a step, up to rounding, with one product a step forwards, one backwards and one for
/// `dU` over all steps.
///
/// - Parameters:
///   - fromInput: `a`, `[time, batch, 3 hidden]`, the input's biases included.
///   - recurrentWeight: `U`, `[hidden, 3 hidden]`.
///   - recurrentBias: `c`, `[3 hidden]`.
///   - isReversed: from the last time to the first.
/// - Returns: `h'` by time, `[time, batch, hidden]`.
/// - SeeAlso: `cho2014`.
@specialized(where Scalar == Float)
public func gruLayer<Scalar: RealTensorScalar>(
  _ fromInput: Tensor<Scalar>,
  _ recurrentWeight: Tensor<Scalar>,
  _ recurrentBias: Tensor<Scalar>,
  isReversed: Bool = false
) -> Tensor<Scalar> {
  let extent = RecurrentExtent(
    "gruLayer",
    fromInput.shape,
    recurrentWeight.shape,
    gates: 3,
    isReversed: isReversed
  )
  precondition(
    recurrentBias.shape == [extent.width],
    "gruLayer: bias \(recurrentBias.shape) with recurrent weight \(recurrentWeight.shape)"
  )
  let operands = [fromInput, recurrentWeight, recurrentBias]
  let plan = GRUPlan(
    extent,
    input: fromInput.storage,
    weight: recurrentWeight.storage,
    bias: recurrentBias.storage,
    pool: Primitive.pool(operands)
  )
  return Primitive.apply(
    "gruLayer",
    operands,
    shape: [extent.time, extent.batch, extent.hidden],
    forward: { plan.forward($0) },
    backward: { plan.backward($0) }
  )
}

/// The buffers of one GRU layer's run.
private final class GRUPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run work on disjoint rows of every buffer.
  private let extent: RecurrentExtent
  private let input: TensorStorage<Scalar>
  private let weight: TensorStorage<Scalar>
  private let bias: TensorStorage<Scalar>
  private let pool: WorkerPool
  /// The state's part of the gates of one step, `[batch, 3 hidden]`.
  private let fromState: TensorStorage<Scalar>
  private let saved: TensorStorage<Scalar>
  private let zeros: TensorStorage<Scalar>
  /// Two places for `dh`, each `[batch, hidden]`; made by the first backward pass.
  private var stateGradients: TensorStorage<Scalar>?
  /// The gradients of the state's part of all steps, `[time, batch, 3 hidden]`.
  private var fromStateGradients: TensorStorage<Scalar>?
  private var inputTarget: UnsafeMutablePointer<Scalar>?
  private let forwardPieces = PieceClosure()
  private let backwardPieces = PieceClosure()

  init(
    _ extent: RecurrentExtent,
    input: TensorStorage<Scalar>,
    weight: TensorStorage<Scalar>,
    bias: TensorStorage<Scalar>,
    pool: WorkerPool
  ) {
    self.extent = extent
    self.input = input
    self.weight = weight
    self.bias = bias
    self.pool = pool
    let size = extent.batch * extent.hidden
    fromState = TensorStorage(uninitialised: extent.batch * extent.width)
    saved = TensorStorage(uninitialised: 4 * extent.time * size)
    zeros = TensorStorage(uninitialised: size)
    zeros.values.clear(count: size)
  }

  func forward(_ y: TensorStorage<Scalar>) {
    if extent.pieces.count == 1 { return forward(y, piece: 0) }
    forwardPieces.run(pool, count: extent.pieces.count) {
      { [unowned self] in forward(y, piece: $0) }
    }
  }

  private func forward(_ y: TensorStorage<Scalar>, piece: Int) {
    let (start, rows) = extent.pieces.range(piece)
    let hidden = extent.hidden
    let state = fromState.values + start * extent.width
    for position in 0..<extent.time {
      let first = extent.time(at: position) * extent.batch + start
      let before = extent.time(at: max(position, 1) - 1) * extent.batch + start
      for row in 0..<rows {
        (state + row * extent.width).update(from: bias.values, count: extent.width)
      }
      if position > 0 {
        extent.addRecurrent(y.values + before * hidden, weight.values, rows: rows, to: state)
      }
      Scalar.kernels.pointee.gru_cell(
        rows,
        hidden,
        input.values + first * extent.width,
        state,
        position > 0 ? y.values + before * hidden : zeros.values,
        y.values + first * hidden,
        saved.values + 4 * first * hidden
      )
    }
  }

  func backward(_ y: TensorStorage<Scalar>) {
    let size = extent.batch * extent.hidden
    if stateGradients == nil { stateGradients = TensorStorage(uninitialised: 2 * size) }
    let states = fromStateGradients ?? TensorStorage(uninitialised: input.count)
    fromStateGradients = states
    states.values.clear(count: states.count)
    inputTarget = input.accumulatedGradient
    if extent.pieces.count == 1 {
      backward(y, piece: 0)
    } else {
      backwardPieces.run(pool, count: extent.pieces.count) {
        { [unowned self] in backward(y, piece: $0) }
      }
    }
    if extent.time == 1 {
      _ = weight.accumulatedGradient
    } else if let gradient = weight.productGradient {
      extent.addWeightGradient(states: y.values, gates: states.values, to: gradient)
    }
    if let gradient = bias.accumulatedGradient {
      Scalar.kernels.pointee.column_sums(
        extent.time * extent.batch,
        extent.width,
        states.values,
        gradient
      )
    }
  }

  private func backward(_ y: TensorStorage<Scalar>, piece: Int) {
    guard let gy = y.gradients, let stateGradients, let fromStateGradients else { return }
    let (start, rows) = extent.pieces.range(piece)
    let hidden = extent.hidden
    let count = rows * hidden
    var current = stateGradients.values + start * hidden
    var earlier = current + extent.batch * hidden
    current.update(
      from: gy + (extent.time(at: extent.time - 1) * extent.batch + start) * hidden,
      count: count
    )
    for position in (0..<extent.time).reversed() {
      let first = extent.time(at: position) * extent.batch + start
      let before = extent.time(at: max(position, 1) - 1) * extent.batch + start
      let state = fromStateGradients.values + first * extent.width
      if position > 0 { earlier.update(from: gy + before * hidden, count: count) }
      Scalar.kernels.pointee.gru_cell_backward(
        rows,
        hidden,
        position > 0 ? y.values + before * hidden : zeros.values,
        saved.values + 4 * first * hidden,
        current,
        inputTarget.map { $0 + first * extent.width },
        state,
        position > 0 ? earlier : nil
      )
      if position > 0 { extent.addStateGradient(state, weight.values, rows: rows, to: earlier) }
      swap(&current, &earlier)
    }
  }
}
