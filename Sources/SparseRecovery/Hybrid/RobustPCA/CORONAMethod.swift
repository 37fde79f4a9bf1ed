// Source: solomon2019corona. Deviations: real numbers; thresholds are numbers of their own, started at the classical
// ones, in place of shares of the largest singular value and of the mean magnitude; every layer is trained,
// late ones more.

internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Robust PCA unfolded, with convolutions.
  package static let corona = CORONAMethod.description
}

/// Training and inference of unfolded robust PCA.
enum CORONAMethod {
  static let id = "corona"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .hybrid,
    task: SequenceSeparationTask.id,
    title: "CORONA",
    summary: "Robust PCA unfolded: convolutions and thresholds learned for each layer.",
    needs: ["training sequences with both parts"],
    learns: ["convolutions", "thresholds"],
    law:
      "with single points as kernels, K layers are K steps of apg-rpca without momentum, to rounding",
    references: ["solomon2019corona"],
    arrays: [
      SequenceArrays.observations, SequenceArrays.targets,
      SparseArrays.noiseVariance("noise power, from which a penalty of 0 is replaced in training"),
      SequenceArrays.estimates,
    ],
    settings: [
      .init(
        "kernels",
        .integers(1...99),
        standard: .list([5, 5, 5, 3, 3].map { .integer($0) }),
        "side of each layer's kernels in pixels, odd; their number is that of the layers"
      )
    ] + ClassicalSeparationMethods.penalties + [
      SparseArrays.stopAfter,
      .init(
        "weighting",
        .choice(LayerWeighting.allCases.map(\.rawValue)),
        standard: .text("linear"),
        "which layers' errors count in training; linear: k for layer k"
      ),
    ] + TrainingChoices.descriptions(standard) + SequenceArrays.extents,
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let kernels = settings.integers("kernels")
      let stop = settings.integer("stop_after")
      let used = stop > 0 ? Array(kernels.prefix(stop)) : kernels
      let numbers =
        settings.integer("frames") * settings.integer("height") * settings.integer("width")
      return .init(
        parameters: kernels.reduce(0) { $0 + 6 * $1 * $1 + 2 },
        multiplyAccumulates: used.reduce(0) {
          $0 + 6 * $1 * $1 * numbers + SeparationCost.iteration(settings)
        }
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static var standard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 20, batch: 8, rate: 2e-3, of: "sequences")
    standard.finalRate = 0.05
    return standard
  }

  /// The layers at the values of the classical algorithm.
  private static func network(
    _ settings: Settings,
    scale: Float,
    penalties: (lowRank: Double, sparse: Double)
  ) throws(StudyError) -> CORONANetwork {
    let kernels = settings.integers("kernels")
    guard !kernels.isEmpty, kernels.allSatisfy({ $0 % 2 == 1 }) else {
      throw .badValue(
        key: "kernels",
        value: "\(kernels)",
        expected: "odd numbers, at least one",
        owner: "method \(id)"
      )
    }
    let method = RobustPCA<ConvolutionMixing<Float>>(
      lowRankPenalty: penalties.lowRank,
      sparsePenalty: penalties.sparse,
      pattern: SparsePattern(rawValue: settings.text("pattern")) ?? .entries,
      hasMomentum: false,
      mixing: { ConvolutionMixing(kernel: kernels[min($0, kernels.count - 1)]) }
    )
    return CORONANetwork(
      scale: PersistentState(Tensor(scale)),
      layers: method.unfolded(layers: kernels.count)
    )
  }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    guard let model else {
      throw StudyError.untrained(id)
    }
    let network = try network(settings, scale: 1, penalties: (1, 1))
    try network.load(model.tensors, source: "the model of \(id)")
    let stop = settings.integer("stop_after")
    let used = stop > 0 ? network.layers.prefix(stop) : network.layers
    return LearnedSeparation(scale: network.scale.value.scalar) { used.estimate($0) }
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let settings = request.settings
    let problems = try SequenceProblems(request)
    let network = try network(
      settings,
      scale: problems.scale,
      penalties: ClassicalSeparation.penalties(
        settings,
        scale: Double(problems.scale),
        noiseVariance: problems.noiseVariance,
        energy: Double(problems.frames * problems.pixels),
        extents: (problems.frames, problems.pixels)
      )
    )
    if let initial = request.initial {
      try network.load(initial.tensors, source: "the initial model of \(id)")
    }
    let outcome = try network.layers.trainTogether(
      on: problems.training,
      settings: TrainingChoices.trainingSettings(
        settings,
        hasValidation: problems.validation != nil
      ).validatingInBatches,
      context: request.context(validation: problems.validation, redraw: problems.redraw),
      weighting: LayerWeighting(rawValue: settings.text("weighting")) ?? .linear,
      problem: { try $0.named("observations") },
      loss: { meanSquaredError($1, try $0.named("targets")) }
    )
    return request.result(
      of: [outcome],
      method: id,
      version: version,
      tensors: network.tensors(),
      axes: ["batch", "frames", "height", "width"]
    )
  }
}

/// The layers with the scale that they were trained at: all that a model file holds.
struct CORONANetwork: DuplicableModule {
  typealias Scalar = Float

  let scale: PersistentState<Float>
  let layers: Unfolded<RobustPCA<ConvolutionMixing<Float>>>

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.state("scale", scale)
    visitor.child("network", layers)
  }

  func duplicated(in duplication: Duplication<Float>) -> CORONANetwork {
    CORONANetwork(scale: duplication.copy(scale), layers: layers.duplicated(in: duplication))
  }
}
