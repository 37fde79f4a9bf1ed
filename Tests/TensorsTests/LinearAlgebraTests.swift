internal import Tensors
internal import Testing

@Suite struct LinearAlgebraTests {
  private func gaussian(_ rows: Int, _ columns: Int, _ seed: UInt64) -> Matrix<Double> {
    var stream = RandomStream(seed: seed)
    let tensor: Tensor<Double> = stream.normal([rows, columns])
    return Matrix(rows: rows, columns: columns, tensor.scalars)
  }

  private func worst(_ a: [Double], _ b: [Double]) -> Double {
    #expect(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test("a factor worked by hand")
  func handWorked() throws {
    let factor = try CholeskyFactor(Matrix<Double>([[4, 2], [2, 5]]))
    #expect(factor.lower == Matrix([[2, 0], [1, 2]]))
    // 4 x + 2 y = 8, 2 x + 5 y = 8.
    #expect(worst(factor.solve([8, 8]), [1.5, 1]) < 1e-15)
    #expect(Matrix<Double>([[1, 2], [3, 4]]).gram() == Matrix([[10, 14], [14, 20]]))
  }

  @Test(
    "Cholesky reconstructs, solves and inverts",
    arguments: [1, 2, 7, 30],
    0..<5 as Range<UInt64>
  )
  func cholesky(size: Int, seed: UInt64) throws {
    let h = gaussian(2 * size, size, seed)
    let a = h.gram()
    let factor = try CholeskyFactor(a)
    // Condition numbers here are below 1e3: 1e-11 leaves a factor of 40 over roundoff times that.
    #expect(worst(factor.lower.times(factor.lower.transposed()).scalars, a.scalars) < 1e-12)
    let b = gaussian(size, 1, seed + 100).scalars
    #expect(worst(a.times(factor.solve(b)), b) < 1e-11)
    #expect(worst(a.times(factor.inverse()).scalars, Matrix.identity(size).scalars) < 1e-11)
    let inverse = factor.inverse()
    #expect(worst(factor.inverseDiagonal(), (0..<size).map { inverse[$0, $0] }) < 1e-12)
  }

  @Test("what is not positive definite is an error that names the pivot")
  func notPositiveDefinite() {
    #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 1)) {
      try CholeskyFactor(Matrix<Double>([[1, 2], [2, 1]]))
    }
    #expect(throws: LinearAlgebraError.notPositiveDefinite(row: 0)) {
      try CholeskyFactor(Matrix<Float>([[.nan]]))
    }
  }

  @Test(
    "QR reconstructs in every order",
    arguments: [QRFactor<Double>.Ordering.given, .smallestFirst, .largestFirst],
    0..<5 as Range<UInt64>
  )
  func factors(ordering: QRFactor<Double>.Ordering, seed: UInt64) throws {
    let a = gaussian(12, 7, seed)
    let factor = QRFactor(a, ordering: ordering)
    let q = factor.orthonormalColumns()
    #expect(worst(q.gram().scalars, Matrix.identity(7).scalars) < 1e-14 * 7)
    let product = q.times(factor.upper)
    for j in 0..<7 {
      for i in 0..<12 { #expect((product[i, j] - a[i, factor.order[j]]).magnitude < 1e-13) }
      #expect(factor.upper[j, j] > 0)
    }
    #expect(factor.order.sorted() == Array(0..<7))
    let y = gaussian(12, 1, seed + 50).scalars
    let x = try factor.solve(y)
    let normal = try CholeskyFactor(a.gram()).solve(a.transposedTimes(y))
    #expect(worst(x, normal) < 1e-11)
  }

  @Test("the order of columns is by what is left of them")
  func columnOrder() {
    let a = Matrix<Double>([[3, 1, 0], [0, 0, 2], [0, 0, 0]])
    // Columns 0 and 1 are parallel; 1 is the shortest, after it nothing is left of 0.
    #expect(QRFactor(a, ordering: .smallestFirst).order == [1, 0, 2])
    #expect(QRFactor(a, ordering: .largestFirst).order == [0, 2, 1])
    #expect(throws: LinearAlgebraError.rankDeficient(column: 1)) {
      try QRFactor(a, ordering: .largestFirst).solve([1, 1, 1])
    }
  }

  @Test("eigenvectors reconstruct", arguments: [1, 2, 3, 10, 31], 0..<4 as Range<UInt64>)
  func eigen(size: Int, seed: UInt64) {
    let g = gaussian(size, size, seed)
    var a = g
    for i in 0..<size { for j in 0..<size { a[i, j] = g[i, j] + g[j, i] } }
    let eigen = SymmetricEigen(a)
    #expect(eigen.isConverged)
    #expect(eigen.values == eigen.values.sorted())
    let v = eigen.vectors
    let tolerance = 1e-13 * Double(size)
    #expect(worst(v.times(v.transposed()).scalars, Matrix.identity(size).scalars) < tolerance)
    var scaled = v
    for i in 0..<size { for j in 0..<size { scaled[i, j] *= eigen.values[i] } }
    #expect(worst(v.transposed().times(scaled).scalars, a.scalars) < 10 * tolerance)
    #expect(worst(SymmetricEigen(a, vectors: false).values, eigen.values) < 10 * tolerance)
  }

  @Test("eigenvalues that are known")
  func knownEigenvalues() {
    // The eigenvalues of the second difference of n points are 2 - 2 cos(pi k / (n + 1)); n = 3.
    let a = Matrix<Double>([[2, -1, 0], [-1, 2, -1], [0, -1, 2]])
    let root = 2.0.squareRoot()
    #expect(worst(SymmetricEigen(a).values, [2 - root, 2, 2 + root]) < 1e-14)
    // Multiple and zero ones.
    #expect(worst(SymmetricEigen(Matrix<Double>.identity(4)).values, [1, 1, 1, 1]) < 1e-15)
    let ones = Matrix<Double>(rows: 5, columns: 5, repeating: 1)
    #expect(worst(SymmetricEigen(ones).values, [0, 0, 0, 0, 5]) < 1e-14)
    #expect(!SymmetricEigen(Matrix<Double>([[.nan, 1], [1, 1]])).isConverged)
  }
}
