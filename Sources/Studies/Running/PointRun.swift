internal import Tensors

/// Evaluates one point for one replicate: all methods on the same draws, block after block, until
/// the stop rule ends it.
struct PointRun {
  let world: StudyWorld
  let point: StudyPoint
  let replicate: Int
  /// The methods that run in each cell, by cell.
  let entries: [[PreparedEntry]]
  let runner: UnitRunner
  /// The blocks that this run takes, of all.
  let shard: StudyShard

  /// What the methods did, in the order of the part; nil for a method that is not at this point.
  struct Outcome {
    var tallies: [BlockTally?]
    /// The numbers of the blocks, from 0.
    var blocks: [Int]
    var reason: StopReason
  }

  /// Runs the point.
  func run() throws -> Outcome {
    let part = world.part
    let blockTrials = part.itemBlock * point.cells.count
    let rule = shard.share(of: part.stop)
    let limit = world.blockLimit.map { shard.blocks(below: $0) }
    let most = min(
      shard.blocks(below: part.stop.maximumBlocks(blockTrials)),
      limit ?? .max
    )
    var tallies = [BlockTally?](repeating: nil, count: part.methods.count)
    for entry in entries.joined() { tallies[entry.index] = BlockTally() }
    guard most > 0 else { return Outcome(tallies: tallies, blocks: [], reason: .maximumTrials) }
    var done = 0
    while true {
      let round = min(roundLength, most - done)
      let units = try evaluated(blocks: done..<(done + round))
      for block in units {
        append(block, to: &tallies)
        done += 1
        let reason =
          rule.reason(
            after: done,
            tallies.compactMap { $0 },
            metrics: world.task.metrics,
            blockTrials: blockTrials,
            limit: limit
          ) ?? (done == most ? .maximumTrials : nil)
        if let reason {
          return Outcome(tallies: tallies, blocks: (0..<done).map(shard.number), reason: reason)
        }
      }
    }
  }

  /// Blocks evaluated before the rule is asked again: what is beyond its end is thrown away.
  private var roundLength: Int {
    let wanted = 2 * runner.pool.threads
    return max(1, (wanted + point.cells.count - 1) / point.cells.count)
  }

  /// Results by block, cell and entry of the cell.
  private func evaluated(blocks: Range<Int>) throws -> [[[BlockResult]]] {
    let cells = point.cells.count
    let first = blocks.lowerBound
    let flat = try runner.map(count: blocks.count * cells) { unit, pool in
      let cell = unit % cells
      guard !entries[cell].isEmpty else { return [BlockResult]() }
      let arrays = try world.test(
        point.cells[cell],
        replicate: replicate,
        block: shard.number(first + unit / cells)
      )
      return try entries[cell].map { try $0.judged(on: arrays, task: world.task, pool: pool) }
    }
    return (0..<blocks.count).map { Array(flat[($0 * cells)..<(($0 + 1) * cells)]) }
  }

  private func append(_ block: [[BlockResult]], to tallies: inout [BlockTally?]) {
    for index in tallies.indices where tallies[index] != nil {
      let cells = zip(entries, block).compactMap { entries, results in
        zip(entries, results).first { $0.0.index == index }?.1
      }
      tallies[index]?.append(cells)
    }
  }
}
