internal import Autodiff
package import Studies

extension MethodDescription {
  /// The windowed dense network.
  package static let denseDetector = BlackBoxMethod(
    id: "dense-detector",
    title: "Dense window",
    summary: "dense network from a window of observations to the symbol in it",
    references: ["farsad2018neural"],
    settings: [
      WindowSettings.before(standard: 4),
      WindowSettings.after(standard: 5),
      SettingDescription(
        "hidden",
        .integers(1...16384),
        standard: .list([.integer(64), .integer(64)]),
        "units of the hidden layers, first to last"
      ),
      SettingDescription(
        "activation",
        .choice(["relu", "tanh", "sigmoid"]),
        standard: .text("relu"),
        "function of the hidden units"
      ),
    ],
    standard: .init(epochs: 50, batch: 64, rate: 3e-3),
    network: { settings, symbols, stream in
      DenseWindowNetwork(
        before: settings.integer("before"),
        after: settings.integer("after"),
        hidden: settings.integers("hidden"),
        activation: Activation(rawValue: settings.text("activation")) ?? .relu,
        symbols: symbols,
        from: &stream
      )
    }
  ).description
}

/// The settings that place a window around the decided symbol.
///
/// Symbol `i` acts on the observations `i ..< i + memory`, so that the later ones matter more; the
/// earlier ones tell of the symbols that interfere.
enum WindowSettings {
  static func before(standard: Int) -> SettingDescription {
    SettingDescription(
      "before",
      .integer(0...1024),
      standard: .integer(standard),
      "earlier observations in the window, beside the one at the symbol's own time"
    )
  }

  static func after(standard: Int) -> SettingDescription {
    SettingDescription(
      "after",
      .integer(0...1024),
      standard: .integer(standard),
      "later observations in the window; the symbol acts on memory - 1 of them"
    )
  }
}
