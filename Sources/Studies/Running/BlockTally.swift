/// What one method did at one point: its counts block by block, in order.
package struct BlockTally: Sendable {
  /// Counts by block, then by metric in the order of the task.
  package private(set) var blocks: [[MetricDescription.Count]] = []
  /// Seconds of inference, by block.
  private var blockSeconds: [Double] = []
  /// Seconds of inference.
  package var seconds: Double { blockSeconds.reduce(0, +) }
  /// The first sentence of what did not succeed, if any.
  package private(set) var failure: String?

  /// A tally of nothing.
  package init() {}

  /// Adds one block: the sum of what the cells of the point gave, in their order.
  package mutating func append(_ cells: [BlockResult]) {
    guard let first = cells.first else { return }
    blocks.append(
      cells.dropFirst().reduce(first.counts) { sums, cell in
        zip(sums, cell.counts).map { $0.adding($1) }
      }
    )
    blockSeconds.append(cells.reduce(0) { $0 + $1.seconds })
    if failure == nil { failure = cells.lazy.compactMap(\.failure).first }
  }

  /// The tally of one block alone.
  package func only(_ block: Int) -> BlockTally {
    var tally = self
    tally.blocks = [blocks[block]]
    tally.blockSeconds = [blockSeconds[block]]
    return tally
  }

  /// The sum over the first blocks of one metric.
  package func total(_ metric: Int, blocks count: Int) -> MetricDescription.Count {
    blocks.prefix(count).reduce(.zero) { $0.adding($1[metric]) }
  }

  /// The estimate and interval of the ratio of one metric's sums over the first blocks.
  package func ratio(_ metric: Int, blocks count: Int) -> Interval {
    Self.ratio(blocks.prefix(count).map { $0[metric] })
  }

  private static func ratio(_ counts: [MetricDescription.Count]) -> Interval {
    RatioEstimator.estimate(
      counts.map { BlockCount(numerator: $0.sum, denominator: $0.reference) }
    )
  }

  /// The estimate and interval of one metric over the first blocks.
  package func interval(_ metric: Int, of description: MetricDescription, blocks count: Int)
    -> Interval
  {
    Self.interval(blocks.prefix(count).map { $0[metric] }, of: description)
  }

  /// The estimate and interval of blocks.
  package static func interval(
    _ counts: [MetricDescription.Count],
    of description: MetricDescription
  ) -> Interval {
    let interval = ratio(counts)
    if description.isInDecibels { return interval.inDecibels }
    guard description.countsErrors else { return interval }
    let total = counts.reduce(MetricDescription.Count.zero) { $0.adding($1) }
    // Without any error the blocks do not vary and would claim certainty; Wilson does not.
    if total.errors == 0, total.trials > 0, counts.count >= 2 {
      return WilsonInterval.estimate(errors: 0, trials: total.trials)
    }
    return interval.clamped(to: 0...1)
  }
}

/// What one method did with one block of one cell.
package struct BlockResult: Sendable {
  /// Counts in the order of the task's metrics.
  package var counts: [MetricDescription.Count]
  /// Seconds of inference.
  package var seconds: Double
  /// What did not succeed, or nil.
  package var failure: String?
}

extension MetricDescription.Count {
  /// Nothing judged.
  package static let zero = Self(trials: 0, errors: 0, sum: 0, sumOfSquares: 0, reference: 0)

  /// Both together.
  package func adding(_ other: Self) -> Self {
    Self(
      trials: trials + other.trials,
      errors: errors + other.errors,
      sum: sum + other.sum,
      sumOfSquares: sumOfSquares + other.sumOfSquares,
      reference: reference + other.reference
    )
  }
}
