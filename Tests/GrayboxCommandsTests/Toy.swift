import NeuralNetworks
import Studies
import Tensors

/// A tiny task for the commands: signs of observations against a threshold, given or learned.
enum Toy {
  static let catalogue = Catalogue(
    tasks: [task],
    methods: [sign, learned],
    scenarios: [scenario],
    studies: [StudyDescription(id: "signs", file: studyFile)]
  )

  static let studyFile = """
    study: signs
    title: Signs in noise
    claim: The learned threshold is as good as the known one.
    scenario: {id: noise}
    axes: {snr: [0, 6]}
    item_block: 200
    stop: {maximum_trials: 2000}
    training: {size: 400}
    methods:
      - {id: sign, label: known}
      - {id: learned, label: learned}
    claims:
      - {kind: ratio-at-most, method: learned, reference: known, at: {snr: 0}, value: 1.2}
    presets:
      smoke: {axes: {snr: [0]}}

    """

  static let task = TaskDescription(
    id: "signs",
    summary: "Signs in noise.",
    metrics: [
      MetricDescription(
        id: "error_rate",
        title: "Error rate",
        unit: "",
        isLogarithmic: true,
        countsErrors: true
      ) { outputs, truth in
        let targets = try numbers("targets", of: truth)
        let errors = zip(try numbers("estimates", of: outputs), targets).count { $0 != $1 }
        return .init(
          trials: targets.count,
          errors: errors,
          sum: Double(errors),
          sumOfSquares: Double(errors),
          reference: Double(targets.count)
        )
      }
    ],
    itemCount: { try numbers("observations", of: $0).count },
    slice: { bundle, range in
      var slice = ArrayBundle(source: bundle.source)
      for name in bundle.names {
        slice[name] = .double(Tensor(Array(try numbers(name, of: bundle)[range])))
      }
      return slice
    }
  )

  static let scenario = ScenarioDescription(
    id: "noise",
    task: "signs",
    summary: "Signs in noise.",
    settings: [SettingDescription("snr", .number(0...6), standard: .number(0), "SNR.", unit: "dB")],
    item: "sign",
    axisLabels: ["snr": .init(title: "SNR", unit: "dB")]
  ) { settings, _, count, stream in
    var stream = stream
    // Only 0 and 6 dB are drawn: deviations 1 and one half.
    let deviation = settings.number("snr") > 3 ? 0.5 : 1
    let signs = stream.integers(count, below: 2).map { Double(2 * $0 - 1) }
    let noise: Tensor<Double> = stream.normal([count])
    let observations = zip(signs, noise.scalars).map { $0 + deviation * $1 }
    return ArrayBundle(
      ["targets": .double(Tensor(signs)), "observations": .double(Tensor(observations))],
      source: "noise"
    )
  }

  private static let arrays: [MethodDescription.Array] = [
    .init("observations", [["n"]], .input, unit: "volts", "What is seen."),
    .init("targets", [["n"]], .target, isRequired: false, unit: "-1, +1", "What was sent."),
    .init("estimates", [["n"]], .output, unit: "-1, +1", "The decided signs."),
  ]

  static let sign = MethodDescription(
    id: "sign",
    family: .modelBased,
    task: "signs",
    title: "Sign detector",
    summary: "Decides by a threshold.",
    needs: ["threshold"],
    learns: [],
    references: ["nobody2000"],
    arrays: arrays,
    settings: [
      SettingDescription(
        "threshold",
        .number(-5...5),
        standard: .number(0),
        "What is above counts as +1.",
        unit: "volts"
      ),
      SettingDescription("fails", .flag, standard: .flag(false), "Reports a failure."),
    ],
    cost: { _ in .init(parameters: 0, multiplyAccumulates: 1) },
    prepare: { settings, _ in
      Detector(threshold: settings.number("threshold"), fails: settings.flag("fails"))
    }
  )

  static let learned = MethodDescription(
    id: "learned",
    family: .hybrid,
    task: "signs",
    title: "Learned threshold",
    summary: "Learns the threshold from examples.",
    needs: [],
    learns: ["threshold"],
    law: "with the threshold of the model it is the sign detector",
    references: ["nobody2001"],
    arrays: arrays,
    settings: [
      SettingDescription("epochs", .integer(1...100), standard: .integer(20), "Steps.")
    ],
    version: 3,
    cost: { _ in .init(parameters: 1, multiplyAccumulates: 1) },
    prepare: { _, model in
      let bundle = ArrayBundle(model?.tensors ?? [:], source: "the model")
      return Detector(threshold: try numbers("threshold", of: bundle)[0], fails: false)
    },
    train: { request in
      let observations = try numbers("observations", of: request.data)
      _ = try numbers("targets", of: request.data)
      let mean = observations.reduce(0, +) / Double(observations.count)
      var threshold = 5.0
      var losses: [Double] = []
      let epochs = request.settings.integer("epochs")
      for epoch in 1...epochs {
        threshold += 0.5 * (mean - threshold)
        losses.append((mean - threshold) * (mean - threshold))
        request.progress(
          TrainingProgress(
            epoch: epoch,
            epochs: epochs,
            trainingLoss: losses[epoch - 1],
            validationLoss: nil,
            secondsLeft: 0
          )
        )
      }
      let model = ModelFile(
        method: "learned",
        methodVersion: 3,
        settings: "{\"epochs\": \(epochs)}",
        tensors: ["threshold": .double(Tensor([threshold]))],
        inputs: [],
        provenance: request.provenance
      )
      return TrainingResult(model: model, trainingLosses: losses, validationLosses: [])
    }
  )

  private struct Detector: PreparedMethod {
    let threshold: Double
    let fails: Bool

    func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
      let estimates = try numbers("observations", of: arrays).map { $0 > threshold ? 1.0 : -1.0 }
      return InferenceResult(
        arrays: ArrayBundle(["estimates": .double(Tensor(estimates))]),
        failure: fails ? "stopped after 3 of 10 iterations" : nil
      )
    }
  }

  static func numbers(_ name: String, of bundle: ArrayBundle) throws -> [Double] {
    guard let tensor = bundle[name]?.double else {
      throw StudyError.missingArray(name, source: bundle.source, expected: "shape [n]")
    }
    guard tensor.rank == 1 else {
      throw StudyError.badShape(
        array: name,
        source: bundle.source,
        expected: "[n]",
        actual: tensor.shape
      )
    }
    return tensor.scalars
  }
}
