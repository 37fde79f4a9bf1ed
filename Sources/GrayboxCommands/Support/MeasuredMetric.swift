internal import Studies
internal import Tensors

/// A metric of a user's file with its interval.
struct MeasuredMetric {
  /// What was measured.
  let metric: MetricDescription
  /// The counts of the whole file.
  let total: MetricDescription.Count
  /// The value with its 95 % interval.
  let interval: Interval

  /// How many blocks a file is cut into for the interval.
  private static let blocks = 50

  /// Every metric of the task.
  ///
  /// The file is cut into 50 blocks of neighbouring items, whose spread gives the interval: errors
  /// of a sequence detector come in bursts, which stay inside of blocks that are long enough.
  ///
  /// - Throws: ``StudyError`` for outputs and targets that do not fit each other.
  static func all(
    of task: TaskDescription,
    outputs: ArrayBundle,
    truth: ArrayBundle
  ) throws -> [MeasuredMetric] {
    let count = try task.itemCount(truth)
    guard count > 0 else { return [] }
    var joined = truth
    for name in outputs.names { joined[name] = outputs[name] }
    let pieces = min(blocks, count)
    let bundles =
      try (0..<pieces).map { piece in
        try task.slice(joined, (count * piece / pieces)..<(count * (piece + 1) / pieces))
      }
    return try task.metrics.map { metric in
      MeasuredMetric(
        metric: metric,
        total: try metric.measure(outputs, truth),
        interval: BlockTally.interval(try bundles.map { try metric.measure($0, $0) }, of: metric)
      )
    }
  }

  /// One line for people: `symbol_error_rate 0.0123 [0.0119, 0.0127], 123 of 10000`.
  var line: String {
    var line = "\(metric.id) \(NumberWords.short(interval.value))"
    if let lower = interval.lower, let upper = interval.upper {
      line += " [\(NumberWords.short(lower)), \(NumberWords.short(upper))]"
    }
    if !metric.unit.isEmpty { line += " \(metric.unit)" }
    line += metric.countsErrors ? ", \(total.errors) of \(total.trials)" : ", \(total.trials) items"
    return line
  }
}
