internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// What the black boxes of symbol detection have in common: description, training and inference.
struct BlackBoxMethod: Sendable {
  /// The version of the model files.
  static let version = 1

  var id: String
  var title: String
  var summary: String
  var references: [String]
  /// Settings of the network itself.
  var settings: [SettingDescription]
  var standard: TrainingChoices.Standard
  /// Draws a network from settings.
  var network: @Sendable (Settings, _ symbols: Int, inout RandomStream) -> any SymbolNetwork

  /// The method for the catalogue.
  var description: MethodDescription {
    MethodDescription(
      id: id,
      family: .dataDriven,
      task: SymbolDetectionTask.id,
      title: title,
      summary: summary,
      needs: ["training symbols"],
      learns: ["symbol probabilities from observations"],
      references: references,
      arrays: [
        DetectorArrays.observations, DetectorArrays.targets, DetectorArrays.estimates,
        DetectorArrays.probabilities,
      ],
      settings: [DetectorArrays.constellation, DetectorArrays.probabilitiesSetting] + settings
        + TrainingChoices.descriptions(standard),
      version: Self.version,
      cost: { settings in
        let network = fresh(settings, RandomStream(seed: 0))
        return MethodDescription.Cost(
          parameters: network.parameterCount,
          multiplyAccumulates: network.network.multiplyAccumulates
        )
      },
      prepare: { try prepared($0, $1) },
      train: { try train($0) }
    )
  }

  private func fresh(_ settings: Settings, _ stream: RandomStream) -> ScaledNetwork {
    var stream = stream.derived("initial values")
    let constellation = SymbolDetectionArrays.constellation(settings)
    return ScaledNetwork(network(settings, constellation.size, &stream))
  }

  private func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let network = fresh(settings, RandomStream(seed: 0))
    try network.load(model.tensors, source: "the model of \(id)")
    return BlackBoxDetector(
      network: network,
      constellation: SymbolDetectionArrays.constellation(settings),
      keepsProbabilities: settings.flag("probabilities")
    )
  }

  private func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let constellation = SymbolDetectionArrays.constellation(settings)
    var training = try ObservationSeries(request.data, labelledBy: constellation)
    var validation = try request.validation.map {
      try ObservationSeries($0, labelledBy: constellation)
    }
    let share = settings.number("validation_share")
    if validation == nil, share > 0, training.time >= 2 {
      let parts = training.split(holdingOut: share)
      (training, validation) = (parts.earlier, parts.later)
    }
    let network = fresh(settings, request.stream)
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    } else {
      network.scale.fit(to: training.observations)
    }
    var choices = TrainingChoices.trainingSettings(settings, hasValidation: validation != nil)
    choices.validationBatchSize = ChunkedInference.chunkLength
    var run = NetworkTraining(
      method: id,
      version: Self.version,
      network: network,
      settings: choices,
      training: try dataset(training, for: network),
      validation: try validation.map { try dataset($0, for: network) }
    )
    let learned = 0..<training.time
    run.redraw = {
      let again = try ObservationSeries($0, labelledBy: constellation)
      return try dataset(again.part(learned), for: network)
    }
    return try run.run(request) { inputs, _ in
      network.loss(try inputs.named("pieces"), try inputs.named("labels"))
    }
  }

  private func dataset(
    _ series: ObservationSeries,
    for network: ScaledNetwork
  ) throws -> Dataset<Float> {
    let layout = network.network.layout
    var arrays = ["pieces": layout.pieces(of: network.scale.normalised(series.observations))]
    arrays["labels"] = series.labels.map { layout.labels(of: $0) }
    return try Dataset(arrays)
  }
}

/// A trained black box.
struct BlackBoxDetector: PreparedMethod {
  let network: ScaledNetwork
  let constellation: Constellation
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let series = try ObservationSeries(arrays)
    let run = ChunkedInference(network.network, batch: series.batch, time: series.time)
    let probabilities = try run.probabilities(
      network.scale.normalised(series.observations),
      pool: pool
    )
    var isDouble = false
    if case .double = arrays["observations"] { isDouble = true }
    func array(_ tensor: Tensor<Float>, _ shape: [Int]) -> NumericArray {
      let shaped = tensor.viewed(as: shape)
      return isDouble ? .double(shaped.converted(to: Double.self)) : .float(shaped)
    }
    var result = ArrayBundle(source: arrays.source)
    result["estimates"] = array(estimates(probabilities), series.shape)
    if keepsProbabilities {
      result["probabilities"] = array(probabilities, series.shape + [constellation.size])
    }
    return InferenceResult(arrays: result)
  }

  /// The most probable symbol of each row, the first of equals.
  private func estimates(_ probabilities: Tensor<Float>) -> Tensor<Float> {
    let symbols = constellation.size
    let values = constellation.symbols.map { Float($0) }
    return Tensor(shape: [probabilities.count / symbols]) { target in
      probabilities.withScalars { source in
        for place in 0..<target.count {
          var best = 0
          for symbol in 1..<symbols
          where source[place * symbols + symbol] > source[place * symbols + best] {
            best = symbol
          }
          target[place] = values[best]
        }
      }
    }
  }
}
