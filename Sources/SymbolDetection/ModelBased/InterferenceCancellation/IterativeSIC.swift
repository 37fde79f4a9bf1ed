internal import Hybridization
public import Tensors

/// Iterative soft interference cancellation over a known channel: the classical detector.
///
/// Soft interference cancellation whose blocks are Gaussian likelihoods (``GaussianBeliefBlock``).
/// Decision: the most likely level after the last iteration.
///
/// ```swift
/// let detector = IterativeSIC<Float>(levels: [-1, 1], iterations: 5)
/// let decision = detector.detect(problems)            // symbols [batch, users], probabilities
/// ```
///
/// - SeeAlso: `choi2000sic`.
public struct IterativeSIC<Scalar: RealTensorScalar>: Sendable {
  /// Vectors that are computed together.
  private static var chunk: Int { 256 }

  /// The values of a symbol, ascending.
  public let levels: [Scalar]
  /// How many times every user's belief is refined.
  public let iterations: Int
  /// The factor of the rates of Poisson counts; nil for Gaussian noise.
  public let gain: Scalar?

  /// The detector of a constellation.
  public init(levels: [Scalar], iterations: Int = 5, gain: Scalar? = nil) {
    precondition(
      iterations >= 1 && levels.count >= 2,
      "IterativeSIC: \(iterations) iterations, \(levels.count) levels"
    )
    self.levels = levels
    self.iterations = iterations
    self.gain = gain
  }

  /// The block diagram for some users.
  public func diagram(users: Int) -> InterferenceCancellation<GaussianBeliefBlock<Scalar>> {
    let block = GaussianBeliefBlock(levels: levels, gain: gain)
    let size = levels.count
    return InterferenceCancellation(
      stages: Array(repeating: Array(repeating: block, count: users), count: iterations),
      uniform: { observation in
        Array(
          repeating: Beliefs.uniform(batch: observation.range.count, levels: size),
          count: users
        )
      }
    )
  }

  /// Detects a batch, chunks of it in parallel.
  ///
  /// - Parameters:
  ///   - problems: channels, observations and noise variances; symbols are not centred.
  ///   - pool: the threads.
  /// - Returns: the decided levels and the beliefs of the last iteration.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ problems: LinearProblems<Scalar>,
    pool: WorkerPool = .serial
  ) -> BatchDecision<Scalar> {
    let diagram = diagram(users: problems.users)
    let beliefs: Tensor<Scalar> = Beliefs.collected(
      batch: problems.batch,
      users: problems.users,
      levels: levels.count,
      chunk: Self.chunk,
      pool: pool
    ) { diagram.outputs(InterferenceObservation(problems, $0)) }
    return BatchDecision(
      symbols: Beliefs.decided(beliefs, among: levels),
      probabilities: beliefs,
      failures: [:]
    )
  }
}
