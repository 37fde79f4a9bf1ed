// Goals: 1. exact to rounding; 2. nothing to install; 3. a second at most for 250 x 500.
// One-sided Jacobi (Hestenes): rotations of pairs of rows until all are orthogonal. The same rotations
// turn the identity into Q'.

internal import Autodiff
public import Tensors

/// An operator with its rows rotated until they are orthogonal: `G = Q' A`, `G G' = diag(lambda)`.
///
/// With it `(A'A + c I)^-1` is `(I - G' diag(1/(lambda + c)) G) / c` for every `c > 0`, so that `c` can be
/// learned.
public struct OrthogonalRows: Sendable {
  /// `G`, `[m, n]`.
  public let rows: Tensor<Double>
  /// `lambda`, `[m]`: the eigenvalues of `A A'`, in no order.
  public let eigenvalues: Tensor<Double>
  /// `Q`, `[m, m]`.
  public let rotation: Tensor<Double>

  /// Rotates the rows of an operator.
  ///
  /// - Parameter operators: `A`, `[m, n]`, any rank.
  /// - Complexity: some eight sweeps of `m^2/2` rotations of `m + n` numbers.
  public init(_ operators: Tensor<Double>) {
    let (count, width) = (operators.shape[0], operators.shape[1])
    let length = width + count
    // Each row of A with its row of the identity behind it.
    var joined = [Double](repeating: 0, count: count * length)
    operators.withScalars { a in
      for row in 0..<count {
        for column in 0..<width { joined[row * length + column] = a[row * width + column] }
        joined[row * length + width + row] = 1
      }
    }
    joined.withUnsafeMutableBufferPointer { buffer in
      for _ in 0..<30 where !Self.sweep(buffer, count: count, width: width) { continue }
    }
    var squares = [Double](repeating: 0, count: count)
    var turned = [Double](repeating: 0, count: count * width)
    var rotation = [Double](repeating: 0, count: count * count)
    for row in 0..<count {
      for column in 0..<width {
        let value = joined[row * length + column]
        turned[row * width + column] = value
        squares[row] += value * value
      }
      for column in 0..<count {
        rotation[column * count + row] = joined[row * length + width + column]
      }
    }
    rows = Tensor(turned, shape: [count, width])
    eigenvalues = Tensor(squares)
    self.rotation = Tensor(rotation, shape: [count, count])
  }

  /// Rotates every pair once; true when all were orthogonal already.
  private static func sweep(
    _ joined: UnsafeMutableBufferPointer<Double>,
    count: Int,
    width: Int
  ) -> Bool {
    let length = width + count
    var isDone = true
    for first in 0..<max(count - 1, 0) {
      for second in (first + 1)..<count {
        let (p, q) = (first * length, second * length)
        var (alpha, beta, gamma) = (0.0, 0.0, 0.0)
        for k in 0..<width {
          let (x, y) = (joined[p + k], joined[q + k])
          alpha += x * x
          beta += y * y
          gamma += x * y
        }
        guard gamma.magnitude > 1e-14 * (alpha * beta).squareRoot(), gamma != 0 else { continue }
        isDone = false
        let zeta = (beta - alpha) / (2 * gamma)
        let tangent =
          (zeta < 0 ? -1 : 1) / (zeta.magnitude + (1 + zeta * zeta).squareRoot())
        let cosine = 1 / (1 + tangent * tangent).squareRoot()
        let sine = cosine * tangent
        for k in 0..<length {
          let (x, y) = (joined[p + k], joined[q + k])
          joined[p + k] = cosine * x - sine * y
          joined[q + k] = sine * x + cosine * y
        }
      }
    }
    return isDone
  }
}
