package import NeuralNetworks
package import Tensors

/// A network in training: from a request to a model file.
package struct NetworkTraining<Network: Module> where Network.Scalar == Float {
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
    let outcome = try train(
      network,
      on: training,
      settings: settings,
      context: request.context(validation: validation, redraw: redraw),
      loss: loss
    )
    return request.result(
      of: [outcome],
      method: method,
      version: version,
      tensors: network.tensors(),
      axes: inputAxes
    )
  }
}
