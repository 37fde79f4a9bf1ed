internal import Studies
internal import Tensors

extension MethodDescription {
  /// Adds to enumeration for Gaussian noise the laws that need the antennas' likelihoods.
  func enumeratingOtherLaws() -> MethodDescription {
    let gaussian = self
    var method = self
    method.summary =
      "All vectors' posteriors by enumeration, at most 2^16 vectors, 2^12 where noise is not gaussian."
    method.arrays =
      arrays.filter { $0.name != "noise_variance" }
      + [MIMOArrays.noiseVariance(isRequired: false), LawArrays.gain]
    method.settings += [LawArrays.noise(LawArrays.laws)] + LawArrays.parameters
    method.prepare = { settings, model in
      let constellation = MIMOArrays.constellation(settings)
      try LawArrays.check(settings.text("noise"), constellation, owner: id)
      if settings.text("noise") == "gaussian" { return try gaussian.prepare(settings, model) }
      return PreparedLikelihoodMAP(
        constellation: constellation,
        settings: settings,
        decision: .init(rawValue: settings.text("decision")) ?? .vector
      )
    }
    return method
  }
}

/// Enumeration by likelihoods, ready for arrays.
struct PreparedLikelihoodMAP: PreparedMethod {
  let constellation: VectorConstellation
  let settings: Settings
  let decision: PosteriorDecision

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let isPoisson = settings.text("noise") == "poisson"
    let problems = try MIMOArrays.problems(
      arrays,
      constellation,
      noiseIsRequired: !isPoisson,
      isCentred: false,
      as: Double.self
    )
    let detector = LikelihoodMAP(
      levels: constellation.levels,
      law: LawArrays.law(settings, gain: isPoisson ? try LawArrays.gain(in: arrays) : 1),
      decision: decision
    )
    let result: BatchDecision<Double>
    do { result = try detector.detect(problems, pool: pool) } catch {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    guard let beliefs = result.probabilities else { return InferenceResult(arrays: arrays) }
    let centred = MIMOArrays.shifted(result.symbols, by: -constellation.mean)
    if case .double = arrays["observations"] {
      return InferenceResult(arrays: outputs(beliefs, centred, arrays.source))
    }
    return InferenceResult(
      arrays: outputs(
        beliefs.converted(to: Float.self),
        centred.converted(to: Float.self),
        arrays.source
      )
    )
  }

  private func outputs<Scalar: RealTensorScalar>(
    _ beliefs: Tensor<Scalar>,
    _ symbols: Tensor<Scalar>,
    _ source: String
  ) -> ArrayBundle {
    MIMOArrays.outputs(
      symbols: symbols,
      beliefs: settings.flag("probabilities") ? beliefs : nil,
      constellation,
      source: source
    )
  }
}
