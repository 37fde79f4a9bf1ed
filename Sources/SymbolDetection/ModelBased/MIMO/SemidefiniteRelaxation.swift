public import Tensors

/// The semidefinite relaxation of the most likely vector of two-valued symbols.
///
/// With `s = a x`, `x` of signs, and `v = (x, 1)`, the cost `|y - H s|^2` is `v' Q v = tr(Q V)` with
/// `Q = [[a^2 H' H, -a H' y], [-a y' H, |y|^2]]` and `V = v v'`. Without asking for rank one that is
///
///     minimise tr(Q V)  subject to  V_ii = 1,  V positive semidefinite,
///
/// a lower bound on the least cost. The decision is the sign of V's last column. It is solved by ADMM on
/// `Q` without its diagonal, which adds a constant only, scaled to the norm of a `v v'`:
///
///     X <- Z - U - Q, X_ii <- 1;   Z <- positive part of X + U;   U <- U + X - Z.
///
/// - Complexity: about `6 K^3` multiply-accumulates an iteration for K users.
/// - SeeAlso: `luo2010sdr`; `boyd2011admm`, 5.
public struct SemidefiniteRelaxation<Scalar: RealTensorScalar>: VectorDetector {
  /// The channel and its Gram matrix.
  public struct Prepared {
    let channel: Matrix<Scalar>
    let gram: Matrix<Scalar>
  }

  /// What the iteration ends with.
  package struct Solution {
    /// `V`, semidefinite, its diagonal one up to the tolerance.
    package let matrix: Matrix<Scalar>
    /// The multipliers of `V_ii = 1`: `Q - Diag(multipliers)` is semidefinite up to the tolerance.
    package let multipliers: [Scalar]
    /// Whether the tolerance was reached.
    package let isConverged: Bool
  }

  /// The two values of a symbol.
  public let levels: Levels<Scalar>
  /// The most iterations of a vector.
  public let iterations: Int
  /// The root mean square of both residuals' entries at the end.
  public let tolerance: Scalar

  /// The detector of a constellation with two values in each real dimension.
  public init(levels: Levels<Scalar>, iterations: Int = 2000, tolerance: Scalar = 1e-4) {
    precondition(levels.values.count == 2, "SemidefiniteRelaxation: \(levels.values.count) levels")
    precondition(iterations >= 1, "SemidefiniteRelaxation: \(iterations) iterations")
    self.levels = levels
    self.iterations = iterations
    self.tolerance = tolerance
  }

  /// Forms `H' H`.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    Prepared(channel: channel, gram: channel.gram())
  }

  /// Solves and decides.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let users = prepared.gram.rows
    let solution = solve(cost(received, prepared))
    return VectorDecision(
      symbols: (0..<users).map { levels.values[solution.matrix[$0, users] < 0 ? 0 : 1] },
      failure: solution.isConverged ? nil : .iterationLimit
    )
  }

  /// `Q`, one larger than there are users.
  package func cost(_ received: [Scalar], _ prepared: Prepared) -> Matrix<Scalar> {
    let users = prepared.gram.rows
    let a = levels.limit
    let matched = prepared.channel.transposedTimes(received)
    var q = Matrix<Scalar>(rows: users + 1, columns: users + 1)
    for i in 0..<users {
      for j in 0..<users { q[i, j] = a * a * prepared.gram[i, j] }
      q[i, users] = -a * matched[i]
      q[users, i] = -a * matched[i]
    }
    q[users, users] = received.reduce(0) { $0 + $1 * $1 }
    return q
  }

  /// The relaxation's solution for a symmetric `Q`.
  package func solve(_ cost: Matrix<Scalar>) -> Solution {
    let n = cost.rows
    var c = cost
    for i in 0..<n { c[i, i] = 0 }
    let norm = c.scalars.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let scale = norm > 0 ? Scalar(n) / norm : 0
    for k in c.scalars.indices { c.scalars[k] *= scale }
    var z = Matrix<Scalar>.identity(n)
    var u = Matrix<Scalar>(rows: n, columns: n)
    var sum = u
    var isConverged = false
    let limit = tolerance * tolerance * Scalar(n * n)
    for _ in 0..<iterations where !isConverged {
      for k in z.scalars.indices { sum.scalars[k] = z.scalars[k] - c.scalars[k] }
      for i in 0..<n { sum[i, i] = 1 + u[i, i] }
      // Now X + U; X - Z of the next Z is the change of U.
      guard let next = Self.positivePart(sum) else { break }
      var primal: Scalar = 0
      var dual: Scalar = 0
      for k in z.scalars.indices {
        let multiplier = sum.scalars[k] - next.scalars[k]
        let gap = multiplier - u.scalars[k]
        let move = next.scalars[k] - z.scalars[k]
        primal += gap * gap
        dual += move * move
        u.scalars[k] = multiplier
      }
      z = next
      isConverged = max(primal, dual) <= limit
    }
    return Solution(
      matrix: z,
      multipliers: (0..<n).map { cost[$0, $0] + (scale > 0 ? u[$0, $0] / scale : 0) },
      isConverged: isConverged
    )
  }

  /// The nearest positive semidefinite matrix; nil for numbers that are not finite.
  private static func positivePart(_ matrix: Matrix<Scalar>) -> Matrix<Scalar>? {
    let n = matrix.rows
    let eigen = SymmetricEigen(matrix)
    guard eigen.isConverged else { return nil }
    let first = eigen.values.firstIndex { $0 > 0 } ?? n
    var roots = Matrix(
      rows: n - first,
      columns: n,
      Array(eigen.vectors.scalars[(first * n)...])
    )
    for i in first..<n {
      let root = eigen.values[i].squareRoot()
      for j in 0..<n { roots[i - first, j] *= root }
    }
    return roots.gram()
  }
}
