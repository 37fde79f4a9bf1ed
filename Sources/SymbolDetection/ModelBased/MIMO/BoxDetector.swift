internal import Autodiff
public import Hybridization
public import Tensors

/// Box-constrained least squares by projected gradient descent: the nearest symbols to its solution.
///
/// The step is that of ``BoxProjectedGradient`` with `eta = 1 / lambda_max(H' H)` of each channel, which
/// is a step of size one on the equations divided by `lambda_max`.
public struct BoxDetector<Scalar: RealTensorScalar>: Sendable {
  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// When a piece of the batch stops.
  public let rule: StoppingRule

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, until rule: StoppingRule) {
    self.levels = levels
    self.rule = rule
  }

  /// The equations of some vectors, divided by the largest eigenvalue of each Gram matrix.
  package func equations(_ range: Range<Int>, of problems: LinearProblems<Scalar>)
    -> NormalEquations<
      Scalar
    >
  {
    let n = problems.users
    var last: Matrix<Scalar>?
    var grams: [Scalar] = []
    var matched: [Scalar] = []
    var scale: Scalar = 0
    for index in range {
      let h = problems.matrix(index)
      let gram = (problems.isShared ? last : nil) ?? h.gram()
      if !problems.isShared || last == nil {
        let largest = SymmetricEigen(gram, vectors: false).values[n - 1]
        scale = largest > 0 ? 1 / largest : 0
        last = gram
      }
      grams += gram.scalars.map { $0 * scale }
      matched += h.transposedTimes(problems.received(index)).map { $0 * scale }
    }
    return NormalEquations(
      gram: Tensor(grams, shape: [range.count, n, n]),
      matched: Tensor(matched, shape: [range.count, n])
    )
  }

  /// Detects a batch; a piece that does not reach the tolerance is among the failures.
  public func detect(
    _ problems: LinearProblems<Scalar>,
    pool: WorkerPool = .serial
  ) -> BatchDecision<Scalar> {
    let (batch, users) = (problems.batch, problems.users)
    let piece = 32
    let pieces = (batch + piece - 1) / piece
    let symbols = TensorStorage<Scalar>(uninitialised: batch * users)
    let states = TensorStorage<Float>(uninitialised: pieces)
    nonisolated(unsafe) let (to, states0) = (symbols.values, states.values)
    let method = BoxProjectedGradient<Scalar>(stepSize: 1, limit: levels.limit)
    pool.forEach(count: pieces) { number in
      let range = (number * piece)..<min((number + 1) * piece, batch)
      let outcome = method.solve(equations(range, of: problems), until: rule)
      outcome.value.withScalars { s in
        for k in 0..<s.count { to[range.lowerBound * users + k] = levels.nearest(s[k]) }
      }
      states0[number] = outcome.status.isSuccess ? 0 : 1
    }
    var failures: [Int: VectorFailure] = [:]
    for index in 0..<batch where states.values[index / piece] > 0 {
      failures[index] = .iterationLimit
    }
    return BatchDecision(
      symbols: Tensor(shape: [batch, users], storage: symbols),
      probabilities: nil,
      failures: failures
    )
  }
}
