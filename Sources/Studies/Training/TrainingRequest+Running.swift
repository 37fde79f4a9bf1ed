package import NeuralNetworks
package import Tensors

extension TrainingRequest {
  /// The training loop's context: stream, threads, checkpoint and watchers of the request.
  ///
  /// - Parameters:
  ///   - validation: what the best epoch is chosen by.
  ///   - redraw: makes samples of data drawn anew; nil where every pass takes the same.
  /// - Returns: a context that reports each epoch as it is.
  package func context<Scalar: RealTensorScalar>(
    validation: Dataset<Scalar>?,
    redraw: ((ArrayBundle) throws -> Dataset<Scalar>)?
  ) -> TrainingContext<Scalar> {
    var context = TrainingContext<Scalar>(stream: stream.derived("training"))
    context.validation = validation
    context.pool = pool
    context.checkpoint = checkpointPath.map { CheckpointPolicy(path: $0, resumes: resumes) }
    context.isCancelled = isCancelled
    if let redraw, let again = self.redraw { context.redraw = { try redraw(try again($0)) } }
    let report = progress
    context.onProgress = { progress in
      report(
        TrainingProgress(
          epoch: progress.epoch,
          epochs: progress.plannedEpochs,
          passes: progress.passes,
          trainingLoss: progress.trainingLoss,
          validationLoss: progress.validationLoss,
          secondsLeft: progress.secondsLeft
        )
      )
    }
    return context
  }

  /// The result of one training, or of stages one after the other.
  ///
  /// - Parameters:
  ///   - outcomes: of the stages, in order; the last one tells of a failure.
  ///   - method: the method's id.
  ///   - version: of its model files.
  ///   - tensors: what was learned, with the constants.
  ///   - axes: of the observations.
  /// - Returns: the model with what the request says of its origin.
  package func result(
    of outcomes: [TrainingOutcome],
    method: String,
    version: Int,
    tensors: [String: NumericArray],
    axes: [String]
  ) -> TrainingResult {
    let model = ModelFile(
      method: method,
      methodVersion: version,
      settings: settings.json,
      tensors: tensors,
      inputs: [ModelFile.InputContract(name: "observations", axes: axes, unit: "")],
      provenance: provenance
    )
    var failure: String?
    var wasCancelled = false
    if let status = outcomes.last?.status {
      switch status {
      case .completed, .stoppedEarly: break
      case .cancelled:
        wasCancelled = true
        failure = status.sentence
      case .diverged: failure = status.sentence
      }
    }
    return TrainingResult(
      model: model,
      failure: failure,
      wasCancelled: wasCancelled,
      trainingLosses: outcomes.flatMap(\.trainingLosses),
      validationLosses: outcomes.flatMap(\.validationLosses)
    )
  }
}
