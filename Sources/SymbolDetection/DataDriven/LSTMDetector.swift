package import Studies

extension MethodDescription {
  /// The windowed long short-term memory network.
  package static let lstmDetector = BlackBoxMethod(
    id: "lstm-detector",
    title: "Windowed LSTM",
    summary: "LSTM layers over a window of observations, deciding the symbol in it",
    references: ["hochreiter1997"],
    settings: [
      WindowSettings.before(standard: 3),
      WindowSettings.after(standard: 3),
      SettingDescription(
        "layers",
        .integer(1...16),
        standard: .integer(2),
        "recurrent layers"
      ),
      SettingDescription(
        "hidden",
        .integer(1...4096),
        standard: .integer(256),
        "units of each layer"
      ),
    ],
    standard: .init(epochs: 20, batch: 64, rate: 1e-3),
    network: { settings, symbols, stream in
      LSTMWindowNetwork(
        before: settings.integer("before"),
        after: settings.integer("after"),
        layers: settings.integer("layers"),
        hidden: settings.integer("hidden"),
        symbols: symbols,
        from: &stream
      )
    }
  ).description
}
