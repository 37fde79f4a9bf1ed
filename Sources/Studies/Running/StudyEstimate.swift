internal import Synchronization
internal import Tensors

/// Plans the time of a study: the first passes of each training and a small inference of each method
/// are timed, once a part, and scaled to the rest.
///
/// Evaluation is counted up to the stop rule's maximum, so that the plan is an upper bound there.
struct StudyEstimate {
  let specification: StudySpecification
  let store: ModelStore
  let shard: StudyShard
  let isCancelled: @Sendable () -> Bool
  let report: @Sendable (StudyEvent) -> Void

  /// The seconds after which a training that has reported nothing is left.
  private static let longestProbe = 3.0
  /// The seconds after which one report is enough.
  private static let longestSecond = 0.5
  /// How much longer than that such a training is taken to be.
  private static let unknownFactor = 10.0
  /// The most items that a training probe learns from.
  private static let probeTrainingItems = 5000
  /// The most items of an inference probe.
  private static let probeItems = 1000
  /// Seconds of an inference probe after which no larger one is made.
  private static let tellingSeconds = 0.05

  /// What one method of a part costs on one thread.
  private struct Cost {
    /// Seconds of one training, and the items that it learned from.
    var training: (seconds: Double, size: Int?)?
    /// Seconds of inference an item.
    var item: Double
  }

  /// Enters all the work of the chunks that are not done.
  func enter(_ chunks: [StudyChunk], worlds: [StudyWorld], into ledger: WorkLedger) throws {
    for (index, world) in worlds.enumerated() {
      let own = chunks.filter { $0.part == index }
      guard let first = own.first else { continue }
      report(.planning(world.part.title))
      if let plan = world.part.tracking {
        let seconds = try tracking(first, plan, world)
        for chunk in own { ledger.expect(.evaluation(chunk.label), seconds: seconds) }
        continue
      }
      var costs: [Cost?] = []
      for alike in Self.alike(own) {
        let these = try world.part.methods.map { try cost(of: $0, alike, world) }
        if costs.isEmpty { costs = these }
        for chunk in alike { try enter(chunk, these, world, into: ledger) }
      }
      for (method, cost) in zip(world.part.methods, costs) {
        guard let search = method.search, let cost else { continue }
        let each = (cost.training?.seconds ?? 0) + cost.item * Double(search.items)
        ledger.expect(
          .search(part: world.part.id, method: method.label),
          seconds: Double(search.combinations.count) * each
        )
      }
    }
    ledger.begin()
  }

  /// Chunks whose trainings see the same settings of the scenario, in order; others cost other times.
  private static func alike(_ chunks: [StudyChunk]) -> [[StudyChunk]] {
    var order: [[Double]] = []
    var groups: [[Double]: [StudyChunk]] = [:]
    for chunk in chunks {
      let key = chunk.point.coordinates.filter { $0.key.hasPrefix("training.") }.map(\.value)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(chunk)
    }
    return order.compactMap { groups[$0] }
  }

  private func enter(
    _ chunk: StudyChunk,
    _ costs: [Cost?],
    _ world: StudyWorld,
    into ledger: WorkLedger
  ) throws {
    let part = world.part
    let most = part.stop.maximumBlocks(part.itemBlock * chunk.point.cells.count)
    let blocks = shard.blocks(below: min(most, world.blockLimit ?? .max))
    var inference = 0.0
    for cell in chunk.point.cells {
      for (method, cost) in zip(part.methods, costs) where cell.isIn(method.only) {
        guard let cost else { continue }
        inference += cost.item * Double(part.itemBlock * blocks)
        guard let (seconds, size) = cost.training,
          let job = try part.training(
            of: method,
            in: cell,
            replicate: chunk.replicate,
            seed: specification.seed,
            world: world
          ),
          !store.holds(job)
        else { continue }
        let scale = job.size.flatMap { own in size.map { Double(own) / Double($0) } } ?? 1
        ledger.expect(.training(job.name), seconds: seconds * scale)
      }
    }
    ledger.expect(.evaluation(chunk.label), seconds: inference)
  }

  /// The cost of a method, measured in the first cell in which it runs; nil where it never does.
  private func cost(of method: StudyMethod, _ chunks: [StudyChunk], _ world: StudyWorld) throws
    -> Cost?
  {
    let places = chunks.lazy.flatMap { chunk in chunk.point.cells.map { (chunk, $0) } }
    guard let (chunk, cell) = places.first(where: { $0.1.isIn(method.only) }) else { return nil }
    if isCancelled() { throw StudyInterruption() }
    let description = try world.description(of: method)
    var training: (Double, Int?)?
    let job = try world.part.training(
      of: method,
      in: cell,
      replicate: chunk.replicate,
      seed: specification.seed,
      world: world
    )
    let prepared: any PreparedMethod
    if let job {
      if store.holds(job) {
        prepared = try description.prepare(
          cell.settings(of: method, description),
          store.model(of: job)
        )
      } else {
        let small = job.withSize(atMost: Self.probeTrainingItems)
        let probe = try probe(small, world)
        training = (probe.seconds, small.size)
        prepared = try description.prepare(
          cell.settings(of: method, description),
          probe.result.model
        )
      }
    } else {
      prepared = try description.prepare(cell.settings(of: method, description), nil)
    }
    let entry = PreparedEntry(
      index: 0,
      method: method,
      prepared: prepared,
      trainingFailure: nil
    )
    let item = try secondsAnItem(entry, cell, replicate: chunk.replicate, world)
    return Cost(training: training, item: item)
  }

  /// Seconds of inference an item: ten times as many items until they take long enough.
  private func secondsAnItem(
    _ entry: PreparedEntry,
    _ cell: StudyCell,
    replicate: Int,
    _ world: StudyWorld
  ) throws -> Double {
    let most = min(Self.probeItems, world.part.tracking?.payload ?? world.part.itemBlock)
    var count = 1
    while true {
      let arrays = try world.timed(cell, replicate: replicate, count: count)
      let items = try world.task.itemCount(arrays)
      let first = try entry.judged(on: arrays, task: world.task, pool: .serial).seconds
      // The first call also prepares.
      let again = try entry.judged(on: arrays, task: world.task, pool: .serial).seconds
      let seconds = min(first, again)
      guard seconds < Self.tellingSeconds, count < most, items >= count else {
        return seconds / Double(max(items, 1))
      }
      count = min(10 * count, most)
    }
  }

  /// What a training has reported, and when.
  private struct Probe: Sendable {
    var reports: [(progress: TrainingProgress, seconds: Double)] = []

    /// The seconds of the whole training: what is left goes on as between the first reports, since before the first there
    /// is work that is done once.
    var total: Double? {
      guard let first = reports.first, first.progress.passes > 0 else { return nil }
      let epochs = Double(first.progress.epochs)
      guard let last = reports.last, last.progress.passes > first.progress.passes else {
        return first.seconds * epochs / first.progress.passes
      }
      let pace =
        (last.seconds - first.seconds) / (last.progress.passes - first.progress.passes)
      return first.seconds + pace * max(0, epochs - first.progress.passes)
    }
  }

  /// Trains until two reports of progress, or one where these take long.
  private func probe(_ job: TrainingJob, _ world: StudyWorld) throws
    -> (seconds: Double, result: TrainingResult)
  {
    guard let train = job.description.train else {
      throw StudyError.invalid("method \(job.method.id): learns nothing")
    }
    let arrays = try world.arrays(for: job)
    let seen = Seen()
    let clock = ContinuousClock()
    let start = clock.now
    let isCancelled = isCancelled
    var request = TrainingRequest(
      data: try arrays.train.renamed(job.method.arrays),
      validation: try arrays.validation?.renamed(job.method.arrays),
      settings: job.method.settings,
      stream: world.learningStream(for: job)
    )
    request.isProbe = true
    request.progress = { progress in
      seen.probe.withLock {
        if $0.reports.count < 2 { $0.reports.append((progress, (clock.now - start).inSeconds)) }
      }
    }
    request.isCancelled = {
      let reports = seen.probe.withLock(\.reports.count)
      let seconds = (clock.now - start).inSeconds
      return isCancelled() || reports == 2 || seconds > Self.longestProbe
        || (reports == 1 && seconds > Self.longestSecond)
    }
    let result = try train(request)
    if isCancelled() { throw StudyInterruption() }
    let elapsed = (clock.now - start).inSeconds
    if let total = seen.probe.withLock(\.total) { return (total, result) }
    return (result.wasCancelled ? elapsed * Self.unknownFactor : elapsed, result)
  }

  /// What a probe has seen, shared with the training's closures.
  private final class Seen: Sendable {
    let probe = Mutex(Probe())
  }

  /// The seconds of one chunk of a tracking part, from its first block.
  private func tracking(_ chunk: StudyChunk, _ plan: TrackingPlan, _ world: StudyWorld) throws
    -> Double
  {
    let clock = ContinuousClock()
    let start = clock.now
    _ = try TrackingRun(
      world: world,
      plan: TrackingPlan(blocks: 1, pilots: plan.pilots, payload: plan.payload),
      point: chunk.point,
      replicate: chunk.replicate,
      store: nil,
      runner: UnitRunner(pool: .serial, isCancelled: isCancelled),
      origin: [:]
    ).run()
    return (clock.now - start).inSeconds * Double(plan.blocks)
  }
}
