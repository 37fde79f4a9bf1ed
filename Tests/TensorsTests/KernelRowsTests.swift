internal import CKernels
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Kernels along rows against their formulas in Double.
@Suite struct KernelRowsTests {
  static let shapes = [
    (0, 3), (1, 1), (3, 2), (5, 3), (4, 7), (70, 8), (3, 16), (9, 17), (2, 64), (200, 5), (2, 1000),
    (1, 3000), (300, 2), (16, 2), (37, 2),
  ].map { ReductionShape(outer: $0.0, axis: $0.1, inner: 1) }

  private func logSumExp(_ row: [Double]) -> Double {
    let largest = row.max() ?? 0
    return largest + log(row.map { exp($0 - largest) }.compensatedSum)
  }

  private func softmax(_ row: [Double]) -> [Double] {
    let largest = row.max() ?? 0
    let powers = row.map { exp($0 - largest) }
    let total = powers.compensatedSum
    return powers.map { $0 / total }
  }

  @Test("softmax in place is softmax", arguments: KernelVariant.all, [2, 3, 16])
  func softmaxInPlace(variant: KernelVariant, columns: Int) {
    for rows in 0...35 {
      let x = variant.normal(rows * columns, seed: 1)
      let y = variant.buffer(count: rows * columns)
      variant.kernels.softmax(rows, columns, x.pointer, y.pointer)
      variant.kernels.softmax(rows, columns, x.pointer, x.pointer)
      #expect(x.values == y.values)
    }
  }

  @Test("softmax, log-softmax and log-sum-exp", arguments: KernelVariant.all, shapes)
  func forward(variant: KernelVariant, shape: ReductionShape) {
    let (rows, columns) = (shape.outer, shape.axis)
    let x = variant.uniform(rows * columns, -8, 8, seed: 1)
    let y = variant.buffer(count: x.count)
    let totals = variant.buffer(count: rows)
    let perRow = shape.columns(x).map(logSumExp)
    let logarithms = (0..<x.count).map { x[$0] - perRow[$0 / columns] }
    let kernels = variant.kernels
    kernels.softmax(rows, columns, x.pointer, y.pointer)
    // x - max is rounded at up to 16, so a probability may be off by 8 ulp; sums add a few
    #expect(variant.worstUlps(y.values, shape.columns(x).flatMap(softmax)) <= 16)
    kernels.log_softmax(rows, columns, x.pointer, y.pointer)
    #expect(variant.worstError(y.values, logarithms, scale: 16) <= 4)
    kernels.log_sum_exp(rows, columns, x.pointer, totals.pointer)
    #expect(variant.worstError(totals.values, perRow, scale: 8) <= 4)
  }

  @Test("their gradients", arguments: KernelVariant.all, shapes)
  func backward(variant: KernelVariant, shape: ReductionShape) {
    let (rows, columns) = (shape.outer, shape.axis)
    let kernels = variant.kernels
    let x = variant.uniform(rows * columns, -3, 3, seed: 1)
    let gy = variant.normal(x.count, seed: 2)
    let y = variant.buffer(count: x.count)
    let start = variant.normal(x.count, seed: 3)
    let perRow = shape.columns(x).map(logSumExp)
    let p = (0..<x.count).map { exp(x[$0] - perRow[$0 / columns]) }
    let gradients = shape.columns(gy)

    kernels.softmax(rows, columns, x.pointer, y.pointer)
    var gx = variant.buffer(start.values)
    kernels.softmax_backward(rows, columns, y.pointer, gy.pointer, gx.pointer)
    let means = (0..<rows).map { r in (0..<columns).map { p[r * columns + $0] * gradients[r][$0] } }
      .map { $0.compensatedSum }
    var expected = (0..<x.count).map { start[$0] + p[$0] * (gy[$0] - means[$0 / columns]) }
    #expect(variant.worstError(gx.values, expected, scale: 4) <= 16)

    kernels.log_softmax(rows, columns, x.pointer, y.pointer)
    gx = variant.buffer(start.values)
    kernels.log_softmax_backward(rows, columns, y.pointer, gy.pointer, gx.pointer)
    let totals = gradients.map { $0.compensatedSum }
    expected = (0..<x.count).map { start[$0] + gy[$0] - p[$0] * totals[$0 / columns] }
    #expect(variant.worstError(gx.values, expected, scale: 8) <= 16)

    let sums = variant.buffer(count: rows)
    let gs = variant.normal(rows, seed: 4)
    kernels.log_sum_exp(rows, columns, x.pointer, sums.pointer)
    gx = variant.buffer(start.values)
    kernels.log_sum_exp_backward(
      rows,
      columns,
      x.pointer,
      sums.pointer,
      gs.pointer,
      gx.pointer
    )
    expected = (0..<x.count).map { start[$0] + gs[$0 / columns] * p[$0] }
    #expect(variant.worstError(gx.values, expected, scale: 4) <= 16)
  }

  @Test("nothing overflows at extreme scores", arguments: KernelVariant.all)
  func extremeScores(variant: KernelVariant) {
    let x = variant.buffer([1e4, 1e4, -1e4, -.infinity, 0, 0, 0, -.infinity])
    let y = variant.buffer(count: 8)
    variant.kernels.softmax(2, 4, x.pointer, y.pointer)
    #expect(variant.worstUlps(y.values, [0.5, 0.5, 0, 0] + [1 / 3.0, 1 / 3.0, 1 / 3.0, 0]) <= 2)
    let sums = variant.buffer(count: 2)
    variant.kernels.log_sum_exp(2, 4, x.pointer, sums.pointer)
    #expect(variant.worstUlps(sums.values, [1e4 + log(2), log(3)]) <= 2)
  }

  @Test("log-sum-exp of nothing and of everything", arguments: KernelVariant.all, [1, 4, 8, 19])
  func infiniteScores(variant: KernelVariant, columns: Int) {
    for value in [-Double.infinity, .infinity, .nan] {
      let x = variant.buffer(count: columns, of: value)
      let y = variant.buffer(count: 1, of: 0)
      variant.kernels.log_sum_exp(1, columns, x.pointer, y.pointer)
      #expect(value.isNaN ? y[0].isNaN : y[0] == value)
    }
  }

  @Test("cross-entropy and its gradient", arguments: KernelVariant.all, shapes)
  func crossEntropy(variant: KernelVariant, shape: ReductionShape) {
    let (rows, columns) = (shape.outer, shape.axis)
    let x = variant.uniform(rows * columns, -3, 3, seed: 1)
    let labels = variant.buffer((0..<rows).map { Double(($0 * 7 + columns - 1) % columns) })
    let p = variant.buffer(count: x.count)
    let losses = variant.buffer(count: rows)
    let gy = variant.normal(rows, seed: 2)
    let gx = variant.buffer(count: x.count, of: 0.5)
    let perRow = shape.columns(x).map(logSumExp)
    let kernels = variant.kernels
    kernels.cross_entropy(rows, columns, x.pointer, labels.pointer, p.pointer, losses.pointer)
    let expected = (0..<rows).map { perRow[$0] - x[$0 * columns + Int(labels[$0])] }
    #expect(variant.worstError(losses.values, expected, scale: 6) <= 4)
    kernels.cross_entropy_backward(
      rows,
      columns,
      p.pointer,
      labels.pointer,
      gy.pointer,
      gx.pointer
    )
    let gradient = (0..<x.count).map { i in
      let r = i / columns
      let chosen = i % columns == Int(labels[r]) ? 1.0 : 0
      return 0.5 + gy[r] * (exp(x[i] - perRow[r]) - chosen)
    }
    #expect(variant.worstError(gx.values, gradient, scale: 4) <= 8)
  }

  @Test(
    "cross-entropy of an impossible class is its distance, and its probability nothing",
    arguments: KernelVariant.all,
    [2, 4, 8, 16, 19, 32, 64]
  )
  func impossibleClass(variant: KernelVariant, columns: Int) {
    let x = variant.buffer((0..<columns).map { $0 == 1 ? 0 : -1000 })
    let labels = variant.buffer([0])
    let p = variant.buffer(count: columns)
    let losses = variant.buffer(count: 1)
    variant.kernels.cross_entropy(1, columns, x.pointer, labels.pointer, p.pointer, losses.pointer)
    #expect(losses[0] == 1000)
    #expect(p.values == (0..<columns).map { $0 == 1 ? 1 : 0 })
  }

  @Test("normalisation and its gradient", arguments: KernelVariant.all, shapes)
  func normalise(variant: KernelVariant, shape: ReductionShape) {
    let (rows, columns) = (shape.outer, shape.axis)
    let x = variant.uniform(rows * columns, 9, 12, seed: 1)
    let y = variant.buffer(count: x.count)
    let inverse = variant.buffer(count: rows)
    let gy = variant.normal(x.count, seed: 2)
    let gx = variant.buffer(count: x.count, of: 1)
    let kernels = variant.kernels
    kernels.normalise(rows, columns, 0.1, x.pointer, y.pointer, inverse.pointer)
    kernels.normalise_backward(
      rows,
      columns,
      y.pointer,
      inverse.pointer,
      gy.pointer,
      gx.pointer
    )
    let width = Double(columns)
    var (outputs, scales, gradient): ([Double], [Double], [Double]) = ([], [], [])
    for (row, slopes) in zip(shape.columns(x), shape.columns(gy)) {
      let mean = row.compensatedSum / width
      let variance = row.map { ($0 - mean) * ($0 - mean) }.compensatedSum / width
      let scale = 1 / (variance + 0.1).squareRoot()
      let output = row.map { ($0 - mean) * scale }
      let slopeMean = slopes.compensatedSum / width
      let along = zip(slopes, output).map(*).compensatedSum / width
      scales.append(scale)
      outputs += output
      gradient += zip(slopes, output).map { 1 + scale * ($0 - slopeMean - $1 * along) }
    }
    // the mean near 10 is rounded at 10 eps, then scaled by up to 3
    #expect(variant.worstError(y.values, outputs, scale: 10) <= 16)
    #expect(variant.worstError(inverse.values, scales, scale: 3) <= 16)
    #expect(variant.worstError(gx.values, gradient, scale: 10) <= 48)
  }

  @Test("the top k are the first of equals", arguments: KernelVariant.all, shapes)
  func topK(variant: KernelVariant, shape: ReductionShape) {
    let (rows, columns) = (shape.outer, shape.axis)
    let x = variant.normal(rows * columns, seed: 1)
    for i in stride(from: 0, to: x.count, by: 2) { x[i] = x[i].rounded() }
    for i in stride(from: 0, to: x.count, by: 6) { x[i] = i % 4 == 0 ? 0 : -0.0 }
    for k in [0, 1, 2, columns / 2, columns - 1, columns, columns + 3] where k >= 0 {
      let mask = variant.buffer(count: x.count)
      variant.kernels.top_k_mask(rows, columns, k, x.pointer, mask.pointer)
      var expected = [Double](repeating: 0, count: x.count)
      for r in 0..<rows {
        let order = (0..<columns).sorted { left, right in
          let (a, b) = (x[r * columns + left], x[r * columns + right])
          return a > b || a == b && left < right
        }
        for j in order.prefix(k) { expected[r * columns + j] = 1 }
      }
      #expect(mask.values == expected, "k = \(k)")
    }
  }

  @Test("the top k handle infinities", arguments: KernelVariant.all)
  func topKOfInfinities(variant: KernelVariant) {
    let x = variant.buffer([-.infinity, 1, .infinity, -1, -.infinity])
    let mask = variant.buffer(count: 5)
    variant.kernels.top_k_mask(1, 5, 4, x.pointer, mask.pointer)
    #expect(mask.values == [1, 1, 1, 1, 0])
  }
}
