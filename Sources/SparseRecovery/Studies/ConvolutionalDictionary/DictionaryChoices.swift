internal import NeuralNetworks
internal import Studies

/// Settings that the methods of dictionary learning share.
enum DictionaryChoices {
  /// How observations are distributed.
  static let law: [SettingDescription] = [
    .init(
      "noise",
      .choice(["binomial", "poisson", "gaussian"]),
      standard: .text("binomial"),
      "how a sample is distributed given its natural parameter"
    ),
    .init(
      "trials",
      .integer(1...1_000_000),
      standard: .integer(30),
      "trials of a binomial sample"
    ),
    .init(
      "variance",
      .number(1e-12...1e12),
      standard: .number(1),
      "variance of a gaussian sample"
    ),
  ]

  /// What is learned and what codes may be.
  static let dictionary: [SettingDescription] = [
    .init(
      "filters",
      .integer(1...10_000),
      standard: .integer(3),
      "filters, where the data holds no initial_filters"
    ),
    .init(
      "taps",
      .integer(1...100_000),
      standard: .integer(50),
      "samples of a filter, where the data holds no initial_filters"
    ),
    .init(
      "codes",
      .choice(["nonnegative", "any"]),
      standard: .text("nonnegative"),
      "the sign of codes"
    ),
    .init(
      "epoch",
      .integer(0...1_000_000),
      standard: .integer(0),
      "inference with the filters after so many passes of the training; 0 for those that it chose"
    ),
  ]

  /// Of coding by proximal gradient steps.
  static func coding(iterations: Int, name: String) -> [SettingDescription] {
    [
      .init(
        "penalty",
        .number(0...1e12),
        standard: .number(0),
        "weight of the codes' magnitudes; 0 for sqrt(2 log(codes of a series) B''), what noise alone"
          + " correlates with a filter"
      ),
      .init(name, .integer(1...100_000), standard: .integer(iterations), "steps of coding"),
      .init(
        "refitting",
        .integer(0...100_000),
        standard: .integer(0),
        "steps after them without a penalty, on the codes that are not zero"
      ),
      .init(
        "distance",
        .integer(0...100_000),
        standard: .integer(0),
        "of the codes of a filter within so many samples only the largest is refitted"
      ),
    ]
  }

  /// From which operations are counted.
  static let extents: [SettingDescription] = [
    .init(
      "length",
      .integer(1...100_000_000),
      standard: .integer(500),
      "samples of a series, to count operations and for the penalty of 0; computing takes the arrays' own"
    )
  ]

  static func isNonnegative(_ settings: Settings) -> Bool {
    settings.text("codes") == "nonnegative"
  }
}

extension TrainingSettings {
  /// The same with a validation batch no larger than a training batch, for networks whose recordings are large.
  var validatingInBatches: TrainingSettings {
    var settings = self
    settings.validationBatchSize = batchSize ?? validationBatchSize
    return settings
  }
}

extension ObservationLaw {
  /// The law of resolved settings.
  init(_ settings: Settings) {
    switch settings.text("noise") {
    case "poisson": self = .poisson
    case "gaussian": self = .gaussian(variance: settings.number("variance"))
    default: self = .binomial(trials: settings.integer("trials"))
    }
  }
}
