internal import Studies

/// The arrays that detectors have in common, as their descriptions list them.
enum BlackBoxArrays {
  /// The channel's output.
  static let observations = MethodDescription.Array(
    "observations",
    [["time"], ["batch", "time"]],
    .input,
    "channel outputs"
  )
  /// The transmitted symbols.
  static let targets = MethodDescription.Array(
    "targets",
    [["time"], ["batch", "time"]],
    .target,
    isRequired: false,
    unit: "symbol values",
    "transmitted symbols: what training learns from and error rates count against"
  )
  /// The decided symbols.
  static let estimates = MethodDescription.Array(
    "estimates",
    [["time"], ["batch", "time"]],
    .output,
    unit: "symbol values",
    "decided symbols"
  )
  /// The probability of each symbol.
  static let probabilities = MethodDescription.Array(
    "probabilities",
    [["time", "symbols"], ["batch", "time", "symbols"]],
    .output,
    unit: "0 to 1",
    "probability of each symbol, in ascending order"
  )
  /// The setting that names the symbols.
  static let constellation = SettingDescription(
    "constellation",
    .choice(SymbolAlphabet.names),
    standard: .text("bpsk"),
    "transmitted symbols: bpsk -1, 1; ook 0, 1; 4-pam -3, -1, 1, 3 over the root of 5"
  )
}
