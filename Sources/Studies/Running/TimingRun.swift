internal import Tensors

/// Measures what a method's inference costs on one thread with nothing else running.
package enum TimingRun {
  /// The most items that are timed.
  package static let mostItems = 50_000
  /// Seconds after which no further repeat is begun.
  private static let budget = 0.2
  /// The most repeats.
  private static let mostRepeats = 5

  /// The median over a few repeats.
  ///
  /// - Parameters:
  ///   - entry: the method, ready.
  ///   - arrays: what it runs on, before renaming.
  ///   - world: its part.
  /// - Returns: a row of `timings.csv`.
  /// - Throws: ``StudyError`` for arrays that do not fit.
  static func row(of entry: PreparedEntry, on arrays: ArrayBundle, world: StudyWorld) throws
    -> TimingRow
  {
    var seconds: [Double] = []
    while seconds.count < mostRepeats, seconds.reduce(0, +) < budget || seconds.isEmpty {
      seconds.append(try entry.judged(on: arrays, task: world.task, pool: .serial).seconds)
    }
    let cost = try world.description(of: entry.method).cost(entry.method.settings)
    return TimingRow(
      method: entry.method.label,
      parameters: cost.parameters,
      multiplyAccumulates: cost.multiplyAccumulates,
      items: try world.task.itemCount(arrays),
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
