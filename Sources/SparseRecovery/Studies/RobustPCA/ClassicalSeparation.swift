internal import Autodiff
internal import Hybridization
package import Studies
internal import Synchronization
internal import Tensors

/// The algorithms of robust PCA that learn nothing.
package enum ClassicalSeparationMethods {
  /// Proximal gradient with momentum.
  package static let proximalGradient = method(
    "apg-rpca",
    title: "APG",
    summary: "Robust PCA by proximal gradient steps with momentum.",
    references: ["candes2011rpca", "lin2009apg"],
    settings: [
      .init(
        "momentum",
        .flag,
        standard: .flag(true),
        "whether steps start from points ahead; without, it is the algorithm that corona unfolds"
      )
    ]
  )

  /// Alternating directions.
  package static let admm = method(
    "admm-rpca",
    title: "ADMM",
    summary: "Robust PCA by the alternating direction method of multipliers.",
    references: ["boyd2011admm", "candes2011rpca"],
    settings: [
      .init(
        "coupling",
        .number(1e-9...1e9),
        standard: .number(1),
        "weight that ties the copies of both parts"
      )
    ]
  )

  private static func method(
    _ id: String,
    title: String,
    summary: String,
    references: [String],
    settings own: [SettingDescription]
  ) -> MethodDescription {
    MethodDescription(
      id: id,
      family: .modelBased,
      task: SequenceSeparationTask.id,
      title: title,
      summary: summary,
      needs: ["noise variance or penalties"],
      learns: [],
      references: references,
      arrays: [
        SequenceArrays.observations, SequenceArrays.targets,
        SparseArrays.noiseVariance("noise power, from which a penalty of 0 is replaced"),
        SequenceArrays.estimates,
      ],
      settings: penalties + own + stopping + SequenceArrays.extents,
      cost: { settings in
        let stop = settings.integer("stop_after")
        let iterations = settings.integer("iterations")
        return .init(
          parameters: 0,
          multiplyAccumulates: (stop > 0 ? min(stop, iterations) : iterations)
            * SeparationCost.iteration(settings)
        )
      },
      prepare: { settings, _ in ClassicalSeparation(settings, isSplit: id == "admm-rpca") }
    )
  }

  static let penalties: [SettingDescription] = [
    .init(
      "penalty",
      .number(0...1e12),
      standard: .number(0),
      "weight of the singular values; 0 for sigma (sqrt frames + sqrt pixels), above which noise alone has no"
        + " singular value, or where no noise is told, a hundredth of the observations' norm"
    ),
    .init(
      "sparse_penalty",
      .number(0...1e12),
      standard: .number(0),
      "weight of the sparse part; 0 for the penalty over sqrt(max(frames, pixels))"
    ),
    .init(
      "pattern",
      .choice(SparsePattern.allCases.map(\.rawValue)),
      standard: .text("entries"),
      "what is shrunk in the sparse part: each entry, or each pixel's sequence in time"
    ),
  ]

  private static let stopping: [SettingDescription] = [
    .init("iterations", .integer(1...10_000_000), standard: .integer(1000), "iterations at most"),
    .init(
      "tolerance",
      .number(0...1),
      standard: .number(1e-4),
      "relative change of the estimates at which the iteration has converged"
    ),
    SparseArrays.stopAfter,
  ]
}

/// Operations of a step on the extents of the settings.
enum SeparationCost {
  /// Two products with the short side squared, and the decomposition.
  static func iteration(_ settings: Settings) -> Int {
    let frames = settings.integer("frames")
    let pixels = settings.integer("height") * settings.integer("width")
    let side = min(frames, pixels)
    return 2 * frames * pixels * side + 8 * side * side * side
  }
}

/// A classical separation, ready for arrays.
struct ClassicalSeparation: PreparedMethod {
  let settings: Settings
  let isSplit: Bool

  init(_ settings: Settings, isSplit: Bool) {
    self.settings = settings
    self.isSplit = isSplit
  }

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    if case .double = arrays["observations"] {
      return try run(arrays, as: Double.self, pool)
    }
    return try run(arrays, as: Float.self, pool)
  }

  private func run<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    as scalar: Scalar.Type,
    _ pool: WorkerPool
  ) throws -> InferenceResult {
    let (sequences, isSingle) = try SequenceArrays.sequences(in: arrays, as: scalar)
    let noiseVariance = try SparseArrays.noiseVariance(in: arrays) ?? 0
    let results = Mutex([Int: Recovered<Scalar>]())
    pool.forEach(count: sequences.shape[0]) { index in
      let own = sequences.sliced(axis: 0, index..<(index + 1))
      let outcome = solved(own, noiseVariance: noiseVariance)
      let failure = outcome.status.isSuccess ? nil : outcome.sentence
      results.withLock { $0[index] = Recovered(estimates: outcome.value, failure: failure) }
    }
    let done = results.withLock { $0 }
    let parts = (0..<sequences.shape[0]).compactMap { done[$0] }
    let failures = parts.compactMap(\.failure)
    let more = failures.count > 1 ? " (and \(failures.count - 1) more of \(parts.count))" : ""
    return InferenceResult(
      arrays: SequenceArrays.output(
        concatenated(parts.map(\.estimates), axis: 0),
        isSingle: isSingle,
        source: arrays.source
      ),
      failure: failures.first.map { $0 + more }
    )
  }

  /// One sequence, so that a batch changes nothing.
  private func solved<Scalar: RealTensorScalar>(
    _ sequence: Tensor<Scalar>,
    noiseVariance: Double
  ) -> Outcome<Tensor<Scalar>> {
    let stop = settings.integer("stop_after")
    let iterations = settings.integer("iterations")
    let rule: StoppingRule =
      stop > 0
      ? .iterations(min(stop, iterations))
      : .tolerance(settings.number("tolerance"), maximumIterations: iterations)
    let energy = sequence.withScalars { $0.reduce(0) { $0 + Double($1) * Double($1) } }
    let (penalty, sparsePenalty) = Self.penalties(
      settings,
      scale: 1,
      noiseVariance: noiseVariance,
      energy: energy,
      extents: (sequence.shape[1], sequence.shape[2] * sequence.shape[3])
    )
    let pattern = SparsePattern(rawValue: settings.text("pattern")) ?? .entries
    if isSplit {
      return RobustPCAADMM(
        lowRankPenalty: penalty,
        sparsePenalty: sparsePenalty,
        coupling: settings.number("coupling"),
        pattern: pattern
      ).solve(sequence, until: rule)
    }
    return RobustPCA<StepMixing<Scalar>>(
      lowRankPenalty: penalty,
      sparsePenalty: sparsePenalty,
      pattern: pattern,
      hasMomentum: settings.flag("momentum")
    ).solve(sequence, until: rule)
  }

  /// The penalties of the settings, or what stands for a penalty of 0.
  ///
  /// - Parameters:
  ///   - settings: `penalty` and `sparse_penalty`, for numbers as they were measured.
  ///   - scale: by which the observations were divided.
  ///   - noiseVariance: of the divided observations; 0 where it is not known.
  ///   - energy: the sum of squares of a divided sequence.
  ///   - extents: of a sequence.
  /// - Returns: both penalties for the divided observations.
  static func penalties(
    _ settings: Settings,
    scale: Double,
    noiseVariance: Double,
    energy: Double,
    extents: (frames: Int, pixels: Int)
  ) -> (lowRank: Double, sparse: Double) {
    let (frames, pixels) = (Double(extents.frames), Double(extents.pixels))
    var lowRank = settings.number("penalty") / scale
    if lowRank == 0, noiseVariance > 0 {
      lowRank = noiseVariance.squareRoot() * (frames.squareRoot() + pixels.squareRoot())
    } else if lowRank == 0 {
      lowRank = 0.01 * energy.squareRoot()
    }
    let sparse = settings.number("sparse_penalty") / scale
    return (lowRank, sparse > 0 ? sparse : lowRank / max(frames, pixels).squareRoot())
  }
}

/// Sequences one by one on the pool, so that a batch changes nothing.
enum SequenceChunks {
  static func mapped<Scalar: RealTensorScalar>(
    _ sequences: Tensor<Scalar>,
    pool: WorkerPool,
    _ body: @Sendable @escaping (Tensor<Scalar>) -> Tensor<Scalar>
  ) -> Tensor<Scalar> {
    let results = Mutex([Int: Tensor<Scalar>]())
    pool.forEach(count: sequences.shape[0]) { index in
      let estimate = body(sequences.sliced(axis: 0, index..<(index + 1)))
      results.withLock { $0[index] = estimate }
    }
    let done = results.withLock { $0 }
    return concatenated((0..<sequences.shape[0]).compactMap { done[$0] }, axis: 0)
  }
}
