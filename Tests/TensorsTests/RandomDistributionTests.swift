internal import CKernels
internal import Tensors
internal import Testing

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What the numbers are distributed as, how exact they are, and that their bits never change.
@Suite struct RandomDistributionTests {
  private static let count = 200_000
  /// Kolmogorov's distribution: the statistic exceeds this over sqrt(n) as rarely as a normal
  /// number exceeds five standard deviations (5.7e-7): sqrt(log(2 / 5.7e-7) / 2).
  private static let kolmogorovBound = 2.745

  /// The largest distance between the empirical distribution function and the true one.
  private func kolmogorovDistance(_ values: [Double], _ distribution: (Double) -> Double) -> Double
  {
    let sorted = values.sorted()
    let n = Double(sorted.count)
    return sorted.enumerated().reduce(0) { worst, item in
      let p = distribution(item.element)
      return max(worst, p - Double(item.offset) / n, Double(item.offset + 1) / n - p)
    }
  }

  /// How many standard errors the mean of `values` is away from `mean`.
  private func deviation(_ values: [Double], mean: Double, variance: Double) -> Double {
    let average = values.reduce(0, +) / Double(values.count)
    return abs(average - mean) / (variance / Double(values.count)).squareRoot()
  }

  private func drawUniform(_ seed: UInt64, double: Bool) -> [Double] {
    var stream = RandomStream(seed: seed).derived("uniform")
    if double { return (stream.uniform([Self.count]) as Tensor<Double>).scalars }
    return (stream.uniform([Self.count]) as Tensor<Float>).scalars.map(Double.init)
  }

  private func drawNormal(_ seed: UInt64, double: Bool) -> [Double] {
    var stream = RandomStream(seed: seed).derived("normal")
    if double { return (stream.normal([Self.count]) as Tensor<Double>).scalars }
    return (stream.normal([Self.count]) as Tensor<Float>).scalars.map(Double.init)
  }

  @Test("uniform numbers are uniform", arguments: 0..<3 as Range<UInt64>, [false, true])
  func uniformDistribution(seed: UInt64, double: Bool) {
    let values = drawUniform(seed, double: double)
    #expect(values.allSatisfy { $0 >= 0 && $0 < 1 })
    #expect(deviation(values, mean: 0.5, variance: 1.0 / 12) < 5)
    let squares = values.map { ($0 - 0.5) * ($0 - 0.5) }
    #expect(deviation(squares, mean: 1.0 / 12, variance: 1.0 / 180) < 5)
    let distance = kolmogorovDistance(values) { $0 }
    #expect(distance * Double(Self.count).squareRoot() < Self.kolmogorovBound)
  }

  @Test("normal numbers are normal", arguments: 0..<3 as Range<UInt64>, [false, true])
  func normalDistribution(seed: UInt64, double: Bool) {
    let values = drawNormal(seed, double: double)
    // E x^2k = (2k - 1)!!, so the variances of the powers are 1, 2, 15, 96
    #expect(deviation(values, mean: 0, variance: 1) < 5)
    #expect(deviation(values.map { $0 * $0 }, mean: 1, variance: 2) < 5)
    #expect(deviation(values.map { $0 * $0 * $0 }, mean: 0, variance: 15) < 5)
    #expect(deviation(values.map { $0 * $0 * $0 * $0 }, mean: 3, variance: 96) < 5)
    let distance = kolmogorovDistance(values) { 0.5 * erfc(-$0 / 2.0.squareRoot()) }
    #expect(distance * Double(Self.count).squareRoot() < Self.kolmogorovBound)
  }

  @Test("neighbouring normal numbers are uncorrelated", arguments: [1, 2, 4, 256])
  func normalNeighbours(lag: Int) {
    let values = drawNormal(5, double: false)
    let products = (0..<(Self.count - lag)).map { values[$0] * values[$0 + lag] }
    #expect(deviation(products, mean: 0, variance: 1) < 5)
    let squares = (0..<(Self.count - lag)).map {
      (values[$0] * values[$0] - 1) * (values[$0 + lag] * values[$0 + lag] - 1)
    }
    #expect(deviation(squares, mean: 0, variance: 4) < 5)
  }

  @Test(
    "Poisson counts are Poisson",
    arguments: [0.5, 3, 9.9, 10, 40, 1e4],
    0..<2 as Range<UInt64>
  )
  func poissonDistribution(rate: Double, seed: UInt64) {
    var stream = RandomStream(seed: seed).derived("poisson")
    let counts = stream.poisson(Tensor<Float>.full([Self.count], Float(rate))).scalars
    let values = counts.map(Double.init)
    let exact = Double(Float(rate))
    #expect(values.allSatisfy { $0 >= 0 && $0 == $0.rounded() })
    #expect(deviation(values, mean: exact, variance: exact) < 5)
    let squares = values.map { ($0 - exact) * ($0 - exact) }
    #expect(deviation(squares, mean: exact, variance: exact + 2 * exact * exact) < 5)
    let distance = poissonDistance(values.map { Int($0) }, rate: exact)
    #expect(distance * Double(Self.count).squareRoot() < Self.kolmogorovBound)
  }

  /// Kolmogorov's distance for counts; the distribution function is summed term by term.
  private func poissonDistance(_ counts: [Int], rate: Double) -> Double {
    let top = (counts.max() ?? 0) + 1
    var histogram = [Int](repeating: 0, count: top + 1)
    for count in counts { histogram[count] += 1 }
    var (distance, expected, seen) = (0.0, 0.0, 0)
    for k in 0...top {
      expected += exp(Double(k) * log(rate) - rate - lgamma(Double(k) + 1))
      seen += histogram[k]
      distance = max(distance, abs(expected - Double(seen) / Double(counts.count)))
    }
    return distance
  }

  @Test("a rate of zero gives zero, huge rates stay near their mean")
  func poissonExtremes() {
    var stream = RandomStream(seed: 2)
    #expect(stream.poisson(Tensor<Double>.zeros([100])).scalars.allSatisfy { $0 == 0 })
    for rate in [1e9, 1e15, 1e25] {
      let counts = stream.poisson(Tensor<Double>.full([100], rate)).scalars
      // 8 standard deviations: one of 300 counts passes them with probability 4e-13
      #expect(counts.allSatisfy { abs($0 - rate) < 8 * rate.squareRoot() })
    }
  }

  @Test("normal numbers are Box and Muller's to a few units in the last place")
  func normalMatchesOracle() {
    let key = graybox_random_key(word: (1, 2))
    let count = 20_000
    var words = [UInt32](repeating: 0, count: count)
    var floats = [Float](repeating: 0, count: count)
    var doubles = [Double](repeating: 0, count: count / 2)
    _ = graybox_random_bits(key, 3, 0, count, &words)
    _ = graybox_random_normal_float(key, 3, 0, count, &floats)
    _ = graybox_random_normal_double(key, 3, 0, count / 2, &doubles)
    var (floatError, doubleError) = (0.0, 0.0)
    for i in stride(from: 0, to: count, by: 2) {
      let u = (Double(words[i]) + 0.5) / 4_294_967_296
      let radius = (-2 * log(u)).squareRoot()
      let angle = 2 * Double.pi * Double(Int32(bitPattern: words[i + 1])) / 4_294_967_296
      for (found, exact) in [(floats[i], cos(angle)), (floats[i + 1], sin(angle))] {
        floatError = max(floatError, abs(Double(found) - radius * exact) / radius)
      }
    }
    for i in stride(from: 0, to: count, by: 4) {
      // the upper half of the first word is folded, so that either tail is exact
      let folded = words[i] >> 31 == 1 ? ~words[i] : words[i]
      let p = (Double(UInt64(folded) << 21 | UInt64(words[i + 1] >> 11)) + 0.5) * 0x1p-53
      let radius = (-2 * (folded == words[i] ? log(p) : log1p(-p))).squareRoot()
      let turn = Double(Int32(bitPattern: words[i + 2])) + Double(words[i + 3] >> 1) * 0x1p-31
      let angle = 2 * Double.pi * turn / 4_294_967_296
      for (found, exact) in [(doubles[i / 2], cos(angle)), (doubles[i / 2 + 1], sin(angle))] {
        doubleError = max(doubleError, abs(found - radius * exact) / radius)
      }
    }
    // four roundings each in radius, polynomial and product
    #expect(floatError < 4 * Double(Float.ulpOfOne))
    #expect(doubleError < 8 * Double.ulpOfOne)  // the oracle rounds too
  }

  // Recorded with clang 21 and gcc 12 on x86-64, at every optimisation level, with and without AVX.
  private static let key = graybox_random_key(word: (0x89ab_cdef, 0x0123_4567))
  private static let stream: UInt64 = 0xfedc_ba98_7654_3210
  private static let start: UInt64 = 0xff_ffff_ffff

  @Test("the bits of uniform numbers are the recorded ones")
  func uniformGolden() {
    var floats = [Float](repeating: 0, count: 8)
    var doubles = [Double](repeating: 0, count: 8)
    #expect(
      graybox_random_uniform_float(Self.key, Self.stream, Self.start, 8, &floats) == Self.start + 2
    )
    #expect(
      graybox_random_uniform_double(Self.key, Self.stream, Self.start, 8, &doubles)
        == Self.start + 4
    )
    #expect(
      floats.map(\.bitPattern) == [
        0x3ee0_37f4, 0x3e8f_5bee, 0x3e8c_88ba, 0x3e77_bd30, 0x3f52_2f67, 0x3e23_dc3c, 0x3f7e_85b0,
        0x3f62_ffc8,
      ]
    )
    #expect(
      doubles.map(\.bitPattern) == [
        0x3fdc_06fe_aa3d_6fbe, 0x3fd1_9117_41ef_7a66, 0x3fea_45ec_fca3_dc3f, 0x3fef_d0b6_1f8b_ff23,
        0x3fe6_8227_dc0d_1c03, 0x3fd6_15fa_5f8e_de1c, 0x3fd4_ae94_7a19_c95c, 0x3fd2_1ae2_a454_7574,
      ]
    )
  }

  @Test("the bits of normal numbers are the recorded ones")
  func normalGolden() {
    var floats = [Float](repeating: 0, count: 8)
    var doubles = [Double](repeating: 0, count: 8)
    _ = graybox_random_normal_float(Self.key, Self.stream, Self.start, 8, &floats)
    _ = graybox_random_normal_double(Self.key, Self.stream, Self.start, 8, &doubles)
    #expect(
      floats.map(\.bitPattern) == [
        0xbe76_9043, 0x3fa1_9369, 0x3da6_db8a, 0x3fcd_9023, 0x3eac_4090, 0x3f07_c01e, 0x3da6_dd5a,
        0xbd8f_f1c8,
      ]
    )
    #expect(
      doubles.map(\.bitPattern) == [
        0xbfc9_3393_570a_b205, 0x3ff4_5181_10f6_e48d, 0x3fe4_1525_9480_9883, 0xbf97_519e_d15c_1375,
        0xbfde_33c5_fce5_0cd8, 0x3fe6_3174_ce84_da06, 0xbfd3_bd25_9ad7_ae71, 0x3ff7_899a_e9ea_29a0,
      ]
    )
  }

  @Test("Poisson counts are the recorded ones")
  func poissonGolden() {
    let rates: [Double] = [0.5, 3, 9.9, 10, 40, 1e4, 1e9, 1e15]
    var counts = [Double](repeating: 0, count: 8)
    #expect(
      graybox_random_poisson_double(Self.key, Self.stream, Self.start, 8, rates, &counts)
        == Self.start + 8
    )
    #expect(counts == [0, 5, 11, 8, 41, 10049, 1_000_044_609, 1_000_000_018_195_493])
  }

  /// FNV-1a over the bytes of an array.
  private func digest(_ values: [some Any]) -> UInt64 {
    values.withUnsafeBytes { bytes in
      bytes.reduce(1_469_598_103_934_665_603) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
    }
  }

  @Test("a hundred thousand numbers have the recorded digest")
  func digestsAreGolden() {
    let count = 100_000
    var floats = [Float](repeating: 0, count: count)
    var doubles = [Double](repeating: 0, count: count)
    _ = graybox_random_normal_float(Self.key, Self.stream, 0, count, &floats)
    #expect(digest(floats) == 0x6b3a_8540_aeba_5129)
    _ = graybox_random_normal_double(Self.key, Self.stream, 0, count, &doubles)
    #expect(digest(doubles) == 0x2b84_8059_c258_a83a)
    let rates = (0..<count).map { Double($0 % 1000) * 0.1 }
    _ = graybox_random_poisson_double(Self.key, Self.stream, 0, count, rates, &doubles)
    #expect(digest(doubles) == 0xe4d9_9210_1ddd_91ff)
  }
}
