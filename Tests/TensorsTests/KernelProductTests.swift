internal import CKernels
internal import Testing

/// The matrix product against a plain triple loop in Double.
@Suite struct KernelProductTests {
  static let extents = [
    (0, 3, 2), (3, 0, 2), (1, 1, 1), (1, 17, 9), (2, 33, 5), (3, 25, 40), (5, 3, 7), (6, 16, 4),
    (7, 8, 8), (13, 4, 50), (32, 100, 1), (32, 50, 100), (32, 16, 50), (27, 100, 50), (1, 50, 100),
    (100, 50, 27), (50, 16, 32), (30, 1, 64), (200, 75, 3), (25, 2, 19), (195, 9, 3), (4, 33, 600),
    (61, 130, 257), (30, 9, 720), (5, 64, 67), (13, 7, 129),
  ].map { ReductionShape(outer: $0.0, axis: $0.1, inner: $0.2) }

  @Test(
    "agrees with the triple loop in every transposition and leading dimension",
    arguments: KernelVariant.all,
    extents
  )
  func triple(variant: KernelVariant, shape: ReductionShape) {
    let (m, n, k) = (shape.outer, shape.axis, shape.inner)
    let factors: [(Double, Double)] = [(1, 0), (1, 1), (-0.5, 0.5), (0, 1), (0, 0), (2, -1)]
    for (index, (alpha, beta)) in factors.enumerated() {
      for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
        let pad = index % 3
        let lda = (transposeA ? m : k) + pad
        let ldb = (transposeB ? k : n) + 2 * pad
        let ldc = n + pad
        let a = variant.normal((transposeA ? k : m) * lda, seed: 1)
        let b = variant.normal((transposeB ? n : k) * ldb, seed: 2)
        let c = variant.normal(m * ldc, seed: 3)
        var expected = c.values
        let (left, right) = (a.values, b.values)
        for i in 0..<m {
          for j in 0..<n {
            var sum = 0.0
            for p in 0..<k {
              let x = transposeA ? left[p * lda + i] : left[i * lda + p]
              let y = transposeB ? right[j * ldb + p] : right[p * ldb + j]
              sum += x * y
            }
            let old = beta == 0 ? 0 : beta * expected[i * ldc + j]
            expected[i * ldc + j] = alpha * sum + old
            if beta == 0 { c[i * ldc + j] = .nan }
          }
        }
        variant.kernels.gemm(
          transposeA ? 1 : 0,
          transposeB ? 1 : 0,
          m,
          n,
          k,
          alpha,
          a.pointer,
          lda,
          b.pointer,
          ldb,
          beta,
          c.pointer,
          ldc
        )
        // k products of normals: partial sums near 3 sqrt(k), roundings grow as sqrt(k)
        let scale = 4 * Double(max(k, 1)).squareRoot()
        let error = variant.worstError(c.values, expected, scale: scale)
        #expect(error <= 2 * Double(max(k, 1)).squareRoot() + 2, "\(alpha) \(beta) \(pad)")
      }
    }
  }

  @Test("an inner extent of zero scales C", arguments: KernelVariant.all)
  func emptyInner(variant: KernelVariant) {
    let empty = variant.buffer([])
    let c = variant.buffer([1, 2, .nan, 4])
    variant.kernels.gemm(0, 0, 2, 1, 0, 1, empty.pointer, 1, empty.pointer, 2, 0.5, c.pointer, 2)
    #expect(c[0] == 0.5 && c[1] == 2 && c[2].isNaN && c[3] == 4)
    variant.kernels.gemm(0, 0, 2, 2, 0, 1, empty.pointer, 1, empty.pointer, 2, 0, c.pointer, 2)
    #expect(c.values == [0, 0, 0, 0])
  }

  @Test("a row of C does not depend on how many rows there are", arguments: KernelVariant.all)
  func rowIndependence(variant: KernelVariant) {
    let (m, n, k) = (40, 50, 100)
    let a = variant.normal(m * k, seed: 1)
    let b = variant.normal(k * n, seed: 2)
    let whole = variant.buffer(count: m * n)
    variant.kernels.gemm(0, 0, m, n, k, 1, a.pointer, k, b.pointer, n, 0, whole.pointer, n)
    for rows in [1, 2, 3, 5, 8, 13] {
      let part = variant.buffer(count: rows * n)
      variant.kernels.gemm(0, 0, rows, n, k, 1, a.pointer, k, b.pointer, n, 0, part.pointer, n)
      #expect(part.values == Array(whole.values.prefix(rows * n)))
    }
  }
}
