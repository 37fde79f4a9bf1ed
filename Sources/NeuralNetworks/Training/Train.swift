public import Tensors

/// Trains a model on a dataset and leaves it at the best parameters.
///
/// Each step: the loss of a batch, its gradients, clipping, one optimiser step. Each pass ends with the
/// loss on the validation set, when there is one, which chooses the best parameters. For equal data,
/// settings and stream the result is equal to the bit, for any number of threads and through any
/// number of interruptions.
///
/// ```swift
/// let pilots = try Dataset(["observations": y, "labels": states])
/// var settings = TrainingSettings(.epochs(100), batchSize: 32)
/// settings.schedule = .constant(1e-2)
/// let outcome = try train(
///   network, on: pilots, settings: settings, context: TrainingContext(stream: stream)
/// ) { inputs, mode in
///   crossEntropy(network(try inputs.named("observations"), mode: mode), try inputs.named("labels"))
/// }
/// ```
///
/// - Parameters:
///   - model: its parameters (or those of the context's groups) are trained in place.
///   - dataset: named arrays; the loss gets a batch of each.
///   - settings: how long, how large, how fast.
///   - context: stream, validation set, threads, checkpoint, watchers.
///   - loss: from named inputs `[batch, ...]` (and `mask` for sequences) and the mode to one number.
/// - Returns: how it ended, the histories, the best and the last parameters. A loss that is not finite
///   is a status, not an error.
/// - Throws: ``NetworkError`` for settings, data and checkpoints; what the loss throws.
@discardableResult
public func train<Model: Module>(
  _ model: Model,
  on dataset: Dataset<Model.Scalar>,
  settings: TrainingSettings,
  context: TrainingContext<Model.Scalar>,
  loss: @escaping ([String: Tensor<Model.Scalar>], Mode) throws -> Tensor<Model.Scalar>
) throws -> TrainingOutcome {
  try settings.validate(
    hasValidation: context.validation != nil || settings.validationFraction > 0
  )
  let parts = try TrainingParts(dataset, settings, context)
  let loop = TrainingLoop<Model.Scalar>(model, parts, settings, context, loss)
  let keeper = context.checkpoint.map {
    CheckpointKeeper($0, identity: TrainingIdentity(loop, parts, context))
  }
  try keeper?.takeUp(loop)
  let reporter = ProgressReporter(loop, context.onProgress)
  let status = try run(loop, keeper, reporter, isCancelled: context.isCancelled)
  // A training that diverged is not saved: taken up from before, it diverges in the same way again.
  if case .diverged = status {} else { try keeper?.save(loop) }
  loop.flat.valuesDidChange()
  let last = model.tensors()
  loop.restoreBest()
  return TrainingOutcome(
    status: status,
    steps: loop.progress.step,
    trainingLosses: loop.progress.trainingLosses,
    validationLosses: loop.progress.validationLosses,
    bestEpoch: loop.progress.bestEpoch,
    best: model.tensors(),
    last: last,
    seconds: reporter.secondsUsed
  )
}

private func run<Scalar: RealTensorScalar>(
  _ loop: TrainingLoop<Scalar>,
  _ keeper: CheckpointKeeper?,
  _ reporter: ProgressReporter<Scalar>,
  isCancelled: (() -> Bool)?
) throws -> TrainingStatus {
  while true {
    if let end = loop.end { return end }
    if isCancelled?() == true { return .cancelled(afterStep: loop.progress.step) }
    if let event = try loop.step() { return .diverged(event) }
    try keeper?.saveIfDue(loop)
    reporter.reportIfDue(loop)
  }
}

extension Dictionary where Key == String {
  /// The input of that name.
  ///
  /// - Throws: ``NetworkError/missingInput(name:known:)``.
  public func named<Scalar>(_ name: String) throws(NetworkError) -> Tensor<Scalar>
  where Value == Tensor<Scalar> {
    guard let tensor = self[name] else { throw .missingInput(name: name, known: keys.sorted()) }
    return tensor
  }
}

/// Tells the caller how far a training is, at most a few times a second within an epoch.
final class ProgressReporter<Scalar: RealTensorScalar> {
  private let start = ContinuousClock.now
  private let firstStep: Int
  private let report: ((TrainingProgress) -> Void)?
  private var lastReport = ContinuousClock.now

  init(_ loop: TrainingLoop<Scalar>, _ report: ((TrainingProgress) -> Void)?) {
    firstStep = loop.progress.step
    self.report = report
  }

  var secondsUsed: Double { start.duration(to: .now).seconds }

  func reportIfDue(_ loop: TrainingLoop<Scalar>) {
    guard let report else { return }
    let progress = loop.progress
    let isEnd = progress.lossWeight == 0
    let now = ContinuousClock.now
    guard isEnd || lastReport.duration(to: now) > .milliseconds(250) else { return }
    lastReport = now
    loop.flat.valuesDidChange()
    let used = secondsUsed
    let made = progress.step - firstStep
    report(
      TrainingProgress(
        epoch: isEnd ? progress.trainingLosses.count : loop.epoch + 1,
        plannedEpochs: loop.plannedEpochs,
        step: progress.step,
        plannedSteps: loop.plannedSteps,
        isEndOfEpoch: isEnd,
        trainingLoss: isEnd
          ? progress.trainingLosses.last ?? 0 : progress.lossSum / progress.lossWeight,
        validationLoss: progress.validationLosses.last,
        secondsUsed: used,
        secondsLeft: used / Double(max(made, 1)) * Double(loop.plannedSteps - progress.step)
      )
    )
  }
}

extension Duration {
  /// The duration as a number.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
