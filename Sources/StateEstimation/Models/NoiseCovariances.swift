internal import CKernels
public import Tensors

/// A matrix in memory that does not move, for loops that read it through a pointer.
public struct FixedMatrix<Scalar: RealTensorScalar>: Sendable {
  /// The rows.
  public let rows: Int
  /// The columns.
  public let columns: Int
  private let storage: TensorStorage<Scalar>

  /// A copy of a matrix.
  public init(_ matrix: Matrix<Scalar>) {
    rows = matrix.rows
    columns = matrix.columns
    storage = TensorStorage(uninitialised: rows * columns)
    for (i, scalar) in matrix.scalars.enumerated() { storage.values[i] = scalar }
  }

  /// The numbers, row after row, valid as long as the matrix is.
  public var base: UnsafePointer<Scalar> { UnsafePointer(storage.values) }

  /// A copy of the numbers.
  public var matrix: Matrix<Scalar> {
    Matrix(rows: rows, columns: columns, (0..<(rows * columns)).map { base[$0] })
  }
}

/// What is known of the second moments of a system: `Q = Cov(e_t)` and `R = Cov(v_t)`.
public struct NoiseCovariances<Scalar: RealTensorScalar>: Sendable {
  /// `Q`, `[m, m]`, positive semidefinite.
  public let process: FixedMatrix<Scalar>
  /// `R`, `[n, n]`, positive semidefinite.
  public let observation: FixedMatrix<Scalar>

  /// Checked covariances.
  ///
  /// - Parameters:
  ///   - process: `Q`, `[m, m]`.
  ///   - observation: `R`, `[n, n]`.
  /// - Throws: ``StateEstimationError/notACovariance(name:reason:)``.
  public init(
    process: Matrix<Scalar>,
    observation: Matrix<Scalar>
  ) throws(StateEstimationError) {
    try Covariance.check(process, name: "process_noise")
    try Covariance.check(observation, name: "observation_noise")
    self.process = FixedMatrix(process)
    self.observation = FixedMatrix(observation)
  }

  func checkFits(states: Int, observed: Int) {
    precondition(
      process.rows == states && observation.rows == observed,
      "NoiseCovariances: of \(process.rows) states and \(observation.rows) observed numbers"
        + " for a model of \(states) and \(observed)"
    )
  }
}

/// Questions about covariances.
package enum Covariance {
  /// Checks that a matrix is square, finite, symmetric and positive semidefinite, to rounding.
  package static func check<Scalar: RealTensorScalar>(
    _ matrix: Matrix<Scalar>,
    name: String
  ) throws(StateEstimationError) {
    let n = matrix.rows
    guard n == matrix.columns else {
      throw .badShape(name: name, expected: "a square matrix", actual: [n, matrix.columns])
    }
    guard matrix.scalars.allSatisfy(\.isFinite) else {
      throw .notACovariance(name: name, reason: "a number is not finite")
    }
    let scale = matrix.scalars.reduce(0) { max($0, $1.magnitude) }
    // What numbers written with few digits leave.
    let tolerance = Double(scale) * max(1e-5, 8 * Scalar.unitRoundoff)
    for i in 0..<n {
      for j in 0..<i where Double((matrix[i, j] - matrix[j, i]).magnitude) > tolerance {
        throw .notACovariance(
          name: name,
          reason: "entries (\(i), \(j)) and (\(j), \(i)) differ; it must be symmetric"
        )
      }
    }
    let wide = Matrix<Double>(rows: n, columns: n, matrix.scalars.map { Double($0) })
    if let least = SymmetricEigen(wide, vectors: false).values.first, least < -tolerance {
      throw .notACovariance(
        name: name,
        reason: "its least eigenvalue is \(Float(least)); it must be 0 or more"
      )
    }
  }

  /// `L` with `A = L L'` of a semidefinite matrix; dependent directions give columns of zeros.
  package static func factor<Scalar: RealTensorScalar>(_ matrix: Matrix<Scalar>) -> Matrix<Scalar> {
    let n = matrix.rows
    var lower = Matrix<Scalar>(rows: n, columns: n)
    matrix.scalars.withUnsafeBufferPointer { a in
      lower.scalars.withUnsafeMutableBufferPointer { l in
        guard let from = a.baseAddress, let to = l.baseAddress else { return }
        _ = Scalar.kernels.pointee.moments_factor(n, tolerance(Scalar.self, n), from, to)
      }
    }
    return lower
  }

  /// Pivots below this times their entry of the diagonal are zeros.
  static func tolerance<Scalar: RealTensorScalar>(_ scalar: Scalar.Type, _ n: Int) -> Double {
    Double(n) * Scalar.unitRoundoff
  }
}
