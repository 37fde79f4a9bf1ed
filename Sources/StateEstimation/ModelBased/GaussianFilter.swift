public import Tensors

/// The Kalman filter with a slot for its gain.
///
/// `x_{t|t-1} = f(x_{t-1}) + u_t`, `dy_t = y_t - h(x_{t|t-1})`, `x_t = x_{t|t-1} + K_t dy_t`, the gain from
/// the filling. Entries of an observation that are NaN are missing: their innovation is zero, and fillings
/// by covariances leave them out.
///
/// ```swift
/// let filter = GaussianFilter(gain: RiccatiGain(model: model, noise: noise))
/// let result = try filter.filtered(input, pool: pool)
/// ```
///
/// - SeeAlso: `kalman1960`, `sarkka2013`.
public struct GaussianFilter<Gain: GainModel>: StateEstimator {
  /// The precision.
  public typealias Scalar = Gain.Transition.Scalar

  /// What fills the slot.
  public let gain: Gain

  /// A filter.
  public init(gain: Gain) { self.gain = gain }

  /// How many numbers the state has.
  public var states: Int { gain.model.states }
  /// How many numbers an observation has.
  public var observed: Int { gain.model.observed }

  /// Starts a stream: one observation in, one estimate out, no allocation.
  ///
  /// - Parameters:
  ///   - mean: `[m]`, the mean of the initial state.
  ///   - covariance: `P_0`, `[m, m]`.
  ///   - prior: when the initial state is.
  /// - Returns: the stream, before its first observation.
  public func stream(
    mean: [Scalar],
    covariance: Matrix<Scalar>,
    prior: PriorTime = .beforeFirst
  ) -> FilterStream<Gain> {
    precondition(
      mean.count == states && covariance.rows == states && covariance.columns == states,
      "GaussianFilter: \(mean.count) initial numbers for \(states) states"
    )
    let stream = FilterStream(gain: gain)
    mean.withUnsafeBufferPointer { mean in
      covariance.scalars.withUnsafeBufferPointer { covariance in
        guard let mean = mean.baseAddress, let covariance = covariance.baseAddress else { return }
        stream.restart(mean: mean, covariance: covariance, prior: prior)
      }
    }
    return stream
  }

  /// Filters a batch of sequences, several at the same time.
  ///
  /// - Parameters:
  ///   - input: observations and initial states.
  ///   - pool: sequences are shared out among its threads.
  /// - Returns: estimates, and covariances where the gain knows them.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  public func estimated(
    _ input: FilterInput<Scalar>,
    pool: WorkerPool
  ) throws(StateEstimationError) -> FilterOutput<Scalar> {
    try input.check(states: states, observed: observed)
    let output = FilterBuffers(input, states: states)
    let piece = input.sequencesAPiece
    pool.forEach(count: (input.batch + piece - 1) / piece) { number in
      let stream = FilterStream(gain: gain)
      for sequence in (number * piece)..<min((number + 1) * piece, input.batch) {
        run(stream, input, sequence, output, nil)
      }
    }
    return output.result
  }

  /// Filters one sequence, keeping what a smoother needs where it is asked for.
  func run(
    _ stream: FilterStream<Gain>,
    _ input: FilterInput<Scalar>,
    _ sequence: Int,
    _ output: FilterBuffers<Scalar>,
    _ history: FilterHistory<Scalar>?
  ) {
    input.withSequence(sequence) { given in
      stream.restart(mean: given.mean, covariance: given.covariance, prior: input.prior)
      for t in 0..<given.duration {
        let isRight = stream.advance(
          given.observations + t * observed,
          input: given.input.map { $0 + t * states }
        )
        guard isRight else {
          output.fail(sequence, from: t)
          return
        }
        output.write(stream.step, sequence, t)
        history?.keep(stream.step, t)
      }
      output.finish(sequence, duration: given.duration)
    }
  }
}

/// When the initial state of a filter is.
public enum PriorTime: String, Sendable, Hashable, CaseIterable {
  /// One transition before the first observation.
  case beforeFirst = "before-first"
  /// At the first observation.
  case atFirst = "at-first"
}

/// A filter on one sequence, one observation after another; a step allocates nothing.
public final class FilterStream<Gain: GainModel> {
  /// The precision.
  public typealias Scalar = Gain.Transition.Scalar

  /// The numbers of the last step: estimate, covariance, gain, innovation.
  public let step: FilterStep<Scalar>
  let memory: Gain.Memory
  // Closures over the gain, so that its type is looked up when a stream is made and not at every step.
  private let begin:
    (_ mean: UnsafePointer<Scalar>, _ covariance: UnsafePointer<Scalar>, PriorTime) -> Void
  private let take: (_ observation: UnsafePointer<Scalar>, _ input: UnsafePointer<Scalar>?) -> Bool

  /// A stream that must be restarted before its first step.
  @specialized(where Gain == RiccatiGain<LinearFunction<Float>, LinearFunction<Float>>)
  @specialized(where Gain == RiccatiGain<LorenzTransition<Float>, LinearFunction<Float>>)
  @specialized(where Gain == RiccatiGain<RecordedFunction<Float>, LinearFunction<Float>>)
  @specialized(where Gain == RiccatiGain<SystemTransition<Float>, SystemEmission<Float>>)
  @specialized(where Gain == SigmaPointGain<SystemTransition<Float>, SystemEmission<Float>>)
  @specialized(where Gain == SteadyStateGain<SystemTransition<Float>, SystemEmission<Float>>)
  @specialized(
    where
      Gain == LearnedGain<LorenzTransition<Float>, LinearFunction<Float>, CovarianceGain<Float>>
  )
  @specialized(
    where
      Gain == LearnedGain<LinearFunction<Float>, LinearFunction<Float>, CovarianceGain<Float>>
  )
  init(gain: Gain) {
    let memory = gain.makeMemory()
    let step = FilterStep<Scalar>(states: gain.model.states, observed: gain.model.observed)
    self.memory = memory
    self.step = step
    begin = { Self.restart(gain, memory, step, mean: $0, covariance: $1, prior: $2) }
    take = { Self.advance(gain, memory, step, $0, input: $1) }
  }

  /// Begins a sequence.
  ///
  /// - Parameters:
  ///   - mean: `[m]`.
  ///   - covariance: `P_0`, `[m, m]`.
  ///   - prior: when the initial state is.
  public func restart(
    mean: UnsafePointer<Scalar>,
    covariance: UnsafePointer<Scalar>,
    prior: PriorTime = .beforeFirst
  ) {
    begin(mean, covariance, prior)
  }

  /// Takes an observation; the step then holds the estimate.
  ///
  /// - Parameters:
  ///   - observation: `[n]`, NaN where it is missing.
  ///   - input: what a control adds to the prediction, `[m]`, or nil.
  /// - Returns: false where there was no gain; the sequence cannot go on.
  @discardableResult
  public func advance(
    _ observation: UnsafePointer<Scalar>,
    input: UnsafePointer<Scalar>? = nil
  ) -> Bool {
    take(observation, input)
  }

  private static func restart(
    _ gain: Gain,
    _ memory: Gain.Memory,
    _ step: FilterStep<Scalar>,
    mean: UnsafePointer<Scalar>,
    covariance: UnsafePointer<Scalar>,
    prior: PriorTime
  ) {
    step.estimate.update(from: mean, count: step.states)
    step.previous.update(from: mean, count: step.states)
    step.predicted.update(from: mean, count: step.states)
    gain.model.emission.evaluate(mean, into: step.earlierObservation)
    step.observation.update(from: step.earlierObservation, count: step.observed)
    step.predictedObservation.update(from: step.earlierObservation, count: step.observed)
    step.holds = prior == .atFirst
    gain.start(step, covariance: covariance, memory)
  }

  /// The recursion.
  private static func advance(
    _ gain: Gain,
    _ memory: Gain.Memory,
    _ step: FilterStep<Scalar>,
    _ observation: UnsafePointer<Scalar>,
    input: UnsafePointer<Scalar>?
  ) -> Bool {
    let (m, n) = (step.states, step.observed)
    for i in 0..<m {
      step.earlier[i] = step.previous[i]
      step.earlierPredicted[i] = step.predicted[i]
      step.previous[i] = step.estimate[i]
    }
    for i in 0..<n {
      let y = step.observation[i]
      step.earlierObservation[i] = y.isNaN ? step.predictedObservation[i] : y
    }
    if step.holds {
      step.holds = false
      for i in 0..<m { step.predicted[i] = step.previous[i] }
      gain.hold(step, memory)
    } else {
      gain.predict(step, memory)
      if let input { for i in 0..<m { step.predicted[i] += input[i] } }
    }
    gain.observe(step, memory)
    compare(step, observation)
    if step.presentCount == 0 {
      step.gain.clear(count: m * n)
    } else {
      guard gain.fill(step, memory) else { return false }
    }
    for i in 0..<m {
      var sum = step.predicted[i]
      for j in 0..<n { sum += step.gain[i * n + j] * step.innovation[j] }
      step.estimate[i] = sum
    }
    gain.correct(step, memory)
    return true
  }

  /// The innovation, and which entries of the observation are there.
  private static func compare(
    _ step: FilterStep<Scalar>,
    _ observation: UnsafePointer<Scalar>
  ) {
    var present = 0
    for i in 0..<step.observed {
      let y = observation[i]
      step.observation[i] = y
      if y.isNaN {
        step.innovation[i] = 0
      } else {
        step.innovation[i] = y - step.predictedObservation[i]
        step.present[present] = Int32(truncatingIfNeeded: i)
        present += 1
      }
    }
    step.presentCount = present
    step.consistency[0] = .nan
    step.consistency[1] = .nan
  }
}
