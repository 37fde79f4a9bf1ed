internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// What the networks unfolded from an iterative method have in common: description, training, inference.
struct UnfoldedMethod<Method: IterativeMethod>: Sendable
where Method.Scalar == Float, Method.Problem == Tensor<Float> {
  typealias Group = Method.Parameters.Group

  /// Why a method is made.
  enum Occasion: Sendable {
    /// To be trained: first values are computed.
    case training
    /// To be filled from a model file: first values may be anything of the right shape.
    case loading
  }

  var id: String
  var version = 1
  var title: String
  var summary: String
  var needs = ["operator", "training signals"]
  var learns: [String]
  var law: String
  var references: [String]
  var layers = 16
  var settings: [SettingDescription] = []
  var standard = TrainingChoices.Standard(epochs: 10, rate: 5e-4, of: "problems")
  var make: @Sendable (SparseKnowledge, Settings, Occasion) throws -> Method
  var learning: @Sendable (Settings) -> Set<Group>
  var sharing: @Sendable (Settings) -> ParameterSharing<Group> = { _ in .perLayer }
  /// Takes over what a warm-up has learned for a layer; nil for methods that cannot.
  var adopt:
    (@Sendable (ShrinkageParameters<Float>, _ into: Method.Parameters, ISTA<Float>) -> Void)?
  /// Learned numbers and multiply-accumulates of K layers.
  var cost: @Sendable (Settings) -> MethodDescription.Cost

  /// The method for the catalogue.
  var description: MethodDescription {
    MethodDescription(
      id: id,
      family: .hybrid,
      task: SparseRecoveryTask.id,
      title: title,
      summary: summary,
      needs: needs,
      learns: learns,
      law: law,
      references: references,
      arrays: [
        SparseArrays.observations, SparseArrays.targets, SparseArrays.operators(inModel: true),
        SparseArrays.noiseVariance("noise power, read in training where the method uses it"),
        SparseArrays.estimates,
      ],
      settings: [
        .init("layers", .integer(1...1000), standard: .integer(layers), "layers of the network"),
        SparseArrays.stopAfter,
      ] + settings + (adopt == nil ? [] : [UnfoldedChoices.warmUp]) + UnfoldedChoices.schedule
        + TrainingChoices.descriptions(standard)
        + SparseArrays.extents,
      version: version,
      cost: cost,
      prepare: { try prepared($0, $1) },
      train: { try train($0) }
    )
  }

  private func network(
    _ knowledge: SparseKnowledge,
    _ settings: Settings,
    _ occasion: Occasion
  ) throws -> UnfoldedNetwork<Method> {
    let method = try make(knowledge, settings, occasion)
    let layers: Unfolded<Method>
    if warmUpEpochs(settings) > 0 {
      // What is not learned differs between the layers too.
      let own = method.unfolded(layers: settings.integer("layers"))
      layers = Unfolded(method, layers: own.layers, learning: learning(settings))
    } else {
      layers = method.unfolded(
        layers: settings.integer("layers"),
        learning: learning(settings),
        sharing: sharing(settings)
      )
    }
    return UnfoldedNetwork(constants: KnowledgeConstants(knowledge), layers: layers)
  }

  private func warmUpEpochs(_ settings: Settings) -> Int {
    adopt == nil || settings.text("sharing") == "tied" ? 0 : settings.integer("warm_up")
  }

  /// Trains steps and thresholds around the analytic weight first, as ALISTA does, and starts the
  /// layers there.
  ///
  /// - Returns: how it ended; nil when there is nothing to warm up.
  private func warmUp(
    _ network: UnfoldedNetwork<Method>,
    _ knowledge: SparseKnowledge,
    _ problems: TrainingProblems,
    _ watch: TrainingWatch,
    epochs: Int
  ) throws -> TrainingOutcome? {
    guard let adopt, epochs > 0 else { return nil }
    let settings = watch.request.settings
    let given = settings.number("step_size")
    let base = InitialChoices.ista(
      knowledge,
      settings,
      matrix: try AnalyticWeight(of: knowledge.operators).weight,
      stepSize: given > 0 ? given : 1
    )
    let steps = base.unfolded(
      layers: settings.integer("layers"),
      learning: [.stepSizes, .thresholds]
    )
    var choices = TrainingChoices.trainingSettings(
      settings,
      hasValidation: problems.validation != nil
    )
    choices.duration = .epochs(epochs)
    choices.schedule = .cosine(from: 5e-3, to: 5e-4)
    var context = watch.context(problems)
    context.stream = context.stream.derived("warm-up")
    context.checkpoint = nil
    let outcome = try trained(steps, problems, choices, context, settings).last
    for (layer, own) in zip(steps.layers, network.layers.layers) { adopt(layer, own, base) }
    return outcome
  }

  /// The network of a model file.
  private func loaded(_ model: ModelFile, _ settings: Settings) throws -> UnfoldedNetwork<Method> {
    func constant(_ name: String) throws -> Tensor<Double> {
      guard let tensor = model.tensors["constants.\(name)"]?.double else {
        throw StudyError.invalid("\(id): the model file has no tensor 'constants.\(name)'")
      }
      return tensor
    }
    let operators = try constant("operator")
    let scalars = try ["noise_variance", "sparsity", "variance"].map { try constant($0) }
    guard operators.rank == 2, scalars.allSatisfy({ $0.count == 1 }) else {
      throw StudyError.invalid("\(id): the constants of the model file have other shapes")
    }
    let knowledge = SparseKnowledge(
      operators: operators,
      noiseVariance: scalars[0].scalar,
      sparsity: scalars[1].scalar,
      variance: scalars[2].scalar
    )
    let network = try network(knowledge, settings, .loading)
    try network.load(model.tensors, source: "the model of \(id)")
    return network
  }

  private func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let network = try loaded(model, settings)
    let stop = settings.integer("stop_after")
    let used = stop > 0 ? network.layers.prefix(stop) : network.layers
    let shape = network.constants.operators.shape
    return LearnedRecovery(measurements: shape[0], unknowns: shape[1]) { used.estimate($0) }
  }

  private func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let problems = try TrainingProblems(request, needsOperator: true)
    guard let knowledge = problems.knowledge else {
      throw StudyError.missingArray("operator", source: request.data.source, expected: "[m, n]")
    }
    let network: UnfoldedNetwork<Method>
    do {
      network = try self.network(knowledge, settings, request.initial == nil ? .training : .loading)
    } catch {
      throw SparseArrays.asStudyError(error, source: request.data.source)
    }
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let warmUpEpochs = request.initial == nil ? warmUpEpochs(settings) : 0
    let watch = TrainingWatch(
      request: request,
      stages: stages(settings, epochs: warmUpEpochs)
        + stages(settings, epochs: settings.integer("epochs"))
    )
    let choices = TrainingChoices.trainingSettings(
      settings,
      hasValidation: problems.validation != nil
    )
    var outcomes: [TrainingOutcome] = []
    do {
      if let warm = try warmUp(network, knowledge, problems, watch, epochs: warmUpEpochs) {
        outcomes = [warm]
      }
    } catch {
      throw SparseArrays.asStudyError(error, source: request.data.source)
    }
    switch outcomes.last?.status {
    case .cancelled, .diverged: break
    case .completed, .stoppedEarly, nil:
      outcomes = try trained(
        network.layers,
        problems,
        choices,
        watch.context(problems),
        settings
      )
    }
    return watch.result(outcomes, method: id, version: version, tensors: network.tensors())
  }

  /// The stages of ``trained(_:_:_:_:_:)`` with so many passes each.
  private func stages(_ settings: Settings, epochs: Int) -> [TrainingWatch.Stage] {
    settings.text("training") == "together"
      ? .whole(epochs: epochs)
      : .layerByLayer(
        settings.integer("layers"),
        refinements: settings.numbers("refinements").count,
        epochs: epochs
      )
  }

  /// Trains the learned parameters of unfolded layers by the schedule of the settings.
  private func trained<Other: IterativeMethod>(
    _ layers: Unfolded<Other>,
    _ problems: TrainingProblems,
    _ choices: TrainingSettings,
    _ context: TrainingContext<Float>,
    _ settings: Settings
  ) throws -> [TrainingOutcome] where Other.Scalar == Float, Other.Problem == Tensor<Float> {
    let scale = 1 / problems.energy
    let loss: ([String: Tensor<Float>], Tensor<Float>) throws -> Tensor<Float> = {
      let difference = $1 - (try $0.named("targets"))
      return square(difference).sum(axis: 1).mean() * scale
    }
    guard settings.text("training") == "together" else {
      return try layers.trainLayerByLayer(
        on: problems.training,
        settings: choices,
        context: context,
        refinements: settings.numbers("refinements"),
        problem: { try $0.named("observations") },
        loss: loss
      )
    }
    let outcome = try layers.trainTogether(
      on: problems.training,
      settings: choices,
      context: context,
      weighting: LayerWeighting(rawValue: settings.text("weighting")) ?? .last,
      problem: { try $0.named("observations") },
      loss: loss
    )
    return [outcome]
  }
}

/// Unfolded layers with what they were built from: all that a model file holds.
struct UnfoldedNetwork<Method: IterativeMethod>: DuplicableModule where Method.Scalar == Float {
  typealias Scalar = Float

  let constants: KnowledgeConstants
  let layers: Unfolded<Method>

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("constants", constants)
    visitor.child("network", layers)
  }

  func duplicated(in duplication: Duplication<Float>) -> UnfoldedNetwork {
    UnfoldedNetwork(
      constants: constants.duplicated(in: duplication),
      layers: layers.duplicated(in: duplication)
    )
  }
}
