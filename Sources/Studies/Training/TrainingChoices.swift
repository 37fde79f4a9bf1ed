package import NeuralNetworks

/// The settings of training that all learned methods share, and what they mean.
package enum TrainingChoices {
  /// What a method trains with when nobody says otherwise.
  package struct Standard: Sendable {
    /// Passes over the training set, in each stage where there are several.
    package var epochs: Int
    /// Samples a step.
    package var batch: Int
    /// Parts of a batch that threads compute side by side.
    package var batchParts = 1
    /// The first learning rate.
    package var rate: Double
    /// How the rate falls: `constant`, `exponential` or `cosine`.
    package var schedule = "cosine"
    /// The last rate over the first.
    package var finalRate = 0.01
    /// The decay of Adam with the decay apart.
    package var weightDecay = 0.0
    /// The limit of the gradients' norm; 0 for none.
    package var clip = 1.0
    /// Epochs without a lower validation loss before training stops; 0 for never.
    package var patience = 0
    /// The share of the training set held out to choose the best epoch by.
    package var validationShare = 0.1
    /// What the training set consists of, as the settings name it.
    package var noun: String

    /// Standard values; a method changes the others as it needs.
    package init(epochs: Int, batch: Int = 64, rate: Double, of noun: String = "symbols") {
      self.noun = noun
      self.epochs = epochs
      self.batch = batch
      self.rate = rate
    }
  }

  /// The settings, with the method's own standard values.
  package static func descriptions(_ standard: Standard) -> [SettingDescription] {
    [
      SettingDescription(
        "epochs",
        .integer(1...1_000_000),
        standard: .integer(standard.epochs),
        "passes over the training \(standard.noun)"
      ),
      SettingDescription(
        "batch",
        .integer(1...1_000_000),
        standard: .integer(standard.batch),
        "training \(standard.noun) an optimiser step"
      ),
      SettingDescription(
        "batch_parts",
        .integer(1...64),
        standard: .integer(standard.batchParts),
        "parts of a batch that threads compute side by side; rounding depends on it, not on how many threads there"
          + " are"
      ),
      SettingDescription(
        "rate",
        .number(1e-9...10),
        standard: .number(standard.rate),
        "learning rate of the first step (Adam)"
      ),
      SettingDescription(
        "schedule",
        .choice(["constant", "exponential", "cosine"]),
        standard: .text(standard.schedule),
        "how the learning rate falls from step to step"
      ),
      SettingDescription(
        "final_rate",
        .number(1e-6...1),
        standard: .number(standard.finalRate),
        "learning rate of the last step over that of the first"
      ),
      SettingDescription(
        "weight_decay",
        .number(0...100),
        standard: .number(standard.weightDecay),
        "decay of the weights, apart from Adam's moments"
      ),
      SettingDescription(
        "clip",
        .number(0...1e9),
        standard: .number(standard.clip),
        "limit of the norm of all gradients; 0 for none"
      ),
      SettingDescription(
        "patience",
        .integer(0...1_000_000),
        standard: .integer(standard.patience),
        "epochs without a lower validation loss before training stops; 0 for never"
      ),
      SettingDescription(
        "validation_share",
        .number(0...0.9),
        standard: .number(standard.validationShare),
        "share of the training \(standard.noun), the last ones, held out to choose the best epoch by; used when"
          + " no validation arrays are given; 0 keeps the last epoch"
      ),
    ]
  }

  /// The training settings that resolved settings describe.
  ///
  /// The validation share is left to the caller, who knows how to cut: of one long series, say, a random choice
  /// would leave neighbours of held-out samples in the training set.
  ///
  /// - Parameters:
  ///   - settings: resolved against ``descriptions(_:)``.
  ///   - hasValidation: whether there is a validation set, without which patience has no meaning.
  ///   - rateFactor: of all learning rates.
  /// - Returns: what the training loop takes.
  package static func trainingSettings(
    _ settings: Settings,
    hasValidation: Bool = false,
    rateFactor: Double = 1
  ) -> TrainingSettings {
    var training = TrainingSettings(
      .epochs(settings.integer("epochs")),
      batchSize: settings.integer("batch")
    )
    training.batchParts = settings.integer("batch_parts")
    let rate = settings.number("rate") * rateFactor
    let last = rate * settings.number("final_rate")
    training.schedule =
      switch settings.text("schedule") {
      case "constant": .constant(rate)
      case "exponential": .decay(from: rate, to: last)
      default: .cosine(from: rate, to: last)
      }
    training.optimiser = .adamW()
    training.weightDecay = settings.number("weight_decay")
    let clip = settings.number("clip")
    training.clip = clip > 0 ? .globalNorm(clip) : .none
    if hasValidation {
      let patience = settings.integer("patience")
      training.patience = patience > 0 ? patience : nil
    }
    return training
  }
}
