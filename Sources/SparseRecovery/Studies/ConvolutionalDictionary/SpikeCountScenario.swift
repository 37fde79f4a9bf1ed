// The filters are drawn from their own seed, so that training, validation, test and all points of an axis
// share them.

internal import Autodiff
package import Studies
internal import Tensors

/// The synthetic world of dictionary learning.
///
/// Arrays of a draw: `observations` and `targets` (the means) `[count, length]`, `true_filters` and
/// `initial_filters` (near the true ones) `[filters, taps]`, `baseline` `[]`.
package enum SpikeCountScenario {
  package static let id = "spike-counts"

  /// The description.
  package static let description = ScenarioDescription(
    id: id,
    task: DictionaryTask.id,
    summary: "Counts whose log-odds or log-rates are sums of a few filters at a few places.",
    settings: settings,
    item: "series",
    axisLabels: [
      "trials": .init(title: "trials of a sample", unit: ""),
      "events": .init(title: "events of a filter in a series", unit: ""),
      "start_error": .init(title: "error of the first filters", unit: ""),
    ],
    draw: { settings, _, count, stream in
      guard count >= 1 else { throw StudyError.invalid("\(id): cannot draw \(count) series") }
      return try draw(settings, count, stream)
    }
  )

  private static func draw(_ settings: Settings, _ count: Int, _ stream: RandomStream) throws
    -> ArrayBundle
  {
    let range = (settings.number("least_amplitude"), settings.number("largest_amplitude"))
    let (length, taps) = (settings.integer("length"), settings.integer("taps"))
    guard range.0 < range.1, taps <= length else {
      throw StudyError.invalid(
        "scenario \(id): needs least_amplitude \(range.0) below largest_amplitude \(range.1), and"
          + " taps \(taps) at most length \(length)"
      )
    }
    let world = SpikeCounts(
      law: ObservationLaw(settings),
      baseline: settings.number("baseline"),
      length: length,
      filters: settings.integer("filters"),
      taps: taps,
      events: settings.integer("events"),
      amplitudes: range.0...range.1
    )
    let seed = RandomStream(seed: UInt64(settings.integer("dictionary")))
    let shapes = world.shapes(from: seed)
    let first = SpikeCounts.near(shapes, error: settings.number("start_error"), from: seed)
    let drawn = world.drawn(shapes, count: count, from: stream)
    var bundle = ArrayBundle(source: "scenario \(id)")
    bundle["observations"] = .float(drawn.observations)
    bundle["targets"] = .float(drawn.means)
    bundle["true_filters"] = .float(shapes.converted(to: Float.self))
    bundle["initial_filters"] = .float(first.converted(to: Float.self))
    bundle["baseline"] = .float(Tensor(Float(world.baseline)))
    return bundle
  }

  static let settings: [SettingDescription] =
    DictionaryChoices.law + [
      .init("length", .integer(1...1_000_000), standard: .integer(500), "samples of a series"),
      .init("filters", .integer(1...1000), standard: .integer(3), "filters"),
      .init("taps", .integer(1...100_000), standard: .integer(50), "samples of a filter"),
      .init(
        "events",
        .integer(0...100_000),
        standard: .integer(3),
        "events of each filter in a series"
      ),
      .init(
        "baseline",
        .number(-50...50),
        standard: .number(-2),
        "natural parameter where there is no event: log-odds, log-rate or mean"
      ),
      .init(
        "least_amplitude",
        .number(-1e6...1e6),
        standard: .number(6),
        "amplitudes are uniform from here, for filters of unit length"
      ),
      .init(
        "largest_amplitude",
        .number(-1e6...1e6),
        standard: .number(12),
        "to here"
      ),
      .init(
        "dictionary",
        .integer(0...1_000_000_000),
        standard: .integer(1),
        "seed of the filters: the same for training, validation and test, and at all points"
      ),
      .init(
        "start_error",
        .number(0...1),
        standard: .number(0.6),
        "error sqrt(1 - <h, h^>^2) of the filters that learning starts from"
      ),
    ]
}
