internal import Studies
internal import Tensors

/// A filter as settings choose it, before the precision is known.
package struct FilterChoice: Sendable {
  /// Which filter.
  package enum Kind: Sendable {
    /// Riccati's recursion with Jacobians.
    case jacobian
    /// Riccati's recursion with the matrix `F(x)`.
    case stateDependent
    /// The gain that it settles to.
    case steady
    /// Unscented points.
    case unscented(alpha: Double, beta: Double, kappa: Double)
    /// Cubature points.
    case cubature
    /// Particles.
    case particles(Int, resamplingShare: Double, seed: Int)
  }

  package let kind: Kind
  /// Whether a smoother goes back over the filter's steps.
  package let isSmoothed: Bool
  /// How many of the first states are written; 0 for all.
  package let keptStates: Int

  /// A filter or smoother.
  package init(_ kind: Kind, isSmoothed: Bool = false, keptStates: Int = 0) {
    self.kind = kind
    self.isSmoothed = isSmoothed
    self.keptStates = keptStates
  }

  /// The filter of a model.
  ///
  /// - Throws: ``StateEstimationError`` for noises that it cannot take.
  func estimator<Scalar: RealTensorScalar>(
    _ model: SystemModel<Scalar>,
    _ noise: NoiseCovariances<Scalar>
  ) throws(StateEstimationError) -> any StateEstimator<Scalar> {
    switch kind {
    case .jacobian: return finished(RiccatiGain(model: model, noise: noise))
    case .stateDependent:
      return finished(
        RiccatiGain(model: model, noise: noise, linearisation: .stateDependentMatrix)
      )
    case .steady: return finished(try SteadyStateGain(model: model, noise: noise))
    case .unscented(let alpha, let beta, let kappa):
      guard alpha * alpha * (Double(model.states) + kappa) > 0 else {
        throw .badNumber(name: "kappa", reason: "must be above minus the number of states")
      }
      let rule = SigmaPointRule<Scalar>.unscented(
        states: model.states,
        alpha: Scalar(alpha),
        beta: Scalar(beta),
        kappa: Scalar(kappa)
      )
      return finished(SigmaPointGain(model: model, noise: noise, rule: rule))
    case .cubature:
      return finished(
        SigmaPointGain(model: model, noise: noise, rule: .cubature(states: model.states))
      )
    case .particles(let count, let share, let seed):
      return try ParticleFilter(
        model: model,
        noise: noise,
        particles: count,
        resamplingShare: share,
        stream: RandomStream(seed: UInt64(seed)).derived("particles")
      )
    }
  }

  private func finished<Gain: GainModel>(_ gain: Gain) -> any StateEstimator<Gain.Scalar> {
    let filter = GaussianFilter(gain: gain)
    return isSmoothed ? RauchTungStriebelSmoother(filter: filter) : filter
  }
}

/// A filter or smoother, ready for arrays.
struct PreparedStateEstimator: PreparedMethod {
  let system: SystemChoice
  let filter: FilterChoice
  let prior: PriorTime
  /// Factors of `Q` and `R`.
  let processFactor: Double
  let observationFactor: Double
  let keepsCovariances: Bool

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
    let model = try system.model(arrays, as: scalar)
    let (m, n) = (model.states, model.observed)
    let (input, form) = try StateArrays.input(
      arrays,
      states: m,
      observed: n,
      prior: prior,
      as: scalar
    )
    let targets = try StateArrays.real(
      "targets",
      in: arrays,
      allowsMissing: true,
      as: Double.self
    )
    let output: FilterOutput<Scalar>
    do {
      let noise = try NoiseCovariances(
        process: try scaled("process_noise", m, processFactor, arrays, scalar),
        observation: try scaled("observation_noise", n, observationFactor, arrays, scalar)
      )
      output = try filter.estimator(model, noise).estimated(input, pool: pool)
    } catch let error as StateEstimationError {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    return InferenceResult(
      arrays: StateArrays.bundle(
        filter.keptStates > 0 ? output.keeping(filter.keptStates) : output,
        form: form,
        targets: targets,
        keepsCovariances: keepsCovariances
      ),
      failure: StateArrays.sentence(output.failures, batch: input.batch)
    )
  }

  private func scaled<Scalar: RealTensorScalar>(
    _ name: String,
    _ size: Int,
    _ factor: Double,
    _ arrays: ArrayBundle,
    _ scalar: Scalar.Type
  ) throws(StudyError) -> Matrix<Scalar> {
    var matrix = try StateArrays.neededMatrix(
      name,
      rows: size,
      columns: size,
      in: arrays,
      as: scalar
    )
    if factor != 1 { for i in matrix.scalars.indices { matrix.scalars[i] *= Scalar(factor) } }
    return matrix
  }
}

extension StateArrays {
  /// Tells of sequences that a filter could not go on with.
  static func sentence(_ failures: [Int: Int], batch: Int) -> String? {
    guard let first = failures.keys.min(), let step = failures[first] else { return nil }
    return
      "\(failures.count) of \(batch) sequences, first \(first) at step \(step): the covariance of"
      + " the observation is not positive definite or not finite"
  }
}
