internal import Autodiff
internal import Hybridization
internal import NeuralNetworks
package import Studies
internal import Tensors

extension MethodDescription {
  /// Plug-and-play, its few iterations trained as one network for an operator.
  package static let unrolledPlugAndPlay = UnrolledMethod.description
}

/// A few proximal gradient steps with one denoiser, trained together through the operator.
enum UnrolledMethod {
  static let id = "unrolled-plug-and-play"
  static let version = 1

  static let description = MethodDescription(
    id: id,
    family: .hybrid,
    task: ImageTask.id,
    title: "Unrolled plug-and-play",
    summary: "Proximal gradient steps with a denoiser, trained through the operator.",
    needs: ["operator", "training images and their observations"],
    learns: ["the denoiser, step sizes and noise levels of each step, for one operator"],
    law: "K layers at the model's values equal K iterations of plug-and-play gradient steps",
    references: ["zhang2021dpir", "shlezinger2022mbopt"],
    arrays: ImageArrays.all,
    settings: [
      .init("iterations", .integer(1...64), standard: .integer(5), "steps")
    ] + DenoiserSettings.architecture
      + TrainingChoices.descriptions(.init(epochs: 30, batch: 16, rate: 1e-3, of: "images"))
      + ImageArrays.settings,
    version: version,
    trainsInParallel: true,
    cost: { settings in
      let (parameters, products) = DenoiserSettings.cost(settings)
      let steps = settings.integer("iterations")
      return .init(
        parameters: parameters + 2 * steps,
        multiplyAccumulates: products * 4096 * steps
      )
    },
    prepare: { try prepared($0, $1) },
    train: { try train($0) }
  )

  private static func prepared(_ settings: Settings, _ model: ModelFile?) throws
    -> any PreparedMethod
  {
    let network = UnrolledNetwork(settings, RandomStream(seed: 0))
    try network.load(trained: model, of: id)
    return ImageMethod(
      choice: OperatorChoice(settings),
      restorer: UnrolledRestorer(network: network)
    )
  }

  private static func train(_ request: TrainingRequest) throws -> TrainingResult {
    let network = UnrolledNetwork(request.settings, request.stream)
    let job = try ObservedImages.training(
      of: network,
      method: id,
      version: version,
      request,
      inputs: .measurements
    )
    let measurement = try OperatorChoice(request.settings).made(from: request.data, as: Float.self)
    return try job.run(request) { inputs, _ in
      let targets = try inputs.named("targets")
      return meanSquaredError(
        network.output(of: try inputs.named("observations"), through: measurement),
        targets
      )
    }
  }
}

/// The denoiser and what each step is told.
struct UnrolledNetwork: Module {
  let denoiser: ResidualDenoiser<Float>
  let steps: [RestorationParameters<Float>]

  init(_ settings: Settings, _ stream: RandomStream) {
    denoiser = DenoiserSettings.network(settings, stream)
    let count = settings.integer("iterations")
    // Noise levels that fall from 0.1 to 0.02; steps in units of 1 / |A|^2.
    steps = (0..<count).map { step in
      let share = count > 1 ? Double(step) / Double(count - 1) : 1
      let deviation = 0.1 * exponential(share * naturalLogarithm(0.2))
      return RestorationParameters(stepSize: 1, strength: deviation * deviation)
    }
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("denoiser", denoiser)
    visitor.children("steps", steps)
  }

  /// The estimate after all steps.
  func output(
    of observations: Tensor<Float>,
    through measurement: any MeasurementOperator<Float>
  ) -> Tensor<Float> {
    func run<Operator: MeasurementOperator<Float>>(_ measurement: Operator) -> Tensor<Float> {
      let method = ProximalGradient(
        measurement: measurement,
        prior: DenoiserPrior(denoiser),
        penalty: 1
      )
      var state = method.start(observations)
      for parameters in steps {
        state = method.step(
          state,
          observations,
          stepSize: parameters.stepSize.value * Float(method.stepSize),
          strength: parameters.strength.value
        )
      }
      return method.estimate(state)
    }
    return run(measurement)
  }
}

/// A trained network, with the operator that it is given.
private struct UnrolledRestorer: ImageRestorer {
  let network: UnrolledNetwork

  func prepared<Operator: MeasurementOperator>(
    for measurement: Operator,
    noiseVariance: Double?
  ) throws -> @Sendable (Tensor<Operator.Scalar>) -> Restored<Operator.Scalar> {
    let prior = ConvertedPrior<Operator.Scalar, DenoiserPrior<Float>>(
      DenoiserPrior(network.denoiser)
    )
    let method = ProximalGradient(measurement: measurement, prior: prior, penalty: 1)
    let parameters = network.steps.map { step in
      RestorationParameters<Operator.Scalar>(
        stepSize: Double(step.stepSize.value.scalar) * method.stepSize,
        strength: Double(step.strength.value.scalar)
      )
    }
    return { observations in
      var state = method.start(observations)
      for step in parameters { state = method.step(state, observations, step) }
      return Restored(images: method.estimate(state))
    }
  }
}
