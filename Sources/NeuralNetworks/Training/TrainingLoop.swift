// Goals: 1. the same bits for the same data, settings and stream, through any interruption and for any
// number of threads; 2. a step under replay allocates nothing; 3. the caller always gets the best
// parameters there were.
//
// Everything that a step depends on is a function of the step's number (order of samples, draws, rate)
// or part of `Progress`, the flat buffer and the optimiser's moments, which a checkpoint holds.

internal import Autodiff
internal import CKernels
internal import Tensors

/// One training: steps, epochs, and the choice of the best parameters.
final class TrainingLoop<Scalar: RealTensorScalar> {
  /// What changes from step to step besides parameters and moments.
  struct Progress: Equatable {
    var step = 0
    /// Of the batches of the epoch under way: sum of loss times weight, and sum of weights.
    var lossSum = 0.0
    var lossWeight = 0.0
    var bestEpoch: Int?
    var trainingLosses: [Double] = []
    var validationLosses: [Double] = []
  }

  let settings: TrainingSettings
  let flat: FlatParameters<Scalar>
  let optimiser: Optimiser<Scalar>
  let names: [(name: String, parameter: Parameter<Scalar>)]
  let states: [(name: String, state: PersistentState<Scalar>)]
  let best: ParameterSnapshot<Scalar>
  var bestStates: [Tensor<Scalar>] = []
  var progress = Progress()
  let plannedSteps: Int
  let plannedEpochs: Int
  let stepsPerEpoch: Int

  private let trainer: BatchParts<Scalar>
  private let validator: BatchRunner<Scalar>?
  private var plan: BatchPlan
  private let redraw: ((Int) throws -> Dataset<Scalar>)?
  /// The pass whose samples the trainer holds.
  private var drawnEpoch = 0
  private let validationPlan: BatchPlan?

  init(
    _ model: some Module<Scalar>,
    _ parts: TrainingParts<Scalar>,
    _ settings: TrainingSettings,
    _ context: TrainingContext<Scalar>,
    _ loss: @escaping LossFunction<Scalar>
  ) {
    let walk = ModuleWalk(model)
    self.settings = settings
    names = walk.parameters
    states = walk.states
    flat = FlatParameters(context.groups ?? [ParameterGroup(walk.parameters.map(\.parameter))])
    optimiser = Optimiser(settings.optimiser, flat)
    best = ParameterSnapshot(count: flat.count)
    let trained = flat.trainedParameters
    trainer = BatchParts(
      settings.batchParts,
      of: parts.training,
      flat,
      states: walk.states.map(\.state),
      pool: context.pool,
      loss: loss
    )
    validator = parts.validation.map {
      BatchRunner(
        $0,
        mode: .inference,
        parameters: trained,
        states: [],
        pool: context.pool,
        loss: loss
      )
    }
    redraw = context.redraw
    plan = BatchPlan(
      count: parts.training.count,
      batchSize: settings.batchSize ?? parts.training.count,
      shufflingFrom: settings.shuffles ? context.stream : nil
    )
    validationPlan = parts.validation.map {
      BatchPlan(count: $0.count, batchSize: settings.validationBatchSize, shufflingFrom: nil)
    }
    stepsPerEpoch = plan.batchesPerEpoch
    switch settings.duration {
    case .epochs(let epochs):
      plannedSteps = epochs * stepsPerEpoch
      plannedEpochs = epochs
    case .steps(let steps):
      plannedSteps = steps
      plannedEpochs = (steps + stepsPerEpoch - 1) / stepsPerEpoch
    }
    progress.trainingLosses.reserveCapacity(min(plannedEpochs, 1 << 20))
    if validator != nil { progress.validationLosses.reserveCapacity(min(plannedEpochs, 1 << 20)) }
  }

  /// The pass of the next step, from 0.
  var epoch: Int { progress.step / stepsPerEpoch }

  /// Whether no step is left, or the validation loss has not fallen for long enough.
  var end: TrainingStatus? {
    if let patience = settings.patience, let bestEpoch = progress.bestEpoch,
      progress.step % stepsPerEpoch == 0,
      progress.trainingLosses.count - bestEpoch >= patience
    {
      return .stoppedEarly(bestEpoch: bestEpoch)
    }
    return progress.step >= plannedSteps ? .completed : nil
  }

  /// Makes one step, and at the end of a pass everything that belongs there.
  ///
  /// - Returns: where a number was not finite; the step is then not made.
  @specialized(where Scalar == Float)
  func step() throws -> NonFiniteEvent? {
    plan.begin(epoch: epoch)
    if let redraw, drawnEpoch != epoch {
      try trainer.read(try redraw(epoch))
      drawnEpoch = epoch
    }
    let failure = try plan.withBatch(progress.step % stepsPerEpoch) { rows, identity in
      try step(rows, identity)
    }
    if let failure { return failure }
    guard progress.step % stepsPerEpoch == 0 || progress.step == plannedSteps else { return nil }
    return try finishEpoch()
  }

  private func step(
    _ rows: UnsafeBufferPointer<Int>,
    _ identity: BatchIdentity
  ) throws -> NonFiniteEvent? {
    let loss = try trainer.forward(rows, identity, draw: progress.step)
    guard loss.isFinite else { return event(.loss, trainer.firstNonFinite()) }
    try trainer.backward()
    if let event = clippedGradients() { return event }
    optimiser.step(
      rate: settings.schedule.rate(atStep: progress.step, of: plannedSteps),
      weightDecay: settings.weightDecay
    )
    let weight = trainer.weight(of: rows)
    progress.lossSum += loss * weight
    progress.lossWeight += weight
    progress.step += 1
    return nil
  }

  /// Clips the gradients when all of them are finite.
  private func clippedGradients() -> NonFiniteEvent? {
    if let norm = flat.clip(settings.clip) {
      if norm.isFinite { return nil }
    } else if flat.gradientsAreFinite {
      return nil
    }
    return gradientEvent()
  }

  private func finishEpoch() throws -> NonFiniteEvent? {
    progress.trainingLosses.append(progress.lossSum / progress.lossWeight)
    progress.lossSum = 0
    progress.lossWeight = 0
    guard let validator, let validationPlan else {
      if flat.valuesAreFinite { keepBest() }
      return nil
    }
    let lowest = progress.bestEpoch.map { progress.validationLosses[$0 - 1] } ?? .infinity
    var sum = 0.0
    var total = 0.0
    for index in 0..<validationPlan.batchesPerEpoch {
      let (loss, weight) = try validationPlan.withBatch(index) { rows, identity in
        (try validator.forward(rows, identity, draw: 0), validator.weight(of: rows))
      }
      guard loss.isFinite else { return event(.validationLoss, validator.firstNonFinite()) }
      sum += loss * weight
      total += weight
    }
    progress.validationLosses.append(sum / total)
    if sum / total < lowest { keepBest() }
    return nil
  }

  private func keepBest() {
    best.take(flat)
    if bestStates.count == states.count {
      for (index, entry) in states.enumerated() { bestStates[index] = entry.state.value }
    } else {
      bestStates = states.map { $0.state.value }
    }
    progress.bestEpoch = progress.trainingLosses.count
  }

  /// Puts the best parameters and states into the model.
  func restoreBest() {
    if best.isFilled {
      best.restore(flat)
      for (entry, value) in zip(states, bestStates) { entry.state.set(value) }
    } else {
      flat.valuesDidChange()
    }
  }
}

extension TrainingLoop {
  private func event(
    _ quantity: NonFiniteEvent.Quantity,
    _ report: NonFiniteReport<Scalar>?
  ) -> NonFiniteEvent {
    let isValidation = quantity == .validationLoss
    return NonFiniteEvent(
      quantity: quantity,
      epoch: isValidation ? progress.trainingLosses.count : epoch + 1,
      step: isValidation ? progress.step : progress.step + 1,
      operation: report.map { "'\($0.operation)'" } ?? "an operation that is not known",
      parameters: (report?.parameters ?? []).compactMap { name(of: $0) }
    )
  }

  /// The last parameter in the order of the visit is the first that the backward pass reached.
  private func gradientEvent() -> NonFiniteEvent {
    let trained = flat.trainedParameters
    let wrong = trained.last { parameter in
      guard let gradients = parameter.storage.gradients else { return false }
      return Scalar.kernels.pointee.all_finite(parameter.count, gradients) == 0
    }
    return NonFiniteEvent(
      quantity: .gradient,
      epoch: epoch + 1,
      step: progress.step + 1,
      operation: "the backward pass",
      parameters: wrong.flatMap { name(of: $0) }.map { [$0] } ?? []
    )
  }

  private func name(of parameter: Parameter<Scalar>) -> String? {
    names.first { $0.parameter === parameter }?.name
  }
}

/// The samples of a training, the held-out ones apart.
struct TrainingParts<Scalar: RealTensorScalar> {
  let training: Dataset<Scalar>
  let validation: Dataset<Scalar>?

  init(
    _ dataset: Dataset<Scalar>,
    _ settings: TrainingSettings,
    _ context: TrainingContext<Scalar>
  ) throws(NetworkError) {
    if let given = context.validation {
      for name in dataset.names where !given.names.contains(name) {
        throw .missingInput(name: name, known: given.names)
      }
      training = dataset
      validation = given
    } else if settings.validationFraction > 0 {
      let parts = try dataset.split(
        holdingOut: settings.validationFraction,
        from: context.stream.derived("validation")
      )
      training = parts.training
      validation = parts.heldOut
    } else {
      training = dataset
      validation = nil
    }
  }
}
