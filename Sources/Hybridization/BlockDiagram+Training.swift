// Goals in order: 1. the same bits for any number of threads (each block has a stream, a dataset and a
// training of its own); 2. blocks of a stage train at the same time; 3. what a stage learns from is what
// the trained stages before it really give.

internal import Autodiff
public import NeuralNetworks
internal import Synchronization
public import Tensors

/// What the training of a block diagram is given besides samples and settings.
public struct BlockTrainingContext: Sendable {
  /// Where the orders of samples come from; each block has its own.
  public var stream: RandomStream
  /// The threads: of the blocks of a stage, or of large operations when trained as a whole.
  public var pool: WorkerPool
  /// Where finished stages, or a whole training, are saved; nil for nowhere.
  public var checkpoint: CheckpointPolicy?
  /// Asked before each step; true ends the training with what is reached.
  public var isCancelled: @Sendable () -> Bool
  /// Told at the end of each epoch of a whole training, and of each stage with the mean loss of its
  /// blocks in place of an epoch.
  public var onProgress: @Sendable (BlockProgress) -> Void

  /// A context with a stream and nothing else.
  public init(stream: RandomStream) {
    self.stream = stream
    pool = .serial
    isCancelled = { false }
    onProgress = { _ in }
  }
}

/// How far the training of a block diagram is.
public struct BlockProgress: Sendable, Equatable {
  /// The finished epochs, or the finished stages.
  public var done: Int
  /// How many there will be.
  public var planned: Int
  /// The mean training loss of the last of them.
  public var trainingLoss: Double
  /// An estimate from the time used so far.
  public var secondsLeft: Double
}

/// How the training of a block diagram ended.
public struct BlockTrainingOutcome: Sendable {
  /// One outcome a block, stage after stage; a single one for a whole training.
  public var outcomes: [TrainingOutcome]

  /// The first that is neither completed nor stopped early; else the last.
  public var status: TrainingStatus {
    for outcome in outcomes {
      switch outcome.status {
      case .completed, .stoppedEarly: continue
      case .cancelled, .diverged: return outcome.status
      }
    }
    return outcomes.last?.status ?? .completed
  }
}

extension LearnedBlockDiagram {
  /// Trains each block on its own target, one stage after the other.
  ///
  /// The blocks of a stage learn from what the trained stages before it give on the training samples;
  /// those of the first from `firstInputs`. A stage that did not succeed is the last.
  ///
  /// - Parameters:
  ///   - observation: `[samples, ...]`.
  ///   - targets: one tensor a block of a stage, `[samples, ...]` each.
  ///   - settings: of each block.
  ///   - context: stream, threads, checkpoints, watchers.
  ///   - firstInputs: what the wires carry into the first stage in training, such as the truth; what
  ///     ``BlockDiagram/start(_:)`` gives when nil.
  /// - Returns: how each block's training ended.
  /// - Throws: what ``train(_:on:settings:context:loss:)`` throws.
  @discardableResult
  public func trainStageByStage(
    on observation: Tensor<Scalar>,
    targets: [Tensor<Scalar>],
    settings: TrainingSettings,
    context: BlockTrainingContext,
    firstInputs: [Tensor<Scalar>]? = nil
  ) throws -> BlockTrainingOutcome {
    let checkpoint = BlockCheckpoint(context, settings, samples: [observation] + targets)
    let finished = try checkpoint?.takeUp(self) ?? 0
    let begin = ContinuousClock.now
    var result = BlockTrainingOutcome(outcomes: [])
    var wires = start(observation)
    for stage in stages.indices {
      if stage >= finished {
        let seen = stage == 0 ? firstInputs ?? wires : wires
        result.outcomes += try trainStage(
          stage,
          inputs: stages[stage].indices.map { input(ofBlock: $0, given: observation, seen) },
          targets: targets,
          settings: settings,
          context: context
        )
        switch result.status {
        case .completed, .stoppedEarly: break
        case .cancelled, .diverged:
          try checkpoint?.save(self, stages: stage)
          return result
        }
        try checkpoint?.save(self, stages: stage + 1)
        context.onProgress(progress(stage, result, since: begin, finished: finished))
      }
      if stage + 1 < stages.count {
        wires = outputs(ofStage: stage, observation, wires, pool: context.pool)
      }
    }
    return result
  }

  private func progress(
    _ stage: Int,
    _ result: BlockTrainingOutcome,
    since begin: ContinuousClock.Instant,
    finished: Int
  ) -> BlockProgress {
    let losses = result.outcomes.suffix(stages[stage].count).compactMap(\.trainingLosses.last)
    let stageTime = begin.duration(to: .now) / (stage + 1 - finished)
    return BlockProgress(
      done: stage + 1,
      planned: stages.count,
      trainingLoss: losses.reduce(0, +) / Double(max(losses.count, 1)),
      secondsLeft: stageTime / .seconds(1) * Double(stages.count - stage - 1)
    )
  }

  /// Trains the blocks of one stage, at the same time where the pool has several threads.
  private func trainStage(
    _ stage: Int,
    inputs: [Tensor<Scalar>],
    targets: [Tensor<Scalar>],
    settings: TrainingSettings,
    context: BlockTrainingContext
  ) throws -> [TrainingOutcome] {
    let blocks = stages[stage]
    precondition(
      targets.count == blocks.count,
      "trainStageByStage: \(targets.count) targets for \(blocks.count) blocks"
    )
    let slots = Mutex<[Result<TrainingOutcome, any Error>?]>(
      Array(repeating: nil, count: blocks.count)
    )
    context.pool.forEach(count: blocks.count) { number in
      let result = Result {
        try trainBlock(
          blocks[number],
          on: ["input": inputs[number], "target": targets[number]],
          name: "\(stage)-\(number)",
          settings: settings,
          context: context
        )
      }
      slots.withLock { $0[number] = result }
    }
    return try slots.withLock { $0 }.compactMap { try $0?.get() }
  }

  private func trainBlock(
    _ block: Block,
    on arrays: [String: Tensor<Scalar>],
    name: String,
    settings: TrainingSettings,
    context: BlockTrainingContext
  ) throws -> TrainingOutcome {
    var own = TrainingContext<Scalar>(stream: context.stream.derived("block \(name)"))
    own.isCancelled = context.isCancelled
    return try train(
      block,
      on: try Dataset(arrays),
      settings: settings,
      context: own
    ) { inputs, _ in
      block.loss(of: try inputs.named("input"), against: try inputs.named("target"))
    }
  }

  /// The outputs of a stage, block by block on the threads.
  private func outputs(
    ofStage stage: Int,
    _ observation: Tensor<Scalar>,
    _ wires: [Tensor<Scalar>],
    pool: WorkerPool
  ) -> [Tensor<Scalar>] {
    let blocks = stages[stage]
    let slots = Mutex<[Tensor<Scalar>?]>(Array(repeating: nil, count: blocks.count))
    pool.forEach(count: blocks.count) { number in
      let wire = output(of: blocks[number], number: number, given: observation, wires)
      slots.withLock { $0[number] = wire }
    }
    return slots.withLock { $0 }.compactMap { $0 }
  }

  /// Trains all blocks together on the last stage's targets.
  ///
  /// Loss: the sum over the blocks of the last stage. It reaches the stages before through the wires.
  ///
  /// - Parameters:
  ///   - observation: `[samples, ...]`.
  ///   - targets: one tensor a block of the last stage, `[samples, ...]` each.
  ///   - settings: how long, how large, how fast.
  ///   - context: stream, threads, checkpoint, watchers.
  /// - Returns: how the training ended.
  /// - Throws: what ``train(_:on:settings:context:loss:)`` throws.
  @discardableResult
  public func trainEndToEnd(
    on observation: Tensor<Scalar>,
    targets: [Tensor<Scalar>],
    settings: TrainingSettings,
    context: BlockTrainingContext
  ) throws -> BlockTrainingOutcome {
    var own = TrainingContext<Scalar>(stream: context.stream.derived("all blocks"))
    own.isCancelled = context.isCancelled
    own.checkpoint = context.checkpoint
    own.pool = context.pool
    own.onProgress = { progress in
      context.onProgress(
        BlockProgress(
          done: progress.epoch,
          planned: progress.plannedEpochs,
          trainingLoss: progress.trainingLoss,
          secondsLeft: progress.secondsLeft
        )
      )
    }
    var arrays = ["observation": observation]
    for (number, target) in targets.enumerated() { arrays["target.\(number)"] = target }
    let outcome = try train(
      self,
      on: try Dataset(arrays),
      settings: settings,
      context: own
    ) { inputs, _ in
      try lastLoss(try inputs.named("observation")) { try inputs.named("target.\($0)") }
    }
    return BlockTrainingOutcome(outcomes: [outcome])
  }

  /// The sum of the last stage's losses.
  private func lastLoss(
    _ observation: Tensor<Scalar>,
    target: (Int) throws -> Tensor<Scalar>
  ) throws -> Tensor<Scalar> {
    let wires = stages.indices.dropLast()
      .reduce(start(observation)) { outputs(ofStage: $1, observation, $0) }
    var total: Tensor<Scalar>?
    for (number, block) in (stages.last ?? []).enumerated() {
      let seen = input(ofBlock: number, given: observation, wires)
      let loss = block.loss(of: seen, against: try target(number))
      total = total.map { $0 + loss } ?? loss
    }
    precondition(total != nil, "trainEndToEnd: a diagram without blocks")
    return total ?? Tensor(0)
  }
}
