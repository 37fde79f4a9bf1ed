/// Householder's factorisation of a tall matrix with its columns in a chosen order, `A P = Q R`.
///
/// `R` is upper triangular with a diagonal at or above zero, `Q` has orthonormal columns and is kept as
/// reflections. Column `j` of `R` belongs to column `order[j]` of the matrix.
///
/// - Complexity: about `m n^2` multiply-accumulates for m rows and n columns.
/// - SeeAlso: `golub2013`, 5.2; `wubben2001` for the sorted order.
public struct QRFactor<Scalar: RealTensorScalar>: Sendable {
  /// Which column comes next.
  public enum Ordering: Sendable, Hashable {
    /// As they are.
    case given
    /// The one with the least energy left: the strong ones come last, where back substitution starts.
    case smallestFirst
    /// The one with the most energy left: the diagonal of `R` falls.
    case largestFirst
  }

  /// `R`, square.
  public let upper: Matrix<Scalar>
  /// Which column of the matrix each column of `R` is.
  public let order: [Int]
  // Row j: the j-th reflection's direction of unit length, zero before its place j.
  @usableFromInline let reflections: Matrix<Scalar>
  @usableFromInline let signs: [Scalar]

  /// Factors a matrix with at least as many rows as columns.
  @inlinable
  public init(_ matrix: Matrix<Scalar>, ordering: Ordering = .given) {
    let m = matrix.rows
    let n = matrix.columns
    precondition(m >= n, "QRFactor: \(m) rows for \(n) columns")
    // Columns as rows, so that every loop runs over neighbours.
    var a = matrix.transposed()
    var order = Array(0..<n)
    var reflections = Matrix<Scalar>(rows: n, columns: m)
    var signs = [Scalar](repeating: 1, count: n)
    for j in 0..<n {
      let next = Self.nextColumn(a, from: j, ordering)
      if next != j {
        order.swapAt(j, next)
        for k in 0..<m { a.scalars.swapAt(j * m + k, next * m + k) }
      }
      signs[j] = Self.reflect(&a, j, &reflections)
    }
    var upper = Matrix<Scalar>(rows: n, columns: n)
    for j in 0..<n { for i in 0...j { upper[i, j] = signs[i] * a[j, i] } }
    self.upper = upper
    self.order = order
    self.reflections = reflections
    self.signs = signs
  }

  /// The place of the column that the ordering takes next.
  @inlinable
  static func nextColumn(_ a: Matrix<Scalar>, from j: Int, _ ordering: Ordering) -> Int {
    guard ordering != .given else { return j }
    let energies = (j..<a.rows).map { row in
      a.scalars.withUnsafeBufferPointer { a0 in
        dotProduct(a0, row * a.columns + j, a0, row * a.columns + j, a.columns - j)
      }
    }
    let wanted = ordering == .smallestFirst ? energies.min() : energies.max()
    return j + (wanted.flatMap { energies.firstIndex(of: $0) } ?? 0)
  }

  /// Reflects column j onto its axis, and the later ones with it; the sign that makes `R_jj` positive.
  @inlinable
  static func reflect(
    _ a: inout Matrix<Scalar>,
    _ j: Int,
    _ reflections: inout Matrix<Scalar>
  ) -> Scalar {
    let m = a.columns
    let n = a.rows
    return a.scalars.withUnsafeMutableBufferPointer { a in
      reflections.scalars.withUnsafeMutableBufferPointer { v in
        let columns = UnsafeBufferPointer(a)
        let energy = dotProduct(columns, j * m + j, columns, j * m + j, m - j)
        guard energy > 0 else { return 1 }
        // v = x + sign(x_0) |x| e_0: the sum that cancels nothing.
        let length = energy.squareRoot()
        let head = a[j * m + j]
        let shift = head < 0 ? -length : length
        let norm = (2 * (energy + shift * head)).squareRoot()
        for k in j..<m { v[j * m + k] = (a[j * m + k] + (k == j ? shift : 0)) / norm }
        let direction = UnsafeBufferPointer(v)
        for column in j..<n {
          let inner = dotProduct(direction, j * m + j, columns, column * m + j, m - j)
          addMultiple(a, column * m + j, -2 * inner, direction, j * m + j, m - j)
        }
        return shift > 0 ? -1 : 1
      }
    }
  }

  /// `Q' y`, as many numbers as there are columns.
  @inlinable
  public func transposedTimes(_ y: [Scalar]) -> [Scalar] {
    let m = reflections.columns
    precondition(y.count == m, "QRFactor: \(y.count) numbers for \(m) rows")
    var z = y
    z.withUnsafeMutableBufferPointer { z in
      reflections.scalars.withUnsafeBufferPointer { v in
        for j in 0..<reflections.rows {
          let inner = dotProduct(v, j * m + j, UnsafeBufferPointer(z), j, m - j)
          addMultiple(z, j, -2 * inner, v, j * m + j, m - j)
        }
      }
    }
    return signs.indices.map { signs[$0] * z[$0] }
  }

  /// The first orthonormal columns, `Q`, as many as the matrix has.
  public func orthonormalColumns() -> Matrix<Scalar> {
    let m = reflections.columns
    var rows: [[Scalar]] = []
    for i in 0..<m {
      var unit = [Scalar](repeating: 0, count: m)
      unit[i] = 1
      rows.append(transposedTimes(unit))
    }
    return Matrix(rows: m, columns: reflections.rows, rows.flatMap { $0 })
  }

  /// The least-squares solution of `A x = y`, in the matrix's own order of columns.
  ///
  /// - Throws: ``LinearAlgebraError/rankDeficient(column:)``.
  public func solve(_ y: [Scalar]) throws(LinearAlgebraError) -> [Scalar] {
    let n = upper.rows
    var z = transposedTimes(y)
    let largest = (0..<n).reduce(0) { max($0, upper[$1, $1]) }
    for i in stride(from: n - 1, through: 0, by: -1) {
      guard upper[i, i] > largest * Scalar(n) * Scalar.ulpOfOne else {
        throw .rankDeficient(column: order[i])
      }
      for j in (i + 1)..<max(n, i + 1) { z[i] -= upper[i, j] * z[j] }
      z[i] /= upper[i, i]
    }
    var x = z
    for j in 0..<n { x[order[j]] = z[j] }
    return x
  }
}
