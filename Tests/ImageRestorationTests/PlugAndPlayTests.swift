import Autodiff
import Hybridization
import ImageRestoration
import NeuralNetworks
import Studies
import Tensors
import Testing

@Suite struct PlugAndPlayTests {
  @Test("with l1 in the slot every ending but RED solves the Lasso", arguments: ["admm", "pgd"])
  func lasso(ending: String) throws {
    let blur = try CircularBlur(
      kernel: BlurKernel.gaussian(deviation: 0.7),
      height: 8,
      width: 8
    )
    let basis = CosineBasis<Double>(height: 8, width: 8)
    let prior = SparsePrior(basis)
    let y = randomImages([1, 8, 8], seed: 1)
    var schedule = PlugAndPlay<CircularBlur<Double>, SparsePrior<CosineBasis<Double>>>
      .Schedule(noiseVariance: 0.04)
    schedule.factor = 0.5
    schedule.last = 0.1
    schedule.steps = 4
    let method = PlugAndPlay(
      measurement: blur,
      prior: prior,
      schedule: schedule,
      ending: try #require(.init(rawValue: ending))
    )
    let outcome = method.solve(y, until: .tolerance(1e-13, maximumIterations: 100_000))
    #expect(outcome.status == .converged && outcome.residuals.count == outcome.iterations)
    // ADMM's penalty is factor sigma^2; a gradient step's prior takes away last^2 of noise, 1/|A|^2 a step.
    let penalty = ending == "admm" ? 0.02 : 0.01 * blur.normBound * blur.normBound
    let slope = basis.coefficients(
      of: blur.adjoint(of: y - blur.measurements(of: outcome.value))
    )
    let coefficients = basis.coefficients(of: outcome.value).scalars
    for (index, value) in slope.scalars.enumerated() {
      let level = index == 0 ? 0 : penalty
      if abs(coefficients[index]) > 1e-7 {
        #expect(abs(value - (coefficients[index] > 0 ? level : -level)) < 1e-6)
      } else {
        #expect(abs(value) <= level + 1e-6)
      }
    }
  }

  @Test("the first steps are half-quadratic splitting from the linear estimate")
  func annealing() {
    let identity = IdentityOperator<Double>(height: 6, width: 6)
    let prior = SparsePrior(CosineBasis<Double>(height: 6, width: 6))
    var schedule = PlugAndPlay<IdentityOperator<Double>, SparsePrior<CosineBasis<Double>>>
      .Schedule(noiseVariance: 0.01)
    schedule.steps = 5
    let y = randomImages([2, 6, 6], seed: 2)
    let method = PlugAndPlay(
      measurement: identity,
      prior: prior,
      schedule: schedule,
      ending: .none
    )
    let splitting = HalfQuadraticSplitting(
      measurement: identity,
      prior: prior,
      penalty: 0.0025,
      first: 0.2,
      last: 0.02,
      steps: 5
    )
    let outcome = method.solve(y, until: .iterations(9))
    var state = splitting.start(y)
    state.split = WienerRestoration(measurement: identity, noiseVariance: 0.01)
      .restored(y, tolerance: 1e-2)
    for layer in 0..<5 {
      state = splitting.step(state, y, splitting.initialParameters(ofLayer: layer))
    }
    #expect(outcome.value == splitting.estimate(state))
    #expect(outcome.iterations == 5 && outcome.status == .completed)
  }

  private static let small: [String: SettingValue] = [
    "layers": .integer(4), "features": .integer(12), "epochs": .integer(12),
    "patches": .integer(512),
    "batch": .integer(8), "rate": .number(0.004),
    "patch": .integer(16), "iterations": .integer(12), "annealing": .integer(6),
    "tolerance": .number(0), "last_deviation": .number(0.05),
  ]

  private func drawn(
    _ count: Int,
    _ purpose: ScenarioDescription.Purpose,
    _ given: [String: SettingValue]
  ) throws -> ArrayBundle {
    let scenario = ImageScenario.description
    var all: [String: SettingValue] = ["height": .integer(24), "width": .integer(24)]
    all.merge(given) { $1 }
    let settings = try Settings(all, for: scenario.settings, owner: "scenario")
    return try scenario.draw(settings, purpose, count, RandomStream(seed: 3).derived("\(purpose)"))
  }

  private func psnr(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let metric = try #require(ImageTask.description.metrics.first { $0.id == "psnr" })
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }

  /// The method trained and run; the improvement over the observations in decibels.
  private func gain(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    training: [String: SettingValue],
    test: [String: SettingValue]
  ) throws -> Double {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(
        data: try drawn(64, .training, training),
        settings: settings,
        stream: RandomStream(seed: 4)
      )
    )
    #expect(result.failure == nil && !result.trainingLosses.isEmpty)
    let prepared = try method.prepare(settings, result.model)
    let arrays = try drawn(6, .test, test)
    let outputs = try prepared.infer(arrays, pool: .serial)
    #expect(try prepared.infer(arrays, pool: WorkerPool(threads: 2)).arrays == outputs.arrays)
    var observed = ArrayBundle(source: "observed")
    observed["estimates"] = arrays["observations"]
    return try psnr(outputs.arrays, arrays) - psnr(observed, arrays)
  }

  @Test("one denoiser, trained without an operator, takes noise away and fills holes")
  func learns() throws {
    let denoising: [String: SettingValue] = [
      "measurement": .text("denoising"), "noise_deviation": .number(0.1),
    ]
    let inpainting: [String: SettingValue] = [
      "measurement": .text("inpainting"), "keep": .number(0.5), "noise_deviation": .number(0.02),
    ]
    #expect(
      try gain(.plugAndPlay, Self.small, training: inpainting, test: denoising) > 1
    )
    #expect(
      try gain(.plugAndPlay, Self.small, training: denoising, test: inpainting) > 3
    )
  }

  @Test("networks trained through one operator improve on what it saw", arguments: [true, false])
  func trained(isUnrolled: Bool) throws {
    let world: [String: SettingValue] = [
      "measurement": .text("denoising"), "noise_deviation": .number(0.1),
    ]
    let gain =
      isUnrolled
      ? try gain(
        .unrolledPlugAndPlay,
        [
          "layers": .integer(3), "features": .integer(8), "iterations": .integer(2),
          "epochs": .integer(20), "batch": .integer(8), "rate": .number(0.003),
        ],
        training: world,
        test: world
      )
      : try gain(
        .endToEndRestorer,
        [
          "features": .integer(8), "levels": .integer(1), "epochs": .integer(20),
          "batch": .integer(8), "rate": .number(0.003),
        ],
        training: world,
        test: world
      )
    #expect(gain > 1)
  }

  @Test("a method without its model says so", arguments: 0..<3)
  func untrained(index: Int) throws {
    let methods: [MethodDescription] = [.plugAndPlay, .unrolledPlugAndPlay, .endToEndRestorer]
    let method = methods[index]
    let settings = try Settings([:], for: method.settings, owner: method.id)
    #expect(
      throws: StudyError.invalid(
        "\(method.id): must be trained before it can run; give a model file"
      )
    ) { try method.prepare(settings, nil) }
  }
}
