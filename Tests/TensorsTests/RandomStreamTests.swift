internal import CKernels
internal import Tensors
internal import Testing

@Suite struct RandomStreamTests {
  /// Known answers of Philox 4x32-10: counter, key, output (Random123, `kat_vectors`).
  private static let vectors: [([UInt32], [UInt32], [UInt32])] = [
    ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
    (
      Array(repeating: .max, count: 4), [.max, .max],
      [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
    ),
    (
      [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
      [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    ),
  ]

  @Test("Philox gives the published vectors", arguments: 0..<3)
  func matchesPublishedVectors(index: Int) {
    let (counter, key, expected) = Self.vectors[index]
    var output = [UInt32](repeating: 0, count: 4)
    graybox_philox(counter, key, &output)
    #expect(output == expected)
  }

  @Test("words are the Philox blocks of stream and counter")
  func wordsAreBlocks() {
    let key = graybox_random_key(word: (7, 9))
    let stream: UInt64 = 0x1122_3344_5566_7788
    let start: UInt64 = 0xffff_fffe  // crosses into the upper word of the counter
    var words = [UInt32](repeating: 0, count: 12)
    #expect(graybox_random_bits(key, stream, start, 12, &words) == start + 3)
    for block in 0..<3 {
      let place = start + UInt64(block)
      let counter: [UInt32] = [
        UInt32(truncatingIfNeeded: place), UInt32(place >> 32), 0x5566_7788, 0x1122_3344,
      ]
      var expected = [UInt32](repeating: 0, count: 4)
      graybox_philox(counter, [7, 9], &expected)
      #expect(Array(words[(4 * block)..<(4 * block + 4)]) == expected)
    }
  }

  @Test("the same seed and path give the same numbers, other names others")
  func pathsAreStreams() {
    let root = RandomStream(seed: 11)
    var paths = [
      root, root.derived("a"), root.derived("b"), root.derived("a", index: 1),
      root.derived("a", index: -1), root.derived("a").derived("b"),
      root.derived("b").derived("a"), root.derived("ab"), root.derived(""),
      RandomStream(seed: 12),
    ]
    let first = paths.indices.map { paths[$0].words(4) }
    #expect(Set(first).count == paths.count)
    var again = RandomStream(seed: 11).derived("a").derived("b")
    #expect(again.words(4) == first[5])
  }

  @Test("deriving does not move a stream and does not depend on its place")
  func derivingDoesNotMove() {
    var used = RandomStream(seed: 3)
    _ = used.words(100)
    #expect(used.counter == 25)
    let child = used.derived("x")
    #expect(used.counter == 25)
    #expect(child == RandomStream(seed: 3).derived("x"))
  }

  @Test("streams of different names are uncorrelated", arguments: 0..<5 as Range<UInt64>)
  func streamsAreUncorrelated(seed: UInt64) {
    let root = RandomStream(seed: seed)
    let count = 20_000
    let names = ["noise", "symbols", "taps", "noisf"]
    let draws = names.map { name in
      var stream = root.derived(name)
      return (stream.normal([count]) as Tensor<Double>).scalars
    }
    for i in 0..<names.count {
      for j in 0..<i {
        let product = zip(draws[i], draws[j]).reduce(0) { $0 + $1.0 * $1.1 }
        // a sum of products of independent normals has standard deviation sqrt(count)
        #expect(abs(product) < 5 * Double(count).squareRoot())
      }
    }
  }

  @Test("pieces of whole blocks are one call", arguments: [4, 8, 252, 256, 260])
  func piecesOfBlocks(piece: Int) {
    let whole = 4 * piece
    var once = RandomStream(seed: 5)
    var often = once
    let a: Tensor<Float> = once.normal([whole])
    var pieces: [Float] = []
    for _ in 0..<4 { pieces += (often.normal([piece]) as Tensor<Float>).scalars }
    #expect(a.scalars == pieces)
    #expect(once.counter == often.counter)
    let words = once.words(whole)
    #expect(words == (0..<4).flatMap { _ in often.words(piece) })
    let uniform: Tensor<Double> = once.uniform([whole])
    let parts = (0..<4).flatMap { _ in (often.uniform([piece]) as Tensor<Double>).scalars }
    #expect(uniform.scalars == parts)
  }

  @Test("each Poisson count depends on its own block only", arguments: [0.5, 40])
  func poissonCountsStandAlone(rate: Double) {
    var once = RandomStream(seed: 6)
    var often = once
    let rates = Tensor<Double>.full([77], rate)
    let whole = once.poisson(rates).scalars
    let single = Tensor<Double>.full([1], rate)
    #expect(whole == (0..<77).flatMap { _ in often.poisson(single).scalars })
    // changing the other rates changes nothing
    var mixed = RandomStream(seed: 6)
    let other = Tensor((0..<77).map { $0 % 2 == 0 ? rate : 12345 })
    let counts = mixed.poisson(other).scalars
    #expect(stride(from: 0, to: 77, by: 2).allSatisfy { counts[$0] == whole[$0] })
  }

  @Test("a stream put back to a recorded place goes on with the same numbers")
  func advancedToCounter() {
    var stream = RandomStream(seed: 8).derived("x")
    _ = stream.words(10)
    var restored = RandomStream(seed: 8).derived("x").advanced(toCounter: stream.counter)
    #expect(restored.words(9) == stream.words(9))
  }

  @Test("nothing drawn is nothing used")
  func emptyDraws() {
    var stream = RandomStream(seed: 1)
    #expect((stream.normal([0]) as Tensor<Float>).count == 0)
    #expect(stream.words(0).isEmpty && stream.permutation(0).isEmpty)
    #expect(stream.permutation(1) == [0])
    #expect(stream.counter == 0)
  }

  @Test("a permutation holds each index once", arguments: 0..<20 as Range<UInt64>)
  func permutationIsOne(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let order = stream.permutation(100)
    #expect(order.sorted() == Array(0..<100))
    #expect(order != Array(0..<100))
  }

  @Test("all orders of three are equally likely")
  func permutationsAreUniform() {
    var stream = RandomStream(seed: 40)
    var counts: [[Int]: Int] = [:]
    let trials = 12_000
    for _ in 0..<trials { counts[stream.permutation(3), default: 0] += 1 }
    let deviation = (Double(trials) / 6 * 5 / 6).squareRoot()
    #expect(counts.count == 6)
    #expect(counts.values.allSatisfy { abs(Double($0) - 2000) < 5 * deviation })
  }

  @Test("integers stay below their bound and reach every value", arguments: [1, 2, 7, 1 << 32])
  func integersAreBounded(bound: Int) {
    var stream = RandomStream(seed: 9)
    let values = stream.integers(1000, below: bound)
    #expect(values.allSatisfy { $0 >= 0 && $0 < bound })
    #expect(Set(values).count >= min(bound, 900))
  }

  @Test("an interval's upper end is never reached", arguments: 0..<3 as Range<UInt64>)
  func uniformStaysBelowHigh(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    // one unit in the last place wide, so that rounding alone would reach the end half the time
    let low: Float = 1
    let values: Tensor<Float> = stream.uniform([1000], low: low, high: low.nextUp)
    #expect(values.scalars.allSatisfy { $0 == 1 })
    let negative: Tensor<Double> = stream.uniform([1000], low: -3, high: -2)
    #expect(negative.scalars.allSatisfy { $0 >= -3 && $0 < -2 })
  }

  @Test("a rate that is no rate is refused")
  func refusesBadRates() async {
    await #expect(processExitsWith: .failure) {
      var stream = RandomStream(seed: 1)
      _ = stream.poisson(Tensor<Double>([3, -1]))
    }
    await #expect(processExitsWith: .failure) {
      var stream = RandomStream(seed: 1)
      _ = stream.poisson(Tensor<Float>([.infinity]))
    }
  }
}
