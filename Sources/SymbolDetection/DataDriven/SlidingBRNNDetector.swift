package import Studies

extension MethodDescription {
  /// The sliding bidirectional recurrent network.
  package static let slidingBRNN = BlackBoxMethod(
    id: "sbrnn",
    title: "Sliding BRNN",
    summary:
      "bidirectional recurrent network over sliding blocks, probabilities averaged over blocks",
    references: ["farsad2018neural"],
    settings: [
      SettingDescription(
        "block",
        .integer(1...1024),
        standard: .integer(10),
        "observations a block; it slides by one"
      ),
      SettingDescription(
        "cell",
        .choice(SlidingBidirectionalNetwork.Cell.allCases.map(\.rawValue)),
        standard: .text("gru"),
        "recurrent unit"
      ),
      SettingDescription(
        "layers",
        .integer(1...16),
        standard: .integer(1),
        "bidirectional layers"
      ),
      SettingDescription(
        "hidden",
        .integer(1...4096),
        standard: .integer(64),
        "units of each direction of a layer"
      ),
    ],
    standard: .init(epochs: 30, batch: 64, rate: 3e-3),
    network: { settings, symbols, stream in
      SlidingBidirectionalNetwork(
        block: settings.integer("block"),
        cell: SlidingBidirectionalNetwork.Cell(rawValue: settings.text("cell")) ?? .gru,
        layers: settings.integer("layers"),
        hidden: settings.integer("hidden"),
        symbols: symbols,
        from: &stream
      )
    }
  ).description
}
