internal import Autodiff
internal import NeuralNetworks
package import Studies
internal import Synchronization
internal import Tensors

extension MethodDescription {
  /// The unfolded coder with its decoder, trained on counts alone or on their means.
  package static let dcea = DCEAMethod.description
}

/// Training and inference of the autoencoder on series.
enum DCEAMethod {
  static let id = "dcea"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .hybrid,
    task: DictionaryTask.id,
    title: "DCEA",
    summary:
      "Convolutional sparse coding unfolded into an encoder, with a linear decoder and a link.",
    needs: ["law of the observations", "number and length of filters"],
    learns: ["filters", "thresholds"],
    law: "at its first filters, K layers are K iterations of FISTA coding, to the bit",
    references: ["tolooshams2020dcea"],
    arrays: DictionaryModel.arrays,
    settings: DictionaryChoices.law + DictionaryChoices.dictionary
      + DictionaryChoices.coding(iterations: 250, name: "layers") + [
        .init(
          "encoder",
          .choice(["tied", "untied"]),
          standard: .text("tied"),
          "one set of filters, or sets of their own for both directions of the encoder and the decoder"
        ),
        .init(
          "thresholds",
          .choice(["fixed", "learned"]),
          standard: .text("fixed"),
          "whether what codes are shrunk by is learned"
        ),
        .init(
          "objective",
          .choice(["likelihood", "denoising"]),
          standard: .text("likelihood"),
          "negative log-likelihood of the observations, or squared error of the means against targets"
        ),
      ] + TrainingChoices.descriptions(standard) + DictionaryChoices.extents,
    version: version,
    cost: { settings in
      let (filters, taps) = (settings.integer("filters"), settings.integer("taps"))
      let places = max(settings.integer("length") - taps + 1, 1)
      let sets = settings.text("encoder") == "tied" ? 1 : 3
      return .init(
        parameters: sets * filters * taps
          + (settings.text("thresholds") == "learned" ? filters : 0),
        multiplyAccumulates: 2 * (settings.integer("layers") + settings.integer("refitting"))
          * filters * taps * places
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 20, batch: 32, rate: 0.01, of: "series")
    standard.clip = 0
    return standard
  }

  private static func network(_ problem: DictionaryProblem, _ settings: Settings) -> DCEANetwork {
    let coding = problem.coding(
      problem.filters,
      settings,
      steps: settings.integer("layers"),
      isTied: settings.text("encoder") == "tied",
      margin: 2
    )
    return DCEANetwork(
      coding,
      layers: settings.integer("layers") + settings.integer("refitting"),
      learnsThresholds: settings.text("thresholds") == "learned",
      largest: problem.largest
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let filters = try DictionaryModel.chosenFilters(model, settings, method: id)
    let problem = DictionaryProblem(
      law: ObservationLaw(settings),
      baseline: try DictionaryModel.number(DictionaryModel.baseline, model, method: id),
      filters: filters,
      largest: try DictionaryModel.number(DictionaryModel.largest, model, method: id)
    )
    let network = network(problem, settings)
    var tensors = model.tensors
    tensors[DictionaryModel.history] = nil
    try network.load(tensors, source: "the model of \(id)")
    network.decoder.set(filters)
    return DictionaryInference(
      law: problem.law,
      baseline: problem.baseline,
      filters: filters,
      coder: { network.codes($0) }
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let problem = try DictionaryProblem(request.data, settings, from: request.stream)
    let isDenoising = settings.text("objective") == "denoising"
    if isDenoising, problem.targets == nil {
      throw StudyError.missingArray(
        "targets",
        source: request.data.source,
        expected: "[batch, length], the means, for the objective denoising"
      )
    }
    let network = network(problem, settings)
    if let initial = request.initial {
      var tensors = initial.tensors
      tensors[DictionaryModel.history] = nil
      try network.load(tensors, source: "the initial model of \(id)")
    }
    let (training, validation) = try parts(problem, request, isDenoising)
    let recorder = FilterHistory(network.decoder, passes: settings.integer("epochs"))
    var context = request.context(
      validation: validation,
      redraw: request.redraw == nil
        ? nil
        : { bundle in
          let again = try DictionaryProblem(bundle, settings, from: request.stream)
          return try dataset(again, 0..<training.count, isDenoising)
        }
    )
    context.groups = network.groups
    let report = context.onProgress
    context.onProgress = { progress in
      if progress.isEndOfEpoch { recorder.record(epoch: progress.epoch) }
      report?(progress)
    }
    let outcome = try NeuralNetworks.train(
      network,
      on: training,
      settings: TrainingChoices.trainingSettings(settings, hasValidation: validation != nil)
        .validatingInBatches,
      context: context
    ) { inputs, _ in
      let series = try inputs.named("observations")
      return isDenoising
        ? network.denoisingLoss(series, try inputs.named("targets"))
        : network.likelihoodLoss(series)
    }
    var tensors = network.tensors()
    tensors[DictionaryModel.history] = .float(recorder.passes)
    return request.result(
      of: [outcome],
      method: id,
      version: version,
      tensors: tensors,
      axes: ["batch", "length"]
    )
  }

  private static func parts(
    _ problem: DictionaryProblem,
    _ request: TrainingRequest,
    _ isDenoising: Bool
  ) throws -> (training: Dataset<Float>, validation: Dataset<Float>?) {
    let (learned, heldOut) = request.parts(of: problem.series.shape[0])
    let held = try request.validation.map {
      try DictionaryProblem($0, request.settings, from: request.stream)
    }
    return (
      try dataset(problem, learned, isDenoising),
      try held.map { try dataset($0, 0..<$0.series.shape[0], isDenoising) }
        ?? heldOut.map { try dataset(problem, $0, isDenoising) }
    )
  }

  private static func dataset(
    _ problem: DictionaryProblem,
    _ range: Range<Int>,
    _ isDenoising: Bool
  ) throws -> Dataset<Float> {
    var arrays = ["observations": problem.series.sliced(axis: 0, range)]
    if isDenoising, let targets = problem.targets {
      arrays["targets"] = targets.sliced(axis: 0, range)
    }
    return try Dataset(arrays)
  }
}

/// The filters after each pass of a training; NaN for passes that an earlier run made, the last ones for passes that a
/// training left out.
private final class FilterHistory {
  private let parameter: Parameter<Float>
  private var kept: [Tensor<Float>]
  private var made = 0

  init(_ parameter: Parameter<Float>, passes: Int) {
    self.parameter = parameter
    kept = Array(repeating: .full(parameter.shape, .nan), count: passes)
  }

  func record(epoch: Int) {
    guard kept.indices.contains(epoch - 1) else { return }
    kept[epoch - 1] = present
    made = epoch
  }

  var passes: Tensor<Float> {
    stacked(kept.prefix(made) + Array(repeating: present, count: kept.count - made))
  }

  private var present: Tensor<Float> {
    // The optimiser has written to the storage since the value was last read.
    parameter.valueDidChange()
    return unitRows(parameter.value)
  }
}
