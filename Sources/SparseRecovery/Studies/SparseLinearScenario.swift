// The dictionary is drawn from its own seed, not from the draw's stream, so that training, validation,
// test and all points of an axis share it.

internal import Autodiff
package import Studies
package import Tensors

/// The synthetic world of sparse recovery: sparse signals through a Gaussian dictionary.
///
/// Arrays of a draw: `observations` `[count, m]`, `targets` `[count, n]`, `operator` `[m, n]`, the true one;
/// `operator_noisy`, as somebody believes it to be whose columns are wrong by `operator_error`;
/// `noise_variance` `[]`.
package enum SparseLinearScenario {
  package static let id = "sparse-linear"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: SparseRecoveryTask.id,
    summary: "Sparse signals through a Gaussian dictionary with unit columns, with noise.",
    settings: settings,
    item: "signal",
    axisLabels: [
      "snr": .init(title: "SNR, mean power of A s over noise variance", unit: "dB"),
      "noise_deviation": .init(title: "standard deviation of the noise", unit: ""),
      "sparsity": .init(title: "share of non-zeros", unit: ""),
      "nonzeros": .init(title: "non-zeros", unit: ""),
      "measurements": .init(title: "measurements", unit: ""),
      "operator_error": .init(title: "relative error of the known dictionary", unit: ""),
      "dictionary": .init(title: "dictionary", unit: ""),
    ],
    draw: { try draw($0, $2, $3) }
  )

  static let settings: [SettingDescription] = [
    .init("measurements", .integer(1...100_000), standard: .integer(250), "rows of the dictionary"),
    .init("unknowns", .integer(1...100_000), standard: .integer(500), "columns of the dictionary"),
    .init(
      "signal",
      .choice(["bernoulli-gaussian", "k-sparse"]),
      standard: .text("bernoulli-gaussian"),
      "each entry not zero with probability sparsity, or exactly so many as nonzeros"
    ),
    .init("sparsity", .number(0...1), standard: .number(0.1), "share of non-zeros, on average"),
    .init(
      "nonzeros",
      .integer(0...100_000),
      standard: .integer(4),
      "non-zeros of a k-sparse signal"
    ),
    .init(
      "variance",
      .number(.leastNormalMagnitude...1e12),
      standard: .number(1),
      "variance of the non-zeros, which are normal"
    ),
    .init(
      "snr",
      .number(-100...Double.infinity),
      standard: .number(.infinity),
      "mean power of operator * signal over the noise variance; .inf for no noise",
      unit: "dB"
    ),
    .init(
      "noise_deviation",
      .number(0...1e12),
      standard: .number(0),
      "standard deviation of the noise, in place of an SNR"
    ),
    .init(
      "dictionary",
      .integer(0...1_000_000_000),
      standard: .integer(1),
      "seed of the dictionary: the same for training, validation and test, and at all points"
    ),
    .init(
      "operator_error",
      .number(0...10),
      standard: .number(0),
      "relative error of the columns of operator_noisy"
    ),
  ]

  /// The dictionary of the settings.
  package static func dictionary(_ settings: Settings) -> Tensor<Double> {
    var stream = RandomStream(seed: UInt64(settings.integer("dictionary"))).derived("dictionary")
    return GaussianDictionary.drawn(
      measurements: settings.integer("measurements"),
      unknowns: settings.integer("unknowns"),
      from: &stream
    )
  }

  private static func law(_ settings: Settings) throws(StudyError) -> SparseSignalLaw {
    let variance = settings.number("variance")
    guard settings.text("signal") == "k-sparse" else {
      return .bernoulliGaussian(sparsity: settings.number("sparsity"), variance: variance)
    }
    let nonzeros = settings.integer("nonzeros")
    guard nonzeros <= settings.integer("unknowns") else {
      throw .badValue(
        key: "nonzeros",
        value: "\(nonzeros)",
        expected: "at most unknowns, \(settings.integer("unknowns"))",
        owner: "scenario \(id)"
      )
    }
    return .exactlySparse(nonzeros: nonzeros, variance: variance)
  }

  /// The noise power: by SNR or by standard deviation, not both.
  private static func noiseVariance(
    _ settings: Settings,
    _ law: SparseSignalLaw,
    _ dictionary: Tensor<Double>
  ) throws(StudyError) -> Double {
    let (snr, deviation) = (settings.number("snr"), settings.number("noise_deviation"))
    guard snr.isFinite else { return deviation * deviation }
    guard deviation == 0 else {
      throw .badValue(
        key: "noise_deviation",
        value: "\(deviation)",
        expected: "0 where snr is given",
        owner: "scenario \(id)"
      )
    }
    let norm = OperatorAnalysis.frobeniusNorm(dictionary)
    let power =
      law.power(unknowns: dictionary.shape[1]) * norm * norm / Double(dictionary.shape[0])
    return power * powerOfTen(-snr / 10)
  }

  private static func draw(_ settings: Settings, _ count: Int, _ stream: RandomStream) throws
    -> ArrayBundle
  {
    guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) signals") }
    let law = try law(settings)
    let dictionary = dictionary(settings)
    let noiseVariance = try noiseVariance(settings, law, dictionary)
    var errors = RandomStream(seed: UInt64(settings.integer("dictionary")))
      .derived("dictionary error")
    let noisy = GaussianDictionary.perturbed(
      dictionary,
      error: settings.number("operator_error"),
      from: &errors
    )
    let single = dictionary.converted(to: Float.self)
    let signals = law.drawn(
      count: count,
      unknowns: dictionary.shape[1],
      from: stream.derived("signals")
    )
    var observations = matmul(signals, single, transposeB: true)
    if noiseVariance > 0 {
      var noise = stream.derived("noise")
      let normals: Tensor<Float> = noise.normal(observations.shape)
      observations = observations + normals * Float(noiseVariance.squareRoot())
    }
    var bundle = ArrayBundle(source: "scenario \(id)")
    bundle["observations"] = .float(observations)
    bundle["targets"] = .float(signals)
    bundle["operator"] = .float(single)
    bundle["operator_noisy"] = .float(noisy.converted(to: Float.self))
    bundle["noise_variance"] = .float(Tensor(Float(noiseVariance)))
    return bundle
  }
}
