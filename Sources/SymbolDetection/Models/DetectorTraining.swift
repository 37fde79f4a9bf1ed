package import NeuralNetworks
package import Studies
package import Tensors

/// One detector's network in training: from a request to a model file.
package struct DetectorTraining<Network: Module> where Network.Scalar == Float {
  /// The method's id.
  package var method: String
  /// The version of its model files.
  package var version: Int
  /// The network; trained in place.
  package var network: Network
  /// How it is trained.
  package var settings: TrainingSettings
  /// What it is trained on.
  package var training: Dataset<Float>
  /// What the best epoch is chosen by; nil to keep the last.
  package var validation: Dataset<Float>?

  /// Makes samples of data drawn anew; nil where every pass takes the same.
  package var redraw: ((ArrayBundle) throws -> Dataset<Float>)?
  /// The axes of the observations, for the model file.
  package var inputAxes = ["batch", "time"]

  /// A training of the given parts.
  package init(
    method: String,
    version: Int,
    network: Network,
    settings: TrainingSettings,
    training: Dataset<Float>,
    validation: Dataset<Float>?
  ) {
    self.method = method
    self.version = version
    self.network = network
    self.settings = settings
    self.training = training
    self.validation = validation
  }

  /// Trains the network as the request asks and packs it with what it needs to run.
  ///
  /// - Parameters:
  ///   - request: stream, threads, checkpoint and watchers.
  ///   - loss: from the arrays of a batch and the mode to one number.
  /// - Returns: the model with the best parameters; its failure tells of a number that was not finite
  ///   or of an interruption.
  /// - Throws: ``NetworkError`` for a checkpoint that does not fit.
  package func run(
    _ request: TrainingRequest,
    loss: @escaping ([String: Tensor<Float>], Mode) throws -> Tensor<Float>
  ) throws -> TrainingResult {
    var context = TrainingContext<Float>(stream: request.stream.derived("training"))
    context.validation = validation
    context.pool = request.pool
    context.checkpoint = request.checkpointPath.map {
      CheckpointPolicy(path: $0, resumes: request.resumes)
    }
    context.isCancelled = request.isCancelled
    if let redraw, let again = request.redraw { context.redraw = { try redraw(try again($0)) } }
    context.onProgress = { progress in
      request.progress(
        Studies.TrainingProgress(
          epoch: progress.epoch,
          epochs: progress.plannedEpochs,
          trainingLoss: progress.trainingLoss,
          validationLoss: progress.validationLoss,
          secondsLeft: progress.secondsLeft
        )
      )
    }
    let outcome = try train(
      network,
      on: training,
      settings: settings,
      context: context,
      loss: loss
    )
    return result(outcome, request)
  }

  private func result(_ outcome: TrainingOutcome, _ request: TrainingRequest) -> TrainingResult {
    let model = ModelFile(
      method: method,
      methodVersion: version,
      settings: request.settings.json,
      tensors: network.tensors(),
      inputs: [
        ModelFile.InputContract(name: "observations", axes: inputAxes, unit: "")
      ],
      provenance: request.provenance
    )
    var failure: String?
    var wasCancelled = false
    switch outcome.status {
    case .completed, .stoppedEarly: break
    case .cancelled:
      wasCancelled = true
      failure = outcome.status.sentence
    case .diverged: failure = outcome.status.sentence
    }
    return TrainingResult(
      model: model,
      failure: failure,
      wasCancelled: wasCancelled,
      trainingLosses: outcome.trainingLosses,
      validationLosses: outcome.validationLosses
    )
  }
}
