internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct ChannelTests {
  @Test("adds up the last symbols, the first tap on the newest")
  func noiseless() throws {
    let channel = try InterSymbolInterferenceChannel(
      constellation: .bpsk,
      taps: [1, 0.5, 0.25],
      noise: .gaussian(variance: 1)
    )
    #expect(channel.noiseless([1, -1, -1], before: 1) == [1.75, -0.25, -1.25])
  }

  @Test("changes taps from frame to frame, symbols reaching across")
  func frames() throws {
    let channel = try InterSymbolInterferenceChannel(
      constellation: .bpsk,
      frames: [[1, 0], [0, 2]],
      noise: .gaussian(variance: 1)
    )
    #expect(channel.noiseless([1, -1, 1, 1], before: 1) == [1, -1, -2, 2])
  }

  @Test("Gaussian noise has the variance of the SNR", arguments: [-3.0, 10], [1, 2] as [UInt64])
  func gaussianNoise(snr: Double, seed: UInt64) throws {
    let count = 200_000
    let channel = try InterSymbolInterferenceChannel(
      constellation: .bpsk,
      taps: [3],
      noise: .gaussian(snrDecibels: snr)
    )
    var stream = RandomStream(seed: seed)
    let symbols = [Double](repeating: 1, count: count)
    let observations = channel.observations(of: symbols, before: 1, from: &stream).scalars
    let mean = observations.reduce(0) { $0 + Double($1) } / Double(count)
    let power = observations.reduce(0) { $0 + (Double($1) - 3) * (Double($1) - 3) } / Double(count)
    let variance = Double.powerOfTen(-snr / 10)
    // Five standard errors: sigma / sqrt(n) of the mean, sigma^2 sqrt(2 / n) of the power.
    let root = Double(count).squareRoot()
    #expect(abs(mean - 3) < 5 * variance.squareRoot() / root)
    #expect(abs(power - variance) < 5 * variance * 2.0.squareRoot() / root)
  }

  @Test("Poisson counts have the rate sqrt(rho) h . s + 1", arguments: [1, 2] as [UInt64])
  func poissonCounts(seed: UInt64) throws {
    let count = 100_000
    let channel = try InterSymbolInterferenceChannel(
      constellation: .ook,
      taps: [0.7],
      noise: .poisson(snrDecibels: 20)
    )
    var stream = RandomStream(seed: seed)
    let symbols = [Double](repeating: 1, count: count)
    let counts = channel.observations(of: symbols, before: 0, from: &stream).scalars
    let mean = counts.reduce(0) { $0 + Double($1) } / Double(count)
    let variance = counts.reduce(0) { $0 + (Double($1) - 8) * (Double($1) - 8) } / Double(count)
    // Rate 10 * 0.7 + 1 = 8; five standard errors of mean and variance (kurtosis 3 + 1/8).
    #expect(abs(mean - 8) < 5 * (8.0 / Double(count)).squareRoot())
    #expect(abs(variance - 8) < 5 * 8 * (2.125 / Double(count)).squareRoot())
  }

  @Test("taps decay exponentially and fade with their periods")
  func taps() {
    let taps = ChannelTaps.exponential(decay: 0.5, memory: 4)
    #expect(taps.count == 4 && taps[0] == 1 && abs(taps[3] - Double.exponential(-1.5)) < 1e-15)
    #expect(ChannelTaps.faded(taps, block: 0) == taps)
    let faded = ChannelTaps.faded(taps, block: 13)
    // Block 13 is a third of the second period: 0.8 + 0.2 cos(2 pi / 3) = 0.7.
    #expect(abs(faded[1] - 0.7 * taps[1]) < 1e-12)
    #expect(abs(ChannelTaps.faded(taps, block: 51)[0] - 1) < 1e-12)
  }

  @Test("wrong taps scatter with the variance asked for", arguments: [1, 2] as [UInt64])
  func perturbed(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let frames = ChannelTaps.perturbed([2, -1], variance: 0.1, frames: 20_000, from: &stream)
    for (k, tap) in [2.0, -1].enumerated() {
      let squares = frames.reduce(0) { $0 + ($1[k] / tap - 1) * ($1[k] / tap - 1) } / 20_000
      #expect(abs(squares - 0.1) < 5 * 0.1 * (2.0 / 20_000).squareRoot())
    }
  }

  @Test("refuses what it cannot carry")
  func errors() {
    #expect(
      throws: SymbolDetectionError.incompatible(
        constellation: "bpsk",
        noise: "poisson",
        expected: "ook"
      )
    ) {
      try InterSymbolInterferenceChannel(
        constellation: .bpsk,
        taps: [1],
        noise: .poisson(gain: 1)
      )
    }
    #expect(
      throws: SymbolDetectionError.badNumber(
        name: "a tap",
        value: "nan",
        expected: "a finite number"
      )
    ) {
      try InterSymbolInterferenceChannel(
        constellation: .bpsk,
        taps: [1, .nan],
        noise: .gaussian(variance: 1)
      )
    }
    #expect(throws: SymbolDetectionError.badMemory(0)) {
      try InterSymbolInterferenceChannel(
        constellation: .bpsk,
        taps: [],
        noise: .gaussian(variance: 1)
      )
    }
  }
}
