internal import Autodiff
public import Tensors

/// Measurements by a matrix: `y = A vec(x)`, pixels row by row.
///
/// The solver factors the smaller of `A A'` and `A' A` by Cholesky and multiplies by its inverse:
/// `(A' A + c I)^-1 v = (v - A' (A A' + c I)^-1 A v) / c` where there are fewer measurements than pixels.
public struct DenseOperator<Scalar: RealTensorScalar>: MeasurementOperator {
  /// `[height, width]`.
  public let imageShape: [Int]
  /// `A`, `[measurements, height width]`.
  public let matrix: Tensor<Scalar>
  /// The largest singular value, by the power method on the smaller Gram matrix, plus one per cent.
  public let normBound: Double
  private let gram: Matrix<Double>

  /// The operator of a matrix.
  ///
  /// - Parameters:
  ///   - matrix: `A`, `[measurements, height width]`.
  ///   - height: rows of an image.
  ///   - width: columns of an image.
  /// - Throws: ``ImageRestorationError`` where extents do not fit or a number is not finite.
  public init(
    matrix: Tensor<Scalar>,
    height: Int,
    width: Int
  ) throws(ImageRestorationError) {
    guard matrix.rank == 2, matrix.shape[1] == height * width, matrix.count > 0 else {
      throw .badShape(
        name: "the operator",
        actual: matrix.shape,
        expected: "[measurements, \(height * width)]"
      )
    }
    guard matrix.withScalars({ $0.allSatisfy(\.isFinite) }) else {
      throw .badNumber(name: "the operator", value: "not finite", expected: "finite numbers")
    }
    imageShape = [height, width]
    self.matrix = matrix
    let a = matrix.converted(to: Double.self)
    let isWide = matrix.shape[0] <= matrix.shape[1]
    let product = isWide ? matmul(a, a, transposeB: true) : matmul(a, a, transposeA: true)
    let size = product.shape[0]
    gram = Matrix(rows: size, columns: size, product.scalars)
    normBound = 1.01 * Self.largestEigenvalue(gram).squareRoot()
  }

  /// A random Gaussian operator: independent entries of variance `1 / measurements`.
  public static func gaussian(
    measurements: Int,
    height: Int,
    width: Int,
    from stream: inout RandomStream
  ) throws(ImageRestorationError) -> DenseOperator {
    guard measurements >= 1 else {
      throw .badNumber(name: "measurements", value: "\(measurements)", expected: "1 or more")
    }
    let entries: Tensor<Scalar> = stream.normal([measurements, height * width])
    let scale = Scalar((1 / Double(measurements)).squareRoot())
    return try DenseOperator(matrix: entries * scale, height: height, width: width)
  }

  /// `[measurements]`.
  public var measurementShape: [Int] { [matrix.shape[0]] }

  /// `A x`.
  public func measurements(of images: Tensor<Scalar>) -> Tensor<Scalar> {
    matmul(images.reshaped([images.shape[0], matrix.shape[1]]), matrix, transposeB: true)
  }

  /// `A' y`.
  public func adjoint(of measurements: Tensor<Scalar>) -> Tensor<Scalar> {
    matmul(measurements, matrix).reshaped([measurements.shape[0]] + imageShape)
  }

  /// The solver of a weight; making it costs a Cholesky factor and its inverse.
  public func solver(weight: Double) -> NormalSolver<Scalar> {
    let inverse = inverse(weight)
    let c = Scalar(weight)
    let isWide = matrix.shape[0] <= matrix.shape[1]
    return NormalSolver(weight: weight) { right in
      let flat = right.reshaped([right.shape[0], matrix.shape[1]])
      let solution: Tensor<Scalar>
      if isWide {
        let inside = matmul(matmul(flat, matrix, transposeB: true), inverse)
        solution = (flat - matmul(inside, matrix)) * (1 / c)
      } else {
        solution = matmul(flat, inverse)
      }
      return solution.reshaped(right.shape)
    }
  }

  /// `(gram + c I)^-1`; a positive weight makes the matrix positive definite.
  private func inverse(_ weight: Double) -> Tensor<Scalar> {
    let size = gram.rows
    var shifted = gram
    for i in 0..<size { shifted[i, i] += weight }
    guard let factor = try? CholeskyFactor(shifted) else {
      preconditionFailure("DenseOperator: weight \(weight) is lost in the operator's rounding")
    }
    return Tensor(factor.inverse().scalars, shape: [size, size]).converted(to: Scalar.self)
  }

  private static func largestEigenvalue(_ gram: Matrix<Double>) -> Double {
    var stream = RandomStream(seed: 0).derived("power method")
    let start: Tensor<Double> = stream.normal([1, gram.rows])
    let matrix = Tensor(gram.scalars, shape: [gram.rows, gram.rows])
    var (vector, value) = (start, 0.0)
    for _ in 0..<100 {
      let image = matmul(vector, matrix)
      let length = AdjointTest.inner(image, image).squareRoot()
      guard length > 0 else { return 0 }
      let before = value
      value = length
      vector = image * (1 / length)
      if (value - before).magnitude <= 1e-4 * value { break }
    }
    return value
  }
}
