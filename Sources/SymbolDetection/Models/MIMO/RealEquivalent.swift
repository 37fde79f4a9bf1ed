public import Tensors

// The one place where complex channels become real ones and symbols complex again.

/// Complex vectors and matrices as real ones of twice the size.
///
/// `y = H s` becomes `[Re y; Im y] = [[Re H, -Im H], [Im H, Re H]] [Re s; Im s]`. Complex tensors have a
/// last axis of extent 2 with real and imaginary part.
public enum RealEquivalent {
  /// Vectors `[batch, n, 2]` as `[batch, 2 n]`, real parts first.
  public static func vectors<Scalar: RealTensorScalar>(_ complex: Tensor<Scalar>) -> Tensor<Scalar>
  {
    let (batch, n) = (complex.shape[0], complex.shape[1])
    return complex.withScalars { from in
      Tensor(shape: [batch, 2 * n]) { to in
        for b in 0..<batch {
          for k in 0..<n {
            to[b * 2 * n + k] = from[(b * n + k) * 2]
            to[b * 2 * n + n + k] = from[(b * n + k) * 2 + 1]
          }
        }
      }
    }
  }

  /// Vectors `[batch, 2 n]`, real parts first, as `[batch, n, 2]`.
  public static func complexVectors<Scalar: RealTensorScalar>(
    _ real: Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let (batch, n) = (real.shape[0], real.shape[1] / 2)
    return real.withScalars { from in
      Tensor(shape: [batch, n, 2]) { to in
        for b in 0..<batch {
          for k in 0..<n {
            to[(b * n + k) * 2] = from[b * 2 * n + k]
            to[(b * n + k) * 2 + 1] = from[b * 2 * n + n + k]
          }
        }
      }
    }
  }

  /// Matrices `[.., receive, users, 2]` as `[.., 2 receive, 2 users]`; with real symbols only the left
  /// half, `[.., 2 receive, users]`.
  ///
  /// - Parameters:
  ///   - complex: with or without a batch axis.
  ///   - symbolsAreReal: whether the imaginary part of `s` is zero, as for BPSK.
  /// - Returns: the real matrices.
  public static func matrices<Scalar: RealTensorScalar>(
    _ complex: Tensor<Scalar>,
    symbolsAreReal: Bool = false
  ) -> Tensor<Scalar> {
    let (m, n) = (complex.shape[complex.rank - 3], complex.shape[complex.rank - 2])
    let outer = Array(complex.shape.dropLast(3))
    let batch = outer.reduce(1, *)
    let width = symbolsAreReal ? n : 2 * n
    return complex.withScalars { from in
      Tensor(shape: outer + [2 * m, width]) { to in
        for b in 0..<batch {
          for i in 0..<m {
            let upper = (b * 2 * m + i) * width
            let lower = upper + m * width
            for j in 0..<n {
              let place = ((b * m + i) * n + j) * 2
              to[upper + j] = from[place]
              to[lower + j] = from[place + 1]
              guard !symbolsAreReal else { continue }
              to[upper + n + j] = -from[place + 1]
              to[lower + n + j] = from[place]
            }
          }
        }
      }
    }
  }
}
