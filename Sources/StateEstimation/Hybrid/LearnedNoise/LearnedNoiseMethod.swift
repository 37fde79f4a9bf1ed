internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// The extended Kalman filter with learned noise covariances.
  package static let learnedNoise = MethodDescription(
    id: LearnedNoiseMethod.id,
    family: .hybrid,
    task: StateEstimationTask.id,
    title: "Extended Kalman filter, learned noise",
    summary:
      "The (extended) Kalman filter with Q and R learned by gradients through its recursion.",
    needs: ["model, perhaps wrong", "training trajectories"],
    learns: ["noise covariances"],
    law: "with the true covariances it is the (extended) Kalman filter",
    references: ["shlezinger2023monograph", "shlezinger2023mbdl"],
    arrays: LearnedFilterMethods.inputs + [
      LearnedNoiseMethod.start(StateArrays.processNoise),
      LearnedNoiseMethod.start(StateArrays.observationNoise), StateArrays.initialCovariance,
    ] + StateArrays.outputs,
    settings: LearnedNoiseMethod.settings,
    version: LearnedNoiseMethod.version,
    cost: { LearnedNoiseMethod.cost($0) },
    prepare: { try LearnedNoiseMethod.prepared($0, $1) },
    train: { try LearnedNoiseMethod.train($0) }
  )
}

/// Settings, training and preparation of learned noise covariances.
enum LearnedNoiseMethod {
  static let id = "learned-ekf"
  static let version = 1

  /// An array where training starts.
  static func start(_ array: MethodDescription.Array) -> MethodDescription.Array {
    .init(
      array.name,
      array.shapes,
      .knowledge,
      isRequired: false,
      array.summary
        + "; where training starts, the identity if not given; inference takes what was learned"
    )
  }

  static let settings: [SettingDescription] =
    SystemChoice.settings + [
      .init(
        "criterion",
        .choice(LearnedNoiseFilter.Criterion.allCases.map(\.rawValue)),
        standard: .text(LearnedNoiseFilter.Criterion.error.rawValue),
        "error: the squared error of the states; likelihood: the density of the observations, states unread"
      )
    ] + SystemChoice.extentSettings + FilterTrainingSettings.descriptions(standard)

  private static let standard = TrainingChoices.Standard(
    epochs: 30,
    batch: 30,
    rate: 0.03,
    of: "trajectories"
  )

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let (m, n) = SystemChoice.extents(settings)
    return .init(
      parameters: m * m + n * n,
      multiplyAccumulates: 4 * m * m * m + 4 * m * m * n + 3 * m * n * n
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let knowledge = try FilterKnowledge(request)
    let (m, n) = (knowledge.model.states, knowledge.model.observed)
    let data = request.data
    try checkComplete(data)
    let noise: NoiseCovariances<Float>
    do {
      noise = try NoiseCovariances(
        process: try StateArrays.matrix(
          "process_noise",
          rows: m,
          columns: m,
          in: data,
          as: Float.self
        ) ?? .identity(m),
        observation: try StateArrays.matrix(
          "observation_noise",
          rows: n,
          columns: n,
          in: data,
          as: Float.self
        ) ?? .identity(n)
      )
    } catch let error as StateEstimationError {
      throw StudyError.invalid("\(data.source): \(error)")
    }
    let initial = try StateArrays.matrix(
      "initial_covariance",
      rows: m,
      columns: m,
      in: data,
      as: Float.self
    )
    let filter = LearnedNoiseFilter(
      model: knowledge.model,
      network: NoiseRoots(noise),
      initialCovariance: initial.map { Tensor($0.scalars, shape: [m, m]) } ?? .zeros([m, m]),
      criterion: LearnedNoiseFilter.Criterion(rawValue: request.settings.text("criterion"))
        ?? .error
    )
    return try FilterTraining(filter: filter).result(
      method: id,
      version: version,
      knowledge: knowledge,
      request
    )
  }

  private static func checkComplete(_ data: ArrayBundle) throws(StudyError) {
    let observations = try StateArrays.real(
      "observations",
      in: data,
      allowsMissing: true,
      as: Float.self
    )
    guard let observations, observations.withScalars({ $0.contains(where: \.isNaN) }) else {
      return
    }
    throw .badNumbers(
      array: "observations",
      source: data.source,
      reason: "have missing numbers, which \(id) cannot be trained on (it filters them)"
    )
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    let (knowledge, learned) = try FilterKnowledge.read(model, settings, method: id)
    let (m, n) = (knowledge.model.states, knowledge.model.observed)
    let roots = NoiseRoots(
      try NoiseCovariances(process: .identity(m), observation: .identity(n))
    )
    try roots.load(learned, source: "the model of \(id)")
    let found = roots.covariances
    func matrix(_ tensor: Tensor<Float>) -> Matrix<Float> {
      Matrix(rows: tensor.shape[0], columns: tensor.shape[1], tensor.scalars)
    }
    let noise = try NoiseCovariances(
      process: matrix(found.process),
      observation: matrix(found.observation)
    )
    return PreparedNoiseFilter(
      filter: GaussianFilter(gain: RiccatiGain(model: knowledge.model, noise: noise))
    )
  }
}

/// A filter with learned covariances, ready for arrays.
struct PreparedNoiseFilter: PreparedMethod {
  let filter: GaussianFilter<RiccatiGain<SystemTransition<Float>, SystemEmission<Float>>>

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let (input, form) = try StateArrays.input(
      arrays,
      states: filter.states,
      observed: filter.observed,
      prior: .beforeFirst,
      as: Float.self
    )
    let targets = try StateArrays.real(
      "targets",
      in: arrays,
      allowsMissing: true,
      as: Double.self
    )
    let output: FilterOutput<Float>
    do {
      output = try filter.estimated(input, pool: pool)
    } catch {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    return InferenceResult(
      arrays: StateArrays.bundle(output, form: form, targets: targets, keepsCovariances: true),
      failure: StateArrays.sentence(output.failures, batch: input.batch)
    )
  }
}
