// Source: `revach2022kalmannet`, section III-D. Deviations: gradients are clipped, the best epoch on held-out
// trajectories is kept, and training warms up on short windows, because long unrolling from a random start
// diverges for some seeds.

internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Trains a network through the filter that it sits in.
struct FilterTraining<Filter: LearnedFilter> {
  let filter: Filter

  /// How often training may begin again after a loss that was not finite.
  private static var mostRestarts: Int { 3 }

  /// Trains and packs the network with what is known of the system.
  ///
  /// A training whose loss is not finite in its first epoch begins again from the first values, with half the rate and twice the
  /// warm-up; the model's origin tells of it.
  ///
  /// - Parameters:
  ///   - method: the method's id.
  ///   - version: of its model files.
  ///   - knowledge: kept beside the network.
  ///   - request: data, settings, stream and watchers.
  /// - Returns: the model; its failure tells of an interruption, or of the last attempt's end.
  /// - Throws: ``StudyError`` for arrays that do not fit, ``NetworkError`` for a checkpoint that does not.
  func result(
    method: String,
    version: Int,
    knowledge: FilterKnowledge,
    _ request: TrainingRequest
  ) throws -> TrainingResult {
    if let initial = request.initial {
      try filter.network.load(
        FilterKnowledge.learned(initial),
        source: "the initial model of \(method)"
      )
    }
    let first = filter.network.tensors()
    var failures: [String] = []
    var outcomes = try run(request, attempt: 0)
    while let last = outcomes.last, case .diverged = last.status, last.trainingLosses.isEmpty,
      failures.count < Self.mostRestarts
    {
      failures.append(last.status.sentence)
      try filter.network.load(first, source: "the first values of \(method)")
      outcomes = try run(request, attempt: failures.count)
    }
    var result = request.result(
      of: outcomes,
      method: method,
      version: version,
      tensors: filter.network.tensors().merging(knowledge.tensors) { first, _ in first },
      axes: ["batch", "time", "n"]
    )
    if !failures.isEmpty {
      result.model.provenance["training_restarts"] = failures.joined(separator: "; ")
    }
    return result
  }

  /// Trains in one stage or two; every attempt halves the rate and doubles the warm-up.
  private func run(_ request: TrainingRequest, attempt: Int) throws -> [TrainingOutcome] {
    let settings = request.settings
    let whole = try TrajectorySet(request.data, model: filter.model)
    let (learned, heldOut) = request.parts(of: whole.count)
    let kept = whole.picked(learned)
    let held =
      try request.validation.map { try TrajectorySet($0, model: filter.model) }
      ?? heldOut.map { whole.picked($0) }
    let share = 1 / Double(1 << attempt)
    let choices = TrainingChoices.trainingSettings(
      settings,
      hasValidation: held != nil,
      rateFactor: share
    )
    let warmUp = request.initial == nil ? settings.integer("warm_up") << attempt : 0
    let epochs = warmUp + settings.integer("epochs")
    var loss = FilterLoss()
    loss.stateWeight = Float(settings.number("state_weight"))
    var outcomes: [TrainingOutcome] = []
    // Short windows stay in the caches and tell little of the time of long ones.
    let begun = request.isProbe ? 0 : warmUp
    if begun > 0 {
      var first = choices
      first.duration = .epochs(warmUp)
      first.schedule = .constant(settings.number("rate") * share)
      var context: TrainingContext<Float> = request.context(validation: nil, redraw: nil)
      context.stream = context.stream.derived("warm-up")
      context.checkpoint = nil
      report(to: request, from: &context, after: 0, of: epochs)
      let short = kept.windows(settings.integer("warm_up_window"))
      outcomes.append(try stage(short.dataset(short.marks), first, context, loss))
      guard case .completed = outcomes[0].status else { return outcomes }
    }
    let window = settings.text("unrolling") == "windows" ? settings.integer("window") : nil
    let marks = kept.marks.union(held?.marks ?? [])
    func dataset(_ set: TrajectorySet) throws -> Dataset<Float> {
      try (window.map { set.windows($0) } ?? set).dataset(marks)
    }
    var context = request.context(validation: try held.map { try dataset($0) }) { bundle in
      try dataset(TrajectorySet(bundle, model: filter.model).first(kept.count))
    }
    if attempt > 0 { context.checkpoint = nil }
    report(to: request, from: &context, after: begun, of: epochs)
    if settings.text("unrolling") == "truncated" { loss.segment = settings.integer("window") }
    outcomes.append(try stage(try dataset(kept), choices, context, loss))
    return outcomes
  }

  /// Counts the epochs of both stages as one training's.
  private func report(
    to request: TrainingRequest,
    from context: inout TrainingContext<Float>,
    after earlier: Int,
    of epochs: Int
  ) {
    let report = request.progress
    context.onProgress = { progress in
      report(
        .init(
          epoch: earlier + progress.epoch,
          epochs: epochs,
          passes: Double(earlier) + progress.passes,
          trainingLoss: progress.trainingLoss,
          validationLoss: progress.validationLoss,
          secondsLeft: progress.secondsLeft
        )
      )
    }
  }

  private func stage(
    _ dataset: Dataset<Float>,
    _ choices: TrainingSettings,
    _ context: TrainingContext<Float>,
    _ loss: FilterLoss
  ) throws -> TrainingOutcome {
    try train(filter.network, on: dataset, settings: choices, context: context) { inputs, _ in
      try filter.loss(inputs, loss)
    }
  }
}
