package import Studies
internal import Tensors

/// The synthetic world of symbol detection: known symbols through a channel with finite memory.
///
/// Arrays of a draw: `observations`, `targets` `[1, time]`; `taps` `[memory]`, the true ones;
/// `taps_noisy` `[1, frames, memory]`, with errors of variance `knowledge_error` drawn anew for each
/// frame; `taps_previous` `[memory]`, those of the block before; `noise_variance` `[]` or, for Poisson
/// counts, `gain` `[]`; `initial_state` `[]`, the symbol sent before the first observation.
///
/// Draws for training and validation with `knowledge_error` above 0 come from a channel whose taps
/// carry such errors, drawn for each frame: a receiver trained elsewhere than it is used. `taps` are
/// then still the true ones.
package enum IntersymbolInterferenceScenario {
  /// The description.
  package static let description = ScenarioDescription(
    id: "isi-channel",
    task: SymbolDetectionTask.id,
    summary: "Symbols through a channel with finite memory, Gaussian noise or Poisson counts.",
    settings: settings,
    item: "symbol",
    axisLabels: [
      "snr": .init(title: "SNR, 1/noise variance (Gaussian) or rho (Poisson)", unit: "dB"),
      "decay": .init(title: "decay rate of the taps", unit: "1/symbol"),
      "knowledge_error": .init(title: "variance of the relative error of known taps", unit: ""),
      "block": .init(title: "block", unit: ""),
      "memory": .init(title: "memory", unit: "symbols"),
    ],
    draw: { try draw($0, $1, $2, $3) }
  )

  static let settings: [SettingDescription] = [
    .init("memory", .integer(1...8), standard: .integer(4), "symbols an observation depends on"),
    .init(
      "constellation",
      .choice(Constellation.allCases.map(\.rawValue)),
      standard: .text("bpsk"),
      "the symbols; Poisson counts need ook"
    ),
    .init(
      "noise",
      .choice(["gaussian", "poisson"]),
      standard: .text("gaussian"),
      "the noise law"
    ),
    .init(
      "snr",
      .number(-100...200),
      standard: .number(10),
      "noise variance 10^(-snr/10), or rho = 10^(snr/10) for Poisson counts",
      unit: "dB"
    ),
    .init(
      "decay",
      .number(0...100),
      standard: .number(0.5),
      "taps exp(-decay k)",
      unit: "1/symbol"
    ),
    .init(
      "taps",
      .numbers(-1e6...1e6),
      standard: .list([]),
      "the taps themselves, instead of a decay; as many as the memory"
    ),
    .init(
      "fading",
      .choice(["none", "block"]),
      standard: .text("none"),
      "block: taps times 0.8 + 0.2 cos(2 pi block / period)"
    ),
    .init(
      "block",
      .integer(0...1_000_000_000),
      standard: .integer(0),
      "number of the fading block"
    ),
    .init(
      "knowledge_error",
      .number(0...10),
      standard: .number(0),
      "variance of the relative error of taps_noisy, and of the channel of training draws"
    ),
    .init(
      "frame",
      .integer(1...1_000_000_000),
      standard: .integer(500),
      "how long one error of the taps stays",
      unit: "symbols"
    ),
  ]

  private static func draw(
    _ settings: Settings,
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    guard count >= 1 else { throw StudyError.invalid("isi-channel: cannot draw \(count) symbols") }
    let world = try World(settings)
    do {
      return try world.draw(purpose, count, stream)
    } catch let error as SymbolDetectionError {
      throw StudyError.invalid("isi-channel: \(error)")
    }
  }
}

/// The settings of a draw in the words of the channel.
private struct World {
  let constellation: Constellation
  let noise: ChannelNoise
  let taps: [Double]
  let previousTaps: [Double]
  let knowledgeError: Double
  let frame: Int

  init(_ settings: Settings) throws(StudyError) {
    constellation = SymbolDetectionArrays.constellation(settings)
    let memory = settings.integer("memory")
    var taps = settings.numbers("taps")
    if taps.isEmpty {
      taps = ChannelTaps.exponential(decay: settings.number("decay"), memory: memory)
    }
    guard taps.count == memory else {
      throw .badValue(
        key: "taps",
        value: "\(taps.count) numbers",
        expected: "as many as memory, \(memory)",
        owner: "scenario isi-channel"
      )
    }
    let snr = settings.number("snr")
    noise =
      settings.text("noise") == "poisson"
      ? .poisson(snrDecibels: snr) : .gaussian(snrDecibels: snr)
    if settings.text("fading") == "block" {
      let block = settings.integer("block")
      self.taps = ChannelTaps.faded(taps, block: block)
      previousTaps = ChannelTaps.faded(taps, block: block - 1)
    } else {
      self.taps = taps
      previousTaps = taps
    }
    knowledgeError = settings.number("knowledge_error")
    frame = settings.integer("frame")
  }

  func draw(
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    let layout = FrameLayout(duration: count, nearLength: frame)
    var symbolStream = stream.derived("symbols")
    var noiseStream = stream.derived("noise")
    let values = constellation.symbols
    let symbols = symbolStream.integers(count, below: values.count).map { values[$0] }
    let frames =
      purpose == .test || knowledgeError == 0
      ? [taps] : perturbed(layout, stream.derived("training channel"))
    let channel = try InterSymbolInterferenceChannel(
      constellation: constellation,
      frames: frames,
      noise: noise
    )
    var bundle = ArrayBundle(source: "scenario isi-channel")
    bundle["observations"] = .float(
      channel.observations(of: symbols, before: constellation.idleSymbol, from: &noiseStream)
    )
    bundle["targets"] = .float(Tensor(symbols.map { Float($0) }, shape: [1, count]))
    bundle["taps"] = .float(Tensor(taps.map { Float($0) }))
    bundle["taps_previous"] = .float(Tensor(previousTaps.map { Float($0) }))
    let noisy = perturbed(layout, stream.derived("knowledge")).flatMap { $0.map { Float($0) } }
    bundle["taps_noisy"] = .float(Tensor(noisy, shape: [1, layout.frames, taps.count]))
    bundle["initial_state"] = .float(Tensor(Float(constellation.idleSymbol)))
    switch noise {
    case .gaussian(let variance): bundle["noise_variance"] = .double(Tensor(variance))
    case .poisson(let gain): bundle["gain"] = .double(Tensor(gain))
    }
    return bundle
  }

  private func perturbed(_ layout: FrameLayout, _ stream: RandomStream) -> [[Double]] {
    var stream = stream
    return ChannelTaps.perturbed(
      taps,
      variance: knowledgeError,
      frames: layout.frames,
      from: &stream
    )
  }
}
