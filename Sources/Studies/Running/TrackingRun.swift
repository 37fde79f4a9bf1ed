internal import NeuralNetworks
internal import Tensors

/// Runs the blocks of a tracking part in order: pilots, training from the block before, payload.
struct TrackingRun {
  let world: StudyWorld
  let plan: TrackingPlan
  let point: StudyPoint
  let replicate: Int
  /// Where the last model goes; nil to keep none.
  let store: ModelStore?
  let runner: UnitRunner
  let origin: [String: String]

  /// One method in one cell.
  private struct Chain: Sendable {
    var method: Int
    var cell: Int
  }

  /// One tally a method of the part, a block of it a block of time; nil where it does not run.
  func run() throws -> [BlockTally?] {
    let methods = world.part.methods
    let chains = methods.indices.flatMap { method in
      point.cells.indices.filter { point.cells[$0].isIn(methods[method].only) }
        .map { Chain(method: method, cell: $0) }
    }
    let results = try results(of: chains)
    var tallies = [BlockTally?](repeating: nil, count: methods.count)
    for method in methods.indices {
      let own = chains.indices.filter { chains[$0].method == method }
      guard !own.isEmpty else { continue }
      var tally = BlockTally()
      for block in 0..<plan.blocks { tally.append(own.map { results[$0][block] }) }
      tallies[method] = tally
    }
    return tallies
  }

  /// The blocks of all chains: at the same time, but for those whose training uses the threads itself.
  private func results(of chains: [Chain]) throws -> [[BlockResult]] {
    var results = [[BlockResult]](repeating: [], count: chains.count)
    let alone = try chains.indices.filter { index in
      try world.description(of: world.part.methods[chains[index].method]).trainsInParallel
    }
    let others = chains.indices.filter { !alone.contains($0) }
    if !others.isEmpty {
      let given = try runner.map(count: others.count) { place, pool in
        try blocks(of: chains[others[place]], pool: pool)
      }
      for (index, blocks) in zip(others, given) { results[index] = blocks }
    }
    for index in alone { results[index] = try blocks(of: chains[index], pool: runner.pool) }
    return results
  }

  private func blocks(of chain: Chain, pool: WorkerPool) throws -> [BlockResult] {
    let method = world.part.methods[chain.method]
    let cell = point.cells[chain.cell]
    let description = try world.description(of: method)
    var model: ModelFile?
    var results: [BlockResult] = []
    for block in 0..<plan.blocks {
      if runner.isCancelled() { throw StudyInterruption() }
      var failure: String?
      if let train = description.train {
        let result = try train(request(method, cell, block: block, from: model, pool: pool))
        if result.wasCancelled { throw StudyInterruption() }
        failure = result.failure
        model = result.model
      }
      let payload = try world.tracked(
        cell,
        replicate: replicate,
        block: block,
        purpose: .test,
        count: plan.payload,
        overrides: [:]
      )
      let entry = PreparedEntry(
        index: chain.method,
        method: method,
        prepared: try description.prepare(method.settings, model),
        trainingFailure: failure
      )
      results.append(try entry.judged(on: payload, task: world.task, pool: pool))
    }
    if let model, let store {
      let study = origin["study_config"] ?? ""
      let digest = StudyHash.of("\(cell.key);\(method.node.flow);\(study)").prefix(10)
      try store.keep(model, name: "\(method.id)_\(world.part.id)_r\(replicate)_\(digest)")
    }
    return results
  }

  private func request(
    _ method: StudyMethod,
    _ cell: StudyCell,
    block: Int,
    from model: ModelFile?,
    pool: WorkerPool
  ) throws -> TrainingRequest {
    var overrides = world.part.training.scenario
    for coordinate in point.coordinates where coordinate.key.hasPrefix("training.") {
      let key = String(coordinate.key.dropFirst("training.".count))
      overrides[key] = try world.scenario?.value(coordinate.value, of: key)
    }
    overrides.merge(method.training.scenario) { $1 }
    let pilots = try world.tracked(
      cell,
      replicate: replicate,
      block: block,
      purpose: .training,
      count: plan.pilots,
      overrides: overrides
    )
    return TrainingRequest(
      data: try pilots.renamed(method.arrays),
      settings: method.settings,
      initial: method.training.carries ? model : nil,
      stream: world.trackingStream(cell, replicate: replicate, block: block),
      pool: pool,
      provenance: origin.merging(["trained_on": "\(cell.key);block=\(block)"]) { $1 },
      isCancelled: runner.isCancelled
    )
  }
}

extension RowMaker {
  /// Where one block of a tracking part stands: all axes in the column `scenario`.
  func place(of point: StudyPoint, block: Int) -> Place {
    let words = [part.id] + point.coordinates.map(\.word)
    return Place(
      scenario: words.joined(separator: ";"),
      axis: "block",
      axisValue: Double(block),
      axisUnit: ""
    )
  }

  /// Where all blocks together stand: at the point, or on the axis `blocks`.
  func placeOfAllBlocks(_ point: StudyPoint, _ plan: TrackingPlan) -> Place {
    var place = place(of: point)
    if point.coordinates.isEmpty {
      place.axis = "blocks"
      place.axisValue = Double(plan.blocks)
    }
    return place
  }

  /// What the rows of a tracking part are called: each block's, then those of all together.
  func trackingIdentities(at point: StudyPoint, replicate: Int) throws(StudyError)
    -> [StudyChunk.Identity]
  {
    guard let plan = part.tracking else { return [] }
    var all: [StudyChunk.Identity] = []
    for block in 0..<plan.blocks {
      all += try identities(
        at: place(of: point, block: block),
        point: point,
        replicate: replicate
      )
    }
    return try all
      + identities(at: placeOfAllBlocks(point, plan), point: point, replicate: replicate)
  }

  /// The rows of a tracking part and their blocks.
  func trackingRows(
    _ tallies: [BlockTally?],
    at point: StudyPoint,
    replicate: Int
  ) throws(StudyError) -> (rows: [ResultRow], blocks: [BlockRow]) {
    guard let plan = part.tracking else { return ([], []) }
    var rows: [ResultRow] = []
    var blocks: [BlockRow] = []
    for block in 0...plan.blocks {
      let isWhole = block == plan.blocks
      let place =
        isWhole ? placeOfAllBlocks(point, plan) : self.place(of: point, block: block)
      for (method, tally) in zip(part.methods, tallies) {
        guard let tally else { continue }
        let own = isWhole ? tally : tally.only(block)
        let made = try self.rows(
          own,
          of: method,
          at: place,
          point: point,
          replicate: replicate,
          reason: .endOfSeries
        )
        rows += made
        blocks += self.blocks(
          own,
          of: made,
          numbers: isWhole ? Array(0..<plan.blocks) : [block]
        )
      }
    }
    return (rows, blocks)
  }
}
