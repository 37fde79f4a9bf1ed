// Goals: 1. exact to rounding of the largest eigenvalue; 2. nothing to install; 3. a tenth of a second for
// 250 x 500.

internal import Autodiff
public import Tensors

/// An operator with its rows rotated until they are orthogonal: `G = Q' A`, `G G' = diag(lambda)`.
///
/// With it `(A'A + c I)^-1` is `(I - G' diag(1/(lambda + c)) G) / c` for every `c > 0`, so that `c` can be
/// learned.
public struct OrthogonalRows: Sendable {
  /// `G`, `[m, n]`.
  public let rows: Tensor<Double>
  /// `lambda`, `[m]`: the eigenvalues of `A A'`, ascending.
  public let eigenvalues: Tensor<Double>
  /// `Q`, `[m, m]`.
  public let rotation: Tensor<Double>

  /// Rotates the rows of an operator.
  ///
  /// - Parameter operators: `A`, `[m, n]`, any rank.
  /// - Complexity: `m^2 n` for `A A'`, `6 m^3` for its eigenvectors.
  public init(_ operators: Tensor<Double>) {
    let count = operators.shape[0]
    let gram = matmul(operators, operators, transposeB: true)
    let eigen = SymmetricEigen(Matrix(rows: count, columns: count, gram.scalars))
    let turning = Tensor(eigen.vectors.scalars, shape: [count, count])
    rows = matmul(turning, operators)
    eigenvalues = square(rows).sum(axis: 1)
    rotation = turning.transposed()
  }
}
