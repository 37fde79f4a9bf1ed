internal import Tensors

/// Holds the searches of one part: every combination is trained once, on the first training seed,
/// and judged on the same validation draws.
struct SearchRun {
  let specification: StudySpecification
  let world: StudyWorld
  let store: ModelStore
  let runner: UnitRunner
  let origin: [String: String]
  let report: @Sendable (StudyEvent) -> Void

  /// What one combination gave; smaller is better.
  private struct Judged: Sendable {
    var value: Double
    var status: String
  }

  /// The rows of one method's search.
  func rows(for method: StudyMethod, _ plan: SearchPlan) throws -> [SearchRow] {
    let candidates = try candidates(of: method, plan)
    let cell = try world.cell(at: plan.at).cell
    let arrays = plan.judge == .metric ? try world.validation(cell, count: plan.items) : nil
    let judged = try runner.map(count: candidates.count) { index, pool in
      let inner = UnitRunner(pool: pool, isCancelled: runner.isCancelled)
      let result = try judge(candidates[index], plan, cell: cell, arrays: arrays, inner)
      report(.searched("\(method.label): \(words(plan.combinations[index]))"))
      return result
    }
    let ranked = judged.indices.filter { !judged[$0].value.isNaN }
    let best = ranked.min { judged[$0].value < judged[$1].value }
    let description = try world.description(of: method)
    return try judged.enumerated().map { index, result in
      SearchRow(
        study: specification.study,
        part: world.part.id,
        method: method.label,
        settings: words(plan.combinations[index], of: method),
        judge: plan.judge == .loss ? "loss" : world.task.metrics[0].id,
        value: result.value,
        parameters: try description.cost(candidates[index].settings).parameters,
        status: result.status,
        isBest: index == best
      )
    }
  }

  /// The method with the best settings of its search.
  func tuned(_ method: StudyMethod, _ plan: SearchPlan, by rows: [SearchRow]) throws -> StudyMethod
  {
    guard plan.usesBest else { return method }
    guard let best = rows.firstIndex(where: \.isBest) else {
      throw StudyError.invalid(
        "part \(world.part.id): method \(method.label): no setting of its search succeeded"
      )
    }
    return try candidates(of: method, plan)[best]
  }

  private func candidates(of method: StudyMethod, _ plan: SearchPlan) throws -> [StudyMethod] {
    let description = try world.description(of: method)
    return try plan.combinations.map { combination in
      var candidate = method
      candidate.settings = try Settings(
        method.settings.values.merging(combination) { $1 },
        for: description.settings,
        owner: "method \(method.label): search"
      )
      return candidate
    }
  }

  private func judge(
    _ candidate: StudyMethod,
    _ plan: SearchPlan,
    cell: StudyCell,
    arrays: ArrayBundle?,
    _ runner: UnitRunner
  ) throws -> Judged {
    let entry = try PreparedEntry.ready(
      candidate,
      index: 0,
      in: cell,
      replicate: 0,
      seed: specification.seed,
      world: world,
      store: store,
      trainingWith: (runner, origin)
    )
    guard let arrays else {
      return Judged(
        value: entry.validationLoss ?? .nan,
        status: entry.entry.trainingFailure ?? (entry.validationLoss == nil ? "no loss" : "ok")
      )
    }
    let result = try entry.entry.judged(on: arrays, task: world.task, pool: runner.pool)
    let count = result.counts[0]
    return Judged(value: count.sum / count.reference, status: result.failure ?? "ok")
  }

  /// Whether a recorded row is of a method's search.
  func owns(_ row: SearchRow, _ method: StudyMethod, _ plan: SearchPlan) -> Bool {
    row.part == world.part.id && row.method == method.label
      && plan.combinations.contains { words($0, of: method) == row.settings }
  }

  /// A combination, with the points that it is for where these are not all.
  private func words(_ combination: [String: SettingValue], of method: StudyMethod) -> String {
    let points = method.only.map { axis in
      "\(axis.key)=\(axis.values.map { "\($0)" }.joined(separator: ","))"
    }
    return (points + [words(combination)]).joined(separator: ";")
  }

  private func words(_ combination: [String: SettingValue]) -> String {
    combination.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.word)" }
      .joined(separator: ";")
  }
}

extension PreparedEntry {
  /// Makes a method of a part ready for a cell, from its model where it learns.
  ///
  /// A missing model is trained where `trainingWith` is given, and an error elsewhere. The best
  /// validation loss of its training comes with it.
  static func ready(
    _ method: StudyMethod,
    index: Int,
    in cell: StudyCell,
    replicate: Int,
    seed: UInt64,
    world: StudyWorld,
    store: ModelStore,
    trainingWith: (runner: UnitRunner, origin: [String: String])? = nil
  ) throws -> (entry: PreparedEntry, validationLoss: Double?) {
    let description = try world.description(of: method)
    let job = try world.part.training(
      of: method,
      in: cell,
      replicate: replicate,
      seed: seed,
      world: world
    )
    guard let job else {
      let prepared = try description.prepare(cell.settings(of: method, description), nil)
      return (
        PreparedEntry(index: index, method: method, prepared: prepared, trainingFailure: nil), nil
      )
    }
    if let trainingWith, !store.holds(job) {
      try store.train(
        job,
        world: world,
        runner: trainingWith.runner,
        origin: trainingWith.origin
      )
    }
    let model = try store.model(of: job)
    let entry = PreparedEntry(
      index: index,
      method: method,
      prepared: try description.prepare(cell.settings(of: method, description), model),
      trainingFailure: model.trainingFailure
    )
    return (entry, model.validationLoss)
  }
}
