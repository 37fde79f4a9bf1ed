package import Tensors

/// Inverses of covariances and emissions, made once for a model in double precision.
package enum Precision {
  /// The inverse of a covariance.
  ///
  /// - Parameters:
  ///   - matrix: symmetric and positive definite.
  ///   - name: for the error.
  /// - Returns: the inverse.
  /// - Throws: ``StateEstimationError/notACovariance(name:reason:)`` for a singular one.
  package static func inverse<Scalar: RealTensorScalar>(
    _ matrix: Matrix<Scalar>,
    name: String
  ) throws(StateEstimationError) -> Matrix<Scalar> {
    let n = matrix.rows
    let wide = Matrix<Double>(rows: n, columns: n, matrix.scalars.map { Double($0) })
    // What single precision cannot tell from zero.
    let least = Double(n) * Scalar.unitRoundoff
    guard let factor = try? CholeskyFactor(wide, relativePivot: least) else {
      throw .notACovariance(name: name, reason: "it is singular; messages need its inverse")
    }
    return Matrix(rows: n, columns: n, factor.inverse().scalars.map { Scalar($0) })
  }

  /// `H' (H H')^-1`, which gives the shortest state behind an observation.
  ///
  /// - Throws: ``StateEstimationError/badNumber(name:reason:)`` for an emission with dependent rows.
  package static func rightInverse<Scalar: RealTensorScalar>(
    _ h: Matrix<Scalar>
  ) throws(StateEstimationError) -> Matrix<Scalar> {
    do throws(StateEstimationError) {
      return h.transposed().times(try inverse(h.times(h.transposed()), name: "emission"))
    } catch {
      throw .badNumber(
        name: "emission",
        reason: "has dependent rows; message passing starts at the states behind observations"
      )
    }
  }
}
