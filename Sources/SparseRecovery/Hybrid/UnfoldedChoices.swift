internal import Studies

/// The settings of training that only unfolded networks have.
enum UnfoldedChoices {
  /// How a network with learned matrices begins.
  static let warmUp = SettingDescription(
    "warm_up",
    .integer(0...1_000_000),
    standard: .integer(0),
    "epochs (of each stage) in which only steps and thresholds around the analytic weight are learned, as"
      + " in alista; the layers then start there; 0 for none; without effect on tied matrices"
  )

  /// How the layers of an unfolded network are trained.
  static let schedule: [SettingDescription] = [
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
}
