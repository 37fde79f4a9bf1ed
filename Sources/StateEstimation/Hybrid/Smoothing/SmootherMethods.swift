internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// What the methods with a learned smoother have in common: arrays, settings, training, preparation.
enum SmootherMethods {
  /// What a model file keeps beside the network.
  private static let constants: Set = [
    "transition", "emission", "process_noise", "observation_noise",
  ]

  /// The settings of training.
  static func training(_ standard: TrainingChoices.Standard) -> [SettingDescription] {
    [
      .init(
        "window",
        .integer(2...1_000_000),
        standard: .integer(500),
        "the most steps of a piece; longer trajectories are cut for training"
      ),
      .init(
        "least_steps",
        .integer(0...100_000_000),
        standard: .integer(300),
        "passes go on beyond epochs until so many optimiser steps are made"
      ),
    ] + TrainingChoices.descriptions(standard)
  }

  /// What is seen of observations.
  static let evidence = SettingDescription(
    "evidence",
    .choice(GradientMessagePassing<SystemTransition<Float>>.Evidence.allCases.map(\.rawValue)),
    standard: .text("changes"),
    "what the network sees of observations; changes: from step to step, so that it does not matter where a"
      + " sequence is; levels: the observations too"
  )

  static func evidence(_ settings: Settings)
    -> GradientMessagePassing<SystemTransition<Float>>.Evidence
  {
    .init(rawValue: settings.text("evidence")) ?? .changes
  }

  /// What training needs to know of a system.
  struct Knowledge {
    let model: SystemModel<Float>
    /// Nil where the method does without.
    let noise: NoiseCovariances<Float>?
    /// The arrays as a model file keeps them.
    let tensors: [String: NumericArray]

    /// The knowledge that training data or a model file hold.
    ///
    /// - Parameters:
    ///   - bundle: the arrays.
    ///   - settings: the method's.
    ///   - usesModel: whether transition and noises are needed; else the emission alone, and the extent of `targets`
    ///     or `process_noise`.
    /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
    init(_ bundle: ArrayBundle, _ settings: Settings, usesModel: Bool) throws {
      var tensors: [String: NumericArray] = [:]
      if usesModel {
        model = try SystemChoice(settings).model(bundle, as: Float.self)
        do { noise = try SmootherKnowledge.noise(bundle, model, settings) } catch let error
          as StateEstimationError
        {
          throw StudyError.invalid("\(bundle.source): \(error)")
        }
        for name in constants { tensors[name] = bundle[name] }
      } else {
        let emission = try StateArrays.matrix("emission", in: bundle, as: Float.self)
        let extent = bundle["targets"] ?? bundle["process_noise"]
        guard let states = emission?.columns ?? extent?.shape.last else {
          throw StudyError.missingArray(
            "targets",
            source: bundle.source,
            expected: "[time, m] or [batch, time, m], the true states"
          )
        }
        model = SystemModel(
          transition: .linear(LinearFunction(.identity(states))),
          emission: .linear(LinearFunction(emission ?? .identity(states)))
        )
        noise = nil
        tensors["emission"] = bundle["emission"]
        tensors["process_noise"] = .float(.zeros([states, states]))
      }
      self.tensors = tensors
    }

    /// The messages of the model; of identities where it is not used.
    func messages(
      evidence: GradientMessagePassing<SystemTransition<Float>>.Evidence,
      stepSize: Double
    ) throws -> GradientMessagePassing<SystemTransition<Float>> {
      do {
        let identities = try NoiseCovariances<Float>(
          process: .identity(model.states),
          observation: .identity(model.observed)
        )
        return try SmootherKnowledge.messages(
          model,
          noise ?? identities,
          stepSize: stepSize,
          evidence: evidence,
          usesModel: noise != nil
        )
      } catch {
        throw StudyError.invalid("the model: \(error)")
      }
    }
  }

  /// Trains a smoother and packs it with what it needs to run.
  static func train<Smoother: LearnedSmoother>(
    _ id: String,
    version: Int,
    _ request: TrainingRequest,
    usesModel: Bool,
    weighting: LayerWeighting,
    _ make: (Knowledge, RandomStream) throws -> Smoother
  ) throws -> TrainingResult {
    let settings = request.settings
    var request = request
    if !usesModel {
      request.data = StateArrays.withoutInitial(request.data)
      request.validation = request.validation.map(StateArrays.withoutInitial)
    }
    let knowledge = try Knowledge(request.data, settings, usesModel: usesModel)
    let smoother = try make(knowledge, request.stream.derived("initial values"))
    let (kept, held) = try sets(request, knowledge)
    if let initial = request.initial {
      try smoother.network.load(
        initial.tensors.filter { !constants.contains($0.key) },
        source: "the initial model of \(id)"
      )
    } else {
      smoother.scale.fit(SmoothingFeatures.made(kept.problem.observations, smoother.evidence))
    }
    var choices = TrainingChoices.trainingSettings(settings, hasValidation: held != nil)
    let steps = (kept.count + settings.integer("batch") - 1) / settings.integer("batch")
    let least = (settings.integer("least_steps") + steps - 1) / steps
    choices.duration = .epochs(max(settings.integer("epochs"), least))
    choices.validationBatchSize = settings.integer("batch")
    var training = NetworkTraining(
      method: id,
      version: version,
      network: smoother.network,
      settings: choices,
      training: try kept.dataset(),
      validation: try held?.dataset()
    )
    training.inputAxes = ["batch", "time", "n"]
    var result = try training.run(request) { inputs, mode in
      try loss(smoother, inputs, weighting, mode)
    }
    result.model.tensors.merge(knowledge.tensors) { first, _ in first }
    return result
  }

  /// The weighted mean squared error over known entries, of every iteration in training and of the last in validation.
  private static func loss<Smoother: LearnedSmoother>(
    _ smoother: Smoother,
    _ inputs: [String: Tensor<Float>],
    _ weighting: LayerWeighting,
    _ mode: Mode
  ) throws -> Tensor<Float> {
    let targets = try inputs.named("targets")
    let trace = smoother.trace(try SmoothingProblem(inputs), mode: mode)
    let counted = mode == .training ? weighting : .last
    guard let weight = inputs["weight"] else {
      return counted.loss(trace) { meanSquaredError($0, targets) }
    }
    // Targets are 0 where they are not known.
    return counted.loss(trace) { squaredDistance($0 * weight, targets) } / weight.sum()
  }

  /// What is learned from, and what the best pass is chosen by: the last trajectories, or the end of a single one.
  private static func sets(
    _ request: TrainingRequest,
    _ knowledge: Knowledge
  ) throws -> (SmoothingSet, SmoothingSet?) {
    let settings = request.settings
    func set(
      _ bundle: ArrayBundle,
      _ steps: Range<Double> = 0..<1,
      _ trajectories: Range<Int>? = nil
    ) throws -> SmoothingSet {
      try SmoothingSet(
        bundle,
        model: knowledge.model,
        noise: knowledge.noise,
        window: settings.integer("window"),
        steps: steps,
        trajectories: trajectories
      )
    }
    let share = settings.number("validation_share")
    if let validation = request.validation {
      return (try set(request.data), try set(validation))
    }
    guard share > 0 else { return (try set(request.data), nil) }
    let count = try StateEstimationTask.description.itemCount(request.data)
    if count == 1 {
      return (try set(request.data, 0..<(1 - share)), try set(request.data, (1 - share)..<1))
    }
    let (learned, heldOut) = request.parts(of: count)
    return (
      try set(request.data, 0..<1, learned), try heldOut.map { try set(request.data, 0..<1, $0) }
    )
  }

  /// The smoother of a model file.
  static func prepared<Smoother: LearnedSmoother>(
    _ id: String,
    _ settings: Settings,
    _ file: ModelFile?,
    usesModel: Bool,
    _ make: (Knowledge, RandomStream) throws -> Smoother
  ) throws -> any PreparedMethod {
    guard let file else {
      throw StudyError.untrained(id)
    }
    var bundle = ArrayBundle(source: "the model file")
    for (name, array) in file.tensors where constants.contains(name) { bundle[name] = array }
    let knowledge = try Knowledge(bundle, settings, usesModel: usesModel)
    let smoother = try make(knowledge, RandomStream(seed: 0))
    try smoother.network.load(
      file.tensors.filter { !constants.contains($0.key) },
      source: "the model of \(id)"
    )
    let identities = try NoiseCovariances<Float>(
      process: .identity(knowledge.model.states),
      observation: .identity(knowledge.model.observed)
    )
    let sequences = SmoothingInput(
      transition: knowledge.model.transition,
      noise: knowledge.noise ?? identities
    )
    return PreparedLearnedFilter(model: knowledge.model, readsInitial: usesModel) { input, pool in
      try input.check(states: knowledge.model.states, observed: knowledge.model.observed)
      return try sequences.estimates(input, pool: pool) { problem in
        smoother.trace(problem, mode: .inference).last ?? problem.observations
      }
    }
  }
}
