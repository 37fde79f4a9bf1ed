import Autodiff
import Tensors
import Testing

@Suite struct PlacedFiltersTests {
  private func sparse(_ shape: [Int], _ stream: inout RandomStream) -> Tensor<Double> {
    let x: Tensor<Double> = stream.normal(shape)
    let keep: Tensor<Double> = stream.uniform(shape)
    return x * isGreater(keep, Tensor(0.6))
  }

  @Test(
    "series are sums of filters at places",
    arguments: [[1, 1, 1, 1], [2, 3, 5, 7], [1, 2, 50, 37], [3, 1, 17, 150]],
    0..<3 as Range<UInt64>
  )
  func plainLoops(extents: [Int], seed: UInt64) {
    let (batch, channels, taps, places) = (extents[0], extents[1], extents[2], extents[3])
    var stream = RandomStream(seed: seed)
    let codes = sparse([batch, channels, places], &stream)
    let filters: Tensor<Double> = stream.normal([channels, taps])
    let series: Tensor<Double> = stream.normal([batch, places + taps - 1])
    var placed = [Double](repeating: 0, count: series.count)
    var correlated = [Double](repeating: 0, count: codes.count)
    for b in 0..<batch {
      for c in 0..<channels {
        for n in 0..<places {
          for k in 0..<taps {
            placed[b * series.shape[1] + n + k] += filters[c, k] * codes[b, c, n]
            correlated[(b * channels + c) * places + n] += filters[c, k] * series[b, n + k]
          }
        }
      }
    }
    func worst(_ a: Tensor<Double>, _ b: [Double]) -> Double {
      zip(a.scalars, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
    }
    let made = placedFilters(codes, filters)
    let seen = correlatedFilters(series, filters)
    #expect(made.shape == series.shape && seen.shape == codes.shape)
    #expect(worst(made, placed) < 1e-12 && worst(seen, correlated) < 1e-12)
    // Adjoints of each other.
    let (left, right) = ((made * series).sum().scalar, (codes * seen).sum().scalar)
    #expect((left - right).magnitude < 1e-12 * Double(codes.count * taps))
  }

  @Test("gradients are those of differences", arguments: 0..<4 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let codes: Tensor<Double> = stream.normal([2, 3, 11])
    let filters: Tensor<Double> = stream.normal([3, 6])
    let series: Tensor<Double> = stream.normal([2, 16])
    let placing = try checkGradients(at: [codes, filters], from: RandomStream(seed: seed)) {
      square(placedFilters($0[0], $0[1]))
    }
    let correlating = try checkGradients(at: [series, filters], from: RandomStream(seed: seed)) {
      square(correlatedFilters($0[0], $0[1]))
    }
    #expect(placing.worstRelativeError < 1e-6 && correlating.worstRelativeError < 1e-6)
  }
}
