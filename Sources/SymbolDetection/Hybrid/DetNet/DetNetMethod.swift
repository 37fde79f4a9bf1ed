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
    id: "detnet",
    family: .hybrid,
    task: MIMODetectionTask.id,
    title: "DetNet",
    summary: "Projected gradient descent unfolded, the projection of each layer a small network.",
    needs: ["channel", "constellation", "training vectors"],
    learns: ["step sizes", "projections"],
    law:
      "with weights that clip, K layers are K iterations of box-constrained projected gradient descent",
    references: ["samuel2019detnet"],
    arrays: [
      MIMOArrays.observations, MIMOArrays.channel, MIMOArrays.targets, MIMOArrays.estimates,
      MIMOArrays.probabilities,
    ],
    settings: DetNetMethod.settings,
    version: DetNetMethod.version,
    cost: { DetNetMethod.cost($0) },
    prepare: { try DetNetMethod.prepared($0, $1) },
    train: { try DetNetMethod.train($0) }
  )
}

/// Settings, training and preparation of DetNet.
enum DetNetMethod {
  static let version = 1

  static let settings: [SettingDescription] =
    [
      MIMOArrays.constellation, MIMOArrays.probabilitiesSetting,
      .init("layers", .integer(1...1000), standard: .integer(30), "layers of the network"),
      .init(
        "stop_after",
        .integer(0...1000),
        standard: .integer(0),
        "layers to run at inference, at most those there are; 0 for all"
      ),
      .init(
        "hidden",
        .integer(1...1000),
        standard: .integer(4),
        "hidden units of a layer, for each real dimension of the symbols"
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
        "weighting",
        .choice(LayerWeighting.allCases.map(\.rawValue)),
        standard: .text("logarithmic"),
        "which layers' losses count: the last, all alike, or by the logarithm of their number"
      ),
      .init(
        "users",
        .integer(1...1024),
        standard: .integer(30),
        "users, to count parameters and operations; computing takes the arrays' own"
      ),
    ] + TrainingChoices.descriptions(standard)

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 100, batch: 1000, rate: 1e-3)
    standard.validationShare = 0
    return standard
  }

  private static func method(_ settings: Settings, dimensions: Int, _ stream: RandomStream)
    -> DetNet<Float>
  {
    DetNet(
      levels: MIMOArrays.constellation(settings).levels.map { Float($0) },
      users: dimensions,
      hidden: settings.integer("hidden") * dimensions,
      memory: settings.integer("handed_on") * dimensions,
      residual: Float(settings.number("residual")),
      from: stream
    )
  }

  static func cost(_ settings: Settings) -> MethodDescription.Cost {
    let constellation = MIMOArrays.constellation(settings)
    let k = settings.integer("users") * (constellation.isComplex ? 2 : 1)
    let (h, v) = (settings.integer("hidden") * k, settings.integer("handed_on") * k)
    let beliefs = k * constellation.levels.count
    let layers = settings.integer("layers")
    let stop = settings.integer("stop_after")
    let used = stop > 0 ? min(stop, layers) : layers
    let products = (k + v) * h + h * beliefs + h * v
    return .init(
      parameters: layers * (products + h + beliefs + v + 2),
      multiplyAccumulates: used * (products + k * k)
    )
  }

  static func prepared(_ settings: Settings, _ model: ModelFile?) throws -> any PreparedMethod {
    guard let model else {
      throw StudyError.invalid("detnet: must be trained before it can run; give a model file")
    }
    guard let input = model.tensors["layer.0.hidden.weight"]?.shape.first,
      let memory = model.tensors["layer.0.memory.weight"]?.shape.last, input > memory
    else { throw StudyError.invalid("detnet: the model file has no first layer") }
    let method = method(settings, dimensions: input - memory, RandomStream(seed: 0))
    let network = method.unfolded(layers: settings.integer("layers"))
    try network.load(model.tensors, source: "the model of detnet")
    let stop = settings.integer("stop_after")
    return DetNetDetector(
      network: stop > 0 ? network.prefix(stop) : network,
      constellation: MIMOArrays.constellation(settings),
      keepsProbabilities: settings.flag("probabilities")
    )
  }

  static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let constellation = MIMOArrays.constellation(settings)
    let samples = VectorSamples(constellation: constellation)
    let training = try samples.dataset(request.data)
    let validation = try request.validation.map { try samples.dataset($0) }
    let method = method(
      settings,
      dimensions: training.array("matched")?.shape.last ?? 0,
      request.stream.derived("initial values")
    )
    let network = method.unfolded(layers: settings.integer("layers"))
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of detnet")
    }
    let weighting = LayerWeighting(rawValue: settings.text("weighting")) ?? .logarithmic
    var run = DetectorTraining(
      method: "detnet",
      version: version,
      network: network,
      settings: TrainingChoices.trainingSettings(settings, hasValidation: validation != nil),
      training: training,
      validation: validation
    )
    run.inputAxes = ["batch", "receive"]
    run.redraw = { try samples.dataset($0) }
    return try run.run(request) { inputs, _ in
      let equations = NormalEquations(
        gram: try inputs.named("gram"),
        matched: try inputs.named("matched")
      )
      let target: Tensor<Float> = try inputs.named("beliefs")
      return weighting.loss(network.trace(equations)) { square($0 - target).mean() }
    }
  }
}

extension MIMOArrays {
  /// The symbols that were sent, over real dimensions.
  static func targets(_ bundle: ArrayBundle, _ constellation: VectorConstellation)
    throws(StudyError) -> Tensor<Float>
  {
    guard let array = bundle["targets"] else {
      throw .missingArray("targets", source: bundle.source, expected: "[batch, users]")
    }
    guard isComplex(array) == constellation.isComplex else {
      throw .badNumbers(
        array: "targets",
        source: bundle.source,
        reason: "are \(isComplex(array) ? "complex" : "real"), but \(constellation.rawValue) is not"
      )
    }
    let values = numbers(array, as: Float.self)
    return constellation.isComplex ? RealEquivalent.vectors(values) : values
  }
}

/// Reads vectors to learn from.
struct VectorSamples: Sendable {
  let constellation: VectorConstellation

  /// The scaled normal equations and the certain beliefs of a bundle.
  func dataset(_ bundle: ArrayBundle) throws -> Dataset<Float> {
    let problems: LinearProblems<Float> = try MIMOArrays.problems(
      bundle,
      constellation,
      noiseIsRequired: false,
      as: Float.self
    )
    let equations = NormalEquations(problems).scaled
    return try Dataset([
      "gram": equations.gram, "matched": equations.matched,
      "beliefs": try beliefs(bundle, problems),
    ])
  }

  /// 1 at the level of each symbol, `[batch, users levels]`.
  private func beliefs(_ bundle: ArrayBundle, _ problems: LinearProblems<Float>) throws
    -> Tensor<Float>
  {
    let symbols: Tensor<Float> = try MIMOArrays.targets(bundle, constellation)
    guard symbols.shape == [problems.batch, problems.users] else {
      throw StudyError.badShape(
        array: "targets",
        source: bundle.source,
        expected: "[\(problems.batch), users], a vector an observation",
        actual: bundle["targets"]?.shape ?? []
      )
    }
    let levels = Levels<Float>(constellation)
    let size = levels.values.count
    return symbols.withScalars { symbols in
      Tensor(shape: [problems.batch, problems.users * size]) { to in
        to.update(repeating: 0)
        for (index, symbol) in symbols.enumerated() {
          to[index * size + levels.nearestIndex(to: symbol)] = 1
        }
      }
    }
  }
}

/// A trained DetNet, ready for arrays.
struct DetNetDetector: PreparedMethod {
  /// Vectors a chunk.
  private static let chunk = 256

  let network: Unfolded<DetNet<Float>>
  let constellation: VectorConstellation
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let problems: LinearProblems<Float> = try MIMOArrays.problems(
      arrays,
      constellation,
      noiseIsRequired: false,
      as: Float.self
    )
    let users = network.method.widths.users
    guard problems.users == users else {
      throw StudyError.badShape(
        array: "channel",
        source: arrays.source,
        expected: "[receive, \(users)] real dimensions, as in training",
        actual: arrays["channel"]?.shape ?? []
      )
    }
    let levels = Levels<Float>(constellation)
    let size = levels.values.count
    let chunks = (problems.batch + Self.chunk - 1) / Self.chunk
    let symbols = TensorStorage<Float>(uninitialised: problems.batch * users)
    let beliefs = TensorStorage<Float>(uninitialised: problems.batch * users * size)
    // Chunks are disjoint ranges of vectors.
    nonisolated(unsafe) let (decided, likely) = (symbols.values, beliefs.values)
    pool.forEach(count: chunks) { number in
      let range = (number * Self.chunk)..<min((number + 1) * Self.chunk, problems.batch)
      let estimate = network.estimate(NormalEquations(problems, range).scaled)
      estimate.withScalars { from in
        for place in 0..<(range.count * users) {
          let row = from[(place * size)..<((place + 1) * size)]
          let best = row.indices.max { row[$0] < row[$1] } ?? row.startIndex
          let target = range.lowerBound * users + place
          decided[target] = levels.values[best - row.startIndex]
          let positive = row.map { min(max($0, 0), 1) }
          let total = positive.reduce(0, +)
          for (level, value) in positive.enumerated() {
            likely[target * size + level] = total > 0 ? value / total : 1 / Float(size)
          }
        }
      }
    }
    var outputs = ArrayBundle(source: arrays.source)
    outputs["estimates"] = MIMOArrays.symbols(
      Tensor(shape: [problems.batch, users], storage: symbols),
      constellation
    )
    if keepsProbabilities {
      outputs["probabilities"] = MIMOArrays.posteriors(
        Tensor(shape: [problems.batch, users, size], storage: beliefs),
        constellation
      )
    }
    return InferenceResult(arrays: outputs)
  }
}
