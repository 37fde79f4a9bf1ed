// Goals and layout as for the GRU. Source: `hochreiter1997` with the forget gate of `gers2000`; gates
// in the order input, forget, candidate, output; one bias (the usual second one adds nothing). The
// forget gate's bias starts one higher, so that a fresh layer remembers (`gers2000`).

public import Autodiff
public import Tensors

/// The memory of an LSTM layer.
public struct LSTMState<Scalar: RealTensorScalar>: Sendable {
  /// The hidden state, `[batch, hidden]`.
  public let output: Tensor<Scalar>
  /// The cell, `[batch, hidden]`.
  public let cell: Tensor<Scalar>

  /// A state of the given parts.
  public init(output: Tensor<Scalar>, cell: Tensor<Scalar>) {
    self.output = output
    self.cell = cell
  }
}

/// A long short-term memory layer over sequences.
///
/// Equations: `i, f, o = sigmoid(x W + h U + b)`, `g = tanh(x W + h U + b)` with a part of `W`
/// `[inputs, 4 hidden]`, `U` `[hidden, 4 hidden]` and `b` `[4 hidden]` each, in the order i, f, g, o;
/// `c' = f * c + i * g`, `h' = o * tanh(c')`.
public struct LSTM<Scalar: RealTensorScalar>: RecurrentLayer {
  /// `W`, `[inputs, 4 hidden]`.
  public let inputWeight: Parameter<Scalar>
  /// `U`, `[hidden, 4 hidden]`.
  public let recurrentWeight: Parameter<Scalar>
  /// `b`, `[4 hidden]`.
  public let bias: Parameter<Scalar>

  /// A layer drawn at random.
  ///
  /// All numbers are uniform in `±1 / sqrt(hidden)`; the forget gate's bias is one higher.
  public init(inputs: Int, hidden: Int, from stream: inout RandomStream) {
    precondition(inputs >= 1 && hidden >= 1, "LSTM: \(inputs) inputs, \(hidden) hidden")
    let law = Initialisation.fanIn
    func drawn(_ shape: [Int]) -> Tensor<Scalar> {
      law.drawn(shape, inputs: hidden, outputs: hidden, from: &stream)
    }
    inputWeight = Parameter(drawn([inputs, 4 * hidden]))
    recurrentWeight = Parameter(drawn([hidden, 4 * hidden]))
    var biases = drawn([4 * hidden]).scalars
    for unit in hidden..<2 * hidden { biases[unit] += 1 }
    bias = Parameter(Tensor(biases))
  }

  private init(copying other: LSTM, in duplication: Duplication<Scalar>) {
    inputWeight = duplication.copy(other.inputWeight)
    recurrentWeight = duplication.copy(other.recurrentWeight)
    bias = duplication.copy(other.bias)
  }

  /// How many features go in.
  public var inputs: Int { inputWeight.shape[0] }

  /// How many features come out.
  public var hidden: Int { recurrentWeight.shape[0] }

  /// Zeros of shape `[batch, hidden]` for both parts.
  public func zeroState(batch: Int) -> LSTMState<Scalar> {
    LSTMState(output: .zeros([batch, hidden]), cell: .zeros([batch, hidden]))
  }

  /// One time step.
  public func step(
    _ input: Tensor<Scalar>,
    _ state: LSTMState<Scalar>
  ) -> (output: Tensor<Scalar>, state: LSTMState<Scalar>) {
    let next = self.next(
      linear(input, inputWeight.value, bias.value, activation: .identity),
      state
    )
    return (next.output, next)
  }

  private func next(_ fromInput: Tensor<Scalar>, _ state: LSTMState<Scalar>) -> LSTMState<Scalar> {
    let gates = fromInput + matmul(state.output, recurrentWeight.value)
    let (output, cell) = lstmCell(gates, state.cell)
    return LSTMState(output: output, cell: cell)
  }

  /// All time steps; outputs `[batch, time, hidden]`.
  public func run(
    _ sequence: Tensor<Scalar>,
    from initial: LSTMState<Scalar>?,
    _ options: SequenceOptions<Scalar>
  ) -> SequenceOutput<Scalar, LSTMState<Scalar>> {
    let steps = TimeSteps(sequence, weight: inputWeight.value, bias: bias.value, options)
    var state = initial ?? zeroState(batch: steps.batch)
    var outputs: [Tensor<Scalar>] = []
    for time in steps.order {
      let new = next(steps.input(at: time), state)
      state = LSTMState(
        output: steps.kept(new.output, state.output, at: time),
        cell: steps.kept(new.cell, state.cell, at: time)
      )
      outputs.append(state.output)
    }
    return SequenceOutput(outputs: steps.assembled(outputs), last: state)
  }

  /// All time steps as one node after the product with the inputs.
  public func outputs(timeFirst sequence: Tensor<Scalar>, isReversed: Bool) -> Tensor<Scalar> {
    let fromInput = linear(sequence, inputWeight.value, bias.value, activation: .identity)
    return lstmLayer(fromInput, recurrentWeight.value, isReversed: isReversed)
  }

  /// Names the three arrays.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("inputWeight", inputWeight)
    visitor.parameter("recurrentWeight", recurrentWeight)
    visitor.parameter("bias", bias)
  }

  /// The same layer with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> LSTM {
    LSTM(copying: self, in: duplication)
  }
}
