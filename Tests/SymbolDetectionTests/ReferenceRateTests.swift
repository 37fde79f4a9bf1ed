internal import Studies
internal import SymbolDetection
internal import Tensors
internal import Testing

/// Error rates of the classical detectors against values computed independently of this code:
/// memory 4, taps exp(-gamma k), averaged over gamma = 0.1, 0.2, ..., 2.0.
@Suite struct ReferenceRateTests {
  /// A rate with the standard error that its blocks show.
  struct Rate {
    var mean = 0.0
    var standardError = 0.0
  }

  struct Point: Sendable, CustomTestStringConvertible {
    let snr: Double
    let rate: Double
    /// Half a unit of the last digit that the reference shows.
    let rounding: Double
    let symbolsPerDecay: Int
    var testDescription: String { "\(snr) dB" }
  }

  private func rate(
    _ method: MethodDescription,
    _ scenario: [String: SettingValue],
    renaming: [String: String] = [:],
    symbolsPerDecay: Int,
    seed: UInt64
  ) throws -> Rate {
    let world = IntersymbolInterferenceScenario.description
    let methodSettings = scenario.filter { ["noise", "constellation"].contains($0.key) }
    let settings = try Settings(methodSettings, for: method.settings, owner: "test")
    let prepared = try method.prepare(settings, nil)
    let metric = SymbolDetectionTask.description.metrics[0]
    let blocks = 10
    var result = Rate()
    for decay in 1...20 {
      var point = scenario
      point["decay"] = .number(Double(decay) / 10)
      let drawn = try Settings(point, for: world.settings, owner: "test")
      var rates: [Double] = []
      for block in 0..<blocks {
        let stream = RandomStream(seed: seed).derived("decay", index: decay)
          .derived("block", index: block)
        var arrays = try world.draw(drawn, .test, symbolsPerDecay / blocks, stream)
        for (name, source) in renaming { arrays[name] = arrays[source] }
        let count = try metric.measure(prepared.infer(arrays, pool: .serial).arrays, arrays)
        rates.append(Double(count.errors) / Double(count.trials))
      }
      let mean = rates.reduce(0, +) / Double(blocks)
      let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(blocks - 1)
      result.mean += mean / 20
      result.standardError += variance / Double(blocks) / 400
    }
    result.standardError = result.standardError.squareRoot()
    return result
  }

  @Test(
    "Viterbi agrees with the Gaussian reference row",
    arguments: [
      Point(snr: -6, rate: 0.300, rounding: 5e-4, symbolsPerDecay: 5000),
      Point(snr: 0, rate: 0.160, rounding: 5e-4, symbolsPerDecay: 5000),
      Point(snr: 4, rate: 0.055, rounding: 5e-4, symbolsPerDecay: 10_000),
      Point(snr: 6, rate: 0.0203, rounding: 5e-5, symbolsPerDecay: 10_000),
      Point(snr: 8, rate: 4.3e-3, rounding: 5e-5, symbolsPerDecay: 20_000),
    ],
    [1] as [UInt64]
  )
  func gaussianRow(point: Point, seed: UInt64) throws {
    let measured = try rate(
      ClassicalMethods.viterbi,
      ["snr": .number(point.snr)],
      symbolsPerDecay: point.symbolsPerDecay,
      seed: seed
    )
    #expect(abs(measured.mean - point.rate) < 5 * measured.standardError + point.rounding)
    // The tolerance is not a free pass: it is below a fifth of the rate.
    #expect(5 * measured.standardError < 0.2 * point.rate)
  }

  @Test(
    "Viterbi agrees with the Poisson reference row",
    arguments: [
      Point(snr: 10, rate: 0.194, rounding: 5e-4, symbolsPerDecay: 5000),
      Point(snr: 18, rate: 0.067, rounding: 5e-4, symbolsPerDecay: 10_000),
      Point(snr: 26, rate: 7.7e-3, rounding: 5e-5, symbolsPerDecay: 20_000),
    ],
    [1] as [UInt64]
  )
  func poissonRow(point: Point, seed: UInt64) throws {
    let measured = try rate(
      ClassicalMethods.viterbi,
      ["snr": .number(point.snr), "noise": .text("poisson"), "constellation": .text("ook")],
      symbolsPerDecay: point.symbolsPerDecay,
      seed: seed
    )
    #expect(abs(measured.mean - point.rate) < 5 * measured.standardError + point.rounding)
    #expect(5 * measured.standardError < 0.2 * point.rate)
  }

  @Test(
    "wrong taps cost what the reference rows say, within 30 per cent",
    arguments: [
      Point(snr: 0, rate: 0.176, rounding: 0, symbolsPerDecay: 5000),
      Point(snr: 8, rate: 0.026, rounding: 0, symbolsPerDecay: 20_000),
    ],
    [1] as [UInt64]
  )
  func wrongTaps(point: Point, seed: UInt64) throws {
    let measured = try rate(
      ClassicalMethods.viterbi,
      ["snr": .number(point.snr), "knowledge_error": .number(0.1)],
      renaming: ["taps": "taps_noisy"],
      symbolsPerDecay: point.symbolsPerDecay,
      seed: seed
    )
    #expect(abs(measured.mean - point.rate) < 0.3 * point.rate)
  }

  @Test("wrong taps cost Poisson detection what the reference row says, within 30 per cent")
  func wrongTapsPoisson() throws {
    let measured = try rate(
      ClassicalMethods.viterbi,
      [
        "snr": .number(26), "noise": .text("poisson"), "constellation": .text("ook"),
        "knowledge_error": .number(0.08),
      ],
      renaming: ["taps": "taps_noisy"],
      symbolsPerDecay: 20_000,
      seed: 1
    )
    #expect(abs(measured.mean - 0.035) < 0.3 * 0.035)
  }

  @Test("the fixed-lag decision costs more errors: 5 to 15 per cent at 6 dB")
  func fixedLag() throws {
    let full = try rate(
      ClassicalMethods.viterbi,
      ["snr": .number(6)],
      symbolsPerDecay: 20_000,
      seed: 3
    )
    let settings = try Settings(
      ["decision": .text("fixed-lag")],
      for: ClassicalMethods.viterbi.settings,
      owner: "test"
    )
    var method = ClassicalMethods.viterbi
    method.prepare = { _, model in try ClassicalMethods.viterbi.prepare(settings, model) }
    let lagged = try rate(method, ["snr": .number(6)], symbolsPerDecay: 20_000, seed: 3)
    // The same draws, so that the ratio scatters little; 8000 errors give about 1 per cent.
    #expect((1.02...1.2).contains(lagged.mean / full.mean))
  }
}
