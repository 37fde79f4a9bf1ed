internal import Studies
internal import SymbolDetection
internal import Tensors
internal import Testing

/// Bit error rates of 30 users and 60 antennas against values computed independently of this code.
///
/// BPSK over independent Gaussian channels.
@Suite struct MIMOReferenceRateTests {
  struct Point: Sendable, CustomTestStringConvertible {
    let method: String
    let snr: Double
    let rate: Double
    /// Half a unit of the last digit that the reference shows.
    let rounding: Double
    let vectors: Int
    var testDescription: String { "\(method) at \(snr) dB" }
  }

  @Test(
    "rates agree with the reference",
    arguments: [
      Point(method: "zf", snr: 8, rate: 4.0e-2, rounding: 5e-4, vectors: 4000),
      Point(method: "zf", snr: 10, rate: 1.5e-2, rounding: 5e-4, vectors: 8000),
      Point(method: "lmmse", snr: 8, rate: 2.8e-2, rounding: 5e-4, vectors: 4000),
      Point(method: "lmmse", snr: 10, rate: 9.2e-3, rounding: 5e-5, vectors: 8000),
      Point(method: "decision-feedback", snr: 8, rate: 2.8e-2, rounding: 5e-4, vectors: 4000),
      Point(method: "decision-feedback", snr: 10, rate: 7.6e-3, rounding: 5e-5, vectors: 8000),
      Point(method: "mimo-amp", snr: 8, rate: 1.23e-2, rounding: 5e-5, vectors: 2000),
      Point(method: "mimo-amp", snr: 10, rate: 1.95e-3, rounding: 5e-6, vectors: 4000),
      Point(method: "sdr", snr: 8, rate: 1.1e-2, rounding: 5e-4, vectors: 1000),
      Point(method: "sdr", snr: 10, rate: 2.2e-3, rounding: 5e-5, vectors: 3000),
      Point(method: "box-pgd", snr: 8, rate: 1.8e-2, rounding: 5e-4, vectors: 1000),
    ],
    [1] as [UInt64]
  )
  func rates(point: Point, seed: UInt64) throws {
    let world = MIMOScenario.description
    let method = try #require(MIMOMethods.all.first { $0.id == point.method })
    // The reference factors the channel's columns as they come.
    let given: [String: SettingValue] =
      point.method == "decision-feedback" ? ["order": .text("given")] : [:]
    let settings = try Settings(given, for: method.settings, owner: "test")
    let scenario = try Settings(["snr": .number(point.snr)], for: world.settings, owner: "test")
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
    #expect(abs(mean - point.rate) < 5 * standardError + point.rounding)
    #expect(mean * Double(point.vectors) * 30 > 100)
    #expect(5 * standardError < 0.6 * point.rate)
  }
}
