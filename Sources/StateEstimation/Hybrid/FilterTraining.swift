// Source: `revach2022kalmannet`, section III-D. Deviations: gradients are clipped, the best epoch on held-out
// trajectories is kept, and training may warm up on short windows, because long unrolling from a random start
// diverges for some seeds.

internal import NeuralNetworks
internal import Studies
internal import Tensors

/// Trains a network through the filter that it sits in.
struct FilterTraining<Filter: LearnedFilter> {
  let filter: Filter

  /// Trains in one stage or two.
  ///
  /// - Parameter request: data, settings, stream and watchers.
  /// - Returns: the outcome of each stage.
  /// - Throws: ``StudyError`` for arrays that do not fit, ``NetworkError`` for a checkpoint that does not.
  func run(_ request: TrainingRequest) throws -> [TrainingOutcome] {
    let settings = request.settings
    let whole = try TrajectorySet(request.data, model: filter.model)
    let (kept, held) =
      try request.validation.map { (whole, try TrajectorySet($0, model: filter.model)) }
      ?? whole.split(holdingOut: settings.number("validation_share"))
    let choices = TrainingChoices.trainingSettings(settings, hasValidation: held != nil)
    let unrolling = settings.text("unrolling")
    let window = settings.integer("window")
    var outcomes: [TrainingOutcome] = []
    if unrolling == "warm-up", request.initial == nil {
      var first = choices
      first.duration = .epochs(settings.integer("warm_up"))
      first.schedule = .constant(settings.number("rate"))
      var context: TrainingContext<Float> = request.context(validation: nil, redraw: nil)
      context.stream = context.stream.derived("warm-up")
      context.checkpoint = nil
      outcomes.append(try stage(kept.windows(window).dataset(), first, context, settings))
      guard case .completed = outcomes[0].status else { return outcomes }
    }
    let isCut = unrolling == "windows"
    func dataset(_ set: TrajectorySet) throws -> Dataset<Float> {
      try isCut ? set.windows(window).dataset() : set.dataset()
    }
    let context = request.context(validation: try held.map { try $0.dataset() }) { bundle in
      try dataset(TrajectorySet(bundle, model: filter.model).first(kept.count))
    }
    outcomes.append(try stage(try dataset(kept), choices, context, settings))
    return outcomes
  }

  private func stage(
    _ dataset: Dataset<Float>,
    _ choices: TrainingSettings,
    _ context: TrainingContext<Float>,
    _ settings: Settings
  ) throws -> TrainingOutcome {
    let stateWeight = Float(settings.number("state_weight"))
    return try train(filter.network, on: dataset, settings: choices, context: context) {
      inputs,
      _ in try filter.loss(inputs, stateWeight: stateWeight)
    }
  }
}
