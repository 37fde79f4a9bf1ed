// Goals in order: each detector reads like its paper, one vector at a time; what depends on the channel
// alone is done once where all vectors share it; pieces of the batch run in parallel.
//
// Proof of safety: pieces are disjoint ranges of vectors, and each writes its own range of the outputs.

public import Tensors

/// A detector of one vector of symbols at a time.
///
/// Laws, tested for every detector: the decision does not change when the observations and the channel are
/// rotated together, and it is permuted as the users are.
public protocol VectorDetector<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What depends on the channel and the noise variance but not on the observation.
  associatedtype Prepared

  /// The values of a symbol.
  var levels: Levels<Scalar> { get }

  /// Does the work that vectors with one channel share.
  ///
  /// - Parameters:
  ///   - channel: `H`, `[receive, users]`.
  ///   - noiseVariance: `sigma^2` of a real dimension.
  /// - Returns: what ``detect(_:_:)`` takes.
  /// - Throws: ``LinearAlgebraError`` for a channel that the detector cannot take.
  func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared

  /// Detects one vector.
  ///
  /// - Parameters:
  ///   - received: `y`.
  ///   - prepared: of its channel.
  /// - Returns: the decision, with posteriors where the detector has them.
  func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar>
}

/// What a detector says of one vector.
public struct VectorDecision<Scalar: RealTensorScalar>: Sendable {
  /// `s^`, each one of the levels.
  public var symbols: [Scalar]
  /// The posterior of each level of each symbol, `[users, levels]`; nil where there is none.
  public var probabilities: [Scalar]?
  /// Why the decision may be worse than the algorithm's; nil when it succeeded.
  public var failure: VectorFailure?

  /// A decision.
  public init(
    symbols: [Scalar],
    probabilities: [Scalar]? = nil,
    failure: VectorFailure? = nil
  ) {
    self.symbols = symbols
    self.probabilities = probabilities
    self.failure = failure
  }
}

/// Why a detector did not succeed on a vector.
public enum VectorFailure: Int, Sendable, Hashable, CaseIterable {
  /// The channel's columns depend on each other.
  case singularChannel = 1
  /// The search visited as many nodes as it may.
  case nodeLimit
  /// The iteration did not reach its tolerance.
  case iterationLimit

  /// What happened, in words.
  public var sentence: String {
    switch self {
    case .singularChannel: "the channel's columns depend on each other"
    case .nodeLimit: "the search reached its node limit; the best vector so far is given"
    case .iterationLimit: "the iteration limit came before the tolerance; the last iterate decides"
    }
  }
}

/// What a detector says of a batch.
public struct BatchDecision<Scalar: RealTensorScalar>: Sendable {
  /// `s^`, `[batch, users]`.
  public let symbols: Tensor<Scalar>
  /// Posteriors, `[batch, users, levels]`, of detectors that have them.
  public let probabilities: Tensor<Scalar>?
  /// Why single vectors failed, by their number.
  public let failures: [Int: VectorFailure]
}

extension VectorDetector {
  /// Detects a batch, pieces of it in parallel.
  ///
  /// Where a channel is singular the symbols are the first level, and the vector is among the failures.
  public func detect(
    _ problems: LinearProblems<Scalar>,
    keepsProbabilities: Bool = true,
    pool: WorkerPool = .serial
  ) -> BatchDecision<Scalar> {
    let (batch, users, size) = (problems.batch, problems.users, levels.values.count)
    let piece = 32
    let symbols = TensorStorage<Scalar>(uninitialised: batch * users)
    let beliefs = TensorStorage<Scalar>(
      uninitialised: keepsProbabilities ? batch * users * size : 0
    )
    let states = TensorStorage<Float>(uninitialised: batch)
    states.values.clear(count: batch)
    nonisolated(unsafe) let (to, likely, failed) = (symbols.values, beliefs.values, states.values)
    // Bit 0 of a state: no probabilities; the rest: the failure.
    pool.forEach(count: (batch + piece - 1) / piece) { number in
      let range = (number * piece)..<min((number + 1) * piece, batch)
      detect(range, of: problems) { index, decision in
        for k in 0..<users { to[index * users + k] = decision.symbols[k] }
        failed[index] = Float(2 * (decision.failure?.rawValue ?? 0))
        guard keepsProbabilities else { return }
        guard let given = decision.probabilities else {
          failed[index] += 1
          (likely + index * users * size).update(repeating: 0, count: users * size)
          return
        }
        for k in 0..<(users * size) { likely[index * users * size + k] = given[k] }
      }
    }
    var failures: [Int: VectorFailure] = [:]
    var hasProbabilities = keepsProbabilities
    for index in 0..<batch {
      let state = Int(states.values[index])
      failures[index] = VectorFailure(rawValue: state / 2)
      if state == 1 { hasProbabilities = false }
    }
    if failures.count == batch { hasProbabilities = false }
    return BatchDecision(
      symbols: Tensor(shape: [batch, users], storage: symbols),
      probabilities: hasProbabilities
        ? Tensor(shape: [batch, users, size], storage: beliefs) : nil,
      failures: failures
    )
  }

  /// Detects the vectors of a range one after the other.
  private func detect(
    _ range: Range<Int>,
    of problems: LinearProblems<Scalar>,
    _ give: (Int, VectorDecision<Scalar>) -> Void
  ) {
    var last: Prepared?
    for index in range {
      do throws(LinearAlgebraError) {
        let prepared: Prepared
        if let last, problems.isShared {
          prepared = last
        } else {
          prepared = try self.prepared(
            problems.matrix(index),
            noiseVariance: problems.noiseVariance(index)
          )
          last = prepared
        }
        give(index, detect(problems.received(index), prepared))
      } catch {
        let symbols = [Scalar](repeating: levels.values[0], count: problems.users)
        give(index, VectorDecision(symbols: symbols, failure: .singularChannel))
      }
    }
  }
}
