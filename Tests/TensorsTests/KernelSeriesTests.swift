internal import CKernels
internal import Testing

/// Filters at places of series against plain loops.
@Suite struct KernelSeriesTests {
  /// Channels, taps, places.
  static let extents = [[1, 1, 1], [2, 3, 5], [3, 50, 451], [2, 17, 64], [1, 9, 300]]

  @Test("filters are placed, correlated and gathered", arguments: KernelVariant.all, extents)
  func matchesLoops(variant: KernelVariant, extents: [Int]) {
    let (channels, taps, places) = (extents[0], extents[1], extents[2])
    let h = variant.normal(channels * taps, seed: 1)
    let s = variant.normal(channels * places, seed: 2)
    for i in 0..<s.count where i % 3 == 1 { s[i] = 0 }
    let x = variant.normal(places + taps - 1, seed: 3)
    let (y, r, g) = (
      variant.normal(x.count, seed: 4), variant.normal(s.count, seed: 5),
      variant.normal(h.count, seed: 6)
    )
    var (placed, sums, gathered) = (y.values, r.values, g.values)
    var correlated = [Double](repeating: 0, count: s.count)
    for c in 0..<channels {
      for n in 0..<places {
        for k in 0..<taps {
          let (i, j) = (c * places + n, c * taps + k)
          placed[n + k] += h[j] * s[i]
          correlated[i] += h[j] * x[n + k]
          gathered[j] += s[i] * x[n + k]
        }
      }
    }
    for i in sums.indices { sums[i] += correlated[i] }
    let fresh = variant.buffer(count: s.count)
    variant.kernels.correlate(channels, taps, places, h.pointer, x.pointer, 0, fresh.pointer)
    variant.kernels.correlate(channels, taps, places, h.pointer, x.pointer, 1, r.pointer)
    variant.kernels.place_filters(channels, taps, places, h.pointer, s.pointer, y.pointer)
    variant.kernels.place_filters_backward(
      channels,
      taps,
      places,
      s.pointer,
      x.pointer,
      g.pointer
    )
    // Sums of up to 450 products of normal numbers, rounded one after the other.
    #expect(variant.worstError(fresh.values, correlated, scale: 8) <= 30)
    #expect(variant.worstError(r.values, sums, scale: 8) <= 30)
    #expect(variant.worstError(y.values, placed, scale: 8) <= 30)
    #expect(variant.worstError(g.values, gathered, scale: 20) <= 60)
  }
}
