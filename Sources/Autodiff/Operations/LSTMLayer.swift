internal import CKernels
public import Tensors

/// All time steps of a long short-term memory layer from a state of zeros, as one node.
///
/// With `a[t]` the input's part, gates in the order i, f, g, o: `i, f, o = sigmoid(a[t] + h U)`,
/// `g = tanh(a[t] + h U)`, `c' = f c + i g`, `h' = o tanh(c')`. The same numbers as one ``lstmCell(_:_:)`` a step, up to
/// rounding, with one product a step forwards, one backwards and one for `dU` over all steps.
///
/// - Parameters:
///   - fromInput: `a`, `[time, batch, 4 hidden]`, biases included.
///   - recurrentWeight: `U`, `[hidden, 4 hidden]`.
///   - isReversed: from the last time to the first.
/// - Returns: `h'` by time, `[time, batch, hidden]`.
/// - SeeAlso: `hochreiter1997`.
@specialized(where Scalar == Float)
public func lstmLayer<Scalar: RealTensorScalar>(
  _ fromInput: Tensor<Scalar>,
  _ recurrentWeight: Tensor<Scalar>,
  isReversed: Bool = false
) -> Tensor<Scalar> {
  let extent = RecurrentExtent(
    "lstmLayer",
    fromInput.shape,
    recurrentWeight.shape,
    gates: 4,
    isReversed: isReversed
  )
  let operands = [fromInput, recurrentWeight]
  let plan = LSTMPlan(
    extent,
    input: fromInput.storage,
    weight: recurrentWeight.storage,
    pool: Primitive.pool(operands)
  )
  return Primitive.apply(
    "lstmLayer",
    operands,
    shape: [extent.time, extent.batch, extent.hidden],
    forward: { plan.forward($0) },
    backward: { plan.backward($0) }
  )
}

/// The buffers of one LSTM layer's run.
private final class LSTMPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run work on disjoint rows of every buffer.
  private let extent: RecurrentExtent
  private let input: TensorStorage<Scalar>
  private let weight: TensorStorage<Scalar>
  private let pool: WorkerPool
  private let gates: TensorStorage<Scalar>
  private let saved: TensorStorage<Scalar>
  private let cells: TensorStorage<Scalar>
  private let zeros: TensorStorage<Scalar>
  /// `dh` and two places for `dc`, each `[batch, hidden]`; made by the first backward pass.
  private var stateGradients: TensorStorage<Scalar>?
  /// `dgates` where the input's own gradient cannot serve.
  private var gateGradients: TensorStorage<Scalar>?
  private let forwardPieces = PieceClosure()
  private let backwardPieces = PieceClosure()
  private var gateTarget: UnsafeMutablePointer<Scalar>?

  init(
    _ extent: RecurrentExtent,
    input: TensorStorage<Scalar>,
    weight: TensorStorage<Scalar>,
    pool: WorkerPool
  ) {
    self.extent = extent
    self.input = input
    self.weight = weight
    self.pool = pool
    let states = extent.time * extent.batch * extent.hidden
    gates = TensorStorage(uninitialised: input.count)
    saved = TensorStorage(uninitialised: 5 * states)
    cells = TensorStorage(uninitialised: states)
    zeros = TensorStorage(uninitialised: extent.batch * extent.hidden)
    zeros.values.clear(count: zeros.count)
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
    for position in 0..<extent.time {
      let first = extent.time(at: position) * extent.batch + start
      let before = (extent.time(at: max(position, 1) - 1)) * extent.batch + start
      let gate = gates.values + first * extent.width
      gate.update(from: input.values + first * extent.width, count: rows * extent.width)
      if position > 0 {
        extent.addRecurrent(y.values + before * hidden, weight.values, rows: rows, to: gate)
      }
      Scalar.kernels.pointee.lstm_cell(
        rows,
        hidden,
        gate,
        position > 0 ? cells.values + before * hidden : zeros.values,
        cells.values + first * hidden,
        y.values + first * hidden,
        saved.values + 5 * first * hidden
      )
    }
  }

  func backward(_ y: TensorStorage<Scalar>) {
    let size = extent.batch * extent.hidden
    if stateGradients == nil { stateGradients = TensorStorage(uninitialised: 3 * size) }
    // The input's gradient is the gates' unless something else has added to it.
    let isDirect = input.gradients != nil && input.gradientIsFresh
    if !isDirect, gateGradients == nil { gateGradients = TensorStorage(uninitialised: gates.count) }
    guard let target = isDirect ? input.gradients : gateGradients?.values else { return }
    gateTarget = target
    input.gradientIsFresh = isDirect ? false : input.gradientIsFresh
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
      extent.addWeightGradient(states: y.values, gates: target, to: gradient)
    }
    if !isDirect, let gradient = input.accumulatedGradient {
      Scalar.kernels.pointee.accumulate_scaled(input.count, 1, target, gradient)
    }
  }

  private func backward(_ y: TensorStorage<Scalar>, piece: Int) {
    guard let gy = y.gradients, let stateGradients, let gateTarget else { return }
    let (start, rows) = extent.pieces.range(piece)
    let hidden = extent.hidden
    let count = rows * hidden
    let size = extent.batch * hidden
    let output = stateGradients.values + start * hidden
    var cell = output + size
    var earlierCell = output + 2 * size
    cell.clear(count: count)
    for position in (0..<extent.time).reversed() {
      let first = extent.time(at: position) * extent.batch + start
      let before = (extent.time(at: max(position, 1) - 1)) * extent.batch + start
      let gate = gateTarget + first * extent.width
      output.update(from: gy + first * hidden, count: count)
      if position + 1 < extent.time {
        let after = extent.time(at: position + 1) * extent.batch + start
        extent.addStateGradient(
          gateTarget + after * extent.width,
          weight.values,
          rows: rows,
          to: output
        )
      }
      earlierCell.clear(count: count)
      gate.clear(count: rows * extent.width)
      Scalar.kernels.pointee.lstm_cell_backward(
        rows,
        hidden,
        position > 0 ? cells.values + before * hidden : zeros.values,
        saved.values + 5 * first * hidden,
        cell,
        output,
        gate,
        earlierCell
      )
      swap(&cell, &earlierCell)
    }
  }
}
