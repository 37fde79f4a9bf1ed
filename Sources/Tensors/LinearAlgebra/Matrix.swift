// Goals in order: algorithms that read like their papers; no allocation beyond the results; loops that
// vectorise. For the small dense matrices of detectors and filters, a few to a few hundred rows; large
// products belong to `matrixProduct`.
//
// Proof of safety: a buffer is lent to one closure at a time and indexed within its count, which the
// shapes checked on entry give.

/// A small dense matrix of its own, row-major.
///
/// ```swift
/// let a = Matrix<Double>([[4, 2], [2, 3]])
/// let x = try CholeskyFactor(a).solve([2, 1])   // a x = [2, 1]
/// ```
public struct Matrix<Scalar: RealTensorScalar>: Sendable, Equatable {
  /// How many rows.
  public let rows: Int
  /// How many columns.
  public let columns: Int
  /// The numbers, row after row.
  public var scalars: [Scalar]

  /// A matrix of one repeated number.
  @inlinable
  public init(rows: Int, columns: Int, repeating value: Scalar = 0) {
    self.init(rows: rows, columns: columns, [Scalar](repeating: value, count: rows * columns))
  }

  /// A matrix of the given numbers, row after row.
  @inlinable
  public init(rows: Int, columns: Int, _ scalars: [Scalar]) {
    precondition(
      rows >= 0 && columns >= 0 && scalars.count == rows * columns,
      "Matrix: \(scalars.count) numbers do not fill \(rows) x \(columns)"
    )
    self.rows = rows
    self.columns = columns
    self.scalars = scalars
  }

  /// A matrix of the given rows, all of one length.
  public init(_ rows: [[Scalar]]) {
    precondition(Set(rows.map(\.count)).count <= 1, "Matrix: rows of different lengths")
    self.init(rows: rows.count, columns: rows.first?.count ?? 0, rows.flatMap { $0 })
  }

  /// The identity of some size.
  @inlinable
  public static func identity(_ size: Int) -> Matrix {
    var matrix = Matrix(rows: size, columns: size)
    for i in 0..<size { matrix[i, i] = 1 }
    return matrix
  }

  /// The number in a row and a column.
  @inlinable
  public subscript(_ row: Int, _ column: Int) -> Scalar {
    get { scalars[row * columns + column] }
    set { scalars[row * columns + column] = newValue }
  }

  /// The transpose.
  @inlinable
  public func transposed() -> Matrix {
    var result = Matrix(rows: columns, columns: rows)
    for i in 0..<rows { for j in 0..<columns { result[j, i] = self[i, j] } }
    return result
  }

  /// `A x`.
  @inlinable
  public func times(_ x: [Scalar]) -> [Scalar] {
    precondition(x.count == columns, "Matrix.times: \(x.count) numbers for \(columns) columns")
    var result = [Scalar](repeating: 0, count: rows)
    scalars.withUnsafeBufferPointer { a in
      x.withUnsafeBufferPointer { x in
        for i in 0..<rows { result[i] = dotProduct(a, i * columns, x, 0, columns) }
      }
    }
    return result
  }

  /// `A' y`.
  @inlinable
  public func transposedTimes(_ y: [Scalar]) -> [Scalar] {
    precondition(y.count == rows, "Matrix.transposedTimes: \(y.count) numbers for \(rows) rows")
    var result = [Scalar](repeating: 0, count: columns)
    scalars.withUnsafeBufferPointer { a in
      result.withUnsafeMutableBufferPointer { x in
        for i in 0..<rows { addMultiple(x, 0, y[i], a, i * columns, columns) }
      }
    }
    return result
  }

  /// `A B`.
  public func times(_ other: Matrix) -> Matrix {
    precondition(columns == other.rows, "Matrix.times: \(columns) columns with \(other.rows) rows")
    return product(other, transposingSelf: false, rows: rows, inner: columns)
  }

  /// `A' A`.
  public func gram() -> Matrix {
    product(self, transposingSelf: true, rows: columns, inner: rows)
  }

  private func product(_ other: Matrix, transposingSelf: Bool, rows: Int, inner: Int) -> Matrix {
    var result = Matrix(rows: rows, columns: other.columns)
    guard !result.scalars.isEmpty, inner > 0 else { return result }
    scalars.withUnsafeBufferPointer { a in
      other.scalars.withUnsafeBufferPointer { b in
        result.scalars.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          Scalar.matrixProduct(
            MatrixProduct(
              rows: rows,
              columns: other.columns,
              inner: inner,
              alpha: 1,
              beta: 0,
              a: a,
              transposeA: transposingSelf,
              leadingA: columns,
              b: b,
              leadingB: other.columns,
              c: c,
              leadingC: other.columns
            )
          )
        }
      }
    }
    return result
  }
}

/// What a factorisation cannot take.
public enum LinearAlgebraError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A pivot at or below zero, or not a number: not positive definite.
  case notPositiveDefinite(row: Int)
  /// Columns that depend on each other.
  case rankDeficient(column: Int)

  /// One sentence.
  public var description: String {
    switch self {
    case .notPositiveDefinite(let row): "the matrix is not positive definite (pivot \(row))"
    case .rankDeficient(let column): "the columns depend on each other (column \(column))"
    }
  }
}

/// `sum_k a_k b_k` of two runs of numbers, in four partial sums.
@inlinable
package func dotProduct<Scalar: RealTensorScalar>(
  _ a: UnsafeBufferPointer<Scalar>,
  _ startA: Int,
  _ b: UnsafeBufferPointer<Scalar>,
  _ startB: Int,
  _ count: Int
) -> Scalar {
  guard count > 0, let a = a.baseAddress, let b = b.baseAddress else { return 0 }
  let x = a + startA
  let y = b + startB
  var s0: Scalar = 0
  var s1: Scalar = 0
  var s2: Scalar = 0
  var s3: Scalar = 0
  var k = 0
  while k + 4 <= count {
    s0 += x[k] * y[k]
    s1 += x[k + 1] * y[k + 1]
    s2 += x[k + 2] * y[k + 2]
    s3 += x[k + 3] * y[k + 3]
    k += 4
  }
  while k < count {
    s0 += x[k] * y[k]
    k += 1
  }
  return (s0 + s1) + (s2 + s3)
}

/// `x += factor y` on runs of numbers.
@inlinable
package func addMultiple<Scalar: RealTensorScalar>(
  _ x: UnsafeMutableBufferPointer<Scalar>,
  _ startX: Int,
  _ factor: Scalar,
  _ y: UnsafeBufferPointer<Scalar>,
  _ startY: Int,
  _ count: Int
) {
  guard count > 0, let x = x.baseAddress, let y = y.baseAddress else { return }
  let to = x + startX
  let from = y + startY
  for k in 0..<count { to[k] += factor * from[k] }
}
