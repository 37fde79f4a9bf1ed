package import Studies
internal import Tensors

/// The detectors that know their channel.
package enum ClassicalMethods {
  /// Viterbi's algorithm with the channel's likelihood.
  package static let viterbi = MethodDescription(
    id: "viterbi",
    family: .modelBased,
    task: SymbolDetectionTask.id,
    title: "Viterbi",
    summary: "The most likely sequence of symbols, given the channel.",
    needs: ["taps", "noise law", "memory", "constellation"],
    learns: [],
    references: ["viterbi1967", "forney1973viterbi", "shlezinger2020viterbinet"],
    arrays: arrays(noiseVarianceIsRequired: false) + [DetectorArrays.estimates],
    settings: settings + [
      .init(
        "decision",
        .choice(["traceback", "fixed-lag"]),
        standard: .text("traceback"),
        "fixed-lag decides a symbol when it is the oldest of the best state"
      )
    ],
    cost: { settings in
      let trellis = try trellis(settings)
      return .init(parameters: 0, multiplyAccumulates: 3 * trellis.states)
    },
    prepare: { settings, _ in
      let fixedLag = settings.text("decision") == "fixed-lag"
      return ChannelDetector(
        channel: try KnownChannel(settings),
        algorithm: .viterbi(fixedLag: fixedLag)
      )
    }
  )

  /// The sum-product algorithm with the channel's likelihood.
  package static let bcjr = MethodDescription(
    id: "bcjr",
    family: .modelBased,
    task: SymbolDetectionTask.id,
    title: "BCJR",
    summary: "The posterior of each symbol, given the channel; the fewest symbol errors possible.",
    needs: ["taps", "noise law", "noise variance", "memory", "constellation"],
    learns: [],
    references: ["bahl1974", "shlezinger2022factorgraphs"],
    arrays: arrays(noiseVarianceIsRequired: true) + [
      DetectorArrays.estimates, DetectorArrays.probabilities,
    ],
    settings: settings + [DetectorArrays.probabilitiesSetting],
    cost: { settings in
      let trellis = try trellis(settings)
      return .init(parameters: 0, multiplyAccumulates: 7 * trellis.states)
    },
    prepare: { settings, _ in
      ChannelDetector(
        channel: try KnownChannel(settings),
        algorithm: .bcjr(keepsProbabilities: settings.flag("probabilities"))
      )
    }
  )

  private static let settings: [SettingDescription] =
    DetectorArrays.trellisSettings + [
      .init(
        "noise",
        .choice(["gaussian", "poisson"]),
        standard: .text("gaussian"),
        "the noise law"
      )
    ]

  private static func arrays(noiseVarianceIsRequired: Bool) -> [MethodDescription.Array] {
    [
      DetectorArrays.observations, DetectorArrays.targets,
      .init(
        "taps",
        [["memory"], ["batch", "memory"], ["batch", "frames", "memory"]],
        .knowledge,
        "the channel's taps; taps[0] multiplies the newest symbol; frames of equal length cut time"
      ),
      .init(
        "noise_variance",
        [[]],
        .knowledge,
        isRequired: noiseVarianceIsRequired,
        unit: "linear, > 0",
        noiseVarianceIsRequired
          ? "noise power (Gaussian noise only)"
          : "noise power (Gaussian noise only); does not change the most likely sequence"
      ),
      .init(
        "gain",
        [[]],
        .knowledge,
        isRequired: false,
        unit: "> 0, standard 1",
        "factor of the taps in the rate of Poisson counts, gain * sum(taps * symbols) + 1"
      ),
      DetectorArrays.initialState,
    ]
  }

  private static func trellis(_ settings: Settings) throws -> Trellis {
    try DetectorArrays.trellis(settings, owner: "viterbi and bcjr")
  }
}

/// The channel as settings and arrays give it.
struct KnownChannel: Sendable {
  let constellation: Constellation
  let trellis: Trellis
  let isPoisson: Bool

  init(_ settings: Settings) throws(StudyError) {
    constellation = SymbolDetectionArrays.constellation(settings)
    trellis = try DetectorArrays.trellis(settings, owner: "settings")
    isPoisson = settings.text("noise") == "poisson"
    guard !isPoisson || constellation == .ook else {
      throw .badValue(
        key: "constellation",
        value: constellation.rawValue,
        expected: "ook with noise poisson",
        owner: "settings"
      )
    }
  }

  func gaussian<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    standardVariance: Double?,
    as scalar: Scalar.Type
  ) throws -> GaussianLikelihood<Scalar> {
    try GaussianLikelihood(
      constellation: constellation,
      taps: try taps(arrays).converted(to: scalar),
      noiseVariance: try SymbolDetectionArrays.number(
        "noise_variance",
        in: arrays,
        standard: standardVariance
      )
    )
  }

  func poisson<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    as scalar: Scalar.Type
  ) throws -> PoissonLikelihood<Scalar> {
    try PoissonLikelihood(
      constellation: constellation,
      taps: try taps(arrays).converted(to: scalar),
      gain: try SymbolDetectionArrays.number("gain", in: arrays, standard: 1)
    )
  }

  private func taps(_ arrays: ArrayBundle) throws -> Tensor<Double> {
    try SymbolDetectionArrays.taps(
      in: arrays,
      memory: trellis.memory,
      sequences: try SymbolDetectionArrays.sequences(of: arrays)
    )
  }
}

/// A classical detector, ready for arrays.
struct ChannelDetector: PreparedMethod {
  let channel: KnownChannel
  let algorithm: TrellisAlgorithm

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    try TrellisAlgorithm.inferring(
      arrays,
      float: { try detect($0, arrays, pool) },
      double: { try detect($0, arrays, pool) }
    )
  }

  private func detect<Scalar: RealTensorScalar>(
    _ observations: Tensor<Scalar>,
    _ arrays: ArrayBundle,
    _ pool: WorkerPool
  ) throws -> ArrayBundle {
    if channel.isPoisson {
      let likelihood = try channel.poisson(arrays, as: Scalar.self)
      return try algorithm.run(likelihood, channel.constellation, observations, arrays, pool)
    }
    let standard: Double? = algorithm.needsNoiseVariance ? nil : 1
    let likelihood = try channel.gaussian(arrays, standardVariance: standard, as: Scalar.self)
    return try algorithm.run(likelihood, channel.constellation, observations, arrays, pool)
  }
}
