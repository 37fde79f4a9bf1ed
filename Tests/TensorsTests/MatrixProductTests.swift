internal import CKernels
internal import Tensors
internal import Testing

@Suite struct MatrixProductTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    var rows: Int
    var columns: Int
    var inner: Int
    var testDescription: String { "\(rows)x\(inner)x\(columns)" }
  }

  static let shapes = [
    (1, 1, 1), (1, 5, 3), (4, 1, 7), (3, 4, 0), (0, 3, 2), (2, 0, 3), (8, 8, 8), (32, 100, 1),
    (17, 50, 100), (64, 16, 50), (33, 65, 129), (130, 70, 90),
    // on either side of the sizes from which BLAS is used, with A transposed
    (100, 50, 209), (100, 50, 210), (100, 24, 500), (100, 23, 600),
  ].map { Shape(rows: $0.0, columns: $0.1, inner: $0.2) }

  /// op(A), op(B), C with rows that are longer than needed, so that strides are tested too.
  private struct Operands<Scalar: RealTensorScalar> {
    var a: [Scalar]
    var b: [Scalar]
    var c: [Scalar]
    var leadingA: Int
    var leadingB: Int
    var leadingC: Int

    init(_ shape: Shape, _ transposeA: Bool, _ transposeB: Bool, seed: UInt64) {
      var stream = RandomStream(seed: seed)
      leadingA = (transposeA ? shape.rows : shape.inner) + 3
      leadingB = (transposeB ? shape.inner : shape.columns) + 2
      leadingC = shape.columns + 1
      a = stream.normal([(transposeA ? shape.inner : shape.rows) * leadingA]).scalars
      b = stream.normal([(transposeB ? shape.columns : shape.inner) * leadingB]).scalars
      c = stream.normal([shape.rows * leadingC]).scalars
    }
  }

  /// The largest error over its bound, eps (inner + 2) (|alpha| |A| |B| + |beta C|).
  private func relativeError<Scalar: RealTensorScalar>(
    _ found: [Scalar],
    _ before: Operands<Scalar>,
    _ shape: Shape,
    _ transposed: (Bool, Bool),
    alpha: Double,
    beta: Double
  ) -> Double {
    var worst = 0.0
    for i in 0..<shape.rows {
      for j in 0..<shape.columns {
        let place = i * before.leadingC + j
        var sum = beta == 0 ? 0 : beta * Double(before.c[place])
        var size = abs(sum)
        for l in 0..<shape.inner {
          let x = before.a[transposed.0 ? l * before.leadingA + i : i * before.leadingA + l]
          let y = before.b[transposed.1 ? j * before.leadingB + l : l * before.leadingB + j]
          sum += alpha * Double(x) * Double(y)
          size += abs(alpha * Double(x) * Double(y))
        }
        let bound = Scalar.unitRoundoff * Double(shape.inner + 2) * size
        let error = abs(Double(found[place]) - sum)
        worst = max(worst, error == 0 ? 0 : error / bound)
      }
      // what lies between the rows stays
      let gap = i * before.leadingC + shape.columns
      if found[gap] != before.c[gap] { return .infinity }
    }
    return worst
  }

  private func product<Scalar: RealTensorScalar>(
    _ operands: Operands<Scalar>,
    _ shape: Shape,
    _ transposed: (Bool, Bool),
    _ alpha: Scalar,
    _ beta: Scalar,
    onBLAS: Bool
  ) -> [Scalar] {
    var result = operands.c
    operands.a.withUnsafeBufferPointer { a in
      operands.b.withUnsafeBufferPointer { b in
        result.withUnsafeMutableBufferPointer { c in
          guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
          let product = MatrixProduct(
            rows: shape.rows,
            columns: shape.columns,
            inner: shape.inner,
            alpha: alpha,
            beta: beta,
            a: a,
            transposeA: transposed.0,
            leadingA: operands.leadingA,
            b: b,
            transposeB: transposed.1,
            leadingB: operands.leadingB,
            c: c,
            leadingC: operands.leadingC
          )
          if onBLAS { Scalar.matrixProduct(product) } else { multiplyOnKernels(product) }
        }
      }
    }
    return result
  }

  private func multiplyOnKernels<Scalar: RealTensorScalar>(_ p: MatrixProduct<Scalar>) {
    Scalar.kernels.pointee.gemm(
      p.transposeA ? 1 : 0,
      p.transposeB ? 1 : 0,
      p.rows,
      p.columns,
      p.inner,
      Double(p.alpha),
      p.a,
      p.leadingA,
      p.b,
      p.leadingB,
      Double(p.beta),
      p.c,
      p.leadingC
    )
  }

  private func check<Scalar: RealTensorScalar>(
    _ shape: Shape,
    _ transposed: (Bool, Bool),
    alpha: Scalar,
    beta: Scalar,
    as: Scalar.Type,
    onBLAS: Bool
  ) -> Double {
    var operands = Operands<Scalar>(shape, transposed.0, transposed.1, seed: 1)
    if beta == 0 { operands.c = operands.c.map { _ in .nan } }  // must not be read
    if beta == 0 { for i in 0..<shape.rows { operands.c[(i + 1) * operands.leadingC - 1] = 1 } }
    let found = product(operands, shape, transposed, alpha, beta, onBLAS: onBLAS)
    return relativeError(
      found,
      operands,
      shape,
      transposed,
      alpha: Double(alpha),
      beta: Double(beta)
    )
  }

  @Test("agrees with the sum of products, with BLAS and without", arguments: shapes, [false, true])
  func matchesTripleLoop(shape: Shape, onBLAS: Bool) {
    for transposed in [(false, false), (true, false), (false, true), (true, true)] {
      for (alpha, beta) in [(1.0, 0.0), (1, 1), (-0.5, 0.25)] {
        let single = check(
          shape,
          transposed,
          alpha: Float(alpha),
          beta: Float(beta),
          as: Float.self,
          onBLAS: onBLAS
        )
        #expect(single <= 1)
        let double = check(
          shape,
          transposed,
          alpha: alpha,
          beta: beta,
          as: Double.self,
          onBLAS: onBLAS
        )
        // the oracle is a double too: it makes the same error again
        #expect(double <= 2)
      }
    }
  }

  @Test("the loader names what it found")
  func namesTheLibrary() {
    let name = String(cString: graybox_blas_name())
    #expect(name == "none" || name == "Accelerate" || name.hasPrefix("OpenBLAS"))
    if name == "none" { #expect(String(cString: graybox_blas_core()) == "") }
  }
}
