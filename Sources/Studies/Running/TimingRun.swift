internal import Tensors

/// Measures what a method's inference costs on one thread with nothing else running.
package enum TimingRun {
  /// The most items that are timed.
  package static let mostItems = 50_000
  /// Seconds after which no further call is begun.
  private static let budget = 0.2
  /// The most calls.
  private static let mostCalls = 500

  /// The median over a few calls.
  ///
  /// - Parameters:
  ///   - entry: the method, ready.
  ///   - count: items at once; nil for all arrays.
  ///   - arrays: what it runs on, before renaming; calls go through them in order, `count` at a time.
  ///   - world: its part.
  /// - Returns: a row of `timings.csv`.
  /// - Throws: ``StudyError`` for arrays that do not fit.
  static func row(
    of entry: PreparedEntry,
    _ count: Int? = nil,
    on arrays: ArrayBundle,
    world: StudyWorld
  ) throws -> TimingRow {
    let all = try world.task.itemCount(arrays)
    let count = min(count ?? all, all)
    var seconds: [Double] = []
    while seconds.count < mostCalls, seconds.reduce(0, +) < budget {
      let start = seconds.count % (all / count) * count
      let some = count == all ? arrays : try world.task.slice(arrays, start..<(start + count))
      seconds.append(try entry.judged(on: some, task: world.task, pool: .serial).seconds)
    }
    let cost = try world.description(of: entry.method).cost(entry.method.settings)
    return TimingRow(
      method: entry.method.label,
      parameters: cost.parameters,
      multiplyAccumulates: cost.multiplyAccumulates,
      items: count,
      seconds: Quartiles(seconds).median
    )
  }

  /// The row of a method that ran in order of time, from what its blocks took.
  static func row(of method: StudyMethod, _ tally: BlockTally, world: StudyWorld) throws
    -> TimingRow
  {
    let cost = try world.description(of: method).cost(method.settings)
    let blocks = tally.blocks.count
    return TimingRow(
      method: method.label,
      parameters: cost.parameters,
      multiplyAccumulates: cost.multiplyAccumulates,
      items: blocks * (world.part.tracking?.payload ?? world.part.itemBlock),
      seconds: tally.seconds
    )
  }
}
