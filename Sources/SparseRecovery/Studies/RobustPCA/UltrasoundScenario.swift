package import Studies
internal import Tensors

/// The synthetic world of sequence separation.
///
/// Arrays of a draw: `observations` `[count, frames, height, width]`, `targets` `[count, 2, frames, height, width]`
/// (tissue, then bubbles), `noise_variance` `[]`.
package enum UltrasoundScenario {
  package static let id = "ultrasound-sequence"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: SequenceSeparationTask.id,
    summary: "Tissue speckle of low rank, bubbles that move along vessels, and noise.",
    settings: settings,
    item: "sequence",
    axisLabels: [
      "noise_deviation": .init(title: "standard deviation of the noise", unit: ""),
      "tissue": .init(title: "tissue over bubbles", unit: "dB"),
      "rank": .init(title: "rank of the tissue", unit: ""),
    ],
    draw: { settings, _, count, stream in
      guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) sequences") }
      let draw = sequence(settings).drawn(count: count, from: stream)
      let noise = settings.number("noise_deviation")
      var bundle = ArrayBundle(source: "scenario \(id)")
      bundle["observations"] = .float(draw.observations)
      bundle["targets"] = .float(draw.parts)
      bundle["noise_variance"] = .float(Tensor(Float(noise * noise)))
      return bundle
    }
  )

  static func sequence(_ settings: Settings) -> UltrasoundSequence {
    UltrasoundSequence(
      frames: settings.integer("frames"),
      height: settings.integer("height"),
      width: settings.integer("width"),
      rank: settings.integer("rank"),
      tissueDecibels: settings.number("tissue"),
      vessels: settings.integer("vessels"),
      bubbles: settings.number("bubbles"),
      noiseDeviation: settings.number("noise_deviation")
    )
  }

  static let settings: [SettingDescription] = [
    .init("frames", .integer(2...100_000), standard: .integer(20), "frames of a sequence"),
    .init("height", .integer(4...100_000), standard: .integer(32), "pixels of a frame in depth"),
    .init("width", .integer(4...100_000), standard: .integer(32), "pixels of a frame across"),
    .init("rank", .integer(1...30), standard: .integer(3), "rank of the tissue"),
    .init(
      "tissue",
      .number(-60...100),
      standard: .number(20),
      "root mean square of the tissue over a bubble's amplitude of 1",
      unit: "dB"
    ),
    .init("vessels", .integer(0...1000), standard: .integer(2), "vessels in the field of view"),
    .init("bubbles", .number(0...1000), standard: .number(6), "bubbles of a vessel, on average"),
    .init(
      "noise_deviation",
      .number(0...1e6),
      standard: .number(0.1),
      "standard deviation of the noise; bubbles have amplitudes from 0.5 to 1.5"
    ),
  ]
}
