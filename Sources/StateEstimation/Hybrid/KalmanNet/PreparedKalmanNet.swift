internal import Studies
internal import Tensors

/// A trained KalmanNet that gives covariances, ready for arrays.
struct PreparedKalmanNet<Network: GainNetwork<Float>>: PreparedMethod {
  let filter: BatchedFilter<SystemTransition<Float>, SystemEmission<Float>, Network>

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let (m, n) = (filter.model.states, filter.model.observed)
    let (input, form) = try StateArrays.input(
      arrays,
      states: m,
      observed: n,
      prior: .beforeFirst,
      as: Float.self
    )
    let targets = try StateArrays.real(
      "targets",
      in: arrays,
      allowsMissing: true,
      as: Double.self
    )
    let noise = try StateArrays.neededMatrix(
      "observation_noise",
      rows: n,
      columns: n,
      in: arrays,
      as: Double.self
    )
    let output: FilterOutput<Float>
    do throws(StateEstimationError) {
      try Covariance.check(noise, name: "observation_noise")
      output = try filter.estimated(input, noise: noise, pool: pool)
    } catch {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    return InferenceResult(
      arrays: StateArrays.bundle(output, form: form, targets: targets, keepsCovariances: true),
      failure: PreparedLearnedFilter.divergence(output.estimates, input)
    )
  }

  /// Tells of an emission that lets no covariance be recovered at any step.
  func checkEmission() throws(StudyError) {
    let model = filter.model
    let reason: String
    if model.observed < model.states {
      reason = "\(model.observed) observed numbers do not determine \(model.states) states"
    } else if case .linear(let function) = model.emission,
      !GainCovariance(emission: function.matrix.doubled, noise: .identity(model.observed))
        .isComplete
    {
      reason = "the columns of the emission depend on each other"
    } else {
      return
    }
    throw .invalid(
      "\(KalmanNetMethod.id): covariances cannot be recovered from the gain: \(reason); run it with covariances false"
    )
  }
}

extension Matrix where Scalar == Float {
  /// The same numbers in double precision.
  var doubled: Matrix<Double> {
    Matrix<Double>(rows: rows, columns: columns, scalars.map(Double.init))
  }
}
