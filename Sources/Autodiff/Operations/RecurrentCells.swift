internal import CKernels
public import Tensors

/// One step of a gated recurrent unit after its products, as one node.
///
/// `r = sigmoid(a_r + b_r)`, `z = sigmoid(a_z + b_z)`, `n = tanh(a_n + r b_n)`, `h' = (1 - z) n + z h`, where `a`
/// comes from the input and `b` from the state, biases included (the variant whose reset gate acts
/// on the recurrent product).
///
/// - Parameters:
///   - fromInput: `a`, `[batch, 3 hidden]`, gates in the order r, z, n.
///   - fromState: `b`, `[batch, 3 hidden]`.
///   - previous: `h`, `[batch, hidden]`.
/// - Returns: `h'`, `[batch, hidden]`.
/// - SeeAlso: `cho2014`.
@specialized(where Scalar == Float)
public func gruCell<Scalar: RealTensorScalar>(
  _ fromInput: Tensor<Scalar>,
  _ fromState: Tensor<Scalar>,
  _ previous: Tensor<Scalar>
) -> Tensor<Scalar> {
  let (batch, hidden) = (previous.shape[0], previous.shape[1])
  precondition(
    fromInput.shape == [batch, 3 * hidden] && fromState.shape == fromInput.shape,
    "gruCell: gates \(fromInput.shape) and \(fromState.shape) for a state \(previous.shape)"
  )
  let saved = TensorStorage<Scalar>(uninitialised: batch * hidden * 4)
  let (a, b, h) = (fromInput.storage, fromState.storage, previous.storage)
  let kernels = Scalar.kernels
  return Primitive.apply(
    "gruCell",
    [fromInput, fromState, previous],
    shape: previous.shape,
    forward: { y in
      kernels.pointee.gru_cell(
        batch,
        hidden,
        a.values,
        b.values,
        h.values,
        y.values,
        saved.values
      )
    },
    backward: { y in
      guard let gy = y.gradients else { return }
      kernels.pointee.gru_cell_backward(
        batch,
        hidden,
        h.values,
        saved.values,
        gy,
        a.accumulatedGradient,
        b.accumulatedGradient,
        h.accumulatedGradient
      )
    }
  )
}

/// One step of a long short-term memory cell after its products, as one node.
///
/// `i, f, o = sigmoid`, `g = tanh` of their gates, `c' = f c + i g`, `h' = o tanh(c')`.
///
/// - Parameters:
///   - gates: input and state parts summed, biases included, `[batch, 4 hidden]`, order i, f, g, o.
///   - previousCell: `c`, `[batch, hidden]`.
/// - Returns: `h'` and `c'`, each `[batch, hidden]`.
/// - SeeAlso: `hochreiter1997`.
@specialized(where Scalar == Float)
public func lstmCell<Scalar: RealTensorScalar>(
  _ gates: Tensor<Scalar>,
  _ previousCell: Tensor<Scalar>
) -> (output: Tensor<Scalar>, cell: Tensor<Scalar>) {
  let (batch, hidden) = (previousCell.shape[0], previousCell.shape[1])
  precondition(
    gates.shape == [batch, 4 * hidden],
    "lstmCell: gates \(gates.shape) for a cell \(previousCell.shape)"
  )
  let size = batch * hidden
  let saved = TensorStorage<Scalar>(uninitialised: size * 5)
  let (a, c) = (gates.storage, previousCell.storage)
  let kernels = Scalar.kernels
  // One node holds both results: outputs first, then cells.
  let both = Primitive.apply(
    "lstmCell",
    [gates, previousCell],
    shape: [2, batch, hidden],
    forward: { y in
      kernels.pointee.lstm_cell(
        batch,
        hidden,
        a.values,
        c.values,
        y.values + size,
        y.values,
        saved.values
      )
    },
    backward: { y in
      guard let gy = y.gradients else { return }
      kernels.pointee.lstm_cell_backward(
        batch,
        hidden,
        c.values,
        saved.values,
        gy + size,
        gy,
        a.accumulatedGradient,
        c.accumulatedGradient
      )
    }
  )
  return (both.picked(axis: 0, 0), both.picked(axis: 0, 1))
}
