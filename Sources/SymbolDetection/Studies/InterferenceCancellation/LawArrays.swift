package import Studies
internal import Tensors

/// Arrays and settings of detectors that are told how observations come from sums.
package enum LawArrays {
  /// The factor of the rates of Poisson counts.
  package static let gain = MethodDescription.Array(
    "gain",
    [[]],
    .knowledge,
    isRequired: false,
    unit: "linear, > 0",
    "with noise poisson: the counts have mean gain (H s) + 1"
  )

  /// Which law, of some.
  package static func noise(_ laws: [String]) -> SettingDescription {
    SettingDescription(
      "noise",
      .choice(laws),
      standard: .text("gaussian"),
      "how an antenna's observation comes from the sum that reaches it"
        + (laws.contains("poisson") ? "; poisson needs the array gain and ook" : "")
    )
  }

  /// All laws.
  package static let laws = ["gaussian", "poisson", "quantised", "saturated"]

  /// The numbers that laws have.
  package static let parameters: [SettingDescription] = [
    .init("bits", .integer(1...8), standard: .integer(3), "of the quantiser: 2^bits cells"),
    .init(
      "range",
      .number(1e-6...1e6),
      standard: .number(4),
      "of the quantiser: cells cover -range to range"
    ),
    .init(
      "saturation",
      .number(1e-6...1e6),
      standard: .number(2),
      "of the saturated amplifier: it gives saturation tanh(input / saturation)"
    ),
  ]

  /// The law that settings name; Poisson counts with the gain given.
  package static func law(_ settings: Settings, gain: Double) -> ObservationLaw {
    switch settings.text("noise") {
    case "poisson": .poisson(gain: gain)
    case "quantised":
      .quantised(bits: settings.integer("bits"), range: settings.number("range"))
    case "saturated": .saturated(limit: settings.number("saturation"))
    default: .gaussian
    }
  }

  /// The gain of a bundle, for Poisson counts.
  static func gain(in bundle: ArrayBundle) throws(StudyError) -> Double {
    let tensor = try SymbolDetectionArrays.real("gain", in: bundle)
    guard tensor.count == 1 else {
      throw .badShape(array: "gain", source: bundle.source, expected: "[]", actual: tensor.shape)
    }
    let gain = tensor.scalars[0]
    guard gain > 0, gain.isFinite else {
      throw .badNumbers(array: "gain", source: bundle.source, reason: "is \(gain), expected > 0")
    }
    return gain
  }

  /// Throws unless a law can carry a constellation.
  static func check(_ noise: String, _ constellation: VectorConstellation, owner: String)
    throws(StudyError)
  {
    guard noise == "poisson", constellation != .ook else { return }
    throw .badValue(
      key: "constellation",
      value: constellation.rawValue,
      expected: "ook with noise poisson",
      owner: owner
    )
  }
}
