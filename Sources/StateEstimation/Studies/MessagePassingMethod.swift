internal import Hybridization
package import Studies
internal import Tensors

extension MethodDescription {
  /// Smoothing by gradient messages on the chain of states.
  package static let messagePassing = MethodDescription(
    id: MessagePassingMethod.id,
    family: .modelBased,
    task: StateEstimationTask.id,
    title: "Message passing",
    summary: "Smooths by messages between neighbouring steps: gradient ascent on the posterior.",
    needs: ["model", "noise covariances", "initial state"],
    learns: [],
    references: ["satorras2019"],
    arrays: MessagePassingMethod.inputs + [StateArrays.outputs[0]],
    settings: MessagePassingMethod.settings,
    cost: {
      let (m, n) = SystemChoice.extents($0)
      return .init(
        parameters: 0,
        multiplyAccumulates: $0.integer("iterations") * (3 * m * m + 2 * m * n)
      )
    },
    prepare: { settings, _ in PreparedMessagePassing(settings: settings) }
  )
}

/// Settings and arrays of message passing.
enum MessagePassingMethod {
  static let id = "message-passing"

  static let inputs = [
    StateArrays.observations, StateArrays.lengths, StateArrays.targets,
    StateArrays.transition(isRequired: false), StateArrays.emission(isRequired: false),
    StateArrays.processNoise, StateArrays.observationNoise, StateArrays.initialMean,
    StateArrays.initialCovariance,
  ]

  static let settings: [SettingDescription] =
    SystemChoice.settings + passing + [
      .init(
        "tolerance",
        .number(0...1),
        standard: .number(0),
        "relative change of the estimates at which to stop; 0 makes all iterations"
      ),
      .init(
        "prior",
        .choice(PriorTime.allCases.map(\.rawValue)),
        standard: .text(PriorTime.beforeFirst.rawValue),
        "whether the initial state is one transition before the first observation or at it"
      ),
    ] + SystemChoice.extentSettings

  /// How messages are passed; with and without a correction.
  static let passing = steps + factors

  /// How often and how far.
  static let steps: [SettingDescription] = [
    .init(
      "iterations",
      .integer(0...1_000_000),
      standard: .integer(100),
      "messages of each edge; with 0 estimates are the states behind the observations"
    ),
    .init(
      "step_size",
      .number(1e-9...1e3),
      standard: .number(0.03),
      "how far a state goes along the sum of its messages; above 2 over the largest curvature it diverges"
    ),
  ]

  private static let factors: [SettingDescription] = [
    .init(
      "process_factor",
      .number(1e-12...1e12),
      standard: .number(1),
      "factor of process_noise, to tune a smoother whose model is wrong"
    ),
    .init(
      "observation_factor",
      .number(1e-12...1e12),
      standard: .number(1),
      "factor of observation_noise"
    ),
  ]
}

/// Message passing, ready for arrays.
private struct PreparedMessagePassing: PreparedMethod {
  let settings: Settings

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
    let model = try SystemChoice(settings).model(arrays, as: scalar)
    let (input, form) = try StateArrays.input(
      arrays,
      states: model.states,
      observed: model.observed,
      prior: PriorTime(rawValue: settings.text("prior")) ?? .beforeFirst,
      as: scalar
    )
    let tolerance = settings.number("tolerance")
    let iterations = settings.integer("iterations")
    let rule: StoppingRule =
      tolerance > 0
      ? .tolerance(tolerance, maximumIterations: iterations) : .iterations(iterations)
    let endings = Endings()
    let estimates: Tensor<Scalar>
    do {
      try input.check(states: model.states, observed: model.observed)
      let noise = try SmootherKnowledge.noise(arrays, model, settings)
      let method = try SmootherKnowledge.messages(
        model,
        noise,
        stepSize: settings.number("step_size")
      )
      let passing = CorrectedMessagePassing(method)
      estimates = try SmoothingInput(transition: model.transition, noise: noise)
        .estimates(input, pool: pool) { problem in
          let outcome = passing.solve(problem, until: rule)
          if !outcome.status.isSuccess { endings.tell(outcome.sentence) }
          return outcome.value
        }
    } catch let error as StateEstimationError {
      throw StudyError.invalid("\(arrays.source): \(error)")
    }
    return InferenceResult(
      arrays: StateArrays.bundle(estimates: estimates, form: form),
      failure: endings.first
    )
  }
}
