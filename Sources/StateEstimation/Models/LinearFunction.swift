internal import Autodiff
public import Tensors

/// A linear map, `y = A x`.
public struct LinearFunction<Scalar: RealTensorScalar>: VectorFunction {
  /// `A`, `[outputs, inputs]`.
  public let matrix: Matrix<Scalar>
  private let tensor: Tensor<Scalar>

  /// The map of a matrix.
  public init(_ matrix: Matrix<Scalar>) {
    self.matrix = matrix
    tensor = Tensor(matrix.scalars, shape: [matrix.rows, matrix.columns])
  }

  /// The columns of the matrix.
  public var inputs: Int { matrix.columns }
  /// The rows of the matrix.
  public var outputs: Int { matrix.rows }

  /// `A x`.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    let (rows, columns) = (matrix.rows, matrix.columns)
    matrix.scalars.withUnsafeBufferPointer { a in
      for i in 0..<rows {
        var sum: Scalar = 0
        for j in 0..<columns { sum += a[i * columns + j] * x[j] }
        y[i] = sum
      }
    }
  }

  /// `A`, wherever it is.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    self.matrix.scalars.withUnsafeBufferPointer { a in
      guard let from = a.baseAddress else { return }
      matrix.update(from: from, count: a.count)
    }
  }

  /// `x A'`.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    matmul(x, tensor, transposeB: true)
  }

  /// `A`, wherever they are.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> { repeated(tensor, at: x) }

  /// `slopes A`.
  public func pulledBack(_ slopes: Tensor<Scalar>, at x: Tensor<Scalar>) -> Tensor<Scalar> {
    matmul(slopes, tensor)
  }
}
