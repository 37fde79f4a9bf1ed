internal import Autodiff
internal import NeuralNetworks
internal import Studies
internal import Tensors

/// A network from what the antennas receive to what it believes of every user, told no channel.
protocol BeliefNetwork: Module<Float> {
  /// `[batch, users, levels]` of observations as received; chunks of the batch run in parallel.
  func beliefs(_ observations: Tensor<Float>, pool: WorkerPool) -> Tensor<Float>
}

/// Such a network, trained and ready for arrays.
struct PreparedBeliefNetwork<Network: BeliefNetwork>: PreparedMethod {
  let network: Network
  /// Real dimensions of an observation.
  let receive: Int
  let constellation: VectorConstellation
  let keepsProbabilities: Bool

  func infer(_ arrays: ArrayBundle, pool: WorkerPool) throws -> InferenceResult {
    let observations = try KnownVectors.observations(arrays, constellation)
    guard observations.shape[1] == receive else {
      throw StudyError.badShape(
        array: "observations",
        source: arrays.source,
        expected: "[batch, \(receive)] real dimensions, as in training",
        actual: arrays["observations"]?.shape ?? []
      )
    }
    let beliefs = network.beliefs(observations, pool: pool)
    return InferenceResult(
      arrays: MIMOArrays.outputs(
        symbols: Beliefs.decided(beliefs, among: Levels<Float>(constellation).values),
        beliefs: keepsProbabilities ? beliefs : nil,
        constellation,
        source: arrays.source
      )
    )
  }
}

/// A black box for vectors: a scale of its inputs and logits of every user.
protocol VectorBlackBox: BeliefNetwork, DuplicableModule {
  /// Of the observations.
  var scale: InputScale { get }
  /// Real dimensions of the symbols.
  var users: Int { get }
  /// From `[batch, receive]` on the network's scale to `[batch, users levels]`.
  func outputs(_ scaled: Tensor<Float>, mode: Mode) -> Tensor<Float>
}

extension VectorBlackBox {
  /// Vectors that are computed together.
  private static var chunk: Int { 512 }

  /// From `[batch, receive]` on the network's scale to `[batch users, levels]`.
  func logits(_ scaled: Tensor<Float>, mode: Mode) -> Tensor<Float> {
    let outputs = outputs(scaled, mode: mode)
    return outputs.reshaped([outputs.shape[0] * users, outputs.shape[1] / users])
  }

  /// The softmax of the logits.
  func beliefs(_ observations: Tensor<Float>, pool: WorkerPool) -> Tensor<Float> {
    let scaled = scale.normalised(observations)
    let batch = observations.shape[0]
    let width = outputs(scaled.sliced(axis: 0, 0..<1), mode: .inference).shape[1]
    return Beliefs.collected(
      batch: batch,
      users: 1,
      levels: width,
      chunk: Self.chunk,
      pool: pool
    ) { range in
      let part = scaled.sliced(axis: 0, range)
      return [softmax(logits(part, mode: .inference)).reshaped([range.count, width])]
    }.viewed(as: [batch, users, width / users])
  }

  /// Trains the network on the cross-entropy of all users.
  ///
  /// - Parameters:
  ///   - id: the method's.
  ///   - version: of its model files.
  ///   - vectors: the request's.
  ///   - request: stream, threads, checkpoint and watchers.
  /// - Returns: the model.
  /// - Throws: ``StudyError`` for arrays that do not fit, ``NetworkError`` for a model that does not.
  func trained(
    _ id: String,
    version: Int,
    on vectors: KnownVectors,
    _ request: TrainingRequest
  ) throws -> TrainingResult {
    let constellation = MIMOArrays.constellation(request.settings)
    if let initial = request.initial {
      try load(initial.tensors, source: "the initial model of \(id)")
    } else {
      scale.fit(to: vectors.observations)
    }
    let validation = try request.validation.map {
      try dataset(KnownVectors($0, constellation))
    }
    var run = NetworkTraining(
      method: id,
      version: version,
      network: self,
      settings: TrainingChoices.trainingSettings(
        request.settings,
        hasValidation: validation != nil
      ),
      training: try dataset(vectors),
      validation: validation
    )
    run.inputAxes = ["batch", "receive"]
    run.redraw = { try dataset(KnownVectors($0, constellation)) }
    return try run.run(request) { inputs, mode in
      let labels = try inputs.named("labels")
      return softmaxCrossEntropy(
        logits(try inputs.named("observations"), mode: mode),
        labels.reshaped([labels.count])
      ).mean()
    }
  }

  private func dataset(_ vectors: KnownVectors) throws -> Dataset<Float> {
    try Dataset([
      "observations": scale.normalised(vectors.observations),
      "labels": stacked(vectors.labels, axis: 1),
    ])
  }
}
