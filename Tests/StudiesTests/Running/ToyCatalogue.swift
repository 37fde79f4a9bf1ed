import NeuralNetworks
import Studies
import Synchronization
import Tensors

/// A tiny task with a classical and a learning detector: signs in Gaussian noise.
///
/// `sign` decides by a threshold that it is given or reads from the array `offset`; `learned`
/// learns the threshold by steps towards the mean, an epoch a step, with real checkpoints.
enum Toy {
  /// How often things happened, across threads.
  final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    @discardableResult func next() -> Int {
      value.withLock {
        $0 += 1
        return $0
      }
    }
  }

  /// What a test watches or disturbs.
  struct Hooks: Sendable {
    var trainings = Counter()
    var draws = Counter()
    /// Told the number of a draw before it is made; throws to simulate a crash.
    var beforeDraw: @Sendable (Int) throws -> Void = { _ in }
  }

  struct Crash: Error {}

  static func catalogue(_ hooks: Hooks = Hooks()) -> Catalogue {
    Catalogue(
      tasks: [task],
      methods: [sign, learned(hooks)],
      scenarios: [scenario(hooks)],
      studies: []
    )
  }

  static let task = TaskDescription(
    id: "toy",
    summary: "Signs in noise.",
    metrics: [errorRate, squaredError],
    itemCount: { try numbers("observations", of: $0).count },
    slice: { bundle, range in
      var slice = ArrayBundle(source: bundle.source)
      for name in bundle.names {
        let values = try numbers(name, of: bundle)
        slice[name] = .double(values.count > 1 ? Tensor(Array(values[range])) : Tensor(values))
      }
      return slice
    }
  )

  static let errorRate = MetricDescription(
    id: "error_rate",
    title: "Error rate",
    unit: "",
    isLogarithmic: true,
    countsErrors: true,
    measure: { outputs, truth in
      let pairs = zip(
        try numbers("estimates", of: outputs),
        try numbers("targets", of: truth)
      )
      let errors = pairs.count { $0 != $1 }
      let trials = try numbers("targets", of: truth).count
      return MetricDescription.Count(
        trials: trials,
        errors: errors,
        sum: Double(errors),
        sumOfSquares: Double(errors),
        reference: Double(trials)
      )
    }
  )

  static let squaredError = MetricDescription(
    id: "squared_error",
    title: "Squared error",
    unit: "",
    isLogarithmic: false,
    countsErrors: false,
    measure: { outputs, truth in
      let squares = zip(
        try numbers("estimates", of: outputs),
        try numbers("observations", of: truth)
      ).map { ($0 - $1) * ($0 - $1) }
      return MetricDescription.Count(
        trials: squares.count,
        errors: 0,
        sum: squares.reduce(0, +),
        sumOfSquares: squares.reduce(0) { $0 + $1 * $1 },
        reference: Double(squares.count)
      )
    }
  )

  static func scenario(_ hooks: Hooks) -> ScenarioDescription {
    ScenarioDescription(
      id: "noise",
      task: "toy",
      summary: "An offset sign in noise.",
      settings: [
        SettingDescription("snr", .number(-20...40), standard: .number(0), "SNR.", unit: "dB"),
        SettingDescription("offset", .number(-5...5), standard: .number(0), "Added."),
        SettingDescription("block", .integer(0...1000), standard: .integer(0), "Moves it."),
      ],
      item: "symbol",
      axisLabels: ["snr": .init(title: "SNR", unit: "dB")],
      draw: { settings, _, count, stream in
        try hooks.beforeDraw(hooks.draws.next())
        var stream = stream
        let deviation = power(10, -settings.number("snr") / 20)
        let offset = settings.number("offset") + 0.1 * Double(settings.integer("block"))
        let signs = stream.integers(count, below: 2).map { Double(2 * $0 - 1) }
        let noise: Tensor<Double> = stream.normal([count])
        let observations = zip(signs, noise.scalars).map { $0 + deviation * $1 + offset }
        return ArrayBundle(
          [
            "targets": .double(Tensor(signs)), "observations": .double(Tensor(observations)),
            "offset": .double(Tensor([offset])), "offset_wrong": .double(Tensor([offset + 1])),
          ],
          source: "noise"
        )
      }
    )
  }

  /// `base^exponent` for the few exponents above, without a mathematics library.
  private static func power(_ base: Double, _ exponent: Double) -> Double {
    let third = 1.2589254117941673  // 10^0.1
    var result = 1.0
    let tenths = Int((exponent * 10).rounded())
    for _ in 0..<abs(tenths) { result *= third }
    return tenths < 0 ? 1 / result : result
  }

  static let sign = MethodDescription(
    id: "sign",
    family: .modelBased,
    task: "toy",
    title: "Sign",
    summary: "Decides by sign.",
    needs: ["offset"],
    learns: [],
    references: [],
    arrays: [
      .init("observations", [["n"]], .input, "What is seen."),
      .init("offset", [["1"]], .knowledge, isRequired: false, "What was added."),
    ],
    settings: [
      SettingDescription("threshold", .number(-5...5), standard: .number(0), "Added to it.")
    ],
    cost: { _ in .init(parameters: 0, multiplyAccumulates: 1) },
    prepare: { settings, _ in Decider(threshold: settings.number("threshold"), reads: true) }
  )

  static func learned(_ hooks: Hooks) -> MethodDescription {
    MethodDescription(
      id: "learned",
      family: .hybrid,
      task: "toy",
      title: "Learned",
      summary: "Learns a mean.",
      needs: [],
      learns: ["offset"],
      references: [],
      arrays: [.init("observations", [["n"]], .input, "What is seen.")],
      settings: [
        SettingDescription("epochs", .integer(1...100), standard: .integer(4), "Steps."),
        SettingDescription("rate", .number(0...1), standard: .number(0.5), "Of a step."),
        SettingDescription("fails", .flag, standard: .flag(false), "Reports a failure."),
        SettingDescription(
          "added",
          .number(-5...5),
          standard: .number(0),
          "Added to what was learned.",
          isForInference: true
        ),
      ],
      cost: { _ in .init(parameters: 1, multiplyAccumulates: 2) },
      prepare: { settings, model in
        let value = try numbers("threshold", of: ArrayBundle(model?.tensors ?? [:]))
        return Decider(threshold: value[0] + settings.number("added"), reads: false)
      },
      train: { request in try train(request, hooks) }
    )
  }

  private static func train(_ request: TrainingRequest, _ hooks: Hooks) throws -> TrainingResult {
    hooks.trainings.next()
    let observations = try numbers("observations", of: request.data)
    let mean = observations.reduce(0, +) / Double(observations.count)
    let epochs = request.settings.integer("epochs")
    var stream = request.stream
    var epoch = 0
    var losses: [Double] = []
    var threshold: Double = stream.normal([1]).scalars[0]
    if let initial = request.initial {
      threshold = try numbers("threshold", of: ArrayBundle(initial.tensors))[0]
    }
    let checkpoint = request.checkpointPath
    if request.resumes, let checkpoint {
      let saved = try ToyFiles.read(checkpoint)
      epoch = Int(saved.settings) ?? 0
      threshold = try numbers("threshold", of: ArrayBundle(saved.tensors))[0]
    }
    func model() -> ModelFile {
      ModelFile(
        method: "learned",
        methodVersion: 1,
        settings: "\(epoch)",
        tensors: ["threshold": .double(Tensor([threshold]))],
        inputs: [],
        provenance: request.provenance
      )
    }
    while epoch < epochs {
      if request.isCancelled() {
        if let checkpoint { try ToyFiles.write(model(), checkpoint) }
        return TrainingResult(
          model: model(),
          wasCancelled: true,
          trainingLosses: [],
          validationLosses: []
        )
      }
      threshold += request.settings.number("rate") * (mean - threshold)
      epoch += 1
      losses.append((mean - threshold) * (mean - threshold))
      request.progress(
        TrainingProgress(
          epoch: epoch,
          epochs: epochs,
          trainingLoss: 0,
          validationLoss: nil,
          secondsLeft: 0
        )
      )
    }
    let loss = (mean - threshold) * (mean - threshold)
    return TrainingResult(
      model: model(),
      failure: request.settings.flag("fails") ? "stopped at step 3" : nil,
      trainingLosses: losses,
      validationLosses: [loss]
    )
  }

  private struct Decider: PreparedMethod {
    var threshold: Double
    var reads: Bool

    func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
      let known = reads ? try numbers("offset", of: arrays)[0] : 0
      let estimates = try numbers("observations", of: arrays).map {
        $0 > known + threshold ? 1.0 : -1.0
      }
      return InferenceResult(
        arrays: ArrayBundle(["estimates": .double(Tensor(estimates))])
      )
    }
  }

  static func numbers(_ name: String, of bundle: ArrayBundle) throws -> [Double] {
    guard let tensor = bundle[name]?.double else {
      throw StudyError.missingArray(name, source: bundle.source, expected: "numbers")
    }
    return tensor.scalars
  }
}
