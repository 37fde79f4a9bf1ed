internal import CKernels
internal import Tensors
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Means and covariances of filters in every instruction set, against their formulas in double precision.
@Suite struct KernelMomentsTests {
  /// Sizes with loops of their own and others, of states and of observed numbers.
  private static let sizes = [
    (1, 1), (2, 2), (3, 3), (4, 4), (3, 1), (2, 3), (5, 4), (7, 2), (18, 17),
  ]

  /// A matrix of the variant's numbers, and where they are.
  private func drawn(_ rows: Int, _ columns: Int, _ seed: UInt64, _ variant: KernelVariant) -> (
    matrix: Matrix<Double>, buffer: KernelBuffer
  ) {
    let buffer = variant.normal(rows * columns, seed: seed)
    return (Matrix(rows: rows, columns: columns, buffer.values), buffer)
  }

  /// A covariance with eigenvalues of 1 and more.
  private func covariance(_ n: Int, _ seed: UInt64, _ variant: KernelVariant) -> (
    matrix: Matrix<Double>, buffer: KernelBuffer
  ) {
    let gram = drawn(n, n, seed, variant).matrix.gram()
    let numbers = gram.scalars.enumerated().map {
      variant.rounded($1 + ($0 / n == $0 % n ? 1 : 0))
    }
    return (Matrix(rows: n, columns: n, numbers), variant.buffer(numbers))
  }

  private func sum(_ a: Matrix<Double>, _ b: Matrix<Double>, times factor: Double = 1)
    -> Matrix<Double>
  {
    Matrix(rows: a.rows, columns: a.columns, zip(a.scalars, b.scalars).map { $0 + factor * $1 })
  }

  private func largest(_ matrix: Matrix<Double>) -> Double {
    matrix.scalars.reduce(1) { max($0, $1.magnitude) }
  }

  /// Checks numbers to some units of their largest and of what went into them.
  private func expect(
    _ found: KernelBuffer,
    _ expected: Matrix<Double>,
    within units: Double,
    _ variant: KernelVariant,
    _ words: Comment
  ) {
    let scale = largest(expected)
    #expect(variant.worstError(found.values, expected.scalars, scale: scale) < units, words)
  }

  @Test("prediction: P F' and F P F' + Q", arguments: KernelVariant.all, sizes.map(\.0))
  func predict(variant: KernelVariant, m: Int) {
    let (f, fs) = drawn(m, m, 1, variant)
    let (p, ps) = covariance(m, 2, variant)
    let (q, qs) = covariance(m, 3, variant)
    let (cross, predicted) = (variant.buffer(count: m * m), variant.buffer(count: m * m))
    variant.kernels.moments_predict(
      m,
      fs.pointer,
      ps.pointer,
      qs.pointer,
      cross.pointer,
      predicted.pointer
    )
    // Sums of m terms, of sums of m terms.
    let expected = p.times(f.transposed())
    expect(cross, expected, within: Double(4 * m), variant, "cross")
    expect(
      predicted,
      sum(f.times(expected), q),
      within: Double(8 * m * m),
      variant,
      "predicted"
    )
  }

  @Test(
    "observation, gain, consistency and correction",
    arguments: KernelVariant.all,
    sizes
  )
  func correct(variant: KernelVariant, extents: (Int, Int)) throws {
    let (m, n) = extents
    let (h, hs) = drawn(n, m, 1, variant)
    let (p, ps) = covariance(m, 2, variant)
    let (r, rs) = covariance(n, 3, variant)
    let innovation = variant.normal(n, seed: 4)
    let (cross, s) = (variant.buffer(count: m * n), variant.buffer(count: n * n))
    let kernels = variant.kernels
    kernels.moments_observe(
      m,
      n,
      hs.pointer,
      ps.pointer,
      rs.pointer,
      cross.pointer,
      s.pointer
    )
    let d = p.times(h.transposed())
    let total = sum(h.times(d), r)
    expect(cross, d, within: Double(4 * m), variant, "P H'")
    expect(s, total, within: Double(8 * m * m), variant, "S")
    let gain = variant.buffer(count: m * n)
    let factor = variant.buffer(count: n * (n + 1))
    var consistency = [Double](repeating: .nan, count: 2)
    let isFilled = kernels.moments_gain(
      m,
      n,
      cross.pointer,
      s.pointer,
      innovation.pointer,
      gain.pointer,
      factor.pointer,
      &consistency
    )
    #expect(isFilled != 0)
    let lower = try CholeskyFactor(total)
    let k = Matrix(
      rows: m,
      columns: n,
      (0..<m).flatMap { i in lower.solve((0..<n).map { d[i, $0] }) }
    )
    // S has a condition of some tens: its smallest eigenvalue is above 1.
    let units = 40 * Double(m + n) * largest(total)
    expect(gain, k, within: units, variant, "K")
    let y = innovation.values
    let squares = zip(y, lower.solve(y)).reduce(0) { $0 + $1.0 * $1.1 }
    let determinant = (0..<n).reduce(0) { $0 + 2 * log(lower.lower[$1, $1]) }
    #expect(variant.worstError([consistency[0]], [squares], scale: squares) < units)
    #expect(variant.worstError([consistency[1]], [determinant]) < units)
    let corrected = variant.buffer(count: m * m)
    let work = variant.buffer(count: m * m + m * max(m, n))
    kernels.moments_correct(
      m,
      n,
      hs.pointer,
      rs.pointer,
      gain.pointer,
      ps.pointer,
      corrected.pointer,
      work.pointer
    )
    // Joseph's form at the gain that was found.
    let found = Matrix(rows: m, columns: n, gain.values)
    let left = sum(Matrix<Double>.identity(m), found.times(h), times: -1)
    let joseph = sum(
      left.times(p).times(left.transposed()),
      found.times(r).times(found.transposed())
    )
    let terms = Double(8 * m * (m + n)) * largest(p) * largest(left) * largest(left)
    expect(corrected, joseph, within: terms, variant, "P")
    let numbers = corrected.values
    for i in 0..<m { for j in 0..<i { #expect(numbers[i * m + j] == numbers[j * m + i]) } }
  }

  @Test("no gain of a covariance that is not positive definite", arguments: KernelVariant.all)
  func indefinite(variant: KernelVariant) {
    let s = variant.buffer([1, 2, 2, 1])
    let (cross, gain) = (variant.buffer([1, 0, 0, 1]), variant.buffer(count: 4))
    var consistency = [0.0, 0]
    #expect(
      variant.kernels.moments_gain(
        2,
        2,
        cross.pointer,
        s.pointer,
        variant.buffer([1, 1]).pointer,
        gain.pointer,
        variant.buffer(count: 6).pointer,
        &consistency
      ) == 0
    )
  }

  @Test("factors of definite, semidefinite and broken matrices", arguments: KernelVariant.all)
  func factor(variant: KernelVariant) {
    for m in [1, 3, 6] {
      let (p, ps) = covariance(m, 5, variant)
      let lower = variant.buffer(count: m * m)
      #expect(variant.kernels.moments_factor(m, 1e-6, ps.pointer, lower.pointer) == m)
      let l = Matrix(rows: m, columns: m, lower.values)
      expect(
        variant.buffer(l.times(l.transposed()).scalars),
        p,
        within: Double(8 * m),
        variant,
        "L L'"
      )
    }
    let flat = variant.buffer(count: 4)
    let kernels = variant.kernels
    let singular = variant.buffer([1, 2, 2, 4])
    #expect(kernels.moments_factor(2, 1e-6, singular.pointer, flat.pointer) == 1)
    #expect(flat.values == [1, 0, 2, 0])
    let broken = variant.buffer([.nan, 0, 0, 1])
    #expect(kernels.moments_factor(2, 1e-6, broken.pointer, flat.pointer) == 3)
  }

  @Test("one step back of a smoother", arguments: KernelVariant.all, [1, 2, 3, 5])
  func smooth(variant: KernelVariant, m: Int) throws {
    let (cross, crossBuffer) = drawn(m, m, 1, variant)
    let (predicted, predictedBuffer) = covariance(m, 2, variant)
    let (later, laterBuffer) = covariance(m, 3, variant)
    let (before, beforeBuffer) = covariance(m, 4, variant)
    let means = (5...7).map { variant.normal(m, seed: $0) }
    let (x, expectedMean, ahead) = (means[0].values, means[1].values, means[2].values)
    let work = variant.buffer(count: 4 * m * m)
    #expect(
      variant.kernels.moments_smooth(
        m,
        1e-6,
        crossBuffer.pointer,
        predictedBuffer.pointer,
        means[1].pointer,
        means[2].pointer,
        laterBuffer.pointer,
        means[0].pointer,
        beforeBuffer.pointer,
        work.pointer
      ) != 0
    )
    let lower = try CholeskyFactor(predicted)
    let gain = Matrix(
      rows: m,
      columns: m,
      (0..<m).flatMap { i in lower.solve((0..<m).map { cross[i, $0] }) }
    )
    let moved = gain.times(zip(ahead, expectedMean).map { $0 - $1 })
    let units = 100 * Double(m) * largest(predicted)
    let mean = Matrix(rows: 1, columns: m, zip(x, moved).map { $0 + $1 })
    expect(means[0], mean, within: units, variant, "mean")
    let change = gain.times(sum(later, predicted, times: -1)).times(gain.transposed())
    expect(beforeBuffer, sum(before, change), within: units, variant, "covariance")
  }

  @Test("weighted sums over points", arguments: KernelVariant.all, [(1, 1), (7, 3), (2, 5)])
  func cross(variant: KernelVariant, extents: (Int, Int)) {
    let (m, n) = extents
    let count = 2 * m + 1
    let (x, xs) = drawn(count, m, 1, variant)
    let (y, ys) = drawn(count, n, 2, variant)
    let (w, xMean, yMean) = (
      variant.normal(count, seed: 3), variant.normal(m, seed: 4), variant.normal(n, seed: 5)
    )
    let to = variant.normal(m * n, seed: 6)
    var expected = Matrix(rows: m, columns: n, to.values)
    for k in 0..<count {
      for i in 0..<m {
        for j in 0..<n {
          expected[i, j] += w[k] * (x[k, i] - xMean[i]) * (y[k, j] - yMean[j])
        }
      }
    }
    variant.kernels.moments_cross(
      count,
      m,
      n,
      w.pointer,
      xs.pointer,
      xMean.pointer,
      ys.pointer,
      yMean.pointer,
      to.pointer
    )
    expect(to, expected, within: Double(10 * count), variant, "sum")
  }
}
