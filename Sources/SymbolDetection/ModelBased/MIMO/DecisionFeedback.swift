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
  public struct Workspace {
    let factor: ReflectedColumns<Scalar>
    /// Of each place of the order, the user.
    var order: [Int]
    // Of each place of the order, what its unbiased estimate is divided by.
    let biases: UnsafeMutablePointer<Scalar>
    let rest: UnsafeMutablePointer<Scalar>
    let scratch: VectorScratch<Scalar>
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

  /// Memory of the factorisation.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    let rows = shape.receive + (criterion == .minimumError ? shape.users : 0)
    let scratch = VectorScratch<Scalar>()
    return Workspace(
      factor: ReflectedColumns(rows: rows, columns: shape.users),
      order: Array(0..<shape.users),
      biases: scratch.take(shape.users),
      rest: scratch.take(rows),
      scratch: scratch
    )
  }

  /// Orders and factors the channel.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    let factor = workspace.factor
    let users = factor.columns
    let isLoaded = criterion == .minimumError
    let receive = factor.rows - (isLoaded ? users : 0)
    guard factor.rows >= users else { throw .rankDeficient(column: factor.rows) }
    let loading = isLoaded ? noiseVariance / levels.energy : 0
    let first =
      ordering == .bestFirst
      ? try Self.lastFirst(channel, receive, users, loading) : Array(0..<users)
    factor.load(channel, receive, columns: first, loading: loading.squareRoot())
    factor.reduce(ordering == .sorted ? .smallestFirst : .given)
    var largest: Scalar = 0
    for k in 0..<users { largest = max(largest, factor.diagonal(k).magnitude) }
    for k in 0..<users {
      workspace.order[k] = first[factor.place(k)]
      let value = factor.diagonal(k).magnitude
      guard value > largest * Scalar(users) * Scalar.ulpOfOne else {
        throw .rankDeficient(column: workspace.order[k])
      }
      // The error variance of the k-th decision is lambda / R_kk^2 of the symbol's power.
      workspace.biases[k] = max(1 - loading / (value * value), .leastNormalMagnitude)
    }
  }

  /// Decides from the last row of `R` up.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let (factor, rest) = (workspace.factor, workspace.rest)
    let receive = factor.rows - (criterion == .minimumError ? factor.columns : 0)
    rest.update(from: received, count: receive)
    if factor.rows > receive { (rest + receive).clear(count: factor.rows - receive) }
    factor.reflect(rest)
    for k in Swift.stride(from: factor.columns - 1, through: 0, by: -1) {
      // The signs of rows of R and of Q' y are the same and cancel.
      let symbol = levels.nearest(rest[k] / (factor.diagonal(k) * workspace.biases[k]))
      output.symbols[workspace.order[k]] = symbol
      let column = factor.column(k)
      for i in 0..<k { rest[i] -= symbol * column[i] }
    }
    return nil
  }

  /// The best-first order of decisions from its end.
  private static func lastFirst(
    _ channel: UnsafePointer<Scalar>,
    _ receive: Int,
    _ users: Int,
    _ loading: Scalar
  ) throws(LinearAlgebraError) -> [Int] {
    let size = receive * users
    var gram = Matrix(
      rows: receive,
      columns: users,
      Array(UnsafeBufferPointer(start: channel, count: size))
    ).gram()
    for k in 0..<users { gram[k, k] += loading }
    return try bestFirst(gram).reversed()
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
