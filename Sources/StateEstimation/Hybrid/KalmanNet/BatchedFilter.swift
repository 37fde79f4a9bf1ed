internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// A trained gain run over many sequences side by side: one recorded step of all of them, replayed.
///
/// Law: gives what ``GaussianFilter`` gives with ``LearnedGain``, to rounding.
struct BatchedFilter<
  Transition: VectorFunction,
  Emission: VectorFunction,
  Network: GainNetwork
>: Sendable
where Transition.Scalar == Float, Emission.Scalar == Float, Network.Scalar == Float {
  /// Sequences a recording, at most.
  private static var width: Int { 64 }

  let filter: RecordedFilter<Transition, Emission>
  let network: Network
  private let shelf = RecordingShelf<Float>()

  init(model: StateSpaceModel<Transition, Emission>, network: Network) {
    filter = RecordedFilter(model: model)
    self.network = network
  }

  /// Estimates of all sequences, `[batch, time, m]`; NaN after the end of a sequence.
  ///
  /// - Parameters:
  ///   - input: observations and initial means.
  ///   - pool: sequences are shared out among its threads in pieces cut by their number.
  /// - Returns: the estimates.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  func replayed(_ input: FilterInput<Float>, pool: WorkerPool) throws -> Tensor<Float> {
    let (m, n) = (filter.model.states, filter.model.observed)
    try input.check(states: m, observed: n)
    let (batch, time) = (input.batch, input.time)
    let target = TensorStorage<Float>(uninitialised: batch * time * m)
    let pieces = (batch + Self.width - 1) / Self.width
    let failures = FirstFailure()
    nonisolated(unsafe) let to = target.values
    pool.forEach(count: pieces) { piece in
      let range = (piece * Self.width)..<min((piece + 1) * Self.width, batch)
      do { try run(range, input, to) } catch { failures.note(error) }
    }
    if let error = failures.error { throw error }
    return Tensor(shape: [batch, time, m], storage: target)
  }

  private func run(
    _ range: Range<Int>,
    _ input: FilterInput<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) throws {
    let (m, n, time) = (filter.model.states, filter.model.observed, input.time)
    let rows = range.count
    let mean = input.means(range)
    try shelf.withRecording(rows) {
      try recorded(mean)
    } _: { recording in
      var beginning = ["estimate": mean, "previous": mean, "predicted": mean]
      beginning["observed"] = filter.model.emission.applied(to: mean)
      for (index, tensor) in network.start(batch: rows).enumerated() {
        beginning["carry \(index)"] = tensor
      }
      for (name, tensor) in beginning { Self.copy(tensor, to: try recording.inputBuffer(name)) }
      // What "previous" becomes is read from the input "estimate", which changes last.
      let moving = beginning.keys.filter { $0 != "estimate" } + ["estimate"]
      let observation = try recording.inputBuffer("observation")
      let mask = try recording.inputBuffer("mask")
      for t in 0..<time {
        input.observations.withScalars { y in
          for row in 0..<rows {
            for j in 0..<n {
              let number = y[((range.lowerBound + row) * time + t) * n + j]
              observation[row * n + j] = number.isNaN ? 0 : number
              mask[row * n + j] = number.isNaN ? 0 : 1
            }
          }
        }
        try recording.forward()
        for name in moving {
          let buffer = try recording.inputBuffer(name)
          try recording.withValue(name) { source in
            for place in 0..<source.count { buffer[place] = source[place] }
          }
        }
        try recording.withValue("estimate") { x in
          for row in 0..<rows {
            let isOver = t >= input.duration(range.lowerBound + row)
            let place = ((range.lowerBound + row) * time + t) * m
            for i in 0..<m { target[place + i] = isOver ? .nan : x[row * m + i] }
          }
        }
      }
    }
  }

  private func recorded(_ mean: Tensor<Float>) throws -> Recording<Float> {
    let (rows, n) = (mean.shape[0], filter.model.observed)
    let carry = network.start(batch: rows)
    var inputs: [String: Tensor<Float>] = [
      "estimate": mean, "previous": mean, "predicted": mean, "observed": .zeros([rows, n]),
      "observation": .zeros([rows, n]), "mask": .ones([rows, n]),
    ]
    for (index, tensor) in carry.enumerated() { inputs["carry \(index)"] = tensor }
    return try Recording(inputs: inputs) { inputs in
      var state = RecordedFilter<Transition, Emission>.State(
        estimate: try inputs.named("estimate"),
        previous: try inputs.named("previous"),
        predicted: try inputs.named("predicted"),
        observation: try inputs.named("observed"),
        carry: try carry.indices.map { try inputs.named("carry \($0)") }
      )
      filter.advance(
        &state,
        try inputs.named("observation"),
        mask: try inputs.named("mask"),
        gain: network
      )
      var outputs = [
        "estimate": state.estimate, "previous": state.previous, "predicted": state.predicted,
        "observed": state.observation,
      ]
      for (index, tensor) in state.carry.enumerated() { outputs["carry \(index)"] = tensor }
      return outputs
    }
  }

  private static func copy(
    _ tensor: Tensor<Float>,
    to buffer: UnsafeMutableBufferPointer<Float>
  ) {
    tensor.withScalars { source in
      for place in 0..<source.count { buffer[place] = source[place] }
    }
  }
}

extension BatchedFilter: LearnedFilter
where Transition == SystemTransition<Float>, Emission == SystemEmission<Float> {
  var model: SystemModel<Float> { filter.model }

  func estimates(
    _ observations: Tensor<Float>,
    mean: Tensor<Float>,
    mask: Tensor<Float>?
  ) -> Tensor<Float> {
    filter.estimates(observations, mean: mean, mask: mask, gain: network)
  }
}
