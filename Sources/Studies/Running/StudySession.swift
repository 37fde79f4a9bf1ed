internal import Tensors

/// The work of one run: wave after wave, each some points whose trainings run side by side and
/// whose evaluations follow in order.
final class StudySession {
  private let specification: StudySpecification
  private let options: StudyOptions
  private let shard: StudyShard
  private let folder: StudyFolder
  private let store: ModelStore
  private let runner: UnitRunner
  private let ledger: WorkLedger
  /// What each method costs, by its name in the study.
  private(set) var timings: [TimingRow] = []
  private var trainings: [String: [Double]] = [:]
  /// Seconds of one training, by the method's name: the median of those made.
  var trainingSeconds: [String: Double] { trainings.mapValues { Quartiles($0).median } }

  init(
    specification: StudySpecification,
    options: StudyOptions,
    shard: StudyShard,
    folder: StudyFolder,
    storage: StudyStorage
  ) {
    self.specification = specification
    self.options = options
    self.shard = shard
    self.folder = folder
    store = ModelStore(folder: folder.models, storage: storage)
    let clock = ContinuousClock()
    let start = clock.now
    let isCancelled = options.isCancelled
    let limit = options.timeLimit
    runner = UnitRunner(pool: WorkerPool(threads: options.threads)) {
      isCancelled() || limit.map { (clock.now - start).inSeconds > $0 } == true
    }
    ledger = WorkLedger(threads: options.threads, report: options.report)
  }

  /// Runs the chunks that are not done.
  func run(worlds: [StudyWorld], chunks: [StudyChunk]) throws {
    let timingsPath = "\(folder.path)/timings.csv"
    timings = FileAccess.exists(timingsPath) ? (try? TimingRow.read(timingsPath)) ?? [] : []
    if options.plansTime, !chunks.isEmpty {
      try StudyEstimate(
        specification: specification,
        store: store,
        shard: shard,
        isCancelled: runner.isCancelled,
        report: options.report
      ).enter(chunks, worlds: worlds, into: ledger)
    }
    for (index, world) in worlds.enumerated() {
      let own = chunks.filter { $0.part == index }
      guard !own.isEmpty else { continue }
      options.report(
        .part(id: world.part.id, title: world.part.title, points: own.count)
      )
      try run(PartRun(index: index, written: world.part, world: tuned(world)), own)
    }
  }

  /// A part after its searches.
  private struct PartRun {
    var index: Int
    var written: StudyPart
    var world: StudyWorld
  }

  private var origin: [String: String] {
    ["study": specification.study, "study_config": specification.config]
  }

  private func tuned(_ world: StudyWorld) throws -> StudyWorld {
    let path = "\(folder.path)/search.csv"
    var recorded = try SearchRow.read(path)
    var tuned = world
    let search = SearchRun(
      specification: specification,
      world: world,
      store: store,
      runner: runner,
      origin: origin,
      report: options.report
    )
    for (index, method) in world.part.methods.enumerated() {
      guard let plan = method.search else { continue }
      let isUsed = try world.part.points(in: world.catalogue).contains { point in
        point.cells.contains { $0.isIn(method.only) }
      }
      guard isUsed else { continue }
      var rows = recorded.filter { search.owns($0, method, plan) }
      if rows.count != plan.combinations.count {
        rows = try search.rows(for: method, plan)
        recorded.removeAll { search.owns($0, method, plan) }
        recorded += rows
        let text = CSV.line(SearchRow.columns) + recorded.map(\.line).joined()
        try FileAccess.replace(path, with: text)
        ledger.finish(.search(part: world.part.id, method: method.label))
      }
      tuned.part.methods[index] = try search.tuned(method, plan, by: rows)
    }
    return tuned
  }

  private func run(_ part: PartRun, _ chunks: [StudyChunk]) throws {
    let maker = RowMaker(specification: specification, part: part.written, world: part.world)
    if let plan = part.world.part.tracking {
      for chunk in chunks { try track(chunk, plan, part.world, maker) }
      return
    }
    var rest = chunks[...]
    while !rest.isEmpty {
      let wave = try wave(&rest, part.world)
      try train(wave.jobs, part.world)
      for chunk in wave.chunks { try evaluate(chunk, part.world, maker) }
    }
    if let plan = part.world.part.paths { try draw(plan, part.world) }
  }

  private func draw(_ plan: PathPlan, _ world: StudyWorld) throws {
    let run = PathRun(
      world: world,
      plan: plan,
      store: store,
      seed: specification.seed,
      study: specification.study
    )
    if world.task.image != nil {
      try run.pictures()?.write(to: "\(folder.path)/figures")
    } else {
      try run.figure()?.write(to: "\(folder.path)/figures")
    }
  }

  /// The next points whose missing trainings together keep all threads busy.
  private func wave(_ rest: inout ArraySlice<StudyChunk>, _ world: StudyWorld) throws
    -> (chunks: [StudyChunk], jobs: [TrainingJob])
  {
    var chunks: [StudyChunk] = []
    var jobs: [TrainingJob] = []
    var names: Set<String> = []
    while let chunk = rest.first, chunks.isEmpty || jobs.count < 8 * options.threads {
      for job in try world.jobs(of: chunk, seed: specification.seed)
      where !store.holds(job) && names.insert(job.name).inserted {
        jobs.append(job)
      }
      chunks.append(chunk)
      rest = rest.dropFirst()
      if options.threads == 1 { break }
    }
    return (chunks, jobs)
  }

  private func train(_ jobs: [TrainingJob], _ world: StudyWorld) throws {
    guard !jobs.isEmpty else { return }
    let (store, origin, options, ledger) = (store, origin, options, ledger)
    let isCancelled = runner.isCancelled
    let seconds = try runner.map(count: jobs.count) { index, pool in
      let clock = ContinuousClock()
      let start = clock.now
      let inner = UnitRunner(pool: pool, isCancelled: isCancelled)
      try store.train(jobs[index], world: world, runner: inner, origin: origin)
      options.report(.trained(jobs[index].name))
      ledger.finish(.training(jobs[index].name))
      return (clock.now - start).inSeconds
    }
    for (job, seconds) in zip(jobs, seconds) {
      trainings[job.method.label, default: []].append(seconds)
    }
  }

  private func evaluate(_ chunk: StudyChunk, _ world: StudyWorld, _ maker: RowMaker) throws {
    let entries = try chunk.point.cells.map { cell in
      try world.part.methods.enumerated().filter { cell.isIn($1.only) }.map { index, method in
        try PreparedEntry.ready(
          method,
          index: index,
          in: cell,
          replicate: chunk.replicate,
          seed: specification.seed,
          world: world,
          store: store
        ).entry
      }
    }
    try time(entries, chunk, world)
    let outcome = try PointRun(
      world: world,
      point: chunk.point,
      replicate: chunk.replicate,
      entries: entries,
      runner: runner,
      shard: shard
    ).run()
    let place = maker.place(of: chunk.point)
    var rows: [ResultRow] = []
    var blocks: [BlockRow] = []
    for (method, tally) in zip(maker.part.methods, outcome.tallies) {
      guard let tally else { continue }
      let made = try maker.rows(
        tally,
        of: method,
        at: place,
        point: chunk.point,
        replicate: chunk.replicate,
        reason: outcome.reason
      )
      rows += made
      blocks += maker.blocks(tally, of: made, numbers: outcome.blocks)
    }
    try finish(chunk, rows, blocks)
  }

  private func track(
    _ chunk: StudyChunk,
    _ plan: TrackingPlan,
    _ world: StudyWorld,
    _ maker: RowMaker
  ) throws {
    let tallies = try TrackingRun(
      world: world,
      plan: plan,
      point: chunk.point,
      replicate: chunk.replicate,
      store: store,
      runner: runner,
      origin: origin
    ).run()
    let made = try maker.trackingRows(tallies, at: chunk.point, replicate: chunk.replicate)
    for (method, tally) in zip(world.part.methods, tallies) {
      guard let tally, !timings.contains(where: { $0.method == method.label }) else { continue }
      timings.append(try TimingRun.row(of: method, tally, world: world))
    }
    try finish(chunk, made.rows, made.blocks)
  }

  private func finish(_ chunk: StudyChunk, _ rows: [ResultRow], _ blocks: [BlockRow]) throws {
    try TimingRow.write(timings, to: "\(folder.path)/timings.csv")
    try folder.append(rows, blocks)
    options.report(.point(rows))
    ledger.finish(.evaluation(chunk.label))
  }

  /// Times each method once a study for each number of items at once, on one thread, before the point's
  /// evaluation begins.
  private func time(_ entries: [[PreparedEntry]], _ chunk: StudyChunk, _ world: StudyWorld) throws {
    let asked = world.part.timedItems
    for (cell, entries) in zip(chunk.point.cells, entries) {
      let missing = entries.filter { entry in
        !timings.contains { $0.method == entry.method.label }
      }
      guard !missing.isEmpty else { continue }
      let arrays = try world.timed(cell, replicate: chunk.replicate)
      for entry in missing {
        for count in asked.isEmpty ? [nil] : asked.map(Optional.init) {
          if runner.isCancelled() { throw StudyInterruption() }
          timings.append(try TimingRun.row(of: entry, count, on: arrays, world: world))
        }
      }
    }
  }
}

extension StudyWorld {
  /// The trainings that a chunk needs, those of all its cells and methods.
  func jobs(of chunk: StudyChunk, seed: UInt64) throws(StudyError) -> [TrainingJob] {
    var jobs: [TrainingJob] = []
    for cell in chunk.point.cells {
      for method in part.methods where cell.isIn(method.only) {
        let job = try part.training(
          of: method,
          in: cell,
          replicate: chunk.replicate,
          seed: seed,
          world: self
        )
        if let job { jobs.append(job) }
      }
    }
    return jobs
  }
}

extension StudyChunk {
  /// The chunk in words, unique in its study.
  var label: String {
    "\(part);\(point.coordinates.map(\.word).joined(separator: ";"));\(replicate)"
  }
}
