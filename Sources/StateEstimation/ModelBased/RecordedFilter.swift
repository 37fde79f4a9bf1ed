// The filter's recursion in operations of the engine, for a loss to differentiate through. Streaming inference
// uses `FilterStream`; a filling of the slot that is trained brings both forms, and a test that they agree.

internal import Autodiff
public import Tensors

/// One step of a filter over a batch, as a gain in recorded operations sees it.
///
/// The same quantities as those of ``FilterStep``, each `[batch, m]` or `[batch, n]`.
public struct RecordedStep<Scalar: RealTensorScalar> {
  /// `x_{t-1|t-1}`.
  public let previous: Tensor<Scalar>
  /// `x_{t-2|t-2}`; the initial mean in the first step.
  public let earlier: Tensor<Scalar>
  /// `x_{t-1|t-2}`; the initial mean in the first step.
  public let earlierPredicted: Tensor<Scalar>
  /// `y_{t-1}`; `h` of the initial mean in the first step.
  public let earlierObservation: Tensor<Scalar>
  /// `x_{t|t-1}`.
  public let predicted: Tensor<Scalar>
  /// `y_t`.
  public let observation: Tensor<Scalar>
  /// `y_{t|t-1}`.
  public let predictedObservation: Tensor<Scalar>
  /// `y_t - y_{t|t-1}`; 0 where the observation is missing.
  public let innovation: Tensor<Scalar>
}

/// The slot of the filter in recorded operations.
///
/// Law: on the same numbers its gains equal those of the streaming form of the same filling, to rounding.
public protocol RecordedGain<Scalar> {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What is carried from step to step: hidden states `[batch, ...]`.
  associatedtype Carry

  /// What is carried into the first step.
  func start(batch: Int) -> Carry

  /// `K_t` of each sequence.
  ///
  /// - Parameters:
  ///   - step: what the filter knows before the correction.
  ///   - carry: becomes what the next step is given.
  /// - Returns: `[batch, m, n]`.
  func gain(_ step: RecordedStep<Scalar>, _ carry: inout Carry) -> Tensor<Scalar>

  /// The same numbers, through which no gradient flows back.
  func detached(_ carry: Carry) -> Carry
}

extension RecordedGain where Carry == [Tensor<Scalar>] {
  /// The same numbers, through which no gradient flows back.
  public func detached(_ carry: Carry) -> Carry { carry.map { stopGradient($0) } }
}

/// The Kalman filter with a slot for its gain, in recorded operations.
///
/// Law: with the recorded form of a gain it gives what ``GaussianFilter`` gives with its streaming form.
public struct RecordedFilter<Transition: VectorFunction, Emission: VectorFunction>: Sendable
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>

  /// The filter of a model.
  public init(model: StateSpaceModel<Transition, Emission>) { self.model = model }

  /// Where a batch of sequences is between two steps, so that long ones can be cut.
  public struct State<Carry> {
    /// `x_{t|t}`.
    public var estimate: Tensor<Scalar>
    /// `x_{t-1|t-1}`.
    public var previous: Tensor<Scalar>
    /// `x_{t|t-1}`.
    public var predicted: Tensor<Scalar>
    /// `y_t`.
    public var observation: Tensor<Scalar>
    /// What the gain carries.
    public var carry: Carry
  }

  /// Before the first observation.
  ///
  /// - Parameters:
  ///   - mean: `[batch, m]`.
  ///   - gain: fills the slot.
  /// - Returns: the state that ``advance(_:_:mask:input:gain:)`` moves on.
  public func start<Gain: RecordedGain>(
    mean: Tensor<Scalar>,
    gain: Gain
  ) -> State<Gain.Carry> where Gain.Scalar == Scalar {
    State(
      estimate: mean,
      previous: mean,
      predicted: mean,
      observation: model.emission.applied(to: mean),
      carry: gain.start(batch: mean.shape[0])
    )
  }

  /// One step.
  ///
  /// - Parameters:
  ///   - state: moves on to the next step.
  ///   - observation: `y_t`, `[batch, n]`; where it is missing any finite number.
  ///   - mask: 1 where an observation is there and 0 where it is missing, `[batch, n]`; nil for all there.
  ///   - input: what a control adds to the predicted state, `[batch, m]`; nil for nothing.
  ///   - gain: fills the slot.
  /// - Returns: `x_{t|t}`, `[batch, m]`.
  @discardableResult
  public func advance<Gain: RecordedGain>(
    _ state: inout State<Gain.Carry>,
    _ observation: Tensor<Scalar>,
    mask: Tensor<Scalar>? = nil,
    input: Tensor<Scalar>? = nil,
    gain: Gain
  ) -> Tensor<Scalar> where Gain.Scalar == Scalar {
    var predicted = model.transition.applied(to: state.estimate)
    if let input { predicted = predicted + input }
    let expected = model.emission.applied(to: predicted)
    var innovation = observation - expected
    if let mask { innovation = innovation * mask }
    let step = RecordedStep(
      previous: state.estimate,
      earlier: state.previous,
      earlierPredicted: state.predicted,
      earlierObservation: state.observation,
      predicted: predicted,
      observation: observation,
      predictedObservation: expected,
      innovation: innovation
    )
    let matrix = gain.gain(step, &state.carry)
    let (batch, m, n) = (matrix.shape[0], matrix.shape[1], matrix.shape[2])
    let correction = matmul(matrix, innovation.reshaped([batch, n, 1])).reshaped([batch, m])
    state.previous = state.estimate
    state.predicted = predicted
    state.estimate = predicted + correction
    // expected + innovation: the observation, and where it is missing what was predicted of it.
    state.observation = mask == nil ? observation : expected + innovation
    return state.estimate
  }

  /// The same numbers, through which no gradient flows back.
  public func detached<Gain: RecordedGain>(
    _ state: State<Gain.Carry>,
    gain: Gain
  ) -> State<Gain.Carry> where Gain.Scalar == Scalar {
    State(
      estimate: stopGradient(state.estimate),
      previous: stopGradient(state.previous),
      predicted: stopGradient(state.predicted),
      observation: stopGradient(state.observation),
      carry: gain.detached(state.carry)
    )
  }

  /// Filters whole sequences.
  ///
  /// - Parameters:
  ///   - sequences: observations and what is known beside them.
  ///   - gain: fills the slot.
  ///   - watch: sees the state after each step.
  /// - Returns: the estimates of each step, `[batch, m]`.
  public func steps<Gain: RecordedGain>(
    _ sequences: RecordedSequences<Scalar>,
    gain: Gain,
    watch: (State<Gain.Carry>) -> Void = { _ in }
  ) -> [Tensor<Scalar>] where Gain.Scalar == Scalar {
    var state = start(mean: sequences.mean, gain: gain)
    return (0..<sequences.time).map { t in
      if sequences.isBoundary(t) { state = detached(state, gain: gain) }
      let estimate = advance(
        &state,
        sequences.observation(t),
        mask: sequences.mask(t),
        input: sequences.input(t),
        gain: gain
      )
      watch(state)
      return estimate
    }
  }

  /// Filters whole sequences.
  ///
  /// - Parameters:
  ///   - sequences: observations and what is known beside them.
  ///   - gain: fills the slot.
  /// - Returns: `[batch, time, m]`.
  public func estimates<Gain: RecordedGain>(
    _ sequences: RecordedSequences<Scalar>,
    gain: Gain
  ) -> Tensor<Scalar> where Gain.Scalar == Scalar {
    stacked(steps(sequences, gain: gain), axis: 1)
  }

  /// Filters whole sequences.
  ///
  /// - Parameters:
  ///   - observations: `[batch, time, n]`.
  ///   - mean: `[batch, m]`, the mean of the state before the first observation.
  ///   - mask: as of ``advance(_:_:mask:input:gain:)``, `[batch, time, n]`.
  ///   - gain: fills the slot.
  /// - Returns: `[batch, time, m]`.
  public func estimates<Gain: RecordedGain>(
    _ observations: Tensor<Scalar>,
    mean: Tensor<Scalar>,
    mask: Tensor<Scalar>? = nil,
    gain: Gain
  ) -> Tensor<Scalar> where Gain.Scalar == Scalar {
    estimates(RecordedSequences(observations, mean: mean, mask: mask), gain: gain)
  }
}
