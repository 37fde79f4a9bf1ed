internal import Hybridization
internal import Studies
internal import Tensors

/// A detector of vectors as settings choose it, before the precision is known.
protocol MIMOChoice: Sendable {
  /// The detector of a precision.
  ///
  /// - Throws: ``SymbolDetectionError/badProblem(_:)`` for problems that it cannot take.
  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) throws(SymbolDetectionError) -> any VectorDetector<Scalar>
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
    let detector: any VectorDetector<Scalar>
    do throws(SymbolDetectionError) {
      detector = try choice.detector(Levels(constellation), for: problems)
    } catch {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    let decision = detector.detect(
      problems,
      keepsProbabilities: keepsProbabilities,
      pool: pool
    )
    return InferenceResult(
      arrays: MIMOArrays.outputs(
        symbols: decision.symbols,
        beliefs: decision.probabilities,
        constellation,
        source: arrays.source
      ),
      failure: sentence(decision.failures, problems.batch)
    )
  }

  private func sentence(_ failures: [Int: VectorFailure], _ batch: Int) -> String? {
    guard let first = failures.keys.min(), let failure = failures[first] else { return nil }
    let count = failures.values.count { $0 == failure }
    return "\(count) of \(batch) vectors, first \(first): \(failure.sentence)"
  }
}

struct ZeroForcingChoice: MIMOChoice {
  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) -> any VectorDetector<Scalar> {
    ZeroForcing(levels: levels)
  }
}

struct LinearMMSEChoice: MIMOChoice {
  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) -> any VectorDetector<Scalar> {
    LinearMMSE(levels: levels)
  }
}

struct DecisionFeedbackChoice: MIMOChoice {
  let ordering: DecisionOrdering
  let criterion: SuppressionCriterion

  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) -> any VectorDetector<Scalar> {
    DecisionFeedback(levels: levels, ordering: ordering, criterion: criterion)
  }
}

struct AMPChoice: MIMOChoice {
  let iterations: Int?
  let noiseFactor: Double

  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) -> any VectorDetector<Scalar> {
    ApproximateMessagePassing(
      levels: levels,
      iterations: iterations,
      noiseFactor: Scalar(noiseFactor)
    )
  }
}

struct BoxChoice: MIMOChoice {
  let iterations: Int
  let tolerance: Double

  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) -> any VectorDetector<Scalar> {
    BoxDetector(
      levels: levels,
      until: tolerance > 0
        ? .tolerance(tolerance, maximumIterations: iterations) : .iterations(iterations)
    )
  }
}

struct SemidefiniteChoice: MIMOChoice {
  let iterations: Int
  let tolerance: Double

  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) throws(SymbolDetectionError) -> any VectorDetector<Scalar> {
    guard levels.values.count == 2 else {
      throw .badProblem(
        "constellation has \(levels.values.count) levels in a real dimension; sdr relaxes two: "
          + "bpsk or qpsk"
      )
    }
    return SemidefiniteRelaxation(levels: levels, iterations: iterations, tolerance: tolerance)
  }
}

struct SphereChoice: MIMOChoice {
  let nodeLimit: Int

  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) throws(SymbolDetectionError) -> any VectorDetector<Scalar> {
    guard problems.receive >= problems.users else {
      throw .badProblem(
        "channel has \(problems.users) users in \(problems.receive) real dimensions; the sphere "
          + "decoder needs at least as many dimensions as users"
      )
    }
    return SphereDecoder(levels: levels, nodeLimit: nodeLimit)
  }
}

struct MAPChoice: MIMOChoice {
  let decision: PosteriorDecision

  func detector<Scalar: RealTensorScalar>(
    _ levels: Levels<Scalar>,
    for problems: LinearProblems<Scalar>
  ) throws(SymbolDetectionError) -> any VectorDetector<Scalar> {
    let detector = ExhaustiveMAP(levels: levels, decision: decision)
    guard detector.canEnumerate(users: problems.users) else {
      throw .badProblem(
        "channel has \(problems.users) real users of \(levels.values.count) levels, more vectors "
          + "than the \(ExhaustiveMAP<Scalar>.hypothesisLimit) that map enumerates; use sphere"
      )
    }
    return detector
  }
}
