import Autodiff
import Tensors
import Testing

@Suite struct SmallMatrixTests {
  private func normal(_ shape: [Int], _ seed: UInt64) -> Tensor<Double> {
    var stream = RandomStream(seed: seed)
    return stream.normal(shape)
  }

  /// Well-conditioned symmetric matrices from any.
  private func positive(_ x: Tensor<Double>) -> Tensor<Double> {
    let n = x.shape[1]
    let identity = Tensor(Matrix<Double>.identity(n).scalars, shape: [1, n, n])
    return matmul(x, x, transposeB: true) + identity
  }

  private func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test("factors, solutions and inverses are right", arguments: [1, 2, 3, 5, 8])
  func values(n: Int) {
    let a = positive(normal([4, n, n], 1))
    let l = choleskyFactor(a)
    #expect(worst(matmul(l, l, transposeB: true), a) < 1e-12 * Double(n * 10))
    let b = normal([4, n, 2], 2)
    #expect(worst(matmul(l, triangularSolve(l, b)), b) < 1e-12)
    let x = triangularSolve(l, b, transposed: true)
    #expect(worst(matmul(l, x, transposeA: true), b) < 1e-12)
    let any =
      normal([4, n, n], 3) + Tensor(Matrix<Double>.identity(n).scalars, shape: [1, n, n]) * 3
    let product = matmul(any, inverse(any))
    let identity = Tensor(Matrix<Double>.identity(n).scalars, shape: [1, n, n])
    #expect(worst(product, identity.broadcast(to: [4, n, n])) < 1e-10)
    // The determinant of a matrix is the product of its eigenvalues.
    let first = Matrix(rows: n, columns: n, Array(a.scalars.prefix(n * n)))
    let expected = SymmetricEigen(first, vectors: false).values.reduce(1, *)
    let found = exp(logDeterminant(factor: l)).scalars[0]
    #expect((found / expected - 1).magnitude < 1e-10)
  }

  @Test("an indefinite matrix has no factor, a singular one no inverse")
  func degenerate() {
    let indefinite = choleskyFactor(Tensor<Double>([1, 2, 2, 1], shape: [2, 2]))
    #expect(indefinite[1, 1].isNaN)
    let singular = inverse(Tensor<Double>([1, 2, 2, 4], shape: [2, 2]))
    #expect(singular.scalars.contains { !$0.isFinite })
  }

  @Test("gradients agree with finite differences", arguments: [1, 2, 3, 5], 0..<5 as Range<UInt64>)
  func gradients(n: Int, seed: UInt64) throws {
    let x = normal([2, n, n], seed)
    let b = normal([2, n, 3], seed + 100)
    let shift = Tensor(Matrix<Double>.identity(n).scalars, shape: [1, n, n]) * 3
    let stream = RandomStream(seed: seed + 400)
    typealias Function = ([Tensor<Double>]) -> Tensor<Double>
    let functions: [([Tensor<Double>], Function)] = [
      ([x], { choleskyFactor(positive($0[0])) }),
      ([x, b], { triangularSolve(choleskyFactor(positive($0[0])), $0[1]) }),
      ([x, b], { triangularSolve(choleskyFactor(positive($0[0])), $0[1], transposed: true) }),
      ([x], { logDeterminant(factor: choleskyFactor(positive($0[0]))) }),
      ([x], { inverse($0[0] * 0.3 + shift) }),
    ]
    for (inputs, function) in functions {
      let check = try checkGradients(at: inputs, from: stream, function)
      #expect(check.worstRelativeError < 1e-6)
    }
  }

  @Test("the angle of a point and its gradient", arguments: 0..<5 as Range<UInt64>)
  func arcTangents(seed: UInt64) throws {
    let y = normal([6], seed)
    let x = normal([6], seed + 1)
    let angles = arcTangent(y, x)
    let length = sqrt(square(y) + square(x))
    #expect(worst(sin(angles) * length, y) < 1e-12 && worst(cos(angles) * length, x) < 1e-12)
    let check = try checkGradients(at: [y, x], from: RandomStream(seed: seed)) {
      square(arcTangent($0[0], $0[1]))
    }
    #expect(check.worstRelativeError < 1e-6)
    #expect(
      arcTangent(Tensor([0.0, 1]), Tensor([-1.0, 0])).scalars == [Double.pi, Double.pi / 2]
    )
  }
}
