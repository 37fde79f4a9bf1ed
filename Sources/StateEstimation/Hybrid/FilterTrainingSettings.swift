internal import Studies

/// The settings of training that learned filters share.
enum FilterTrainingSettings {
  /// The settings, with a method's own standard values.
  static func descriptions(_ standard: TrainingChoices.Standard) -> [SettingDescription] {
    [
      .init(
        "unrolling",
        .choice(["full", "truncated", "windows"]),
        standard: .text("full"),
        "full: back through whole sequences; truncated: forth through whole sequences, back through pieces of them;"
          + " windows: through pieces of them, each begun at the true state"
      ),
      .init("window", .integer(1...1_000_000), standard: .integer(100), "steps of a piece"),
      .init(
        "warm_up",
        .integer(0...1_000_000),
        standard: .integer(1),
        "epochs on short windows before the others; 0 for none"
      ),
      .init(
        "warm_up_window",
        .integer(1...1_000_000),
        standard: .integer(10),
        "steps of these short windows"
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
