// Goals in order: 1. soft interference cancellation written once, whatever fills its blocks; 2. chunks
// of a batch run in parallel.
//
// Proof of safety: chunks are disjoint ranges of vectors, and each writes its own range of the result.

public import Hybridization
public import Tensors

/// What refines the belief of one user: the slot of soft interference cancellation.
///
/// Laws: the probabilities are not negative and sum to 1; the user's own belief of before plays no part.
public protocol BeliefBlock<Scalar>: Sendable {
  /// The precision.
  associatedtype Scalar: RealTensorScalar
  /// What is given to every user's block: a batch of vectors and what is known of it.
  associatedtype Observation

  /// How likely each level of one user is.
  ///
  /// - Parameters:
  ///   - user: its number.
  ///   - observation: what was received.
  ///   - beliefs: of every user, `[batch, levels]` each.
  /// - Returns: `[batch, levels]`.
  func belief(
    of user: Int,
    given observation: Observation,
    _ beliefs: [Tensor<Scalar>]
  ) -> Tensor<Scalar>
}

/// Iterative soft interference cancellation: beliefs about all users, refined in turn.
///
/// In each iteration every user's block is given the observation and what the iteration before believes
/// of the others. ``GaussianBeliefBlock`` in the blocks makes the classical algorithm, classifiers
/// make DeepSIC (``DeepSIC``).
///
/// Equation: `p_k^(q) = block_{q,k}(x, {p_l^(q-1)}, l != k)`, `p_k^(0)` uniform.
///
/// - SeeAlso: `choi2000sic`, `shlezinger2021deepsic`.
public struct InterferenceCancellation<Block: BeliefBlock>: BlockDiagram {
  /// The precision.
  public typealias Scalar = Block.Scalar
  /// What is given.
  public typealias Observation = Block.Observation

  /// The blocks, `[iterations][users]`.
  public let stages: [[Block]]
  private let uniform: @Sendable (Block.Observation) -> [Tensor<Scalar>]

  /// The algorithm around given blocks.
  ///
  /// - Parameters:
  ///   - stages: `[iterations][users]`.
  ///   - uniform: the beliefs of all users before the first iteration, `[batch, levels]` each.
  public init(
    stages: [[Block]],
    uniform: @escaping @Sendable (Block.Observation) -> [Tensor<Scalar>]
  ) {
    self.stages = stages
    self.uniform = uniform
  }

  /// Uniform beliefs.
  public func start(_ observation: Block.Observation) -> [Tensor<Scalar>] { uniform(observation) }

  /// One user's belief.
  public func output(
    of block: Block,
    number: Int,
    given observation: Block.Observation,
    _ wires: [Tensor<Scalar>]
  ) -> Tensor<Scalar> {
    block.belief(of: number, given: observation, wires)
  }
}

/// Beliefs of all users of a batch.
enum Beliefs {
  /// Certain of nothing: `[batch, levels]`.
  static func uniform<Scalar: RealTensorScalar>(batch: Int, levels: Int) -> Tensor<Scalar> {
    .full([batch, levels], 1 / Scalar(levels))
  }

  /// Puts the chunks of a batch together, computed in parallel.
  ///
  /// - Parameters:
  ///   - batch: vectors.
  ///   - users: users.
  ///   - levels: levels of a user.
  ///   - chunk: vectors that are computed together.
  ///   - pool: the threads.
  ///   - compute: the beliefs of a range of vectors, `[range.count, levels]` a user.
  /// - Returns: `[batch, users, levels]`.
  static func collected<Scalar: RealTensorScalar>(
    batch: Int,
    users: Int,
    levels: Int,
    chunk: Int,
    pool: WorkerPool,
    _ compute: @Sendable (Range<Int>) -> [Tensor<Scalar>]
  ) -> Tensor<Scalar> {
    let storage = TensorStorage<Scalar>(uninitialised: batch * users * levels)
    nonisolated(unsafe) let to = storage.values
    pool.forEach(count: (batch + chunk - 1) / chunk) { number in
      let range = (number * chunk)..<min((number + 1) * chunk, batch)
      for (user, belief) in compute(range).enumerated() {
        belief.withScalars { from in
          for row in 0..<range.count {
            let place = ((range.lowerBound + row) * users + user) * levels
            for level in 0..<levels { to[place + level] = from[row * levels + level] }
          }
        }
      }
    }
    return Tensor(shape: [batch, users, levels], storage: storage)
  }

  /// The place of the most likely level of each symbol, the first of equals, as the level itself.
  ///
  /// - Parameters:
  ///   - beliefs: `[batch, users, levels]`.
  ///   - values: the levels.
  /// - Returns: `[batch, users]`.
  static func decided<Scalar: RealTensorScalar>(
    _ beliefs: Tensor<Scalar>,
    among values: [Scalar]
  ) -> Tensor<Scalar> {
    let size = values.count
    return beliefs.withScalars { p in
      Tensor(shape: Array(beliefs.shape.dropLast())) { to in
        for symbol in 0..<to.count {
          var best = 0
          for level in 1..<size where p[symbol * size + level] > p[symbol * size + best] {
            best = level
          }
          to[symbol] = values[best]
        }
      }
    }
  }
}
