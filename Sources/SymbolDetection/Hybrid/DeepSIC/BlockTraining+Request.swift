internal import Hybridization
internal import NeuralNetworks
internal import Studies
internal import Tensors

extension BlockTrainingContext {
  /// Stream, threads, checkpoint and watchers of a request.
  init(_ request: TrainingRequest) {
    self.init(stream: request.stream.derived("training"))
    pool = request.pool
    checkpoint = request.checkpointPath.map {
      CheckpointPolicy(path: $0, resumes: request.resumes)
    }
    isCancelled = request.isCancelled
    let report = request.progress
    onProgress = { progress in
      report(
        Studies.TrainingProgress(
          epoch: progress.done,
          epochs: progress.planned,
          trainingLoss: progress.trainingLoss,
          validationLoss: nil,
          secondsLeft: progress.secondsLeft
        )
      )
    }
  }
}

extension TrainingRequest {
  /// The result of the training of a block diagram: the losses are those of all blocks, averaged by
  /// epoch within a stage.
  func result(
    of outcome: BlockTrainingOutcome,
    method: String,
    version: Int,
    tensors: [String: NumericArray],
    axes: [String]
  ) -> TrainingResult {
    var result = self.result(
      of: outcome.decisive.map { [$0] } ?? [],
      method: method,
      version: version,
      tensors: tensors,
      axes: axes
    )
    result.trainingLosses = outcome.meanLosses
    return result
  }
}

extension BlockTrainingOutcome {
  /// The training that tells how all ended.
  fileprivate var decisive: TrainingOutcome? {
    outcomes.first { $0.status == status } ?? outcomes.last
  }

  /// The mean over the blocks of the loss after each epoch.
  fileprivate var meanLosses: [Double] {
    let epochs = outcomes.map(\.trainingLosses.count).max() ?? 0
    return (0..<epochs).map { epoch in
      let losses = outcomes.compactMap { outcome in
        outcome.trainingLosses.indices.contains(epoch) ? outcome.trainingLosses[epoch] : nil
      }
      return losses.reduce(0, +) / Double(losses.count)
    }
  }
}
