public import Tensors

/// In which order users are decided.
public enum DecisionOrdering: String, Sendable, Hashable, CaseIterable {
  /// The last user first.
  case given
  /// Sorted QR: the column with the least energy left is factored first and decided last.
  case sorted = "sorted-qr"
  /// The least error variance first, after each decision anew (V-BLAST).
  case bestFirst = "v-blast"
}

/// How the users not yet decided are suppressed.
public enum SuppressionCriterion: String, Sendable, Hashable, CaseIterable {
  /// Completely.
  case zeroForcing = "zf"
  /// With the least mean square error.
  case minimumError = "mmse"
}

/// Decision feedback: one user after the other, each decision subtracted before the next.
///
/// With `A P = Q R` of the channel (zero forcing) or of `A = [H; sqrt(lambda) I]` (MMSE,
/// `lambda = sigma^2 / E s^2`), from the last user up
/// `s_k = decide((z_k - sum_{j > k} R_kj s_j) / R_kk)`, `z = Q' y`. Under ``Ordering/bestFirst`` the user
/// with the least error variance is found anew after each decision.
///
/// - SeeAlso: `wubben2001` (sorted QR), `wolniansky1998` (best first), `verdu1998`, 7.
public struct DecisionFeedback<Scalar: RealTensorScalar>: VectorDetector {
  /// In which order users are decided.
  public typealias Ordering = DecisionOrdering
  /// How the users not yet decided are suppressed.
  public typealias Criterion = SuppressionCriterion

  /// The factorisation of a channel in the order of decision.
  public struct Prepared {
    let factor: QRFactor<Scalar>
    let order: [Int]
    // Of each user of the order, what its unbiased estimate is divided by.
    let biases: [Scalar]
    let extraRows: Int
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// The order of decisions.
  public let ordering: Ordering
  /// What is done with the others.
  public let criterion: Criterion

  /// The detector of a constellation.
  public init(
    levels: Levels<Scalar>,
    ordering: Ordering = .sorted,
    criterion: Criterion = .zeroForcing
  ) {
    self.levels = levels
    self.ordering = ordering
    self.criterion = criterion
  }

  /// Orders and factors the channel.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    let users = channel.columns
    let isLoaded = criterion == .minimumError
    guard isLoaded || channel.rows >= users else { throw .rankDeficient(column: channel.rows) }
    let loading = isLoaded ? noiseVariance / levels.energy : 0
    var extended = channel
    if isLoaded {
      var identity = Matrix<Scalar>.identity(users)
      for k in 0..<users { identity[k, k] = loading.squareRoot() }
      extended = Matrix(
        rows: channel.rows + users,
        columns: users,
        channel.scalars + identity.scalars
      )
    }
    var first = Array(0..<users)
    if ordering == .bestFirst {
      first = Array(try Self.bestFirst(extended.gram()).reversed())
      extended = extended.permutingColumns(first)
    }
    let factor = QRFactor(extended, ordering: ordering == .sorted ? .smallestFirst : .given)
    let diagonal = (0..<users).map { factor.upper[$0, $0] }
    let largest = diagonal.reduce(0) { max($0, $1) }
    for (k, value) in diagonal.enumerated()
    where value <= largest * Scalar(users) * Scalar.ulpOfOne {
      throw .rankDeficient(column: factor.order[k])
    }
    // The error variance of the k-th decision is lambda / R_kk^2 of the symbol's power.
    return Prepared(
      factor: factor,
      order: factor.order.map { first[$0] },
      biases: diagonal.map { 1 - loading / ($0 * $0) },
      extraRows: isLoaded ? users : 0
    )
  }

  /// Decides from the last row of `R` up.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let z = prepared.factor.transposedTimes(
      received + [Scalar](repeating: 0, count: prepared.extraRows)
    )
    let r = prepared.factor.upper
    var decided = z
    var symbols = z
    for k in stride(from: z.count - 1, through: 0, by: -1) {
      var rest = z[k]
      for j in (k + 1)..<max(z.count, k + 1) { rest -= r[k, j] * decided[j] }
      let bias = max(prepared.biases[k], .leastNormalMagnitude)
      decided[k] = levels.nearest(rest / (r[k, k] * bias))
      symbols[prepared.order[k]] = decided[k]
    }
    return VectorDecision(symbols: symbols)
  }

  /// Users by the least diagonal entry of the inverse Gram matrix of those that are left.
  ///
  /// Taking user k away changes the inverse P by `P <- P - p_k p_k' / P_kk`.
  package static func bestFirst(_ gram: Matrix<Scalar>) throws(LinearAlgebraError) -> [Int] {
    var p = try CholeskyFactor(gram).inverse()
    let n = gram.rows
    var left = Array(0..<n)
    var order: [Int] = []
    while let k = left.min(by: { p[$0, $0] < p[$1, $1] }) {
      order.append(k)
      left.removeAll { $0 == k }
      for i in left {
        let factor = p[i, k] / p[k, k]
        for j in left { p[i, j] -= factor * p[k, j] }
      }
    }
    return order
  }
}
