// Goals in order: exact posteriors that never under- or overflow; memory of a chunk; speed.
//
// Source: bahl1974, in the log domain. Messages live over the newest memory - 1 symbols: the oldest
// symbol of a state leaves the channel with the step, so the sum over it is the message. Forward
// messages are kept at the borders of chunks only and made again inside, while the backward sweep
// passes: twice the forward work for memory that does not grow with time.

internal import CKernels
public import Tensors

/// Symbol posteriors and the decisions they lead to.
public struct SymbolPosteriors<Scalar: RealTensorScalar>: Sendable {
  /// The most likely value of each symbol, in the shape of the observations; ties go to the lowest.
  public let estimates: Tensor<Scalar>
  /// `p(s_i = symbol | y)`, `[..., symbols]` with symbols in ascending order; nil when not asked for.
  public let probabilities: Tensor<Scalar>?
}

/// Gives the posterior of each symbol of a channel with finite memory.
///
/// `p(s_i | y_1 ... y_n)` for equally likely symbols, by sums over all paths through the trellis:
/// forward `f_i(s) = sum over predecessors u of f_{i-1}(u) p(y_i | s)`, backward likewise, all in
/// logarithms. Deciding for the largest makes the fewest symbol errors that are possible.
///
/// With a ``GaussianLikelihood`` this is the classical detector, with a ``ClassifierLikelihood``
/// BCJRNet.
///
/// - SeeAlso: `bahl1974`, `shlezinger2020bcjrnet`.
public struct BCJRDetector<Likelihood: LikelihoodModel>: Sendable {
  /// The precision of observations and posteriors.
  public typealias Scalar = Likelihood.Scalar

  /// What fills the slot.
  public let likelihood: Likelihood
  /// The symbols.
  public let constellation: Constellation
  /// How many steps are held at a time; does not change results.
  public let chunkSteps: Int
  private let kernels: TrellisKernels

  /// A detector around a likelihood.
  ///
  /// - Parameters:
  ///   - likelihood: the costs of states.
  ///   - constellation: the symbols that the likelihood's trellis is made of.
  ///   - chunkSteps: how many steps are held at a time, or nil for what suits the caches.
  public init(likelihood: Likelihood, constellation: Constellation, chunkSteps: Int? = nil) {
    self.init(
      likelihood: likelihood,
      constellation: constellation,
      chunkSteps: chunkSteps,
      kernels: .current(Scalar.self)
    )
  }

  package init(
    likelihood: Likelihood,
    constellation: Constellation,
    chunkSteps: Int? = nil,
    kernels: TrellisKernels
  ) {
    precondition(
      likelihood.trellis.symbols == constellation.size,
      "BCJRDetector: a trellis of \(likelihood.trellis.symbols) symbols for \(constellation)"
    )
    precondition(chunkSteps ?? 1 >= 1, "BCJRDetector: chunks of \(chunkSteps ?? 0) steps")
    self.likelihood = likelihood
    self.constellation = constellation
    self.chunkSteps =
      chunkSteps ?? TrellisKernels.standardChunk(states: likelihood.trellis.states)
    self.kernels = kernels
  }

  /// Gives the posteriors of the symbols behind observations.
  ///
  /// - Parameters:
  ///   - observations: `[time]` or `[batch, time]`, finite.
  ///   - initialState: what is known of the state before the first observation.
  ///   - keepsProbabilities: false to save the memory of the posteriors.
  ///   - pool: sequences are shared out among its threads.
  /// - Returns: decisions and posteriors.
  /// - Throws: ``SymbolDetectionError`` naming the place of an observation that is not finite, and
  ///   what the likelihood throws.
  /// - Complexity: O(batch time states).
  public func detect(
    _ observations: Tensor<Scalar>,
    initialState: InitialState = .unknown,
    keepsProbabilities: Bool = true,
    pool: WorkerPool = .serial
  ) throws -> SymbolPosteriors<Scalar> {
    guard keepsProbabilities else {
      let estimates = try run(observations, initialState, nil, pool)
      return SymbolPosteriors(estimates: estimates, probabilities: nil)
    }
    var estimates = Tensor<Scalar>(shape: [0]) { _ in }
    let probabilities = try Tensor<Scalar>(
      shape: observations.shape + [likelihood.trellis.symbols]
    ) { estimates = try run(observations, initialState, $0.baseAddress, pool) }
    return SymbolPosteriors(estimates: estimates, probabilities: probabilities)
  }

  private func run(
    _ observations: Tensor<Scalar>,
    _ initialState: InitialState,
    _ probabilities: UnsafeMutablePointer<Scalar>?,
    _ pool: WorkerPool
  ) throws -> Tensor<Scalar> {
    let sequences = try SequenceBatch(observations)
    let sweep = TrellisSweep(
      likelihood: likelihood,
      kernels: kernels,
      sequences: sequences,
      chunkSteps: chunkSteps
    )
    let symbols = constellation.symbols.map { Scalar($0) }
    nonisolated(unsafe) let kept = probabilities  // each sequence writes its own part
    return try Tensor(shape: observations.shape) { buffer in
      guard let base = buffer.baseAddress else { return }
      nonisolated(unsafe) let estimates = base
      try sweep.forEachSequence(pool: pool) { sequence in
        let state = try initialState.state(
          of: sequence,
          batch: sequences.batch,
          trellis: sweep.trellis
        )
        let first = sequence * sequences.duration
        let messages = BCJRMessages(
          sweep: sweep,
          symbols: symbols,
          estimates: estimates + first,
          probabilities: kept.map { $0 + first * symbols.count }
        )
        try messages.detect(sequence, initialState: state)
      }
    }
  }
}

/// The two sweeps over one sequence.
private struct BCJRMessages<Likelihood: LikelihoodModel> {
  typealias Scalar = Likelihood.Scalar

  let sweep: TrellisSweep<Likelihood>
  let symbols: Scratch<Scalar>
  let estimates: UnsafeMutablePointer<Scalar>
  let probabilities: UnsafeMutablePointer<Scalar>?
  /// How many numbers a message has.
  let rows: Int
  /// The forward message before each chunk, `[chunks, rows]`.
  let borders: Scratch<Scalar>

  init(
    sweep: TrellisSweep<Likelihood>,
    symbols: [Scalar],
    estimates: UnsafeMutablePointer<Scalar>,
    probabilities: UnsafeMutablePointer<Scalar>?
  ) {
    self.sweep = sweep
    self.symbols = Scratch(symbols, filler: 0)
    self.estimates = estimates
    self.probabilities = probabilities
    rows = sweep.trellis.states / sweep.trellis.symbols
    borders = Scratch(count: (sweep.chunks + 1) * rows, repeating: 0)
  }

  func detect(_ sequence: Int, initialState: Int?) throws {
    try sweepForward(sequence, from: initialState)
    let functions = sweep.kernels.functions
    let steps = min(sweep.chunkSteps, sweep.sequences.duration)
    let backward = Scratch<Scalar>(count: rows, repeating: 0)
    let messages = Scratch<Scalar>(count: steps * rows, repeating: 0)
    let posteriors = Scratch<Scalar>(
      count: probabilities == nil ? steps * symbols.count : 0,
      repeating: 0
    )
    for chunk in (0..<sweep.chunks).reversed() {
      let steps = sweep.steps(of: chunk)
      let first = UInt64(steps.lowerBound)
      let target =
        probabilities.map { $0 + steps.lowerBound * symbols.count } ?? posteriors.base
      try sweep.withCosts(of: sequence, steps) { costs in
        functions.forward(
          sweep.trellis.layout,
          first,
          steps.count,
          costs,
          borders.base + chunk * rows,
          messages.base
        )
        functions.backward(
          sweep.trellis.layout,
          first,
          steps.count,
          costs,
          messages.base,
          backward.base,
          target
        )
      }
      functions.decide(
        steps.count,
        symbols.count,
        target,
        symbols.base,
        estimates + steps.lowerBound
      )
    }
  }

  private func sweepForward(_ sequence: Int, from initialState: Int?) throws {
    if let initialState {
      // The logarithm of zero, finite so that differences stay numbers.
      for row in 0..<rows { borders.base[row] = -1e30 }
      borders.base[initialState % rows] = 0
    }
    for chunk in 0..<max(0, sweep.chunks - 1) {
      let steps = sweep.steps(of: chunk)
      let next = borders.base + (chunk + 1) * rows
      next.update(from: borders.base + chunk * rows, count: rows)
      try sweep.withCosts(of: sequence, steps) { costs in
        sweep.kernels.functions.forward(
          sweep.trellis.layout,
          UInt64(steps.lowerBound),
          steps.count,
          costs,
          next,
          nil
        )
      }
    }
  }
}
