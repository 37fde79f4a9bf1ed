internal import Studies
internal import Testing

@Suite struct IntervalTests {
  private static func blocks(_ pairs: [(Double, Double)]) -> [BlockCount] {
    pairs.map { BlockCount(numerator: $0.0, denominator: $0.1) }
  }

  @Test("two blocks of 1 and 3 errors in 10: 0.2 with a reach of 0.1 t(1)")
  func handWorked() throws {
    let estimate = RatioEstimator.estimate(Self.blocks([(1, 10), (3, 10)]))
    #expect(estimate.value == 0.2)
    // Residuals -1 and 1 over a mean of 10: variance 0.02 / (2 * 1), deviation 0.1.
    let reach = 0.1 * 12.706_204_736_174_694
    #expect(abs(try #require(estimate.lower) - (0.2 - reach)) < 1e-12)
    #expect(abs(try #require(estimate.upper) - (0.2 + reach)) < 1e-12)
    #expect(estimate.clamped(to: 0...1).lower == 0)
    #expect(abs(estimate.relativeWidth - 2 * reach / 0.2) < 1e-11)
  }

  @Test("blocks of different size at one rate have an interval of no width")
  func equalRates() {
    let estimate = RatioEstimator.estimate(Self.blocks([(1, 4), (2, 8), (16, 64)]))
    #expect(estimate == Interval(value: 0.25, lower: 0.25, upper: 0.25))
  }

  @Test("one block has no interval, none is NaN")
  func tooFew() {
    #expect(RatioEstimator.estimate(Self.blocks([(1, 4)])) == Interval(value: 0.25))
    #expect(RatioEstimator.estimate([]).value.isNaN)
    #expect(RatioEstimator.estimate([]).lower == nil)
    #expect(Interval(value: 0.25).relativeWidth == .infinity)
  }

  @Test("what both methods share leaves the paired difference")
  func paired() {
    let a = Self.blocks([(2, 16), (6, 16)])
    let b = Self.blocks([(0, 16), (4, 16)])
    let difference = RatioEstimator.pairedDifference(a, b)
    #expect(difference == Interval(value: 0.125, lower: 0.125, upper: 0.125))
  }

  @Test("a hand-worked paired difference")
  func handWorkedDifference() throws {
    let difference = RatioEstimator.pairedDifference(
      Self.blocks([(1, 10), (3, 10)]),
      Self.blocks([(1, 10), (1, 10)])
    )
    #expect(abs(difference.value - 0.1) < 1e-15)
    #expect(abs(try #require(difference.upper) - 0.1 - 0.1 * 12.706_204_736_174_694) < 1e-12)
  }

  @Test("twice the errors in each block is a quotient of 2 with no width")
  func quotient() throws {
    let quotient = RatioEstimator.pairedQuotient(
      Self.blocks([(2, 8), (6, 8)]),
      Self.blocks([(1, 8), (3, 8)])
    )
    #expect(quotient.value == 2)
    #expect(abs(try #require(quotient.lower) - 2) < 1e-14)
    #expect(abs(try #require(quotient.upper) - 2) < 1e-14)
    let unknown = RatioEstimator.pairedQuotient(
      Self.blocks([(2, 8), (6, 8)]),
      Self.blocks([(0, 8), (0, 8)])
    )
    #expect(unknown == Interval(value: .infinity))
  }

  // With equal denominators and normal numerators the interval is exactly Student's, so that it
  // covers with probability 0.95; tolerance: 5 standard errors of 4000 repeats. Normal quantiles
  // in its place would cover 0.81 at three blocks.
  @Test(
    "the interval covers the truth 95 times in 100",
    arguments: [1, 2, 3] as [UInt64],
    [3, 12]
  )
  func coverage(seed: UInt64, blockCount: Int) throws {
    var random = SplitMix(seed: seed)
    let repeats = 4000
    var covered = 0
    for _ in 0..<repeats {
      let blocks = (0..<blockCount).map { _ in
        BlockCount(numerator: 100 * (0.3 + 0.1 * random.normal()), denominator: 100)
      }
      let estimate = RatioEstimator.estimate(blocks)
      let lower = try #require(estimate.lower)
      let upper = try #require(estimate.upper)
      if lower <= 0.3, 0.3 <= upper { covered += 1 }
    }
    let standardError = (0.95 * 0.05 / Double(repeats)).squareRoot()
    #expect(abs(Double(covered) / Double(repeats) - 0.95) < 5 * standardError)
  }

  // Errors in bursts of 10 inside of a block: Wilson's interval, which takes trials as independent,
  // is too narrow by sqrt(10); the block interval is not. Its own error is of first order: 0.02 is
  // allowed on top of 5 standard errors.
  @Test("bursts fool Wilson's interval and not the blocks", arguments: [1, 2] as [UInt64])
  func bursts(seed: UInt64) throws {
    var random = SplitMix(seed: seed)
    let repeats = 1000
    var byBlocks = 0
    var byWilson = 0
    for _ in 0..<repeats {
      let blocks = (0..<20).map { _ in
        let bursts = (0..<100).count { _ in Double.random(in: 0..<1, using: &random) < 0.1 }
        return BlockCount(numerator: Double(10 * bursts), denominator: 1000)
      }
      let errors = Int(blocks.reduce(0) { $0 + $1.numerator })
      if try holds(0.1, RatioEstimator.estimate(blocks)) { byBlocks += 1 }
      if try holds(0.1, WilsonInterval.estimate(errors: errors, trials: 20_000)) { byWilson += 1 }
    }
    let standardError = (0.95 * 0.05 / Double(repeats)).squareRoot()
    #expect(abs(Double(byBlocks) / Double(repeats) - 0.95) < 0.02 + 5 * standardError)
    #expect(Double(byWilson) / Double(repeats) < 0.6)
  }

  private func holds(_ truth: Double, _ interval: Interval) throws -> Bool {
    let lower = try #require(interval.lower)
    let upper = try #require(interval.upper)
    return lower <= truth && truth <= upper
  }

  @Test(
    "Wilson's interval agrees with SciPy",
    arguments: [
      (0, 10, 0, 0.277_532_799_862_889_26),
      (1, 10, 0.017_876_213_095_072_896, 0.404_150_026_795_238_5),
      (5, 10, 0.236_593_090_512_564, 0.763_406_909_487_436_1), (10, 10, 0.722_467_200_137_110_7, 1),
      (81, 263, 0.255_288_519_878_274_2, 0.366_209_576_982_800_04),
    ] as [(Int, Int, Double, Double)]
  )
  func wilson(errors: Int, trials: Int, lower: Double, upper: Double) throws {
    let interval = WilsonInterval.estimate(errors: errors, trials: trials)
    #expect(interval.value == Double(errors) / Double(trials))
    #expect(abs(try #require(interval.lower) - lower) < 1e-13)
    #expect(abs(try #require(interval.upper) - upper) < 1e-13)
  }
}

@Suite struct QuartilesTests {
  @Test(
    "quartiles by definition 7, worked by hand",
    arguments: [
      ([5], 5, 5, 5), ([1, 2], 1.25, 1.5, 1.75), ([3, 1, 2], 1.5, 2, 2.5),
      ([4, 1, 3, 2], 1.75, 2.5, 3.25), ([5, 4, 3, 2, 1], 2, 3, 4),
      ([.infinity, .infinity, 1], .infinity, .infinity, .infinity),
    ] as [([Double], Double, Double, Double)]
  )
  func handWorked(numbers: [Double], lower: Double, median: Double, upper: Double) {
    let quartiles = Quartiles(numbers)
    #expect(quartiles.lower == lower && quartiles.median == median && quartiles.upper == upper)
  }

  @Test("NaN is not hidden")
  func nan() {
    #expect(Quartiles([1, .nan, 2]).median.isNaN)
  }

  @Test("decibels of an interval are those of its value and ends")
  func decibels() {
    let interval = Interval(value: 0.01, lower: 0.001, upper: 0.1).inDecibels
    #expect((interval.value + 20).magnitude < 1e-12)
    #expect(((interval.lower ?? 0) + 30).magnitude < 1e-12)
    #expect(((interval.upper ?? 0) + 10).magnitude < 1e-12)
    #expect(Interval(value: 1, lower: -0.5, upper: 2).inDecibels.lower == nil)
  }
}
