// Goals in order: exact to a few units of roundoff times the norm; fast for 10 to 100 rows, where a call
// into LAPACK costs more than it saves; vectors as rows, so that rotations run over neighbours.

/// The eigenvalues and eigenvectors of a symmetric matrix, `A = sum_i lambda_i q_i q_i'`.
///
/// Householder's tridiagonal form, then implicit QR steps with Wilkinson's shift.
///
/// - Complexity: about 6 n^3 multiply-accumulates with vectors.
/// - SeeAlso: `golub2013`, 8.3.
public struct SymmetricEigen<Scalar: RealTensorScalar>: Sendable {
  /// `lambda_i`, ascending.
  public let values: [Scalar]
  /// Row i: `q_i`, of unit length; no rows when only values were asked for.
  public let vectors: Matrix<Scalar>
  /// Whether every eigenvalue was found; it fails only for numbers that are not finite.
  public let isConverged: Bool

  /// Decomposes a matrix that is taken to be symmetric.
  @inlinable
  public init(_ matrix: Matrix<Scalar>, vectors wantsVectors: Bool = true) {
    precondition(matrix.rows == matrix.columns, "SymmetricEigen: the matrix is not square")
    let n = matrix.rows
    var a = matrix
    var q = wantsVectors ? Matrix<Scalar>.identity(n) : Matrix<Scalar>(rows: 0, columns: n)
    var diagonal = [Scalar](repeating: 0, count: n)
    var beside = [Scalar](repeating: 0, count: n)
    Self.tridiagonalise(&a, &q)
    for i in 0..<n {
      diagonal[i] = a[i, i]
      if i + 1 < n { beside[i] = a[i + 1, i] }
    }
    isConverged = Self.diagonalise(&diagonal, &beside, &q)
    let found = diagonal
    let order = found.indices.sorted { found[$0] < found[$1] }
    values = order.map { found[$0] }
    let rows = q
    vectors = Matrix(
      rows: rows.rows,
      columns: n,
      wantsVectors ? order.flatMap { rows.scalars[($0 * n)..<(($0 + 1) * n)] } : []
    )
  }

  /// `A <- T = Q' A Q` by reflections from both sides; `q` gathers `Q'`.
  @inlinable
  static func tridiagonalise(_ matrix: inout Matrix<Scalar>, _ vectors: inout Matrix<Scalar>) {
    let n = matrix.rows
    guard n > 2 else { return }
    let keeps = vectors.rows > 0
    var direction = [Scalar](repeating: 0, count: n)
    var image = [Scalar](repeating: 0, count: n)
    matrix.scalars.withUnsafeMutableBufferPointer { a in
      vectors.scalars.withUnsafeMutableBufferPointer { q in
        direction.withUnsafeMutableBufferPointer { v in
          image.withUnsafeMutableBufferPointer { w in
            for k in 0..<(n - 2) {
              var energy: Scalar = 0
              for i in (k + 1)..<n { energy += a[i * n + k] * a[i * n + k] }
              let head = a[(k + 1) * n + k]
              guard energy > head * head else { continue }
              let shift = head < 0 ? -energy.squareRoot() : energy.squareRoot()
              let norm = (energy + shift * head).squareRoot()
              // v of squared length 2, so that the reflection is I - v v'.
              for i in (k + 1)..<n { v[i] = (a[i * n + k] + (i == k + 1 ? shift : 0)) / norm }
              reflect(a, n, k, v, w)
              a[(k + 1) * n + k] = -shift
              for i in (k + 2)..<n { a[i * n + k] = 0 }
              if keeps { reflectRows(q, n, k, v, w) }
            }
          }
        }
      }
    }
  }

  /// `B <- (I - v v') B (I - v v')` on the block after row and column k.
  @inlinable
  static func reflect(
    _ a: UnsafeMutableBufferPointer<Scalar>,
    _ n: Int,
    _ k: Int,
    _ v: UnsafeMutableBufferPointer<Scalar>,
    _ w: UnsafeMutableBufferPointer<Scalar>
  ) {
    let count = n - k - 1
    let direction = UnsafeBufferPointer(v)
    let rows = UnsafeBufferPointer(a)
    for i in (k + 1)..<n { w[i] = dotProduct(rows, i * n + k + 1, direction, k + 1, count) }
    let half = dotProduct(direction, k + 1, UnsafeBufferPointer(w), k + 1, count) / 2
    for i in (k + 1)..<n { w[i] -= half * v[i] }
    for i in (k + 1)..<n {
      addMultiple(a, i * n + k + 1, -v[i], UnsafeBufferPointer(w), k + 1, count)
      addMultiple(a, i * n + k + 1, -w[i], direction, k + 1, count)
    }
  }

  /// `Q' <- (I - v v') Q'`.
  @inlinable
  static func reflectRows(
    _ q: UnsafeMutableBufferPointer<Scalar>,
    _ n: Int,
    _ k: Int,
    _ v: UnsafeMutableBufferPointer<Scalar>,
    _ w: UnsafeMutableBufferPointer<Scalar>
  ) {
    w.update(repeating: 0)
    for i in (k + 1)..<n { addMultiple(w, 0, v[i], UnsafeBufferPointer(q), i * n, n) }
    for i in (k + 1)..<n { addMultiple(q, i * n, -v[i], UnsafeBufferPointer(w), 0, n) }
  }

  /// Implicit QR steps on the tridiagonal form until what is beside the diagonal vanishes.
  @inlinable
  static func diagonalise(
    _ d: inout [Scalar],
    _ e: inout [Scalar],
    _ vectors: inout Matrix<Scalar>
  ) -> Bool {
    let n = d.count
    let keeps = vectors.rows > 0
    return vectors.scalars.withUnsafeMutableBufferPointer { q in
      var last = n - 1
      var steps = 0
      while last > 0 {
        var first = last
        while first > 0 {
          let scale = d[first].magnitude + d[first - 1].magnitude
          if e[first - 1].magnitude <= Scalar.ulpOfOne / 2 * scale { break }
          first -= 1
        }
        if first == last {
          last -= 1
          steps = 0
          continue
        }
        steps += 1
        guard steps <= 60 else { return false }
        step(&d, &e, first, last, keeps ? q : nil, n)
      }
      return d.allSatisfy(\.isFinite)
    }
  }

  /// One implicit QR step with Wilkinson's shift on the block `first...last`.
  @inlinable
  static func step(
    _ d: inout [Scalar],
    _ e: inout [Scalar],
    _ first: Int,
    _ last: Int,
    _ q: UnsafeMutableBufferPointer<Scalar>?,
    _ n: Int
  ) {
    let half = (d[last - 1] - d[last]) / 2
    let corner = e[last - 1]
    let root = (half * half + corner * corner).squareRoot()
    let shift = d[last] - corner * corner / (half + (half < 0 ? -root : root))
    var x = d[first] - shift
    var z = e[first]
    for k in first..<last {
      let r = (x * x + z * z).squareRoot()
      let c = r > 0 ? x / r : 1
      let s = r > 0 ? z / r : 0
      if k > first { e[k - 1] = r }
      let (a, b, f) = (d[k], d[k + 1], e[k])
      d[k] = c * c * a + 2 * c * s * f + s * s * b
      d[k + 1] = s * s * a - 2 * c * s * f + c * c * b
      e[k] = c * s * (b - a) + (c * c - s * s) * f
      x = e[k]
      if k + 1 < last {
        z = s * e[k + 1]
        e[k + 1] *= c
      }
      guard let base = q?.baseAddress else { continue }
      let (upper, lower) = (base + k * n, base + (k + 1) * n)
      for i in 0..<n {
        let (u, l) = (upper[i], lower[i])
        upper[i] = c * u + s * l
        lower[i] = c * l - s * u
      }
    }
  }
}
