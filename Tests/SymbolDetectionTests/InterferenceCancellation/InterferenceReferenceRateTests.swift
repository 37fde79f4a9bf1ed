import Studies
import SymbolDetection
import Tensors
import Testing

/// Bit error rates over the exponential channel against values computed independently of this code.
@Suite struct InterferenceReferenceRateTests {
  struct Point: Sendable, CustomTestStringConvertible {
    let method: String
    let users: Int
    let snr: Double
    let rate: Double
    /// Half a unit of the last digit that the reference shows.
    let rounding: Double
    let vectors: Int
    let isPoisson: Bool

    init(
      _ method: String,
      users: Int,
      snr: Double,
      _ rate: Double,
      within rounding: Double,
      vectors: Int,
      isPoisson: Bool = false
    ) {
      self.method = method
      self.users = users
      self.snr = snr
      self.rate = rate
      self.rounding = rounding
      self.vectors = vectors
      self.isPoisson = isPoisson
    }

    var testDescription: String {
      "\(method), \(users) users, \(isPoisson ? "Poisson" : "Gaussian"), \(snr) dB"
    }
  }

  @Test(
    "rates with perfect knowledge agree with the reference",
    arguments: [
      Point("map", users: 6, snr: 4, 0.084, within: 5e-4, vectors: 10_000),
      Point("map", users: 6, snr: 8, 1.01e-2, within: 5e-5, vectors: 16_000),
      Point("map", users: 4, snr: 0, 0.187, within: 5e-4, vectors: 10_000),
      Point("map", users: 4, snr: 8, 1.0e-2, within: 5e-4, vectors: 20_000),
      Point("iterative-sic", users: 6, snr: 0, 0.183, within: 5e-4, vectors: 20_000),
      Point("iterative-sic", users: 6, snr: 4, 0.083, within: 5e-4, vectors: 20_000),
      Point("iterative-sic", users: 6, snr: 8, 1.12e-2, within: 5e-5, vectors: 40_000),
      Point("iterative-sic", users: 6, snr: 10, 1.8e-3, within: 5e-5, vectors: 60_000),
      Point("iterative-sic", users: 4, snr: 0, 0.181, within: 5e-4, vectors: 20_000),
      Point("iterative-sic", users: 4, snr: 8, 1.1e-2, within: 5e-4, vectors: 40_000),
      Point("iterative-sic", users: 4, snr: 10, 1.8e-3, within: 5e-5, vectors: 100_000),
      Point("lmmse", users: 6, snr: 0, 0.185, within: 5e-4, vectors: 10_000),
      Point("lmmse", users: 6, snr: 8, 2.6e-2, within: 5e-4, vectors: 16_000),
      Point("lmmse", users: 6, snr: 10, 8.4e-3, within: 5e-5, vectors: 24_000),
      Point("map", users: 4, snr: 10, 0.219, within: 5e-4, vectors: 40_000, isPoisson: true),
      Point("map", users: 4, snr: 18, 0.095, within: 5e-4, vectors: 40_000, isPoisson: true),
      Point("map", users: 4, snr: 26, 1.4e-2, within: 5e-4, vectors: 60_000, isPoisson: true),
      Point("map", users: 4, snr: 30, 2.5e-3, within: 5e-5, vectors: 120_000, isPoisson: true),
    ],
    [1] as [UInt64]
  )
  func rates(point: Point, seed: UInt64) throws {
    let world = InterferenceScenario.description
    let method = try #require(
      (MIMOMethods.all + [.iterativeSIC]).first { $0.id == point.method }
    )
    var given: [String: SettingValue] = [:]
    if point.isPoisson {
      given = ["noise": .text("poisson"), "constellation": .text("ook")]
    }
    let settings = try Settings(given, for: method.settings, owner: "test")
    given["snr"] = .number(point.snr)
    given["users"] = .integer(point.users)
    given["receive"] = .integer(point.users)
    let scenario = try Settings(given, for: world.settings, owner: "test")
    let prepared = try method.prepare(settings, nil)
    let metric = MIMODetectionTask.description.metrics[0]
    let blocks = 20
    var rates: [Double] = []
    for block in 0..<blocks {
      let stream = RandomStream(seed: seed).derived("block", index: block)
      let arrays = try world.draw(scenario, .test, point.vectors / blocks, stream)
      let count = try metric.measure(prepared.infer(arrays, pool: .serial).arrays, arrays)
      rates.append(Double(count.errors) / Double(count.trials))
    }
    let mean = rates.reduce(0, +) / Double(blocks)
    let variance = rates.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(blocks - 1)
    let standardError = (variance / Double(blocks)).squareRoot()
    #expect(
      abs(mean - point.rate) < 5 * standardError + point.rounding,
      "\(mean) with standard error \(standardError)"
    )
    #expect(mean * Double(point.vectors * point.users) > 100)
    #expect(5 * standardError < 0.3 * point.rate)
  }
}
