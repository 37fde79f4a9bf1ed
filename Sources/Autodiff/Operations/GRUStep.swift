internal import CKernels
public import Tensors

/// One step of a gated recurrent unit with its two products, as one node.
///
/// ``gruCell(_:_:_:)`` of `[a, b, ..] W + w` and `h U + u`; for units so small that what a node costs counts, and for
/// so many steps that their memory does: only the gates are kept.
///
/// - Parameters:
///   - parts: the inputs, each `[batch, width]`, side by side.
///   - previous: `h`, `[batch, hidden]`.
///   - inputWeight: `W`, `[in, 3 hidden]`, gates in the order r, z, n.
///   - inputBias: `w`, `[3 hidden]`.
///   - recurrentWeight: `U`, `[hidden, 3 hidden]`.
///   - recurrentBias: `u`, `[3 hidden]`.
/// - Returns: `h'`, `[batch, hidden]`.
/// - SeeAlso: `cho2014`.
@specialized(where Scalar == Float)
public func gruStep<Scalar: RealTensorScalar>(
  joining parts: [Tensor<Scalar>],
  _ previous: Tensor<Scalar>,
  inputWeight: Tensor<Scalar>,
  inputBias: Tensor<Scalar>,
  recurrentWeight: Tensor<Scalar>,
  recurrentBias: Tensor<Scalar>
) -> Tensor<Scalar> {
  let x = JoinedColumns(parts, for: "gruStep")
  precondition(
    previous.rank == 2 && inputWeight.rank == 2 && recurrentWeight.rank == 2,
    "gruStep: state \(previous.shape), weights \(inputWeight.shape), \(recurrentWeight.shape)"
  )
  let (batch, hidden) = (previous.shape[0], previous.shape[1])
  precondition(
    inputWeight.shape == [x.width, 3 * hidden] && recurrentWeight.shape == [hidden, 3 * hidden]
      && inputBias.shape == [3 * hidden] && recurrentBias.shape == [3 * hidden]
      && parts[0].shape.dropLast() == [batch],
    "gruStep: inputs \(parts.map(\.shape)), state \(previous.shape), weights "
      + "\(inputWeight.shape), \(inputBias.shape), \(recurrentWeight.shape), \(recurrentBias.shape)"
  )
  let operands = parts + [previous, inputWeight, inputBias, recurrentWeight, recurrentBias]
  func plan(_ x: JoinedColumns<Scalar>, _ weight: Tensor<Scalar>, _ bias: Tensor<Scalar>)
    -> LinearPlan<Scalar>
  {
    LinearPlan(
      inputs: x.width,
      outputs: 3 * hidden,
      isTransposed: false,
      activation: GRAYBOX_IDENTITY,
      x: x,
      weight: weight.storage,
      bias: bias.storage,
      pool: Primitive.pool(operands)
    )
  }
  let step = GRUStepPlan(
    batch: batch,
    hidden: hidden,
    fromInput: plan(x, inputWeight, inputBias),
    fromState: plan(JoinedColumns([previous], for: "gruStep"), recurrentWeight, recurrentBias),
    previous: previous.storage,
    inputGates: Primitive.scratch(operands, 0, count: batch * 3 * hidden),
    stateGates: Primitive.scratch(operands, 1, count: batch * 3 * hidden)
  )
  return Primitive.apply(
    "gruStep",
    operands,
    shape: previous.shape,
    forward: { step.forward($0) },
    backward: { step.backward($0) }
  )
}

/// The gates of one step and what its way back needs of them.
private final class GRUStepPlan<Scalar: RealTensorScalar> {
  private let batch: Int
  private let hidden: Int
  private let fromInput: LinearPlan<Scalar>
  private let fromState: LinearPlan<Scalar>
  private let previous: TensorStorage<Scalar>
  /// Both parts of the gates before the cell, and their gradients after it, for one pass.
  private let inputGates: TensorStorage<Scalar>
  private let stateGates: TensorStorage<Scalar>
  private let saved: TensorStorage<Scalar>

  init(
    batch: Int,
    hidden: Int,
    fromInput: LinearPlan<Scalar>,
    fromState: LinearPlan<Scalar>,
    previous: TensorStorage<Scalar>,
    inputGates: TensorStorage<Scalar>,
    stateGates: TensorStorage<Scalar>
  ) {
    self.batch = batch
    self.hidden = hidden
    self.fromInput = fromInput
    self.fromState = fromState
    self.previous = previous
    self.inputGates = inputGates
    self.stateGates = stateGates
    saved = TensorStorage(uninitialised: batch * 4 * hidden)
  }

  func forward(_ y: TensorStorage<Scalar>) {
    fromInput.forward(inputGates)
    fromState.forward(stateGates)
    Scalar.kernels.pointee.gru_cell(
      batch,
      hidden,
      inputGates.values,
      stateGates.values,
      previous.values,
      y.values,
      saved.values
    )
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard let gy = y.gradients else { return }
    inputGates.allocateGradients()
    stateGates.allocateGradients()
    Scalar.kernels.pointee.gru_cell_gradients(
      batch,
      hidden,
      previous.values,
      saved.values,
      gy,
      inputGates.gradients,
      stateGates.gradients,
      previous.accumulatedGradient
    )
    fromInput.backward(inputGates)
    fromState.backward(stateGates)
  }
}
