// Source: `klein2022uncertainty`, for linear emissions; `dahan2025bayesian` says what it takes, the noise of the
// observations. Both form P- first and P from it; P H' = K R gives P at once, without the inverse of I - K H.

package import Tensors

/// What a gain tells of covariances where the noise of the observations is known.
///
/// The gain of least error has `K S = P- H'` with `S = H P- H' + R`, so that
/// `P H' = (I - K H) P- H' = K R` and `I - H K = R S^-1`. Hence
///
/// - `P = K R H (H' H)^-1`, where `H` has full column rank;
/// - `S^-1 = R^-1 (I - H K)`, for any `H`, where `R` is positive definite.
///
/// A learned gain satisfies these nearly: both are symmetrised, and `S^-1` counts only where it is positive
/// definite.
///
/// Law: of Riccati's gain they are the Kalman filter's own `P` and `S`.
///
/// - SeeAlso: `klein2022uncertainty`, `dahan2025bayesian`.
package struct GainCovariance: Sendable {
  /// `R H (H' H)^-1`, `[n, m]`; nil where `H` has less than full column rank.
  private let weight: Matrix<Double>?
  /// `R^-1`, `[n, n]`; nil where `R` is singular.
  private let precision: Matrix<Double>?
  /// `H`, `[n, m]`.
  private let emission: Matrix<Double>

  /// What is known of an observation.
  ///
  /// - Parameters:
  ///   - emission: `H`, `[n, m]`.
  ///   - noise: `R`, `[n, n]`.
  package init(emission: Matrix<Double>, noise: Matrix<Double>) {
    self.emission = emission
    precision = Self.inverse(noise)
    weight = Self.inverse(emission.gram()).map { noise.times(emission).times($0) }
  }

  /// Whether `H` has full column rank, so that the covariance of the state can be recovered.
  package var isComplete: Bool { weight != nil }

  /// `P_{t|t}`, `[m, m]`, of a gain `[m, n]`; nil where it cannot be recovered.
  package func covariance(_ gain: Matrix<Double>) -> Matrix<Double>? {
    weight.map { Self.symmetrised(gain.times($0)) }
  }

  /// `dy' S^-1 dy` and `log det S`; nil where they cannot be recovered.
  package func consistency(_ gain: Matrix<Double>, innovation: [Double]) -> (
    squares: Double, logDeterminant: Double
  )? {
    guard let precision else { return nil }
    var rest = emission.times(gain)
    for place in rest.scalars.indices {
      let isDiagonal = place / rest.columns == place % rest.columns
      rest.scalars[place] = (isDiagonal ? 1 : 0) - rest.scalars[place]
    }
    let inverse = Self.symmetrised(precision.times(rest))
    guard let lower = Self.factor(inverse) else { return nil }
    let half = lower.transposedTimes(innovation)
    return (
      half.reduce(0) { $0 + $1 * $1 },
      (0..<lower.rows).reduce(0) { $0 - 2 * naturalLogarithm(lower[$1, $1]) }
    )
  }

  private static func symmetrised(_ matrix: Matrix<Double>) -> Matrix<Double> {
    var result = matrix
    for i in 0..<matrix.rows {
      for j in 0..<i {
        result[i, j] = 0.5 * (matrix[i, j] + matrix[j, i])
        result[j, i] = result[i, j]
      }
    }
    return result
  }

  /// `L` with `A = L L'`; nil where `A` is not positive definite beyond rounding.
  private static func factor(_ matrix: Matrix<Double>) -> Matrix<Double>? {
    let n = matrix.rows
    var lower = Matrix<Double>(rows: n, columns: n)
    for i in 0..<n {
      for j in 0...i {
        var sum = matrix[i, j]
        for k in 0..<j { sum -= lower[i, k] * lower[j, k] }
        if i > j {
          lower[i, j] = sum / lower[j, j]
        } else {
          // Below this the rest of a diagonal entry is rounding of numbers in single precision.
          guard sum.isFinite, sum > 1e-12 * matrix[i, i] else { return nil }
          lower[i, i] = sum.squareRoot()
        }
      }
    }
    return lower
  }

  /// The inverse of a symmetric matrix; nil where it is not positive definite.
  private static func inverse(_ matrix: Matrix<Double>) -> Matrix<Double>? {
    guard let lower = factor(matrix) else { return nil }
    let n = lower.rows
    var root = Matrix<Double>(rows: n, columns: n)
    for column in 0..<n {
      for i in column..<n {
        var sum: Double = i == column ? 1 : 0
        for k in column..<max(i, column) { sum -= lower[i, k] * root[k, column] }
        root[i, column] = sum / lower[i, i]
      }
    }
    return root.transposed().times(root)
  }
}
