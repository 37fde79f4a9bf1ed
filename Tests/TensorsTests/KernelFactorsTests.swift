internal import CKernels
internal import Tensors
internal import Testing

/// Factorisations in place against those of `Matrix`, and against their definitions.
@Suite struct KernelFactorsTests {
  /// A matrix as rows of `stride` numbers with zeros at their ends.
  private func rows(_ matrix: Matrix<Double>, _ stride: Int, _ variant: KernelVariant)
    -> KernelBuffer
  {
    var values = [Double](repeating: 0, count: matrix.rows * stride)
    for i in 0..<matrix.rows {
      for j in 0..<matrix.columns { values[i * stride + j] = matrix[i, j] }
    }
    return variant.buffer(values)
  }

  private func padded(_ count: Int) -> Int { (count + 15) & ~15 }

  /// A well-conditioned Gram matrix of the variant's scalar.
  private func gram(_ n: Int, _ variant: KernelVariant) -> Matrix<Double> {
    var stream = RandomStream(seed: UInt64(n))
    let draws: Tensor<Double> = stream.normal([4 * n, n])
    let gram = Matrix(rows: 4 * n, columns: n, draws.scalars).gram()
    return Matrix(rows: n, columns: n, gram.scalars.map { variant.rounded($0) })
  }

  @Test(
    "Cholesky's factor, its solutions and its inverse",
    arguments: KernelVariant.all,
    [1, 2, 7, 16, 17, 31, 40]
  )
  func cholesky(variant: KernelVariant, n: Int) throws {
    let stride = padded(n)
    let matrix = gram(n, variant)
    let lower = try CholeskyFactor(matrix).lower
    let a = rows(matrix, stride, variant)
    #expect(variant.kernels.cholesky(n, stride, 0, a.pointer) == n)
    let upper = a.values
    // Diagonals are about 4 n, and the condition below 10: errors of some units of that.
    let scale = Double(4 * n) * 10
    for i in 0..<n {
      for j in 0..<stride {
        let expected = j < n ? lower[j, i] : 0
        #expect(variant.worstError([upper[i * stride + j]], [expected], scale: scale) < 10)
      }
    }
    // (U' U) x = b, by what b is made of.
    let x = (0..<n).map { Double($0 % 5) - 2 }
    let b = rows(Matrix(rows: 1, columns: n, matrix.times(x)), stride, variant)
    let solution = variant.buffer(count: stride)
    variant.kernels.cholesky_solve(n, stride, a.pointer, b.pointer, solution.pointer)
    #expect(variant.worstError(Array(solution.values[0..<n]), x, scale: 100) < 10)
    #expect(solution.values[n...].allSatisfy { $0 == 0 })
    // U U^-1 = I.
    let inverse = variant.buffer(count: n * stride)
    variant.kernels.cholesky_inverse(n, stride, a.pointer, inverse.pointer)
    let w = inverse.values
    for i in 0..<n {
      for j in 0..<n {
        let entry = (0..<n).reduce(0) { $0 + upper[i * stride + $1] * w[$1 * stride + j] }
        #expect(variant.worstError([entry], [i == j ? 1 : 0], scale: 100) < 10)
        if j < i { #expect(w[i * stride + j] == 0) }
      }
    }
  }

  @Test(
    "a pivot that is not above the least stops Cholesky at its row",
    arguments: KernelVariant.all
  )
  func pivots(variant: KernelVariant) {
    for (entry, expected) in [(1.0, 1), (.nan, 1), (.infinity, 1), (1.25, 2)] {
      // The second pivot is `entry` - 1.
      let a = rows(Matrix([[1, 1], [1, entry]]), 16, variant)
      #expect(variant.kernels.cholesky(2, 16, 0, a.pointer) == expected)
    }
    let a = rows(Matrix([[1, 1], [1, 1.25]]), 16, variant)
    #expect(variant.kernels.cholesky(2, 16, 0.3, a.pointer) == 1)
  }

  @Test(
    "Householder's factorisation in each order",
    arguments: KernelVariant.all,
    [QRFactor<Double>.Ordering.given, .smallestFirst, .largestFirst]
  )
  func reflections(variant: KernelVariant, ordering: QRFactor<Double>.Ordering) throws {
    let sign: Int32 = ordering == .given ? 0 : ordering == .smallestFirst ? -1 : 1
    for (m, n) in [(1, 1), (5, 3), (16, 16), (33, 20), (60, 30)] {
      var stream = RandomStream(seed: UInt64(m))
      let draws: Tensor<Double> = stream.normal([m, n])
      let matrix = Matrix(rows: m, columns: n, draws.scalars.map { variant.rounded($0) })
      let expected = QRFactor(matrix, ordering: ordering)
      let stride = padded(m)
      let a = rows(matrix.transposed(), stride, variant)
      let directions = variant.buffer(count: n * stride)
      var order = [Int32](repeating: -1, count: n)
      variant.kernels.reflect_columns(
        sign,
        n,
        m,
        stride,
        a.pointer,
        directions.pointer,
        &order
      )
      #expect(order.map { Int($0) } == expected.order)
      let found = a.values
      let signs = (0..<n).map { found[$0 * stride + $0] < 0 ? -1.0 : 1 }
      for j in 0..<n {
        for i in 0...j {
          let value = signs[i] * found[j * stride + i]
          // Columns have norms of about sqrt m; the factor's condition is below 100.
          #expect(variant.worstError([value], [expected.upper[i, j]], scale: 100) < 40)
        }
      }
      let y = (0..<m).map { Double($0 % 7) - 3 }
      let z = rows(Matrix(rows: 1, columns: m, y), stride, variant)
      variant.kernels.reflect_vector(n, m, stride, directions.pointer, z.pointer)
      let turned = (0..<n).map { signs[$0] * z[$0] }
      #expect(variant.worstError(turned, expected.transposedTimes(y), scale: 100) < 40)
      #expect(z.values[m...].allSatisfy { $0 == 0 })
    }
  }

  @Test("a column of zeros is left as it is", arguments: KernelVariant.all)
  func zeroColumn(variant: KernelVariant) {
    let a = rows(Matrix([[0, 0, 0], [1, 2, 2]]), 16, variant)
    let directions = variant.buffer(count: 32)
    var order: [Int32] = [0, 0]
    variant.kernels.reflect_columns(-1, 2, 3, 16, a.pointer, directions.pointer, &order)
    #expect(order == [0, 1])
    #expect(a[0] == 0 && directions.values[0..<16].allSatisfy { $0 == 0 })
    // The second keeps its first number, which belongs to R, and turns the rest: |(2, 2)|.
    #expect(a[16] == 1 && abs(abs(a[17]) - 8.0.squareRoot()) < 1e-6)
  }
}
