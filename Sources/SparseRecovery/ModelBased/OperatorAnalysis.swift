// What solvers need to know of an operator before they start, in double precision.

internal import Autodiff
public import Tensors

/// Facts about an operator `A`, `[m, n]`.
public enum OperatorAnalysis {
  /// An upper bound of the largest eigenvalue of `A' A`, the Lipschitz constant of `A'(A s - x)`.
  ///
  /// Equation: `lambda <= |M^p|_F^(1/p)` for `M = A A'` or `A' A`, whichever is smaller, and p = 2^14.
  /// The bound is above the eigenvalue by a factor of at most `d^(1/2p)`, below 1.0003 for the extent
  /// d = 10,000; a power iteration would end below it. Computed by 14 squarings, rescaled each time.
  ///
  /// - Parameter operators: `A`, `[m, n]`.
  /// - Returns: the bound; 0 for an operator of zeros.
  /// - Complexity: 14 products of the smaller extent cubed.
  public static func lipschitzBound(_ operators: Tensor<Double>) -> Double {
    let isWide = operators.shape[0] <= operators.shape[1]
    var power = matmul(operators, operators, transposeA: !isWide, transposeB: isWide)
    var logarithm = 0.0
    var exponent = 1.0
    for _ in 0..<14 {
      let norm = frobeniusNorm(power)
      guard norm > 0, norm.isFinite else { return norm }
      logarithm += naturalLogarithm(norm) / exponent
      power = power * (1 / norm)
      power = matmul(power, power)
      exponent *= 2
    }
    logarithm += naturalLogarithm(frobeniusNorm(power)) / exponent
    // The squarings lose some 14 d eps, far below this.
    return exponential(logarithm) * (1 + 1e-9)
  }

  /// The root of the sum of squares.
  static func frobeniusNorm(_ matrix: Tensor<Double>) -> Double {
    matrix.withScalars { $0.reduce(0) { $0 + $1 * $1 } }.squareRoot()
  }

  /// The pseudo-inverse's transpose, `(A A')^-1 A` for a wide operator and `A (A' A)^-1` for a tall one.
  ///
  /// - Parameter operators: `A`, `[m, n]`, of full rank.
  /// - Returns: `[m, n]`; `x` times it is the least-norm (or least-squares) solution of each row.
  /// - Throws: ``SparseRecoveryError/rankDeficient(rows:columns:)``.
  public static func pseudoInverse(_ operators: Tensor<Double>) throws(SparseRecoveryError)
    -> Tensor<Double>
  {
    let (rows, columns) = (operators.shape[0], operators.shape[1])
    if rows <= columns { return try whitened(operators) }
    return try whitened(operators.transposed()).transposed()
  }

  /// `(B B')^-1 B` for a wide `B`.
  private static func whitened(_ wide: Tensor<Double>) throws(SparseRecoveryError) -> Tensor<Double>
  {
    let (rows, columns) = (wide.shape[0], wide.shape[1])
    let gram = Matrix(
      rows: rows,
      columns: rows,
      matmul(wide, wide, transposeB: true).scalars
    )
    let factor: CholeskyFactor<Double>
    do {
      factor = try CholeskyFactor(gram, relativePivot: Double(rows) * Double.ulpOfOne)
    } catch {
      throw .rankDeficient(rows: rows, columns: columns)
    }
    let numbers = wide.transposed().scalars
    let solutions = stride(from: 0, to: numbers.count, by: rows).flatMap {
      factor.solve(Array(numbers[$0..<($0 + rows)]))
    }
    return Tensor(solutions, shape: [columns, rows]).transposed()
  }
}
