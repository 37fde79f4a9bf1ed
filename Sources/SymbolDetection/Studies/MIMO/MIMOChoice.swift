internal import Hybridization
internal import Studies
internal import Tensors

/// A detector of vectors as settings choose it, before the precision is known.
protocol MIMOChoice: Sendable {
  /// Detects a batch.
  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) throws -> BatchDecision<Scalar>
}

/// A detector of vectors, ready for arrays.
struct PreparedMIMODetector: PreparedMethod {
  let choice: any MIMOChoice
  let constellation: VectorConstellation
  let needsNoise: Bool
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    if case .double = arrays["observations"] {
      try infer(arrays, pool, as: Double.self)
    } else {
      try infer(arrays, pool, as: Float.self)
    }
  }

  private func infer<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    _ pool: WorkerPool,
    as scalar: Scalar.Type
  ) throws -> InferenceResult {
    let problems = try MIMOArrays.problems(
      arrays,
      constellation,
      noiseIsRequired: needsNoise,
      as: scalar
    )
    let decision: BatchDecision<Scalar>
    do {
      decision = try choice.detect(
        problems,
        Levels(constellation),
        keepsProbabilities: keepsProbabilities,
        pool: pool
      )
    } catch let error as SymbolDetectionError {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    var result = ArrayBundle(source: arrays.source)
    result["estimates"] = MIMOArrays.symbols(decision.symbols, constellation)
    if let probabilities = decision.probabilities {
      result["probabilities"] = MIMOArrays.posteriors(probabilities, constellation)
    }
    return InferenceResult(arrays: result, failure: sentence(decision.failures, problems.batch))
  }

  private func sentence(_ failures: [Int: VectorFailure], _ batch: Int) -> String? {
    guard let first = failures.keys.min(), let failure = failures[first] else { return nil }
    let count = failures.values.count { $0 == failure }
    return "\(count) of \(batch) vectors, first \(first): \(failure.sentence)"
  }
}

struct ZeroForcingChoice: MIMOChoice {
  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) -> BatchDecision<Scalar> {
    ZeroForcing(levels: levels).detect(problems, keepsProbabilities: false, pool: pool)
  }
}

struct LinearMMSEChoice: MIMOChoice {
  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) -> BatchDecision<Scalar> {
    LinearMMSE(levels: levels)
      .detect(problems, keepsProbabilities: keepsProbabilities, pool: pool)
  }
}

struct DecisionFeedbackChoice: MIMOChoice {
  let ordering: DecisionOrdering
  let criterion: SuppressionCriterion

  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) -> BatchDecision<Scalar> {
    DecisionFeedback(levels: levels, ordering: ordering, criterion: criterion)
      .detect(problems, keepsProbabilities: false, pool: pool)
  }
}

struct AMPChoice: MIMOChoice {
  let iterations: Int?
  let noiseFactor: Double

  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) throws -> BatchDecision<Scalar> {
    let assumed = try LinearProblems(
      channel: problems.channel,
      observations: problems.observations,
      noiseVariances: problems.noiseVariances.map { $0 * Scalar(noiseFactor) }
    )
    return ApproximateMessagePassing(levels: levels, iterations: iterations)
      .detect(assumed, keepsProbabilities: keepsProbabilities, pool: pool)
  }
}

struct BoxChoice: MIMOChoice {
  let iterations: Int
  let tolerance: Double

  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) -> BatchDecision<Scalar> {
    let rule: StoppingRule =
      tolerance > 0
      ? .tolerance(tolerance, maximumIterations: iterations) : .iterations(iterations)
    return BoxDetector(levels: levels, until: rule).detect(problems, pool: pool)
  }
}

struct SemidefiniteChoice: MIMOChoice {
  let iterations: Int
  let tolerance: Double

  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) throws -> BatchDecision<Scalar> {
    guard levels.values.count == 2 else {
      throw SymbolDetectionError.badProblem(
        "constellation has \(levels.values.count) levels in a real dimension; sdr relaxes two: "
          + "bpsk or qpsk"
      )
    }
    return SemidefiniteRelaxation(
      levels: levels,
      iterations: iterations,
      tolerance: tolerance
    ).detect(problems, keepsProbabilities: false, pool: pool)
  }
}

struct SphereChoice: MIMOChoice {
  let nodeLimit: Int

  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) throws -> BatchDecision<Scalar> {
    guard problems.receive >= problems.users else {
      throw SymbolDetectionError.badProblem(
        "channel has \(problems.users) users in \(problems.receive) real dimensions; the sphere "
          + "decoder needs at least as many dimensions as users"
      )
    }
    return SphereDecoder(levels: levels, nodeLimit: nodeLimit)
      .detect(problems, keepsProbabilities: false, pool: pool)
  }
}

struct MAPChoice: MIMOChoice {
  let decision: PosteriorDecision

  func detect<Scalar: RealTensorScalar>(
    _ problems: LinearProblems<Scalar>,
    _ levels: Levels<Scalar>,
    keepsProbabilities: Bool,
    pool: WorkerPool
  ) throws -> BatchDecision<Scalar> {
    let detector = ExhaustiveMAP(levels: levels, decision: decision)
    guard detector.canEnumerate(users: problems.users) else {
      throw SymbolDetectionError.badProblem(
        "channel has \(problems.users) real users of \(levels.values.count) levels, more vectors "
          + "than the \(ExhaustiveMAP<Scalar>.hypothesisLimit) that map enumerates; use sphere"
      )
    }
    return detector.detect(problems, keepsProbabilities: keepsProbabilities, pool: pool)
  }
}
