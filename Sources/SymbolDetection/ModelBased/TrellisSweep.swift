internal import CKernels
internal import Tensors

/// What Viterbi and BCJR share: costs of a chunk of time, checked.
struct TrellisSweep<Likelihood: LikelihoodModel>: Sendable {
  typealias Scalar = Likelihood.Scalar

  let likelihood: Likelihood
  let kernels: TrellisKernels
  let sequences: SequenceBatch<Scalar>
  let chunkSteps: Int

  var trellis: Trellis { likelihood.trellis }
  var chunks: Int { (sequences.duration + chunkSteps - 1) / chunkSteps }

  /// The steps of one chunk.
  func steps(of chunk: Int) -> Range<Int> {
    chunk * chunkSteps..<min((chunk + 1) * chunkSteps, sequences.duration)
  }

  /// Lends the costs of some steps of one sequence, all of them finite.
  ///
  /// - Throws: ``SymbolDetectionError`` naming the place of an observation or cost that is not.
  func withCosts(
    of sequence: Int,
    _ steps: Range<Int>,
    _ body: (UnsafePointer<Scalar>) throws -> Void
  ) throws {
    let observed = sequences.chunk(of: sequence, steps)
    if let step = firstNotFinite(observed) {
      throw SymbolDetectionError.badObservation(
        sequence: sequence,
        step: steps.lowerBound + step,
        value: "\(observed.withScalars { $0[step] })",
        expected: "a finite number"
      )
    }
    let place = ObservationPlace(
      sequence: sequence,
      batch: sequences.batch,
      start: steps.lowerBound,
      duration: sequences.duration
    )
    let costs = try likelihood.costs(of: observed, at: place)
    guard costs.shape == [1, steps.count, trellis.states] else {
      throw SymbolDetectionError.badCosts(
        sequence: sequence,
        step: steps.lowerBound,
        reason: "shape \(costs.shape), expected \([1, steps.count, trellis.states])"
      )
    }
    if let bad = firstNotFinite(costs) {
      throw SymbolDetectionError.badCosts(
        sequence: sequence,
        step: steps.lowerBound + bad / trellis.states,
        reason: "state \(bad % trellis.states) has cost \(costs.withScalars { $0[bad] }) "
          + "for observation \(observed.withScalars { $0[bad / trellis.states] })"
      )
    }
    try costs.withScalars { if let base = $0.baseAddress { try body(base) } }
  }

  private func firstNotFinite(_ tensor: Tensor<Scalar>) -> Int? {
    tensor.withScalars { numbers in
      guard let base = numbers.baseAddress else { return nil }
      let first = kernels.functions.first_not_finite(numbers.count, base)
      return first < numbers.count ? first : nil
    }
  }

  /// Runs a piece of work for each sequence; throws the error of the first that failed.
  func forEachSequence(
    pool: WorkerPool,
    _ body: @escaping @Sendable (Int) throws -> Void
  ) throws {
    let failures = Failures(count: sequences.batch)
    pool.forEach(count: sequences.batch) { sequence in
      do { try body(sequence) } catch { failures.record(error, of: sequence) }
    }
    if let first = failures.first { throw first }
  }
}

/// One place an index for the error of its work.
private final class Failures: @unchecked Sendable {
  // Safe to share: each index is written by the one thread that runs it, and read after all ended.
  private let errors: UnsafeMutablePointer<(any Error)?>
  private let count: Int

  init(count: Int) {
    self.count = count
    errors = .allocate(capacity: max(count, 1))
    errors.initialize(repeating: nil, count: count)
  }

  deinit {
    errors.deinitialize(count: count)
    errors.deallocate()
  }

  func record(_ error: any Error, of index: Int) { errors[index] = error }

  var first: (any Error)? {
    for index in 0..<count { if let error = errors[index] { return error } }
    return nil
  }
}

/// What is known of the state before the first observation.
public enum InitialState: Sendable, Hashable {
  /// Nothing: every state is equally likely.
  case unknown
  /// The state of each sequence, or one for all.
  case states([Int])

  /// The state of one sequence, or nil when unknown.
  func state(
    of sequence: Int,
    batch: Int,
    trellis: Trellis
  ) throws(SymbolDetectionError) -> Int? {
    guard case .states(let states) = self else { return nil }
    guard states.count == 1 || states.count == batch else {
      throw .badInitialState(
        "\(states.count) initial states for \(batch) sequences; give one, or one each"
      )
    }
    let state = states.count == 1 ? states[0] : states[sequence]
    guard (0..<trellis.states).contains(state) else {
      throw .badInitialState(
        "initial state \(state) is not one of the \(trellis.states) states of the trellis"
      )
    }
    return state
  }
}
