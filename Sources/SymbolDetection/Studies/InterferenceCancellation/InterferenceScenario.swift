package import Studies
internal import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The synthetic world of interfering users over a fixed channel, linear or not.
///
/// Arrays of a draw: `observations` `[batch, receive]`; `targets` `[batch, users]`; `channel`
/// `[receive, users]`, the true one; `channel_noisy` `[batch, receive, users]`, with errors of variance
/// `knowledge_error` drawn anew for each frame; `channel_previous` `[receive, users]`, that of the block
/// before; `noise_variance` `[]` (of Poisson counts 1, which no law reads) and `gain` `[]` (of Poisson
/// counts).
///
/// `observations_linear` and `noise_variance_linear` are for detectors that know linear channels with
/// Gaussian noise only: of Poisson counts `(x - 1) / gain` and the mean rate over `gain^2`; of a
/// quantiser `x` with a twelfth of the squared cell added to the noise; else as they are.
///
/// Draws for training and validation with `knowledge_error` above 0 come from a channel with such errors,
/// drawn for each frame: a receiver trained elsewhere than it is used. `channel` is then still the true
/// one.
package enum InterferenceScenario {
  /// The description.
  package static let description = ScenarioDescription(
    id: "interference-channel",
    task: MIMODetectionTask.id,
    summary:
      "Users that interfere over a fixed channel: Gaussian, Poisson, quantised or saturated.",
    settings: settings,
    item: "vector",
    axisLabels: [
      "snr": .init(title: "SNR, 1/noise variance (Gaussian) or rho (Poisson)", unit: "dB"),
      "users": .init(title: "users", unit: ""),
      "receive": .init(title: "receive antennas", unit: ""),
      "decay": .init(title: "decay of the channel between antennas", unit: ""),
      "knowledge_error": .init(
        title: "variance of the relative error of the known channel",
        unit: ""
      ),
      "block": .init(title: "block", unit: ""),
      "bits": .init(title: "bits of the quantiser", unit: ""),
      "saturation": .init(title: "saturation amplitude", unit: ""),
    ],
    draw: { try World($0).draw($1, $2, $3) }
  )

  private static let settings: [SettingDescription] =
    [
      .init("users", .integer(1...64), standard: .integer(4), "users K, each with one antenna"),
      .init("receive", .integer(1...64), standard: .integer(4), "receive antennas N"),
      .init(
        "constellation",
        .choice(VectorConstellation.allCases.filter { !$0.isComplex }.map(\.rawValue)),
        standard: .text("bpsk"),
        "the symbols, real; Poisson counts need ook"
      ),
      LawArrays.noise(LawArrays.laws),
      .init(
        "snr",
        .number(-100...200),
        standard: .number(10),
        "noise variance 10^(-snr/10), or rho = 10^(snr/10), gain sqrt(rho) for Poisson counts",
        unit: "dB"
      ),
      .init(
        "decay",
        .number(0...100),
        standard: .number(1),
        "entry (i, j) of the channel is exp(-decay |i - j|)"
      ),
      .init(
        "matrix",
        .numbers(-1e6...1e6),
        standard: .list([]),
        "the channel itself, row after row, instead of a decay"
      ),
      .init(
        "fading",
        .choice(["none", "block"]),
        standard: .text("none"),
        "block: column j times 0.8 + 0.2 cos(2 pi block / period_j)"
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
        "variance of the relative error of channel_noisy, and of the channel of training draws"
      ),
      .init(
        "frame",
        .integer(1...1_000_000_000),
        standard: .integer(500),
        "how long one error of the channel stays",
        unit: "vectors"
      ),
    ] + LawArrays.parameters
}

/// The settings of a draw in the words of the channel.
private struct World {
  let constellation: VectorConstellation
  let law: ObservationLaw
  let noiseVariance: Double
  let channel: Tensor<Double>
  let previous: Tensor<Double>
  let knowledgeError: Double
  let frame: Int

  init(_ settings: Settings) throws(StudyError) {
    let owner = "scenario interference-channel"
    constellation = MIMOArrays.constellation(settings)
    try LawArrays.check(settings.text("noise"), constellation, owner: owner)
    let snr = settings.number("snr")
    law = LawArrays.law(settings, gain: pow(10, snr / 20))
    noiseVariance = law.hasNoiseVariance ? pow(10, -snr / 10) : 1
    let (users, receive) = (settings.integer("users"), settings.integer("receive"))
    let matrix = settings.numbers("matrix")
    guard matrix.isEmpty || matrix.count == receive * users else {
      throw .badValue(
        key: "matrix",
        value: "\(matrix.count) numbers",
        expected: "\(receive * users): receive \(receive) times users \(users)",
        owner: owner
      )
    }
    let channel =
      matrix.isEmpty
      ? InterferenceChannel.exponential(
        receive: receive,
        users: users,
        decay: settings.number("decay")
      ) : Tensor(matrix, shape: [receive, users])
    let block = settings.integer("block")
    let fades = settings.text("fading") == "block"
    self.channel = fades ? InterferenceChannel.faded(channel, block: block) : channel
    previous = fades ? InterferenceChannel.faded(channel, block: block - 1) : channel
    knowledgeError = settings.number("knowledge_error")
    frame = settings.integer("frame")
  }

  func draw(
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws(StudyError) -> ArrayBundle {
    guard count >= 1 else {
      throw .invalid("interference-channel: cannot draw \(count) vectors")
    }
    var symbolStream = stream.derived("symbols")
    var noiseStream = stream.derived("noise")
    let values = constellation.levels.map { Float($0) }
    let users = channel.shape[1]
    let places = symbolStream.integers(count * users, below: values.count)
    let symbols = Tensor<Float>(shape: [count, users]) { to in
      for i in 0..<to.count { to[i] = values[places[i]] }
    }
    let isWrong = purpose != .test && knowledgeError > 0
    let used =
      isWrong
      ? perturbed(count, stream.derived("training channel")) : channel.converted(to: Float.self)
    let observations = law.observations(
      of: InterferenceChannel.sums(symbols, over: used),
      noiseVariance: noiseVariance,
      from: &noiseStream
    )
    var bundle = ArrayBundle(source: "scenario interference-channel")
    bundle["observations"] = .float(observations)
    bundle["targets"] = .float(symbols)
    bundle["channel"] = .float(channel.converted(to: Float.self))
    bundle["channel_previous"] = .float(previous.converted(to: Float.self))
    bundle["channel_noisy"] = .float(perturbed(count, stream.derived("knowledge")))
    bundle["noise_variance"] = .double(Tensor(noiseVariance))
    addLinearView(of: observations, to: &bundle)
    return bundle
  }

  private func perturbed(_ count: Int, _ stream: RandomStream) -> Tensor<Float> {
    var stream = stream
    return InterferenceChannel.perturbed(
      channel,
      variance: knowledgeError,
      layout: FrameLayout(duration: count, nearLength: frame),
      batch: count,
      from: &stream
    )
  }

  /// What the nearest linear channel with Gaussian noise would have given.
  private func addLinearView(of observations: Tensor<Float>, to bundle: inout ArrayBundle) {
    var variance = noiseVariance + law.cellWidth * law.cellWidth / 12
    var linear = observations
    if case .poisson(let gain) = law {
      bundle["gain"] = .double(Tensor(gain))
      let meanSum =
        channel.scalars.reduce(0, +) * constellation.mean / Double(channel.shape[0])
      variance = (gain * meanSum + 1) / (gain * gain)
      linear = observations.withScalars { x in
        Tensor(shape: observations.shape) { to in
          for i in 0..<x.count { to[i] = (x[i] - 1) / Float(gain) }
        }
      }
    }
    bundle["observations_linear"] = .float(linear)
    bundle["noise_variance_linear"] = .double(Tensor(variance))
  }
}
