internal import Studies
internal import Tensors

/// Which algorithm runs over the trellis, whatever fills its slot.
enum TrellisAlgorithm: Sendable {
  /// The most likely sequence.
  case viterbi(fixedLag: Bool)
  /// Symbol posteriors.
  case bcjr(keepsProbabilities: Bool)

  /// Whether the scale of costs matters.
  var needsNoiseVariance: Bool {
    if case .bcjr = self { true } else { false }
  }

  /// Detects and gives the output arrays.
  func run<Likelihood: LikelihoodModel>(
    _ likelihood: Likelihood,
    _ constellation: Constellation,
    _ observations: Tensor<Likelihood.Scalar>,
    _ arrays: ArrayBundle,
    _ pool: WorkerPool
  ) throws -> ArrayBundle {
    let initialState = try SymbolDetectionArrays.initialState(
      in: arrays,
      trellis: likelihood.trellis,
      constellation: constellation,
      batch: try SymbolDetectionArrays.sequences(of: arrays).batch
    )
    var outputs = ArrayBundle(source: arrays.source)
    switch self {
    case .viterbi(let fixedLag):
      let detector = ViterbiDetector(
        likelihood: likelihood,
        constellation: constellation,
        decision: fixedLag ? .fixedLag : .traceback
      )
      outputs["estimates"] = Self.numericArray(
        try detector.detect(observations, initialState: initialState, pool: pool)
      )
    case .bcjr(let keepsProbabilities):
      let detector = BCJRDetector(likelihood: likelihood, constellation: constellation)
      let posteriors = try detector.detect(
        observations,
        initialState: initialState,
        keepsProbabilities: keepsProbabilities,
        pool: pool
      )
      outputs["estimates"] = Self.numericArray(posteriors.estimates)
      outputs["probabilities"] = posteriors.probabilities.flatMap(Self.numericArray)
    }
    return outputs
  }

  /// Runs in the precision of the observations, errors in the words of arrays.
  static func inferring(
    _ arrays: ArrayBundle,
    float: (Tensor<Float>) throws -> ArrayBundle,
    double: (Tensor<Double>) throws -> ArrayBundle
  ) throws -> InferenceResult {
    _ = try SymbolDetectionArrays.sequences(of: arrays)
    do {
      switch arrays["observations"] {
      case .float(let observations): return InferenceResult(arrays: try float(observations))
      case .double(let observations): return InferenceResult(arrays: try double(observations))
      default:
        throw StudyError.badNumbers(
          array: "observations",
          source: arrays.source,
          reason: "is complex, expected real"
        )
      }
    } catch {
      throw SymbolDetectionArrays.asStudyError(error, source: arrays.source)
    }
  }

  private static func numericArray<Scalar: RealTensorScalar>(
    _ tensor: Tensor<Scalar>
  ) -> NumericArray? {
    if let tensor = tensor as? Tensor<Float> { return .float(tensor) }
    return (tensor as? Tensor<Double>).map { .double($0) }
  }
}
