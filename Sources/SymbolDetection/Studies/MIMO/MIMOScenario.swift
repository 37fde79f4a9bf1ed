package import Studies
internal import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The synthetic world of multiple-antenna detection.
///
/// Arrays of a draw: `observations` `[batch, receive]`, `targets` `[batch, users]`, `channel`
/// `[batch, receive, users]` (i.i.d.) or `[receive, users]` (one for all), `noise_variance` `[batch]` or
/// `[]`, and `noise_variance_wrong`, `noise_error` times it. Draws for tests and searches have SNR `snr`; those for
/// training and validation an SNR a vector, uniform in linear scale between `snr_low` and `snr_high`.
package enum MIMOScenario {
  /// The description.
  package static let description = ScenarioDescription(
    id: "mimo-channel",
    task: MIMODetectionTask.id,
    summary: "Symbols of several users over a multiple-antenna channel with Gaussian noise.",
    settings: settings,
    item: "vector",
    axisLabels: [
      "snr": .init(title: "SNR, tr(H'H)/(K sigma^2)", unit: "dB"),
      "users": .init(title: "users", unit: ""),
      "receive": .init(title: "receive antennas", unit: ""),
      "noise_error": .init(title: "told noise variance over the true one", unit: ""),
      "coefficient": .init(title: "correlation coefficient", unit: ""),
    ],
    draw: { try draw($0, $1, $2, $3) }
  )

  private static let settings: [SettingDescription] = [
    .init("users", .integer(1...1024), standard: .integer(30), "users K, each with one antenna"),
    .init("receive", .integer(1...1024), standard: .integer(60), "receive antennas N"),
    MIMOArrays.constellation,
    .init(
      "complex",
      .flag,
      standard: .flag(false),
      "whether the channel is complex; with qpsk and 16-qam it always is"
    ),
    .init(
      "channel",
      .choice(["iid", "toeplitz", "given"]),
      standard: .text("iid"),
      "iid: normal entries, anew for each vector; toeplitz: one with Toeplitz H'H; given: matrix"
    ),
    .init(
      "coefficient",
      .number(0...0.999),
      standard: .number(0.55),
      "H'H of the toeplitz channel is coefficient^|i - j|"
    ),
    .init(
      "matrix",
      .numbers(-1e6...1e6),
      standard: .list([]),
      "the given channel, row after row; complex entries as real part, imaginary part"
    ),
    .init(
      "snr",
      .number(-100...200),
      standard: .number(10),
      "of tests: the noise variance is tr(H'H) / (K 10^(snr/10)), of each channel",
      unit: "dB"
    ),
    .init(
      "snr_low",
      .number(-100...200),
      standard: .number(7),
      "least SNR of training draws, which are uniform in linear scale",
      unit: "dB"
    ),
    .init(
      "snr_high",
      .number(-100...200),
      standard: .number(14),
      "largest SNR of training draws",
      unit: "dB"
    ),
    .init(
      "noise_error",
      .number(1e-6...1e6),
      standard: .number(1),
      "factor of noise_variance in noise_variance_wrong"
    ),
  ]

  private static func draw(
    _ settings: Settings,
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws -> ArrayBundle {
    guard count >= 1 else { throw StudyError.invalid("mimo-channel: cannot draw \(count) vectors") }
    let constellation = MIMOArrays.constellation(settings)
    let isComplex = constellation.isComplex || settings.flag("complex")
    let channel = try self.channel(settings, isComplex, count, stream.derived("channel"))
    let sent = MIMOChannel.transmit(
      over: isComplex
        ? RealEquivalent.matrices(channel, symbolsAreReal: !constellation.isComplex) : channel,
      levels: constellation.levels.map { Float($0) },
      snr: try signalToNoise(settings, purpose, count, stream.derived("snr")),
      noiseShare: isComplex ? 0.5 : 1,
      batch: count,
      from: stream
    )
    var bundle = ArrayBundle(source: "scenario mimo-channel")
    bundle["channel"] = isComplex ? .complex(channel) : .float(channel)
    bundle["observations"] =
      isComplex
      ? .complex(RealEquivalent.complexVectors(sent.observations)) : .float(sent.observations)
    bundle["targets"] = MIMOArrays.symbols(
      MIMOArrays.shifted(sent.symbols, by: -constellation.mean),
      constellation
    )
    let power = sent.noiseVariances.map { isComplex ? 2 * $0 : $0 }
    let wrong = power.map { $0 * Float(settings.number("noise_error")) }
    let shape = power.count == 1 && channel.rank == (isComplex ? 3 : 2) ? [] : [count]
    bundle["noise_variance"] = .float(Tensor(power, shape: shape))
    bundle["noise_variance_wrong"] = .float(Tensor(wrong, shape: shape))
    return bundle
  }

  /// One SNR for all or one a vector, linear.
  private static func signalToNoise(
    _ settings: Settings,
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    _ stream: RandomStream
  ) throws(StudyError) -> [Double] {
    func linear(_ key: String) -> Double { pow(10, settings.number(key) / 10) }
    guard purpose == .training || purpose == .validation else { return [linear("snr")] }
    let (low, high) = (linear("snr_low"), linear("snr_high"))
    guard low <= high else {
      throw .badValue(
        key: "snr_high",
        value: "\(settings.number("snr_high"))",
        expected: "at least snr_low",
        owner: "scenario mimo-channel"
      )
    }
    guard low < high else { return [low] }
    var stream = stream
    let drawn: Tensor<Double> = stream.uniform([count], low: low, high: high)
    return drawn.scalars
  }

  /// `H`, complex ones with a last axis of real and imaginary part.
  private static func channel(
    _ settings: Settings,
    _ isComplex: Bool,
    _ count: Int,
    _ stream: RandomStream
  ) throws(StudyError) -> Tensor<Float> {
    let (users, receive) = (settings.integer("users"), settings.integer("receive"))
    let parts = isComplex ? [2] : []
    switch settings.text("channel") {
    case "iid":
      var stream = stream
      return stream.normal([count, receive, users] + parts)
    case "toeplitz":
      guard receive >= users else {
        throw .badValue(
          key: "receive",
          value: "\(receive)",
          expected: "at least as many as users for channel toeplitz",
          owner: "scenario mimo-channel"
        )
      }
      let real = MIMOChannel.toeplitz(
        receive: receive,
        users: users,
        coefficient: settings.number("coefficient")
      ).scalars.map { Float($0) }
      let scalars = isComplex ? real.flatMap { [$0, 0] } : real
      return Tensor(scalars, shape: [receive, users] + parts)
    default:
      let matrix = settings.numbers("matrix")
      let expected = receive * users * (isComplex ? 2 : 1)
      guard matrix.count == expected else {
        throw .badValue(
          key: "matrix",
          value: "\(matrix.count) numbers",
          expected: "\(expected): receive \(receive) times users \(users)"
            + (isComplex ? ", real and imaginary parts" : ""),
          owner: "scenario mimo-channel"
        )
      }
      return Tensor(matrix.map { Float($0) }, shape: [receive, users] + parts)
    }
  }
}
