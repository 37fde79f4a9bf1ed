// Goals: 1. one matrix product for all time steps' inputs, one small product and one fused cell a
// step; 2. the same numbers as the usual libraries, so that weights can be carried over.
// Source: `cho2014`, in the variant with the reset gate after the recurrent product (and a bias of
// its own there), as cuDNN and PyTorch have it; gates in the order reset, update, candidate.

public import Autodiff
public import Tensors

/// A gated recurrent unit over sequences.
///
/// Equations, with `*` for products of numbers:
/// `r = sigmoid(x W_r + b_r + h U_r + c_r)`, `z = sigmoid(x W_z + b_z + h U_z + c_z)`,
/// `n = tanh(x W_n + b_n + r * (h U_n + c_n))`, `h' = (1 - z) * n + z * h`.
/// The three `W` lie side by side in ``inputWeight`` `[inputs, 3 hidden]`, the three `U` in
/// ``recurrentWeight`` `[hidden, 3 hidden]`, in the order r, z, n.
///
/// ```swift
/// let layer = GRU<Float>(inputs: 2, hidden: 16, from: &stream)
/// let run = layer.run(Tensor.zeros([8, 100, 2]))
/// run.outputs.shape    // [8, 100, 16]
/// run.last.shape       // [8, 16]
/// ```
public struct GRU<Scalar: RealTensorScalar>: RecurrentLayer {
  /// `W`, `[inputs, 3 hidden]`.
  public let inputWeight: Parameter<Scalar>
  /// `b`, `[3 hidden]`.
  public let inputBias: Parameter<Scalar>
  /// `U`, `[hidden, 3 hidden]`.
  public let recurrentWeight: Parameter<Scalar>
  /// `c`, `[3 hidden]`.
  public let recurrentBias: Parameter<Scalar>

  /// A layer drawn at random, all numbers uniform in `±1 / sqrt(hidden)`.
  public init(inputs: Int, hidden: Int, from stream: inout RandomStream) {
    precondition(inputs >= 1 && hidden >= 1, "GRU: \(inputs) inputs, \(hidden) hidden")
    let law = Initialisation.fanIn
    func drawn(_ shape: [Int]) -> Parameter<Scalar> {
      Parameter(law.drawn(shape, inputs: hidden, outputs: hidden, from: &stream))
    }
    inputWeight = drawn([inputs, 3 * hidden])
    inputBias = drawn([3 * hidden])
    recurrentWeight = drawn([hidden, 3 * hidden])
    recurrentBias = drawn([3 * hidden])
  }

  private init(copying other: GRU, in duplication: Duplication<Scalar>) {
    inputWeight = duplication.copy(other.inputWeight)
    inputBias = duplication.copy(other.inputBias)
    recurrentWeight = duplication.copy(other.recurrentWeight)
    recurrentBias = duplication.copy(other.recurrentBias)
  }

  /// How many features go in.
  public var inputs: Int { inputWeight.shape[0] }

  /// How many features come out.
  public var hidden: Int { recurrentWeight.shape[0] }

  /// Zeros of shape `[batch, hidden]`.
  public func zeroState(batch: Int) -> Tensor<Scalar> { .zeros([batch, hidden]) }

  /// One time step; the state is the hidden state `[batch, hidden]`.
  public func step(
    _ input: Tensor<Scalar>,
    _ state: Tensor<Scalar>
  ) -> (output: Tensor<Scalar>, state: Tensor<Scalar>) {
    let next = step(joining: [input], state)
    return (next, next)
  }

  /// One time step of inputs side by side, as one node; the new hidden state `[batch, hidden]`.
  public func step(joining inputs: [Tensor<Scalar>], _ state: Tensor<Scalar>) -> Tensor<Scalar> {
    gruStep(
      joining: inputs,
      state,
      inputWeight: inputWeight.value,
      inputBias: inputBias.value,
      recurrentWeight: recurrentWeight.value,
      recurrentBias: recurrentBias.value
    )
  }

  private func next(_ fromInput: Tensor<Scalar>, _ state: Tensor<Scalar>) -> Tensor<Scalar> {
    let fromState = linear(
      state,
      recurrentWeight.value,
      recurrentBias.value,
      activation: .identity
    )
    return gruCell(fromInput, fromState, state)
  }

  /// All time steps; outputs `[batch, time, hidden]`, last state `[batch, hidden]`.
  public func run(
    _ sequence: Tensor<Scalar>,
    from initial: Tensor<Scalar>?,
    _ options: SequenceOptions<Scalar>
  ) -> SequenceOutput<Scalar, Tensor<Scalar>> {
    let steps = TimeSteps(
      sequence,
      weight: inputWeight.value,
      bias: inputBias.value,
      options
    )
    var state = initial ?? zeroState(batch: steps.batch)
    var outputs: [Tensor<Scalar>] = []
    for time in steps.order {
      state = steps.kept(next(steps.input(at: time), state), state, at: time)
      outputs.append(state)
    }
    return SequenceOutput(outputs: steps.assembled(outputs), last: state)
  }

  /// All time steps as one node after the product with the inputs.
  public func outputs(timeFirst sequence: Tensor<Scalar>, isReversed: Bool) -> Tensor<Scalar> {
    let fromInput = linear(sequence, inputWeight.value, inputBias.value, activation: .identity)
    return gruLayer(
      fromInput,
      recurrentWeight.value,
      recurrentBias.value,
      isReversed: isReversed
    )
  }

  /// Names the four arrays.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("inputWeight", inputWeight)
    visitor.parameter("inputBias", inputBias)
    visitor.parameter("recurrentWeight", recurrentWeight)
    visitor.parameter("recurrentBias", recurrentBias)
  }

  /// The same layer with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> GRU {
    GRU(copying: self, in: duplication)
  }
}
