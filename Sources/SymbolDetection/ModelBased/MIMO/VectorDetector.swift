// Goals in order: each detector reads like its paper, one vector at a time; what depends on the channel
// alone is done once where all vectors share it; pieces of the batch run in parallel, each in memory
// that is made once.
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
  /// Memory for one channel at a time: what depends on it alone, and scratch space.
  associatedtype Workspace

  /// The values of a symbol.
  var levels: Levels<Scalar> { get }
  /// Whether there are posteriors.
  var hasProbabilities: Bool { get }

  /// Makes memory for channels of one shape.
  func workspace(_ shape: VectorShape) -> Workspace

  /// Does the work that vectors with one channel share.
  ///
  /// - Parameters:
  ///   - channel: `H`, `[receive, users]`; it stays where it is while its vectors are detected.
  ///   - noiseVariance: `sigma^2` of a real dimension.
  ///   - workspace: what ``detect(_:_:_:)`` takes.
  /// - Throws: ``LinearAlgebraError`` for a channel that the detector cannot take.
  func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError)

  /// Detects one vector.
  ///
  /// - Parameters:
  ///   - received: `y`.
  ///   - workspace: prepared for its channel.
  ///   - output: where the decision goes.
  /// - Returns: why the decision may be worse than the algorithm's; nil when it succeeded.
  func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure?
}

extension VectorDetector {
  /// None, unless a detector says so.
  public var hasProbabilities: Bool { false }
}

/// The shape of a channel and what is wanted of it.
public struct VectorShape: Sendable, Hashable {
  /// Real dimensions of an observation.
  public let receive: Int
  /// Real dimensions of what was sent.
  public let users: Int
  /// Whether posteriors are wanted.
  public let keepsProbabilities: Bool

  /// A shape.
  public init(receive: Int, users: Int, keepsProbabilities: Bool) {
    self.receive = receive
    self.users = users
    self.keepsProbabilities = keepsProbabilities
  }
}

/// Where the decision on one vector goes.
public struct VectorOutput<Scalar: RealTensorScalar> {
  /// `s^`, each one of the levels.
  public let symbols: UnsafeMutablePointer<Scalar>
  /// The posterior of each level of each symbol, `[users, levels]`; nil where it is not wanted.
  public let probabilities: UnsafeMutablePointer<Scalar>?

  /// An output.
  public init(
    symbols: UnsafeMutablePointer<Scalar>,
    probabilities: UnsafeMutablePointer<Scalar>?
  ) {
    self.symbols = symbols
    self.probabilities = probabilities
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
  /// Where a channel is singular the symbols are the first level, the posteriors are zero and the vector
  /// is among the failures.
  public func detect(
    _ problems: LinearProblems<Scalar>,
    keepsProbabilities: Bool = true,
    pool: WorkerPool = .serial
  ) -> BatchDecision<Scalar> {
    let (batch, users, size) = (problems.batch, problems.users, levels.values.count)
    // Each piece prepares a shared channel for itself.
    let piece = problems.isShared ? 256 : 32
    let keeps = keepsProbabilities && hasProbabilities
    let symbols = TensorStorage<Scalar>(uninitialised: batch * users)
    let beliefs = TensorStorage<Scalar>(uninitialised: keeps ? batch * users * size : 0)
    let states = TensorStorage<Float>(uninitialised: batch)
    nonisolated(unsafe) let (to, likely, failed) = (symbols.values, beliefs.values, states.values)
    pool.forEach(count: (batch + piece - 1) / piece) { number in
      let range = (number * piece)..<min((number + 1) * piece, batch)
      detect(range, of: problems, to, keeps ? likely : nil, failed)
    }
    var failures: [Int: VectorFailure] = [:]
    for index in 0..<batch where states.values[index] > 0 {
      failures[index] = VectorFailure(rawValue: Int(states.values[index]))
    }
    return BatchDecision(
      symbols: Tensor(shape: [batch, users], storage: symbols),
      probabilities: keeps && failures.count < batch
        ? Tensor(shape: [batch, users, size], storage: beliefs) : nil,
      failures: failures
    )
  }

  /// Detects the vectors of a range one after the other.
  private func detect(
    _ range: Range<Int>,
    of problems: LinearProblems<Scalar>,
    _ symbols: UnsafeMutablePointer<Scalar>,
    _ probabilities: UnsafeMutablePointer<Scalar>?,
    _ failed: UnsafeMutablePointer<Float>
  ) {
    let (receive, users, size) = (problems.receive, problems.users, levels.values.count)
    var workspace = workspace(
      VectorShape(receive: receive, users: users, keepsProbabilities: probabilities != nil)
    )
    var isPrepared = false
    problems.channel.withScalars { channels in
      problems.observations.withScalars { observations in
        guard let h = channels.baseAddress, let y = observations.baseAddress else { return }
        for index in range {
          let output = VectorOutput(
            symbols: symbols + index * users,
            probabilities: probabilities.map { $0 + index * users * size }
          )
          var failure: VectorFailure?
          do throws(LinearAlgebraError) {
            if !(isPrepared && problems.isShared) {
              try prepare(
                h + (problems.channel.rank == 2 ? 0 : index * receive * users),
                noiseVariance: problems.noiseVariance(index),
                &workspace
              )
              isPrepared = true
            }
            failure = detect(y + index * receive, &workspace, output)
          } catch {
            failure = .singularChannel
            for k in 0..<users { output.symbols[k] = levels.values[0] }
            output.probabilities?.clear(count: users * size)
          }
          failed[index] = Float(failure?.rawValue ?? 0)
        }
      }
    }
  }
}
