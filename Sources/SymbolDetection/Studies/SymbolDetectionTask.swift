package import Studies
internal import Tensors

/// The task that all detectors of this domain share: symbols from observations.
package enum SymbolDetectionTask {
  package static let id = "symbol-detection"

  /// The description.
  package static let description = TaskDescription(
    id: id,
    summary: "Find the symbols that were sent from what a receiver observes.",
    metrics: [
      MetricDescription(
        id: "symbol_error_rate",
        title: "symbol error rate",
        unit: "",
        isLogarithmic: true,
        countsErrors: true,
        measure: { try symbolErrors($0, $1) }
      )
    ],
    itemCount: { try itemCount($0) },
    slice: { try slice($0, $1) }
  )

  /// Wrong symbols: estimates that differ from their targets by more than rounding.
  private static func symbolErrors(
    _ outputs: ArrayBundle,
    _ truth: ArrayBundle
  ) throws -> MetricDescription.Count {
    let estimates = try SymbolDetectionArrays.real("estimates", in: outputs)
    let targets = try SymbolDetectionArrays.real("targets", in: truth)
    guard estimates.count == targets.count else {
      throw StudyError.badShape(
        array: "targets",
        source: truth.source,
        expected: "\(estimates.shape), as the estimates",
        actual: targets.shape
      )
    }
    let errors = estimates.withScalars { a in
      targets.withScalars { b in
        // A NaN on either side counts as wrong.
        zip(a, b).reduce(0) { $0 + (abs($1.0 - $1.1) <= 1e-3 ? 0 : 1) }
      }
    }
    let trials = targets.count
    return MetricDescription.Count(
      trials: trials,
      errors: errors,
      sum: Double(errors),
      sumOfSquares: Double(errors),
      reference: Double(trials)
    )
  }

  private static func itemCount(_ bundle: ArrayBundle) throws -> Int {
    try SymbolDetectionArrays.sequences(of: bundle).count
  }

  /// Symbols of the range as a bundle of their own.
  ///
  /// A range lies within one sequence or covers whole ones. Where it starts inside a sequence the
  /// state before it is not known, and `initial_state` is left out. Taps that differ between
  /// sequences or frames are cut with the observations.
  private static func slice(_ bundle: ArrayBundle, _ range: Range<Int>) throws -> ArrayBundle {
    let sequences = try SymbolDetectionArrays.sequences(of: bundle)
    guard range.lowerBound >= 0, range.upperBound <= sequences.count, !range.isEmpty else {
      throw StudyError.invalid(
        "\(bundle.source): symbols \(range) are not among the \(sequences.count) there are"
      )
    }
    let cut = try SequenceCut(range, batch: sequences.batch, duration: sequences.duration)
    var part = bundle
    for name in bundle.names {
      guard let array = bundle[name] else { continue }
      part[name] =
        array.shape == sequences.shape ? cut.steps(of: array) : cut.knowledge(in: array)
    }
    if cut.steps.lowerBound > 0 { part["initial_state"] = nil }
    return part
  }
}
