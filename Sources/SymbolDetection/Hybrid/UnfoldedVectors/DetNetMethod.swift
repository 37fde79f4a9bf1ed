// Deviation from the authors: `G` and `m` are divided by the mean of G's diagonal, so that the network sees
// the same problem in any unit and needs no noise variance; they scale the channel to the SNR instead.

internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// DetNet: a learned step in the place of projected gradient descent's.
  package static let detNet = MethodDescription(
    id: DetNetMethod.id,
    family: .hybrid,
    task: MIMODetectionTask.id,
    title: "DetNet",
    summary: "Projected gradient descent unfolded, the projection of each layer a small network.",
    needs: ["channel", "constellation", "training vectors"],
    learns: ["step sizes", "projections"],
    law:
      "with weights that clip, K layers are K iterations of box-constrained projected gradient descent",
    references: ["samuel2019detnet", "samuel2017detnet"],
    arrays: UnfoldedVectors.arrays,
    settings: DetNetMethod.settings,
    version: DetNetMethod.version,
    cost: { DetNetMethod.cost($0) },
    prepare: { try DetNetMethod.prepared($0, $1) },
    train: { try DetNetMethod.train($0) }
  )
}

/// Settings, training and preparation of DetNet.
enum DetNetMethod {
  static let id = "detnet"
  static let version = 1

  static let settings: [SettingDescription] =
    UnfoldedVectors.settings(layers: 30) + [
      .init(
        "form",
        .choice(["journal", "conference"]),
        standard: .text("journal"),
        "journal: gradient step, then a network that gives beliefs; conference: one network of G s, m"
          + " and s that gives symbols, for two levels"
      ),
      .init(
        "hidden",
        .integer(0...1000),
        standard: .integer(0),
        "hidden units of a layer, for each real dimension of the symbols; 0 for the papers' 4 (journal)"
          + " and 8 (conference)"
      ),
      .init(
        "handed_on",
        .integer(1...1000),
        standard: .integer(2),
        "numbers that a layer hands on, for each real dimension of the symbols"
      ),
      .init(
        "residual",
        .number(0...0.999),
        standard: .number(0.9),
        "weight of the layer before in what a layer gives"
      ),
      .init(
        "start",
        .choice(["random", "projection"]),
        standard: .text("random"),
        "layers before training, journal form: the papers' small random numbers, or a projected gradient"
          + " step and these"
      ),
      .init(
        "step",
        .number(1e-6...1e6),
        standard: .number(0.5),
        "step size of the projected gradient start; the mean diagonal of H'H counts as 1"
      ),
      .init(
        "decision_weight",
        .number(0...1000),
        standard: .number(0),
        "weight of the cross-entropy of decisions beside the squared error of beliefs in a layer's loss,"
          + " journal form; 0 for the paper's loss"
      ),
      .init(
        "decision_sharpness",
        .number(1e-3...1e3),
        standard: .number(10),
        "what beliefs are multiplied by to be the logits of that cross-entropy"
      ),
    ] + TrainingChoices.descriptions(standard)

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 1000, rate: 1e-3)
    // A thousand vectors in two parts cost no more on one thread, and half as much on two.
    standard.batchParts = 2
    standard.validationShare = 0
    return standard
  }

  private static func isJournal(_ settings: Settings) -> Bool {
    settings.text("form") == "journal"
  }

  private static func hidden(_ settings: Settings) -> Int {
    let given = settings.integer("hidden")
    return given > 0 ? given : isJournal(settings) ? 4 : 8
  }

  private static func journal(_ settings: Settings, dimensions: Int, _ stream: RandomStream)
    -> DetNet<Float>
  {
    let decisionWeight = Float(settings.number("decision_weight"))
    return DetNet(
      levels: Levels<Float>(MIMOArrays.constellation(settings)).values,
      users: dimensions,
      hidden: hidden(settings) * dimensions,
      memory: settings.integer("handed_on") * dimensions,
      residual: Float(settings.number("residual")),
      startingAt: settings.text("start") == "projection" ? Float(settings.number("step")) : nil,
      decisionLoss: decisionWeight > 0
        ? DecisionLoss(
          weight: decisionWeight,
          sharpness: Float(settings.number("decision_sharpness"))
        ) : nil,
      from: stream
    )
  }

  private static func conference(_ settings: Settings, dimensions: Int, _ stream: RandomStream)
    throws(StudyError) -> ConferenceDetNet<Float>
  {
    let levels = Levels<Float>(MIMOArrays.constellation(settings))
    guard levels.values.count == 2 else {
      throw .badValue(
        key: "form",
        value: "conference",
        expected: "journal for \(settings.text("constellation")), which has more than two levels",
        owner: "method detnet"
      )
    }
    guard settings.number("decision_weight") == 0 else {
      throw .badValue(
        key: "decision_weight",
        value: "\(settings.number("decision_weight"))",
        expected: "0 with form conference, which gives symbols and no beliefs",
        owner: "method detnet"
      )
    }
    return ConferenceDetNet(
      limit: levels.limit,
      users: dimensions,
      hidden: hidden(settings) * dimensions,
      memory: settings.integer("handed_on") * dimensions,
      residual: Float(settings.number("residual")),
      from: stream
    )
  }

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let k = UnfoldedVectors.dimensions(settings)
    let levels = MIMOArrays.constellation(settings).levels.count
    let (h, v) = (hidden(settings) * k, settings.integer("handed_on") * k)
    let (inputs, outputs, scalars) =
      isJournal(settings) ? (k + v, k * levels, 2) : (3 * k + v, k, 1)
    let products = inputs * h + h * outputs + h * v
    return .init(
      parameters: settings.integer("layers") * (products + h + outputs + v + scalars),
      multiplyAccumulates: UnfoldedVectors.layersUsed(settings) * (products + k * k)
    )
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.untrained("detnet")
    }
    guard let memory = model.tensors["layer.0.memory.bias"]?.shape.last,
      memory % settings.integer("handed_on") == 0
    else {
      throw StudyError.invalid("detnet: the model file has no first layer that fits its settings")
    }
    let dimensions = memory / settings.integer("handed_on")
    let stream = RandomStream(seed: 0)
    if isJournal(settings) {
      let method = journal(settings, dimensions: dimensions, stream)
      return try UnfoldedVectors.prepared(id, method, users: dimensions, settings, model)
    }
    let method = try conference(settings, dimensions: dimensions, stream)
    return try UnfoldedVectors.prepared(id, method, users: dimensions, settings, model)
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let dimensions = try UnfoldedVectors.dimensions(request)
    let stream = request.stream.derived("initial values")
    if isJournal(request.settings) {
      let method = journal(request.settings, dimensions: dimensions, stream)
      return try UnfoldedVectors.train(id, version: version, method, request)
    }
    let method = try conference(request.settings, dimensions: dimensions, stream)
    return try UnfoldedVectors.train(id, version: version, method, request)
  }
}
