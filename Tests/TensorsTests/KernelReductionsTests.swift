internal import CKernels
internal import Testing

/// The extents of a reduction over the middle.
struct ReductionShape: Sendable, CustomTestStringConvertible {
  let outer: Int
  let axis: Int
  let inner: Int
  var testDescription: String { "[\(outer), \(axis), \(inner)]" }
  var count: Int { outer * axis * inner }

  static let all =
    kernelSizes.map { ReductionShape(outer: 2, axis: $0, inner: 1) }
    + kernelSizes.map { ReductionShape(outer: 1, axis: 3, inner: $0) } + [
      ReductionShape(outer: 0, axis: 3, inner: 2),
      ReductionShape(outer: 3, axis: 5, inner: 7),
      ReductionShape(outer: 2, axis: 300, inner: 37),
      ReductionShape(outer: 1, axis: 5000, inner: 1),
    ]

  func position(_ o: Int, _ k: Int, _ i: Int) -> Int { (o * axis + k) * inner + i }

  /// The elements along the axis at each (outer, inner).
  func columns(_ x: KernelBuffer) -> [[Double]] {
    (0..<outer).flatMap { o in
      (0..<inner).map { i in (0..<axis).map { x[position(o, $0, i)] } }
    }
  }
}

/// Reductions against plain loops in Double.
@Suite struct KernelReductionsTests {
  @Test("sums agree with sums in Double", arguments: KernelVariant.all, ReductionShape.all)
  func sum(variant: KernelVariant, shape: ReductionShape) {
    let x = variant.normal(shape.count, seed: 1)
    let y = variant.buffer(count: shape.outer * shape.inner)
    variant.kernels.sum(shape.outer, shape.axis, shape.inner, x.pointer, y.pointer)
    let expected = shape.columns(x).map(\.compensatedSum)
    // stretches of at most 128 terms in the scalar: partial sums near 20, root of 128 roundings
    #expect(variant.worstError(y.values, expected, scale: 20) <= 12)
  }

  @Test(
    "a long sum of floats keeps its digits",
    arguments: KernelVariant.all.filter { !$0.isDouble }
  )
  func longSum(variant: KernelVariant) {
    let count = 1_000_000
    let x = variant.buffer(count: count, of: 0.1)
    let y = variant.buffer(count: 2)
    variant.kernels.sum(1, count, 1, x.pointer, y.pointer)
    #expect(variant.worstError([y[0] / Double(count)], [x[0]]) <= 8)
    variant.kernels.sum(1, count / 2, 2, x.pointer, y.pointer)
    #expect(variant.worstError([y[0] / Double(count / 2)], [x[0]]) <= 8)
  }

  @Test("column sums are added", arguments: KernelVariant.all, kernelSizes)
  func columnSums(variant: KernelVariant, columns: Int) {
    for rows in [0, 1, 5, 32, 300] {
      let x = variant.normal(rows * columns, seed: 1)
      let y = variant.normal(columns, seed: 2)
      let expected = (0..<columns).map { column in
        ([y[column]] + (0..<rows).map { x[$0 * columns + column] }).compensatedSum
      }
      variant.kernels.column_sums(rows, columns, x.pointer, y.pointer)
      #expect(variant.worstError(y.values, expected, scale: 20) <= 12)
    }
  }

  @Test("repeating adds the scaled gradient", arguments: KernelVariant.all, ReductionShape.all)
  func repeatAccumulate(variant: KernelVariant, shape: ReductionShape) {
    let gy = variant.normal(shape.outer * shape.inner, seed: 1)
    let gx = variant.normal(shape.count, seed: 2)
    var expected = gx.values
    for i in 0..<shape.count {
      let place = i / max(shape.axis * shape.inner, 1) * shape.inner + i % shape.inner
      expected[i] += 0.5 * gy[place]
    }
    variant.kernels.repeat_accumulate(
      shape.outer,
      shape.axis,
      shape.inner,
      0.5,
      gy.pointer,
      gx.pointer
    )
    #expect(variant.worstError(gx.values, expected, scale: 4) <= 1)
  }

  @Test("extrema are the first of equals", arguments: KernelVariant.all, ReductionShape.all)
  func extremum(variant: KernelVariant, shape: ReductionShape) {
    let x = variant.normal(shape.count, seed: 1)
    for i in 0..<shape.count { x[i] = x[i].rounded() }  // many ties
    for sign in [Int32(1), -1] {
      let y = variant.buffer(count: shape.outer * shape.inner)
      var positions = [Int32](repeating: -1, count: y.count)
      let kernels = variant.kernels
      kernels.extremum(
        sign,
        shape.outer,
        shape.axis,
        shape.inner,
        x.pointer,
        y.pointer,
        &positions
      )
      guard shape.axis > 0 else { continue }
      let columns = shape.columns(x)
      let expected = columns.map { (sign > 0 ? $0.max() : $0.min()) ?? .nan }
      #expect(y.values == expected)
      #expect(positions.map(Int.init) == zip(columns, expected).map { $0.firstIndex(of: $1) })
      kernels.extremum(sign, shape.outer, shape.axis, shape.inner, x.pointer, y.pointer, nil)
      #expect(y.values == expected)

      let gy = variant.normal(y.count, seed: 2)
      let gx = variant.buffer(count: shape.count, of: 1)
      kernels.extremum_backward(
        shape.outer,
        shape.axis,
        shape.inner,
        positions,
        gy.pointer,
        gx.pointer
      )
      var gradient = [Double](repeating: 1, count: shape.count)
      for place in 0..<y.count {
        let (o, i) = (place / shape.inner, place % shape.inner)
        gradient[shape.position(o, Int(positions[place]), i)] += gy[place]
      }
      #expect(variant.worstUlps(gx.values, gradient) <= 1)
    }
  }

  @Test("an extremum is the first NaN", arguments: KernelVariant.all, [1, 2, 5, 16, 40])
  func extremumOfNaN(variant: KernelVariant, inner: Int) {
    for axis in [4, 40] {
      let x = variant.normal(axis * inner, seed: 1)
      for i in 0..<inner {
        x[2 * inner + i] = .nan
        x[3 * inner + i] = .nan
      }
      let y = variant.buffer(count: inner)
      var positions = [Int32](repeating: -1, count: inner)
      variant.kernels.extremum(1, 1, axis, inner, x.pointer, y.pointer, &positions)
      #expect(y.values.allSatisfy { $0.isNaN })
      #expect(positions.allSatisfy { $0 == 2 })
    }
  }

  @Test("cumulative sums run both ways", arguments: KernelVariant.all, ReductionShape.all)
  func cumulativeSum(variant: KernelVariant, shape: ReductionShape) {
    let x = variant.normal(shape.count, seed: 1)
    for (isReverse, accumulates) in [(false, false), (true, false), (false, true), (true, true)] {
      let y = variant.normal(shape.count, seed: 2)
      var expected = accumulates ? y.values : [Double](repeating: 0, count: shape.count)
      for o in 0..<shape.outer {
        for i in 0..<shape.inner {
          var running = 0.0
          for step in 0..<shape.axis {
            let place = shape.position(o, isReverse ? shape.axis - 1 - step : step, i)
            running += x[place]
            expected[place] += running
          }
        }
      }
      variant.kernels.cumulative_sum(
        shape.outer,
        shape.axis,
        shape.inner,
        isReverse ? 1 : 0,
        accumulates ? 1 : 0,
        x.pointer,
        y.pointer
      )
      #expect(variant.worstError(y.values, expected, scale: 4) <= (variant.isDouble ? 100 : 2))
    }
  }

  @Test("products and squares are summed in Double", arguments: KernelVariant.all, kernelSizes)
  func dotAndSquares(variant: KernelVariant, count: Int) {
    let x = variant.normal(count, seed: 1)
    let y = variant.normal(count, seed: 2)
    let dot = zip(x.values, y.values).map(*).compensatedSum
    let squares = x.values.map { $0 * $0 }.compensatedSum
    let bound = 8 * Double.ulpOfOne * Double(max(count, 1))
    #expect(abs(variant.kernels.dot(count, x.pointer, y.pointer) - dot) <= bound)
    #expect(abs(variant.kernels.sum_squares(count, x.pointer) - squares) <= bound)
  }

  @Test("one infinity or NaN anywhere is found", arguments: KernelVariant.all, kernelSizes)
  func allFinite(variant: KernelVariant, count: Int) {
    let x = variant.normal(count, seed: 1)
    #expect(variant.kernels.all_finite(count, x.pointer) == 1)
    for place in [0, count / 2, count - 1] where count > 0 {
      let before = x[place]
      for bad in [Double.nan, .infinity, -.infinity] {
        x[place] = bad
        #expect(variant.kernels.all_finite(count, x.pointer) == 0)
      }
      x[place] = before
    }
  }
}
