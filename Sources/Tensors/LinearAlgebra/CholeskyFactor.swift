/// The Cholesky factor of a symmetric positive definite matrix, `A = L L'`.
///
/// - Complexity: n^3 / 6 multiply-accumulates, and n^2 a solve.
/// - SeeAlso: `golub2013`, 4.2.
public struct CholeskyFactor<Scalar: RealTensorScalar>: Sendable {
  /// `L`, lower triangular.
  public let lower: Matrix<Scalar>

  /// Factors a matrix, of which the lower triangle is read.
  ///
  /// - Parameters:
  ///   - matrix: `A`, square.
  ///   - relativePivot: pivots must be above this times the largest entry of the diagonal; `n eps` refuses
  ///     what is singular to rounding.
  /// - Throws: ``LinearAlgebraError/notPositiveDefinite(row:)``.
  @inlinable
  public init(
    _ matrix: Matrix<Scalar>,
    relativePivot: Scalar = 0
  ) throws(LinearAlgebraError) {
    precondition(matrix.rows == matrix.columns, "CholeskyFactor: the matrix is not square")
    let n = matrix.rows
    let least = relativePivot * (0..<n).reduce(0) { max($0, matrix[$1, $1]) }
    var l = Matrix<Scalar>(rows: n, columns: n)
    var failedRow: Int?
    matrix.scalars.withUnsafeBufferPointer { a in
      l.scalars.withUnsafeMutableBufferPointer { l in
        let known = UnsafeBufferPointer(l)
        for i in 0..<n {
          for j in 0..<i {
            l[i * n + j] =
              (a[i * n + j] - dotProduct(known, i * n, known, j * n, j)) / l[j * n + j]
          }
          let pivot = a[i * n + i] - dotProduct(known, i * n, known, i * n, i)
          guard pivot > least, pivot.isFinite else {
            failedRow = i
            return
          }
          l[i * n + i] = pivot.squareRoot()
        }
      }
    }
    if let failedRow { throw .notPositiveDefinite(row: failedRow) }
    lower = l
  }

  /// `x` with `A x = b`.
  @inlinable
  public func solve(_ b: [Scalar]) -> [Scalar] {
    solveTransposed(solveLower(b))
  }

  /// `x` with `L x = b`.
  @inlinable
  public func solveLower(_ b: [Scalar]) -> [Scalar] {
    let n = lower.rows
    precondition(b.count == n, "CholeskyFactor: \(b.count) numbers for \(n) rows")
    var x = b
    lower.scalars.withUnsafeBufferPointer { l in
      x.withUnsafeMutableBufferPointer { x in
        for i in 0..<n {
          x[i] = (x[i] - dotProduct(l, i * n, UnsafeBufferPointer(x), 0, i)) / l[i * n + i]
        }
      }
    }
    return x
  }

  /// `x` with `L' x = b`.
  @inlinable
  public func solveTransposed(_ b: [Scalar]) -> [Scalar] {
    let n = lower.rows
    precondition(b.count == n, "CholeskyFactor: \(b.count) numbers for \(n) rows")
    var x = b
    lower.scalars.withUnsafeBufferPointer { l in
      x.withUnsafeMutableBufferPointer { x in
        for i in stride(from: n - 1, through: 0, by: -1) {
          x[i] /= l[i * n + i]
          addMultiple(x, 0, -x[i], l, i * n, i)
        }
      }
    }
    return x
  }

  /// `A^-1`, for those who need its entries; to solve, ``solve(_:)`` is faster and more exact.
  @inlinable
  public func inverse() -> Matrix<Scalar> {
    let n = lower.rows
    var result = Matrix<Scalar>(rows: n, columns: n)
    var unit = [Scalar](repeating: 0, count: n)
    for j in 0..<n {
      unit[j] = 1
      let row = solve(unit)
      unit[j] = 0
      for i in 0..<n { result[j, i] = row[i] }
    }
    return result
  }

  /// The diagonal of `A^-1`.
  ///
  /// - Complexity: n^3 / 6 multiply-accumulates: column j of `L^-1` starts at row j.
  @inlinable
  public func inverseDiagonal() -> [Scalar] {
    let n = lower.rows
    var result = [Scalar](repeating: 0, count: n)
    var column = [Scalar](repeating: 0, count: n)
    lower.scalars.withUnsafeBufferPointer { l in
      column.withUnsafeMutableBufferPointer { x in
        for j in 0..<n {
          x[j] = 1 / l[j * n + j]
          for i in (j + 1)..<max(n, j + 1) {
            x[i] = -dotProduct(l, i * n + j, UnsafeBufferPointer(x), j, i - j) / l[i * n + i]
          }
          result[j] = dotProduct(UnsafeBufferPointer(x), j, UnsafeBufferPointer(x), j, n - j)
        }
      }
    }
    return result
  }
}
