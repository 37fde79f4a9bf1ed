// Goals in order: the most likely sequence, exactly; memory that does not grow with time; speed.
//
// Source: viterbi1967 and forney1973viterbi. Survivors are kept only as far back as they differ:
// from time to time all of them are followed back until they coincide, and what lies before is
// decided. That is the full traceback, bit for bit, since whatever state is best in the end, its
// path runs through the place where all meet.

internal import CKernels
public import Tensors

/// Detects the most likely sequence of symbols of a channel with finite memory.
///
/// Path metrics `M_i(s) = min over predecessors u of M_{i-1}(u) + c_i(s)`, with costs
/// `c_i(s) = -log p(y_i | s)` from the likelihood; then the path of the least final metric is followed
/// back. Metrics are shifted now and then, so that long sequences lose no precision. Ties go to the
/// lowest state, which is the lowest symbol at the oldest place where paths differ.
///
/// With a ``GaussianLikelihood`` this is the classical detector, with a ``ClassifierLikelihood``
/// ViterbiNet.
///
/// - SeeAlso: `viterbi1967`, `forney1973viterbi`, `shlezinger2020viterbinet`.
public struct ViterbiDetector<Likelihood: LikelihoodModel>: Sendable {
  /// The precision of observations and estimates.
  public typealias Scalar = Likelihood.Scalar

  /// When a symbol is decided.
  public enum Decision: String, Sendable, Hashable, CaseIterable {
    /// At the end of the sequence, by following the best path back: the most likely sequence.
    case traceback
    /// When it becomes the oldest symbol of a state: that of the state which is then best. A few
    /// per cent more errors; some public programs decide so.
    case fixedLag = "fixed-lag"
  }

  /// What fills the slot.
  public let likelihood: Likelihood
  /// The symbols.
  public let constellation: Constellation
  /// When a symbol is decided.
  public let decision: Decision
  /// How many steps' costs are made at a time; does not change results.
  public let chunkSteps: Int
  private let kernels: TrellisKernels

  /// A detector around a likelihood.
  ///
  /// - Parameters:
  ///   - likelihood: the costs of states.
  ///   - constellation: the symbols that the likelihood's trellis is made of.
  ///   - decision: when a symbol is decided.
  ///   - chunkSteps: how many steps' costs are made at a time, or nil for what suits the caches.
  public init(
    likelihood: Likelihood,
    constellation: Constellation,
    decision: Decision = .traceback,
    chunkSteps: Int? = nil
  ) {
    self.init(
      likelihood: likelihood,
      constellation: constellation,
      decision: decision,
      chunkSteps: chunkSteps,
      kernels: .current(Scalar.self)
    )
  }

  package init(
    likelihood: Likelihood,
    constellation: Constellation,
    decision: Decision = .traceback,
    chunkSteps: Int? = nil,
    kernels: TrellisKernels
  ) {
    precondition(
      likelihood.trellis.symbols == constellation.size,
      "ViterbiDetector: a trellis of \(likelihood.trellis.symbols) symbols for \(constellation)"
    )
    precondition(chunkSteps ?? 1 >= 1, "ViterbiDetector: chunks of \(chunkSteps ?? 0) steps")
    self.likelihood = likelihood
    self.constellation = constellation
    self.decision = decision
    self.chunkSteps =
      chunkSteps ?? TrellisKernels.standardChunk(states: likelihood.trellis.states)
    self.kernels = kernels
  }

  /// Detects the symbols behind observations.
  ///
  /// - Parameters:
  ///   - observations: `[time]` or `[batch, time]`, finite.
  ///   - initialState: what is known of the state before the first observation.
  ///   - pool: sequences are shared out among its threads.
  /// - Returns: symbol values, in the shape of the observations.
  /// - Throws: ``SymbolDetectionError`` naming the place of an observation that is not finite, and
  ///   what the likelihood throws.
  /// - Complexity: O(batch time states); memory besides the result: a chunk of costs and the
  ///   survivors of the undecided part, a bit or two for each `symbols` states.
  public func detect(
    _ observations: Tensor<Scalar>,
    initialState: InitialState = .unknown,
    pool: WorkerPool = .serial
  ) throws -> Tensor<Scalar> {
    let sequences = try SequenceBatch(observations)
    let sweep = TrellisSweep(
      likelihood: likelihood,
      kernels: kernels,
      sequences: sequences,
      chunkSteps: chunkSteps
    )
    let symbols = constellation.symbols.map { Scalar($0) }
    return try Tensor(shape: observations.shape) { buffer in
      guard let base = buffer.baseAddress else { return }
      nonisolated(unsafe) let estimates = base  // each sequence writes its own part
      try sweep.forEachSequence(pool: pool) { sequence in
        let state = try initialState.state(
          of: sequence,
          batch: sequences.batch,
          trellis: sweep.trellis
        )
        var path = ViterbiPath(
          sweep: sweep,
          symbols: symbols,
          initialState: state,
          estimates: estimates + sequence * sequences.duration
        )
        switch decision {
        case .traceback: try path.detect(sequence)
        case .fixedLag: try path.detectWithFixedLag(sequence)
        }
      }
    }
  }
}

/// The state of one sequence's detection.
private struct ViterbiPath<Likelihood: LikelihoodModel> {
  typealias Scalar = Likelihood.Scalar

  let sweep: TrellisSweep<Likelihood>
  let estimates: UnsafeMutablePointer<Scalar>
  let symbols: Scratch<Scalar>
  /// One path metric a state.
  let metrics: Scratch<Scalar>
  /// Survivors of the undecided steps, packed.
  let survivors = Scratch<UInt8>(count: 0, repeating: 0)
  /// How many steps are decided.
  var decided = 0
  /// How many steps are swept.
  var swept = 0

  init(
    sweep: TrellisSweep<Likelihood>,
    symbols: [Scalar],
    initialState: Int?,
    estimates: UnsafeMutablePointer<Scalar>
  ) {
    self.sweep = sweep
    self.symbols = Scratch(symbols, filler: 0)
    self.estimates = estimates
    metrics = Scratch(
      count: sweep.trellis.states,
      repeating: initialState == nil ? 0 : .infinity
    )
    if let initialState { metrics.base[initialState] = 0 }
  }

  var layout: graybox_trellis { sweep.trellis.layout }
  var bytes: Int { graybox_trellis_survivor_bytes(layout) }
  var functions: graybox_trellis_kernels { sweep.kernels.functions }

  mutating func detect(_ sequence: Int) throws {
    let patience = 8 * sweep.chunkSteps
    var limit = patience
    for chunk in 0..<sweep.chunks {
      let steps = sweep.steps(of: chunk)
      let offset = (swept - decided) * bytes
      survivors.reserve(offset + steps.count * bytes, filler: 0)
      try sweep.withCosts(of: sequence, steps) { costs in
        let finite = functions.viterbi(
          layout,
          UInt64(steps.lowerBound),
          steps.count,
          costs,
          metrics.base,
          survivors.base + offset
        )
        guard finite != 0 else { throw noFinitePath(sequence, steps) }
      }
      swept = steps.upperBound
      guard swept - decided >= limit, chunk + 1 < sweep.chunks else { continue }
      // When they have not met, wait twice as long before looking again: linear time in any case.
      limit = decideCommonPart() ? patience : 2 * (swept - decided)
    }
    decide(swept - decided, from: bestState)
  }

  private func noFinitePath(_ sequence: Int, _ steps: Range<Int>) -> SymbolDetectionError {
    .badCosts(
      sequence: sequence,
      step: steps.lowerBound,
      reason: "sums of costs overflow between here and time \(steps.upperBound)"
    )
  }

  /// Decides the steps that all survivors share; false when there are none.
  private mutating func decideCommonPart() -> Bool {
    var state: Int32 = 0
    let common = graybox_trellis_merge(layout, swept - decided, survivors.base, &state)
    guard common > 0 else { return false }
    let remaining = (swept - decided - common) * bytes
    decide(common, from: Int(state))
    survivors.base.update(from: survivors.base + common * bytes, count: remaining)
    return true
  }

  /// Follows survivors back from a state after the next `count` undecided steps.
  private mutating func decide(_ count: Int, from state: Int) {
    _ = functions.trace(
      layout,
      count,
      survivors.base,
      Int32(state),
      symbols.base,
      estimates + decided
    )
    decided += count
  }

  private var bestState: Int {
    var best = 0
    for state in 1..<sweep.trellis.states where metrics.base[state] < metrics.base[best] {
      best = state
    }
    return best
  }

  mutating func detectWithFixedLag(_ sequence: Int) throws {
    let lag = sweep.trellis.memory - 1
    let duration = sweep.sequences.duration
    let best = Scratch<UInt8>(count: min(sweep.chunkSteps, duration), repeating: 0)
    for chunk in 0..<sweep.chunks {
      let steps = sweep.steps(of: chunk)
      try sweep.withCosts(of: sequence, steps) { costs in
        let finite = functions.viterbi_best(
          layout,
          UInt64(steps.lowerBound),
          steps.count,
          costs,
          metrics.base,
          best.base
        )
        guard finite != 0 else { throw noFinitePath(sequence, steps) }
      }
      let skipped = max(0, min(steps.count, lag - steps.lowerBound))
      guard skipped < steps.count else { continue }
      functions.oldest(
        layout,
        steps.count - skipped,
        best.base + skipped,
        symbols.base,
        estimates + (steps.lowerBound + skipped - lag)
      )
    }
    // The last symbols have no later state: the final best one holds them.
    let last = bestState
    for age in 0..<min(lag, duration) {
      estimates[duration - 1 - age] = symbols.base[sweep.trellis.digit(age, of: last)]
    }
  }
}
