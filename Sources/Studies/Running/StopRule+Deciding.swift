/// Why a point ended.
package enum StopReason: String, Sendable {
  /// Every method has made its errors.
  case targetErrors = "target-errors"
  /// Every interval is narrow enough.
  case relativeWidth = "relative-width"
  /// The rows hold as many items as the rule allows.
  case maximumTrials = "maximum-trials"
  /// The user's file is used up.
  case endOfData = "end-of-data"
  /// All blocks of a tracking part were run.
  case endOfSeries = "end-of-series"
}

extension StopRule {
  /// Whether a point ends after its first `count` blocks; a pure function of those blocks.
  ///
  /// - Parameters:
  ///   - count: at least 1.
  ///   - tallies: one a method, each with at least `count` blocks.
  ///   - metrics: the task's figures of merit.
  ///   - blockTrials: items a block of a row.
  ///   - limit: the blocks that exist, or nil.
  /// - Returns: the reason, or nil to go on.
  func reason(
    after count: Int,
    _ tallies: [BlockTally],
    metrics: [MetricDescription],
    blockTrials: Int,
    limit: Int?
  ) -> StopReason? {
    if count >= minimumBlocks, let reason = reached(count, tallies, metrics) { return reason }
    if let limit, count >= limit { return .endOfData }
    return count >= maximumBlocks(blockTrials) ? .maximumTrials : nil
  }

  /// How many blocks the maximum of trials allows, at least 1.
  func maximumBlocks(_ blockTrials: Int) -> Int {
    max(1, (maximumTrials + blockTrials - 1) / blockTrials)
  }

  private func reached(
    _ count: Int,
    _ tallies: [BlockTally],
    _ metrics: [MetricDescription]
  ) -> StopReason? {
    guard errors != nil || relativeWidth != nil else { return nil }
    if let errors {
      // A task that counts no errors has no rule on them.
      guard let metric = metrics.firstIndex(where: \.countsErrors) else { return nil }
      guard tallies.allSatisfy({ $0.total(metric, blocks: count).errors >= errors }) else {
        return nil
      }
    }
    guard let relativeWidth else { return .targetErrors }
    let isNarrow = tallies.allSatisfy {
      $0.ratio(0, blocks: count).relativeWidth <= relativeWidth
    }
    return isNarrow ? .relativeWidth : nil
  }
}
