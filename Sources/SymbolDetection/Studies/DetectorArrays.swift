package import Studies

/// Arrays and settings that detectors around a trellis share.
package enum DetectorArrays {
  package static let observations = MethodDescription.Array(
    "observations",
    [["time"], ["batch", "time"]],
    .input,
    unit: "as received",
    "what the receiver observes; a number that is not finite is an error"
  )
  package static let targets = MethodDescription.Array(
    "targets",
    [["time"], ["batch", "time"]],
    .target,
    isRequired: false,
    unit: "symbol values",
    "the symbols that were sent: what training learns from and error rates count against"
  )
  package static let estimates = MethodDescription.Array(
    "estimates",
    [["time"], ["batch", "time"]],
    .output,
    unit: "symbol values",
    "the decided symbols"
  )
  package static let probabilities = MethodDescription.Array(
    "probabilities",
    [["time", "symbols"], ["batch", "time", "symbols"]],
    .output,
    isRequired: false,
    unit: "0 to 1",
    "posterior of each symbol, symbols in ascending order"
  )
  package static let constellation = SettingDescription(
    "constellation",
    .choice(Constellation.allCases.map(\.rawValue)),
    standard: .text("bpsk"),
    "the symbols: bpsk -1, +1; ook 0, 1; 4-pam -3, -1, 1, 3 over the square root of 5"
  )

  /// What was sent before the first observation.
  package static let initialState = MethodDescription.Array(
    "initial_state",
    [[], ["memory"], ["batch", "memory"]],
    .knowledge,
    isRequired: false,
    unit: "symbol values",
    "the symbol sent at all times before the first observation, or the last symbols before it, the "
      + "newest first; without it the state is unknown"
  )

  /// Whether posteriors are written.
  package static let probabilitiesSetting = SettingDescription(
    "probabilities",
    .flag,
    standard: .flag(true),
    "whether to write the posteriors; false saves their memory"
  )

  /// The settings that make a trellis.
  package static let trellisSettings: [SettingDescription] = [
    .init(
      "memory",
      .integer(1...8),
      standard: .integer(4),
      "how many symbols an observation depends on; at most 8 with two symbols, 4 with four"
    ),
    constellation,
  ]

  /// The trellis of the settings.
  ///
  /// - Throws: ``StudyError`` when it would have too many states.
  package static func trellis(_ settings: Settings, owner: String) throws(StudyError) -> Trellis {
    do {
      return try Trellis(
        constellation: SymbolDetectionArrays.constellation(settings),
        memory: settings.integer("memory")
      )
    } catch {
      throw .invalid("\(owner): \(error)")
    }
  }
}
