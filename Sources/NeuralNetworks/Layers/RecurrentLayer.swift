internal import Autodiff
public import Tensors

/// What a recurrent layer gives back for a batch of sequences.
public struct SequenceOutput<Scalar: RealTensorScalar, State> {
  /// The hidden state after each time step, `[batch, time, hidden]`.
  public let outputs: Tensor<Scalar>
  /// The state after the last time step that was run.
  public let last: State
}

/// How a recurrent layer runs over its sequences.
public struct SequenceOptions<Scalar: RealTensorScalar>: Sendable {
  /// From the last time step to the first.
  public var isReversed: Bool
  /// `[batch, time]`: one where a sequence has a sample and zero where it is padded.
  ///
  /// There the state is carried on unchanged. Needed for the last state, and for reversed runs over
  /// padded batches.
  public var mask: Tensor<Scalar>?

  /// Forwards over whole sequences unless told otherwise.
  public init(isReversed: Bool = false, mask: Tensor<Scalar>? = nil) {
    self.isReversed = isReversed
    self.mask = mask
  }
}

/// A layer with memory over `[batch, time, features]`.
///
/// Laws: running over a sequence equals stepping through it; running over two halves, the second from
/// the first's last state, equals running over the whole.
public protocol RecurrentLayer<Scalar>: Layer {
  /// What is carried from one time step to the next.
  associatedtype State
  /// How many features come out.
  var hidden: Int { get }
  /// How many features go in.
  var inputs: Int { get }

  /// A state of zeros.
  func zeroState(batch: Int) -> State

  /// One time step.
  ///
  /// - Parameters:
  ///   - input: `[batch, features]`.
  ///   - state: the state before.
  /// - Returns: the hidden state `[batch, hidden]` and the state after.
  func step(_ input: Tensor<Scalar>, _ state: State) -> (output: Tensor<Scalar>, state: State)

  /// All time steps; the products with the inputs are made at once.
  ///
  /// - Parameters:
  ///   - sequence: `[batch, time, features]`.
  ///   - initial: the state before the first step that is run; zeros when nil.
  ///   - options: direction and mask.
  /// - Returns: the hidden states in the order of time, and the last state.
  func run(
    _ sequence: Tensor<Scalar>,
    from initial: State?,
    _ options: SequenceOptions<Scalar>
  ) -> SequenceOutput<Scalar, State>

  /// The hidden states of whole sequences that lie time first, from a state of zeros.
  ///
  /// The fast way where the last state is not needed: chains of layers keep this layout, in which the
  /// batch of one step is contiguous.
  ///
  /// - Parameters:
  ///   - sequence: `[time, batch, features]`.
  ///   - isReversed: from the last time step to the first.
  /// - Returns: `[time, batch, hidden]`, in the order of time.
  func outputs(timeFirst sequence: Tensor<Scalar>, isReversed: Bool) -> Tensor<Scalar>
}

extension RecurrentLayer {
  /// All time steps forwards from a state of zeros unless told otherwise.
  public func run(
    _ sequence: Tensor<Scalar>,
    from initial: State? = nil
  ) -> SequenceOutput<Scalar, State> {
    run(sequence, from: initial, SequenceOptions())
  }

  /// The hidden states, `[batch, time, hidden]`.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    outputs(timeFirst: input.permuted([1, 0, 2]), isReversed: false).permuted([1, 0, 2])
  }

  /// The hidden states by way of ``run(_:from:_:)``, for layers without a faster way.
  public func outputs(timeFirst sequence: Tensor<Scalar>, isReversed: Bool) -> Tensor<Scalar> {
    run(sequence.permuted([1, 0, 2]), from: nil, SequenceOptions(isReversed: isReversed)).outputs
      .permuted([1, 0, 2])
  }
}

/// Two recurrent layers over the same sequences in opposite directions, side by side.
///
/// Output `[batch, time, 2 hidden]`: the forward layer's hidden state, then the backward layer's.
public struct Bidirectional<Cell: RecurrentLayer>: Layer {
  /// The layer that runs from the first time step to the last.
  public let forward: Cell
  /// The layer that runs from the last time step to the first.
  public let backward: Cell

  /// A pair of layers, which may differ in size.
  public init(forward: Cell, backward: Cell) {
    self.forward = forward
    self.backward = backward
  }

  /// Both directions over a padded batch.
  ///
  /// - Parameters:
  ///   - sequence: `[batch, time, features]`.
  ///   - mask: `[batch, time]`; nil when all sequences are whole.
  /// - Returns: `[batch, time, 2 hidden]`.
  public func outputs(
    for sequence: Tensor<Cell.Scalar>,
    mask: Tensor<Cell.Scalar>? = nil
  ) -> Tensor<Cell.Scalar> {
    guard let mask else {
      return outputs(timeFirst: sequence.permuted([1, 0, 2])).permuted([1, 0, 2])
    }
    let ahead = forward.run(sequence, from: nil, SequenceOptions(mask: mask))
    let back = backward.run(sequence, from: nil, SequenceOptions(isReversed: true, mask: mask))
    return concatenated([ahead.outputs, back.outputs], axis: 2)
  }

  /// Both directions over whole sequences that lie time first.
  ///
  /// - Parameter sequence: `[time, batch, features]`.
  /// - Returns: `[time, batch, 2 hidden]`.
  public func outputs(timeFirst sequence: Tensor<Cell.Scalar>) -> Tensor<Cell.Scalar> {
    concatenated(
      [
        forward.outputs(timeFirst: sequence, isReversed: false),
        backward.outputs(timeFirst: sequence, isReversed: true),
      ],
      axis: 2
    )
  }

  /// Both directions over whole sequences.
  public func output(of input: Tensor<Cell.Scalar>, mode: Mode) -> Tensor<Cell.Scalar> {
    outputs(for: input)
  }

  /// Names the layers `forward` and `backward`.
  public func visit(_ visitor: any ModuleVisitor<Cell.Scalar>) {
    visitor.child("forward", forward)
    visitor.child("backward", backward)
  }

  /// The same pair with copied parameters.
  public func duplicated(in duplication: Duplication<Cell.Scalar>) -> Bidirectional {
    Bidirectional(
      forward: forward.duplicated(in: duplication),
      backward: backward.duplicated(in: duplication)
    )
  }
}

/// The time steps of a batch of sequences, cut in time-major order.
struct TimeSteps<Scalar: RealTensorScalar> {
  let batch: Int
  let count: Int
  private let projected: Tensor<Scalar>
  private let mask: Tensor<Scalar>?
  private let isReversed: Bool

  /// Multiplies all time steps by the input weights at once.
  init(
    _ sequence: Tensor<Scalar>,
    weight: Tensor<Scalar>,
    bias: Tensor<Scalar>,
    _ options: SequenceOptions<Scalar>
  ) {
    precondition(
      sequence.rank == 3 && sequence.shape[2] == weight.shape[0] && sequence.shape[1] >= 1,
      "RecurrentLayer: sequences of shape \(sequence.shape), needs [batch, time >= 1, "
        + "\(weight.shape[0])]"
    )
    batch = sequence.shape[0]
    count = sequence.shape[1]
    if let mask = options.mask {
      precondition(
        mask.shape == [batch, count],
        "RecurrentLayer: mask of shape \(mask.shape)"
      )
    }
    // Time first: each step is then one contiguous piece.
    projected = linear(sequence.permuted([1, 0, 2]), weight, bias, activation: .identity)
    mask = options.mask?.transposed()
    isReversed = options.isReversed
  }

  /// The order in which the steps are run.
  var order: [Int] { isReversed ? (0..<count).reversed() : Array(0..<count) }

  /// The input's part of one step, `[batch, width]`.
  func input(at time: Int) -> Tensor<Scalar> {
    projected.sliced(axis: 0, time..<time + 1).reshaped([batch, projected.shape[2]])
  }

  /// The new numbers where the sequence has a sample, the old ones where it is padded.
  func kept(_ new: Tensor<Scalar>, _ old: Tensor<Scalar>, at time: Int) -> Tensor<Scalar> {
    guard let mask else { return new }
    let row = mask.sliced(axis: 0, time..<time + 1).reshaped([batch, 1])
    return select(row.broadcast(to: new.shape), new, old)
  }

  /// Puts the hidden states, given by time, together as `[batch, time, hidden]`.
  func assembled(_ outputs: [Tensor<Scalar>]) -> Tensor<Scalar> {
    stacked(isReversed ? outputs.reversed() : outputs, axis: 1)
  }
}
