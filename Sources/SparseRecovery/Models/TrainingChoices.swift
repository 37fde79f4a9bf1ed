package import NeuralNetworks
package import Studies

/// The settings of training that the learned methods share, and what they mean.
package enum TrainingChoices {
  /// What a method trains with when nobody says otherwise.
  package struct Standard: Sendable {
    /// Passes over the training problems, in each stage.
    package var epochs: Int
    /// Problems a step.
    package var batch = 64
    /// The first learning rate.
    package var rate: Double
    /// The decay of Adam with the decay apart.
    package var weightDecay = 0.0
    /// Epochs without a lower validation loss before a stage ends; 0 for never.
    package var patience = 0

    /// Standard values; a method changes the others as it needs.
    package init(epochs: Int, rate: Double) {
      self.epochs = epochs
      self.rate = rate
    }
  }

  /// The settings, with the method's own standard values.
  package static func descriptions(_ standard: Standard) -> [SettingDescription] {
    [
      .init(
        "epochs",
        .integer(1...1_000_000),
        standard: .integer(standard.epochs),
        "passes over the training problems, in each stage"
      ),
      .init(
        "batch",
        .integer(1...1_000_000),
        standard: .integer(standard.batch),
        "problems an optimiser step"
      ),
      .init(
        "rate",
        .number(1e-9...10),
        standard: .number(standard.rate),
        "learning rate of the first step (Adam)"
      ),
      .init(
        "final_rate",
        .number(1e-6...1),
        standard: .number(0.01),
        "learning rate of the last step over that of the first, reached along a cosine"
      ),
      .init(
        "weight_decay",
        .number(0...100),
        standard: .number(standard.weightDecay),
        "decay of the weights, apart from Adam's moments"
      ),
      .init(
        "clip",
        .number(0...1e9),
        standard: .number(1),
        "limit of the norm of all gradients; 0 for none"
      ),
      .init(
        "patience",
        .integer(0...1_000_000),
        standard: .integer(standard.patience),
        "epochs without a lower validation loss before a stage ends; 0 for never"
      ),
      .init(
        "validation_share",
        .number(0...0.9),
        standard: .number(0.1),
        "share of the training problems, the last ones, held out to choose the best epoch by; used when"
          + " no validation arrays are given; 0 keeps the last epoch"
      ),
    ]
  }

  /// How a network with learned matrices begins.
  package static let warmUp = SettingDescription(
    "warm_up",
    .integer(0...1_000_000),
    standard: .integer(0),
    "epochs (of each stage) in which only steps and thresholds around the analytic weight are learned, as"
      + " in alista; the layers then start there; 0 for none; without effect on tied matrices"
  )

  /// How the layers of an unfolded network are trained.
  package static let schedule: [SettingDescription] = [
    .init(
      "training",
      .choice(["together", "layer-by-layer"]),
      standard: .text("together"),
      "all layers at once, or each layer alone and then the first ones together, in turn"
    ),
    .init(
      "weighting",
      .choice(["last", "uniform", "logarithmic"]),
      standard: .text("last"),
      "which layers' errors count when all are trained at once; logarithmic: log k for layer k"
    ),
    .init(
      "refinements",
      .numbers(1e-6...1),
      standard: .list([.number(0.2)]),
      "layer by layer: factors of the rate in the stages in which the first layers move together"
    ),
  ]

  /// The training settings that resolved settings describe.
  package static func trainingSettings(_ settings: Settings, hasValidation: Bool)
    -> TrainingSettings
  {
    var training = TrainingSettings(
      .epochs(settings.integer("epochs")),
      batchSize: settings.integer("batch")
    )
    let rate = settings.number("rate")
    training.schedule = .cosine(from: rate, to: rate * settings.number("final_rate"))
    training.optimiser = .adamW()
    training.weightDecay = settings.number("weight_decay")
    let clip = settings.number("clip")
    training.clip = clip > 0 ? .globalNorm(clip) : .none
    let patience = settings.integer("patience")
    training.patience = patience > 0 && hasValidation ? patience : nil
    training.validationBatchSize = 256
    return training
  }
}
