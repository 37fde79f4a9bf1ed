internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// A denoiser, trained on images alone, in the place of the prior.
  package static let plugAndPlay = PlugAndPlayMethod.description
}

/// Plug-and-play restoration with a convolutional denoiser.
enum PlugAndPlayMethod {
  static let id = "plug-and-play"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .hybrid,
    task: ImageTask.id,
    title: "Plug-and-play",
    summary: "A convolutional denoiser in the place of the prior's proximal operator.",
    needs: ["operator", "noise variance", "training images"],
    learns: ["what images look like, whatever the operator"],
    law: "with the l1 norm's proximal operator in the slot the iteration solves the Lasso",
    references: ["venkatakrishnan2013pnp", "ryu2019pnp", "zhang2021dpir", "romano2017red"],
    arrays: ImageArrays.all + [lipschitzConstant],
    settings: iterationSettings + DenoiserSettings.descriptions
      + TrainingChoices.descriptions(trainingStandard) + ImageArrays.settings,
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let (parameters, products) = DenoiserSettings.cost(settings)
      let made = settings.integer("stop_after")
      return .init(
        parameters: parameters,
        multiplyAccumulates: products * 4096
          * (made > 0 ? made : settings.integer("iterations"))
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static let lipschitzConstant = MethodDescription.Array(
    "lipschitz_constant",
    [[]],
    .output,
    isRequired: false,
    "a bound on how much the noise found changes with the image, where the denoiser has bounded layers; the gradient"
      + " iteration converges below 1"
  )

  private static var trainingStandard: TrainingChoices.Standard {
    var standard = TrainingChoices.Standard(epochs: 30, batch: 32, rate: 1e-3, of: "patches")
    standard.finalRate = 0.02
    return standard
  }

  private static let iterationSettings: [SettingDescription] =
    ([
      .init(
        "algorithm",
        .choice(["hqs", "admm", "pgd", "red"]),
        standard: .text("admm"),
        "what goes on after the noise level has fallen: nothing, or an iteration until it stands still"
      ),
      .init(
        "prior_weight",
        .number(1e-6...1e6),
        standard: .number(0.25),
        "weight of the prior over the noise's variance"
      ),
      .init(
        "first_deviation",
        .number(1e-4...10),
        standard: .number(0.2),
        "deviation that the denoiser is told in the first step"
      ),
      .init(
        "last_deviation",
        .number(1e-4...10),
        standard: .number(0.02),
        "deviation that the denoiser is told in the last step"
      ),
      .init(
        "annealing",
        .integer(1...1000),
        standard: .integer(16),
        "steps in which the deviation falls"
      ),
    ] + ImageArrays.stopping(iterations: 60, tolerance: 1e-3)).map { setting in
      var setting = setting
      setting.isForInference = true
      return setting
    }

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    let denoiser = DenoiserSettings.network(settings, RandomStream(seed: 0))
    try denoiser.load(trained: model, of: id)
    var method = ImageMethod(
      choice: OperatorChoice(settings),
      restorer: PlugAndPlayRestorer(settings: settings, denoiser: denoiser)
    )
    if let constant = denoiser.lipschitzConstant() {
      method.extra["lipschitz_constant"] = .float(Tensor(Float(constant)))
    }
    return method
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let denoiser = DenoiserSettings.network(request.settings, request.stream)
    if let initial = request.initial {
      try denoiser.load(initial.tensors, source: "the initial model of \(id)")
    }
    let patches = try ImagePatches(request)
    let training = try DenoiserSettings.training(request, patches.training)
    func cut(_ images: [Tensor<Float>]) -> Tensor<Float> {
      let count = request.settings.integer("patches")
      return training.patches(count, from: images, request.stream.derived("patches"))
    }
    var validation: Dataset<Float>?
    if let held = patches.validation {
      let few = training.patches(
        max(request.settings.integer("patches") / 10, 1),
        from: ImagePatches.images(of: held),
        request.stream.derived("validation patches")
      )
      validation = try Dataset(["patches": few])
    }
    var job = NetworkTraining(
      method: id,
      version: version,
      network: denoiser,
      settings: TrainingChoices.trainingSettings(
        request.settings,
        hasValidation: validation != nil
      ),
      training: try Dataset(["patches": cut(ImagePatches.images(of: patches.training))]),
      validation: validation
    )
    job.inputAxes = ["batch", "height", "width"]
    // The same places and turns, of other images.
    job.redraw = {
      let images = ImagePatches.images(of: try ImageArrays.images("targets", in: $0))
      return try Dataset(["patches": cut(images)])
    }
    var stream = request.stream.derived("noise")
    return try job.run(request) { inputs, mode in
      training.loss(denoiser, try inputs.named("patches"), &stream, mode: mode)
    }
  }
}

/// Plug-and-play with a trained denoiser.
private struct PlugAndPlayRestorer: ImageRestorer {
  let settings: Settings
  let denoiser: ResidualDenoiser<Float>

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let prior = ConvertedPrior<Operator.Scalar, DenoiserPrior<Float>>(DenoiserPrior(denoiser))
    var schedule = PlugAndPlay<Operator, ConvertedPrior<Operator.Scalar, DenoiserPrior<Float>>>
      .Schedule(noiseVariance: max(noiseVariance ?? 0, 1e-6))
    schedule.factor = settings.number("prior_weight")
    schedule.first = settings.number("first_deviation")
    schedule.last = settings.number("last_deviation")
    schedule.steps = settings.integer("annealing")
    let method = PlugAndPlay(
      measurement: measurement,
      prior: prior,
      schedule: schedule,
      ending: .init(rawValue: settings.text("algorithm")) ?? .admm
    )
    let rule = ImageStopping(
      iterations: settings.integer("iterations"),
      tolerance: settings.number("tolerance"),
      stopAfter: settings.integer("stop_after")
    ).rule
    return { Restored(method.solve($0, until: rule)) }
  }
}

/// A prior of one precision in an iteration of another.
struct ConvertedPrior<Scalar: RealTensorScalar, Inner: Prior>: Prior {
  let inner: Inner

  init(_ inner: Inner) { self.inner = inner }

  func proximal(_ v: Tensor<Scalar>, strength: Tensor<Scalar>) -> Tensor<Scalar> {
    if let v = v as? Tensor<Inner.Scalar>, let strength = strength as? Tensor<Inner.Scalar>,
      let result = inner.proximal(v, strength: strength) as? Tensor<Scalar>
    {
      return result
    }
    return inner.proximal(
      v.converted(to: Inner.Scalar.self),
      strength: strength.converted(to: Inner.Scalar.self)
    ).converted(to: Scalar.self)
  }
}

/// The settings of the denoiser and what they mean.
enum DenoiserSettings {
  /// What the network is made of.
  static let architecture: [SettingDescription] = [
    .init("layers", .integer(2...64), standard: .integer(7), "layers of the denoiser"),
    .init("features", .integer(1...1024), standard: .integer(48), "channels between its layers"),
    .init(
      "lipschitz_bound",
      .number(0...1e6),
      standard: .number(0),
      "bound on how much the noise found may change with the image, by spectral normalisation; 0 for none"
    ),
  ]

  /// The network and the patches it learns from.
  static let descriptions: [SettingDescription] =
    architecture + [
      .init("patches", .integer(1...10_000_000), standard: .integer(6400), "patches to learn from"),
      .init("patch", .integer(8...512), standard: .integer(40), "rows and columns of a patch"),
      .init(
        "lowest_noise",
        .number(1e-4...10),
        standard: .number(0.005),
        "lowest deviation of the noise trained with"
      ),
      .init(
        "highest_noise",
        .number(1e-4...10),
        standard: .number(0.2),
        "highest deviation of the noise trained with"
      ),
    ]

  static func network(_ settings: Settings, _ stream: RandomStream) -> ResidualDenoiser<Float> {
    var architecture = ResidualDenoiser<Float>.Architecture()
    architecture.layers = settings.integer("layers")
    architecture.features = settings.integer("features")
    let bound = settings.number("lipschitz_bound")
    architecture.lipschitzBound = bound > 0 ? bound : nil
    var stream = stream.derived("initial values")
    return ResidualDenoiser(architecture, from: &stream)
  }

  /// How patches are cut and made noisy, checked against the images.
  static func training(
    _ request: TrainingRequest,
    _ images: Tensor<Float>
  ) throws(StudyError) -> DenoiserTraining {
    var training = DenoiserTraining()
    let settings = request.settings
    let (low, high) = (settings.number("lowest_noise"), settings.number("highest_noise"))
    guard low < high else {
      throw .badValue(
        key: "lowest_noise",
        value: "\(low)",
        expected: "below highest_noise, \(high)",
        owner: "method \(PlugAndPlayMethod.id)"
      )
    }
    training.noiseDeviations = low...high
    training.patchExtent = min(settings.integer("patch"), images.shape[1], images.shape[2])
    return training
  }

  /// Parameters, and multiply-accumulates a pixel.
  static func cost(_ settings: Settings) -> (parameters: Int, products: Int) {
    let (layers, features) = (settings.integer("layers"), settings.integer("features"))
    let weights = 9 * (2 * features + (layers - 2) * features * features + features)
    return (weights, weights)
  }
}
