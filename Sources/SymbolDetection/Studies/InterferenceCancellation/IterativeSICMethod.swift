package import Studies
internal import Tensors

extension MethodDescription {
  /// Iterative soft interference cancellation over a known channel.
  package static let iterativeSIC = MethodDescription(
    id: "iterative-sic",
    family: .modelBased,
    task: MIMODetectionTask.id,
    title: "Iterative SIC",
    summary:
      "Each user's belief from what is left when the others' expected signals are taken off.",
    needs: ["channel", "noise variance or gain", "constellation"],
    learns: [],
    references: ["choi2000sic"],
    arrays: [
      MIMOArrays.observations, MIMOArrays.channel, MIMOArrays.targets,
      MIMOArrays.noiseVariance(isRequired: false), LawArrays.gain, MIMOArrays.estimates,
      MIMOArrays.probabilities,
    ],
    settings: [
      MIMOArrays.constellation,
      LawArrays.noise(["gaussian", "poisson"]),
      .init("iterations", .integer(1...1000), standard: .integer(5), "refinements of every belief"),
      MIMOArrays.probabilitiesSetting,
    ],
    // Of 4 users and 4 antennas: covariance, factor and two substitutions a user and iteration.
    cost: { settings in
      .init(parameters: 0, multiplyAccumulates: settings.integer("iterations") * 4 * 80)
    },
    prepare: { settings, _ in
      let constellation = MIMOArrays.constellation(settings)
      try LawArrays.check(settings.text("noise"), constellation, owner: "iterative-sic")
      return PreparedSIC(
        constellation: constellation,
        isPoisson: settings.text("noise") == "poisson",
        iterations: settings.integer("iterations"),
        keepsProbabilities: settings.flag("probabilities")
      )
    }
  )
}

/// Iterative soft interference cancellation, ready for arrays.
struct PreparedSIC: PreparedMethod {
  let constellation: VectorConstellation
  let isPoisson: Bool
  let iterations: Int
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    if case .double = arrays["observations"] {
      try infer(arrays, pool, as: Double.self)
    } else {
      try infer(arrays, pool, as: Float.self)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func infer<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    _ pool: WorkerPool,
    as scalar: Scalar.Type
  ) throws -> InferenceResult {
    let problems = try MIMOArrays.problems(
      arrays,
      constellation,
      noiseIsRequired: !isPoisson,
      isCentred: false,
      as: scalar
    )
    let detector = IterativeSIC<Scalar>(
      levels: constellation.levels.map { Scalar($0) },
      iterations: iterations,
      gain: isPoisson ? Scalar(try LawArrays.gain(in: arrays)) : nil
    )
    let decision = detector.detect(problems, pool: pool)
    guard let beliefs = decision.probabilities else { return InferenceResult(arrays: arrays) }
    return InferenceResult(
      arrays: MIMOArrays.outputs(
        symbols: Beliefs.decided(beliefs, among: Levels<Scalar>(constellation).values),
        beliefs: keepsProbabilities ? beliefs : nil,
        constellation,
        source: arrays.source
      )
    )
  }
}
