internal import Studies

/// The settings of training that learned filters share.
enum FilterTrainingSettings {
  /// The settings, with a method's own standard values.
  static func descriptions(_ standard: TrainingChoices.Standard) -> [SettingDescription] {
    [
      .init(
        "unrolling",
        .choice(["full", "windows", "warm-up"]),
        standard: .text("warm-up"),
        "full: back through whole sequences; windows: through pieces of them, each begun at the true state;"
          + " warm-up: windows first, then whole sequences"
      ),
      .init("window", .integer(1...1_000_000), standard: .integer(10), "steps of a window"),
      .init(
        "warm_up",
        .integer(1...1_000_000),
        standard: .integer(1),
        "epochs on windows before whole sequences, with unrolling warm-up"
      ),
      .init(
        "state_weight",
        .number(0...1),
        standard: .number(1),
        "weight of the states' squared error in the loss; the rest is that of the observations' prediction"
      ),
    ] + TrainingChoices.descriptions(standard)
  }
}
