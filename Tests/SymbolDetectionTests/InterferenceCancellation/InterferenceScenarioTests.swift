import Foundation
import NeuralNetworks
import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct InterferenceScenarioTests {
  private let scenario = InterferenceScenario.description

  private func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose = .test,
    _ count: Int = 2000,
    seed: UInt64 = 1
  ) throws -> ArrayBundle {
    try scenario.draw(
      Settings(given, for: scenario.settings, owner: "test"),
      purpose,
      count,
      RandomStream(seed: seed)
    )
  }

  private func rows(_ array: NumericArray?) throws -> Tensor<Double> {
    let array = try #require(array)
    return try #require(array.real(Double.self))
  }

  @Test("entries decay exponentially; fading scales columns; the block before is known")
  func channels() throws {
    let h = try rows(drawn(["users": .integer(3), "receive": .integer(5)])["channel"])
    #expect(h.shape == [5, 3])
    for i in 0..<5 {
      for j in 0..<3 { #expect(abs(h[i, j] - exp(-Double(abs(i - j)))) < 1e-7) }
    }
    let faded = try drawn(["fading": .text("block"), "block": .integer(7)])
    let now = try rows(faded["channel"])
    let before = try rows(faded["channel_previous"])
    for (j, period) in [51.0, 39, 33, 21].enumerated() {
      for i in 0..<4 {
        let plain = exp(-Double(abs(i - j)))
        #expect(abs(now[i, j] - plain * (0.8 + 0.2 * cos(2 * .pi * 7 / period))) < 1e-6)
        #expect(abs(before[i, j] - plain * (0.8 + 0.2 * cos(2 * .pi * 6 / period))) < 1e-6)
      }
    }
    let given = try drawn([
      "users": .integer(2), "receive": .integer(1), "matrix": .list([.number(2), .number(-3)]),
    ])
    #expect(try rows(given["channel"]).scalars == [2, -3])
    #expect(throws: StudyError.self) { try drawn(["matrix": .list([.number(2)])]) }
  }

  @Test("noise has the variance that the SNR says", arguments: [0.0, 10])
  func gaussian(snr: Double) throws {
    let count = 20_000
    let arrays = try drawn(["snr": .number(snr)], .test, count)
    let (x, s) = (try rows(arrays["observations"]), try rows(arrays["targets"]))
    let h = try rows(arrays["channel"])
    var sum = 0.0
    for b in 0..<count {
      for i in 0..<4 {
        let mean = (0..<4).reduce(0.0) { $0 + h[i, $1] * s[b, $1] }
        sum += (x[b, i] - mean) * (x[b, i] - mean)
      }
    }
    let expected = pow(10, -snr / 10)
    // The variance of 80,000 squares of normal numbers: relative error sqrt(2 / 80,000).
    #expect(abs(sum / Double(4 * count) / expected - 1) < 5 * (2.0 / 80_000).squareRoot())
    #expect(try rows(arrays["noise_variance"]).scalars == [expected])
    #expect(arrays["observations_linear"] == arrays["observations"])
  }

  @Test("counts have mean and variance gain (H s) + 1; their linear view is about H s")
  func poisson() throws {
    let count = 40_000
    let arrays = try drawn(
      [
        "snr": .number(20), "noise": .text("poisson"), "constellation": .text("ook"),
        "users": .integer(2), "receive": .integer(2),
      ],
      .test,
      count
    )
    let (x, s) = (try rows(arrays["observations"]), try rows(arrays["targets"]))
    let linear = try rows(arrays["observations_linear"])
    #expect(try rows(arrays["gain"]).scalars == [10])
    let both = (0..<count).filter { s[$0, 0] == 1 && s[$0, 1] == 1 }
    let rate: Double = 10 * (1 + exp(-1.0)) + 1
    let mean = both.reduce(0.0) { $0 + x[$1, 0] } / Double(both.count)
    let spread = both.reduce(0.0) { $0 + (x[$1, 0] - mean) * (x[$1, 0] - mean) }
    #expect(abs(mean - rate) < 5 * (rate / Double(both.count)).squareRoot())
    let variance = spread / Double(both.count)
    // The variance of a sample variance of n Poisson counts: (2 rate^2 + rate) / n.
    #expect(
      abs(variance - rate) < 5 * ((2 * rate * rate + rate) / Double(both.count)).squareRoot()
    )
    #expect(abs(linear[0, 0] - (x[0, 0] - 1) / 10) < 1e-6)
    // Mean rate of an antenna: half of 10 (1 + 1/e), and 1.
    let expected: Double = (5 * (1 + exp(-1.0)) + 1) / 100
    #expect(try abs(rows(arrays["noise_variance_linear"]).scalars[0] - expected) < 1e-12)
    #expect(throws: StudyError.self) { try drawn(["noise": .text("poisson")]) }
  }

  @Test("a quantiser gives the middles of its cells, a saturated amplifier at most its limit")
  func nonlinear() throws {
    let cells = try rows(drawn(["noise": .text("quantised")])["observations"]).scalars
    #expect(Set(cells).isSubset(of: Set((0..<8).map { Double($0) - 3.5 })))
    #expect(Set(cells).count >= 6)
    let loud = try rows(
      drawn([
        "noise": .text("saturated"), "saturation": .number(0.5), "snr": .number(80),
      ])["observations"]
    ).scalars
    #expect(loud.allSatisfy { abs($0) < 0.5 + 1e-3 } && loud.contains { abs($0) > 0.4 })
  }

  @Test("knowledge is wrong frame by frame, training vectors carry errors of their own, tests none")
  func knowledge() throws {
    let given: [String: SettingValue] = ["knowledge_error": .number(0.1), "snr": .number(100)]
    let test = try drawn(given)
    let noisy = try rows(test["channel_noisy"])
    #expect(noisy.shape == [2000, 4, 4])
    func frame(_ index: Int) -> [Double] {
      let start = index * 16
      return Array(noisy.scalars[start..<(start + 16)])
    }
    #expect(frame(0) == frame(499) && frame(500) == frame(999) && frame(0) != frame(500))
    let h = try rows(test["channel"]).scalars
    let errors = (0..<4).flatMap { zip(frame(500 * $0), h).map { $0 / $1 - 1 } }
    let variance = errors.reduce(0) { $0 + $1 * $1 } / Double(errors.count)
    // 64 squares of normal numbers.
    #expect(abs(variance / 0.1 - 1) < 5 * (2.0 / 64).squareRoot())
    /// The largest distance of an observation from `H s` without noise.
    func distance(_ arrays: ArrayBundle) throws -> Double {
      let (x, s) = (try rows(arrays["observations"]), try rows(arrays["targets"]))
      return (0..<2000).map { b in
        abs(x[b, 0] - (0..<4).reduce(0.0) { $0 + h[$1] * s[b, $1] })
      }.max() ?? 0
    }
    #expect(try distance(test) < 1e-3)
    #expect(try distance(drawn(given, .training)) > 0.1)
    #expect(try rows(drawn(given, .training)["channel"]).scalars == h)
  }

  @Test("bits of on-off keying are counted, NaN as wrong")
  func bits() throws {
    var (truth, outputs) = (ArrayBundle(source: "t"), ArrayBundle(source: "o"))
    truth["targets"] = .float(Tensor([0, 1, 1, 0, 0, 1], shape: [3, 2]))
    outputs["estimates"] = .float(Tensor([0, 1, 0, 1, .nan, 1], shape: [3, 2]))
    let count = try MIMODetectionTask.description.metrics[0].measure(outputs, truth)
    #expect(count.errors == 3 && count.trials == 6)
    truth["targets"] = .float(Tensor([0, 0], shape: [1, 2]))
    outputs["estimates"] = .float(Tensor([0, 1], shape: [1, 2]))
    #expect(try MIMODetectionTask.description.metrics[0].measure(outputs, truth).errors == 1)
  }
}
