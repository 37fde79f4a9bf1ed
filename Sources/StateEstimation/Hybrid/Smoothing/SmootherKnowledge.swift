internal import Studies
internal import Synchronization
internal import Tensors

/// What smoothers by messages are told of a system.
enum SmootherKnowledge {
  /// The covariances of a bundle, times the factors of the settings.
  ///
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit, ``StateEstimationError`` for such as are
  ///   no covariances.
  static func noise<Scalar: RealTensorScalar>(
    _ arrays: ArrayBundle,
    _ model: SystemModel<Scalar>,
    _ settings: Settings
  ) throws -> NoiseCovariances<Scalar> {
    func scaled(_ name: String, _ size: Int, _ key: String) throws -> Matrix<Scalar> {
      var matrix = try StateArrays.neededMatrix(
        name,
        rows: size,
        columns: size,
        in: arrays,
        as: Scalar.self
      )
      let factor = Scalar(settings.number(key))
      if factor != 1 { for i in matrix.scalars.indices { matrix.scalars[i] *= factor } }
      return matrix
    }
    return try NoiseCovariances(
      process: try scaled("process_noise", model.states, "process_factor"),
      observation: try scaled("observation_noise", model.observed, "observation_factor")
    )
  }

  /// The messages of a model.
  ///
  /// - Throws: ``StateEstimationError`` for an emission that is not linear, or what cannot be inverted.
  static func messages<Scalar: RealTensorScalar>(
    _ model: SystemModel<Scalar>,
    _ noise: NoiseCovariances<Scalar>,
    stepSize: Double,
    evidence: GradientMessagePassing<SystemTransition<Scalar>>.Evidence = .changes,
    usesModel: Bool = true
  ) throws(StateEstimationError) -> GradientMessagePassing<SystemTransition<Scalar>> {
    guard case .linear(let emission) = model.emission else {
      throw .badNumber(
        name: "observe",
        reason: "must be linear: message passing starts at the states behind the observations"
      )
    }
    return try GradientMessagePassing(
      transition: model.transition,
      emission: emission,
      noise: noise,
      stepSize: Scalar(stepSize),
      evidence: evidence,
      usesModel: usesModel
    )
  }
}

/// Collects how computations on several threads ended; the least sentence is told, whichever came first.
final class Endings: Sendable {
  private let sentences = Mutex<Set<String>>([])

  func tell(_ sentence: String) { sentences.withLock { _ = $0.insert(sentence) } }

  var first: String? { sentences.withLock { $0.min() } }
}
