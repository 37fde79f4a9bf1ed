internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Viterbi's algorithm around a trained classifier.
  package static let viterbiNet = ClassifierMethod(
    id: "viterbinet",
    title: "ViterbiNet",
    summary:
      "Viterbi's algorithm whose likelihood is a small classifier, learned from known symbols.",
    references: ["shlezinger2020viterbinet"],
    outputs: [DetectorArrays.estimates],
    settings: [],
    multiplyAccumulatesAState: 3,
    algorithm: { _ in .viterbi(fixedLag: false) }
  ).description

  /// The sum-product algorithm around a trained classifier.
  package static let bcjrNet = ClassifierMethod(
    id: "bcjrnet",
    title: "BCJRNet",
    summary: "The sum-product algorithm whose likelihood is a small classifier.",
    references: ["shlezinger2022factorgraphs", "bahl1974"],
    outputs: [DetectorArrays.estimates, DetectorArrays.probabilities],
    settings: [DetectorArrays.probabilitiesSetting],
    multiplyAccumulatesAState: 7,
    algorithm: { .bcjr(keepsProbabilities: $0.flag("probabilities")) }
  ).description
}

/// What the hybrids around a trellis have in common: description, training and inference.
struct ClassifierMethod: Sendable {
  /// The version of the model files.
  static let version = 1

  var id: String
  var title: String
  var summary: String
  var references: [String]
  var outputs: [MethodDescription.Array]
  /// Settings of the algorithm around the classifier.
  var settings: [SettingDescription]
  var multiplyAccumulatesAState: Int
  var algorithm: @Sendable (Settings) -> TrellisAlgorithm

  private static let networkSettings: [SettingDescription] = [
    .init(
      "hidden",
      .integers(1...16384),
      standard: .list([.integer(100), .integer(50)]),
      "units of the classifier's hidden layers, first to last"
    ),
    .init(
      "activation",
      .choice(StateClassifier.HiddenActivation.allCases.map(\.rawValue)),
      standard: .text(StateClassifier.HiddenActivation.sigmoidThenRelu.rawValue),
      "functions of the hidden units; sigmoid-relu: sigmoid in the first layer, ReLU in the others"
    ),
  ]

  /// How it trains unless told otherwise.
  ///
  /// Five thousand symbols leave nothing to hold out, and the falling rate settles by itself. The
  /// published rate of 0.01 with batches of 27 now and then leaves a network that has learned nothing
  /// at -6 dB; half the rate with larger batches does not, and is closer to the optimum at 10 dB.
  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 64, rate: 0.005)
    standard.validationShare = 0
    return standard
  }

  /// The method for the catalogue.
  var description: MethodDescription {
    MethodDescription(
      id: id,
      family: .hybrid,
      task: SymbolDetectionTask.id,
      title: title,
      summary: summary,
      needs: ["memory", "constellation", "training symbols"],
      learns: ["likelihood of an observation in each state"],
      law:
        "a dense layer with weights m/sigma^2 and biases -m^2/(2 sigma^2) in the slot decides as the "
        + "Gaussian likelihood",
      references: references,
      arrays: [DetectorArrays.observations, DetectorArrays.targets, DetectorArrays.initialState]
        + outputs,
      settings: DetectorArrays.trellisSettings + settings + Self.networkSettings
        + TrainingChoices.descriptions(Self.standard),
      version: Self.version,
      cost: { settings in
        let trellis = try DetectorArrays.trellis(settings, owner: id)
        let network = fresh(settings, trellis, RandomStream(seed: 0))
        return .init(
          parameters: network.parameterCount,
          multiplyAccumulates: network.multiplyAccumulates
            + multiplyAccumulatesAState * trellis.states
        )
      },
      prepare: { try prepared($0, $1) },
      train: { try train($0) }
    )
  }

  private func fresh(_ settings: Settings, _ trellis: Trellis, _ stream: RandomStream)
    -> StateClassifier
  {
    var stream = stream.derived("initial values")
    return StateClassifier(
      hidden: settings.integers("hidden"),
      activation: .init(rawValue: settings.text("activation")) ?? .sigmoidThenRelu,
      states: trellis.states,
      from: &stream
    )
  }

  private func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let trellis = try DetectorArrays.trellis(settings, owner: id)
    let network = fresh(settings, trellis, RandomStream(seed: 0))
    try network.load(model.tensors, source: "the model of \(id)")
    return ClassifierDetector(
      likelihood: network.likelihood(trellis),
      constellation: SymbolDetectionArrays.constellation(settings),
      algorithm: algorithm(settings)
    )
  }

  private func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let trellis = try DetectorArrays.trellis(settings, owner: id)
    let samples = StateSamples(
      trellis: trellis,
      constellation: SymbolDetectionArrays.constellation(settings)
    )
    var training = try samples.read(request.data)
    var validation = try request.validation.map { try samples.read($0) }
    let share = settings.number("validation_share")
    if validation == nil, share > 0, training.count >= 2 {
      let parts = training.split(holdingOut: share)
      (training, validation) = (parts.earlier, parts.later)
    }
    let network = fresh(settings, trellis, request.stream)
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    } else {
      network.scale.fit(to: training.observations)
    }
    var choices = TrainingChoices.trainingSettings(settings, hasValidation: validation != nil)
    choices.validationBatchSize = 512
    var run = NetworkTraining(
      method: id,
      version: Self.version,
      network: network,
      settings: choices,
      training: try training.dataset(scale: network.scale),
      validation: try validation?.dataset(scale: network.scale)
    )
    let learned = 0..<training.count
    run.redraw = { try samples.read($0).part(learned).dataset(scale: network.scale) }
    return try run.run(request) { inputs, mode in
      let logits = network.layers(try inputs.named("observations"), mode: mode)
      return softmaxCrossEntropy(logits, try inputs.named("states")).mean()
    }
  }
}

/// A trained hybrid, ready for arrays.
struct ClassifierDetector: PreparedMethod {
  let likelihood: ClassifierLikelihood<Float>
  let constellation: Constellation
  let algorithm: TrellisAlgorithm

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    try TrellisAlgorithm.inferring(
      arrays,
      float: { try algorithm.run(likelihood, constellation, $0, arrays, pool) },
      double: {
        try algorithm.run(
          likelihood,
          constellation,
          $0.converted(to: Float.self),
          arrays,
          pool
        )
      }
    )
  }
}
