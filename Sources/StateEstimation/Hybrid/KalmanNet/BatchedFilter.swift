internal import Autodiff
package import NeuralNetworks
package import Tensors

/// A trained gain run over many sequences side by side: one recorded step of all of them, replayed.
///
/// Law: gives what ``GaussianFilter`` gives with ``LearnedGain``, to rounding.
package struct BatchedFilter<
  Transition: VectorFunction,
  Emission: VectorFunction,
  Network: GainNetwork
>: Sendable
where Transition.Scalar == Float, Emission.Scalar == Float, Network.Scalar == Float {
  /// Sequences a recording, at most.
  private static var width: Int { 64 }

  let filter: RecordedFilter<Transition, Emission>
  package let network: Network
  private let shelf = RecordingShelf<Float>()

  package init(model: StateSpaceModel<Transition, Emission>, network: Network) {
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
  package func replayed(_ input: FilterInput<Float>, pool: WorkerPool) throws(StateEstimationError)
    -> Tensor<Float>
  {
    let m = filter.model.states
    try input.check(states: m, observed: filter.model.observed)
    let (batch, time) = (input.batch, input.time)
    let target = TensorStorage<Float>(uninitialised: batch * time * m)
    target.values.update(repeating: .nan, count: target.count)
    nonisolated(unsafe) let to = target.values
    replay(input, pool: pool) { sequence, t, step in
      (to + (sequence * time + t) * m).update(from: step.estimate, count: m)
    }
    return Tensor(shape: [batch, time, m], storage: target)
  }

  /// One sequence's part of a replayed step.
  struct ReplayedStep {
    /// `x_{t|t}` and `x_{t|t-1}`, `[m]`.
    let estimate, predicted: UnsafePointer<Float>
    /// `K_t`, `[m, n]`; it counts where the observation is there.
    let gain: UnsafePointer<Float>
    /// `y_t - y_{t|t-1}` and which entries are there, `[n]`.
    let innovation, mask: UnsafePointer<Float>
  }

  /// Runs all sequences and lends every step inside them.
  func replay(
    _ input: FilterInput<Float>,
    pool: WorkerPool,
    _ take: @Sendable (_ sequence: Int, _ t: Int, ReplayedStep) -> Void
  ) {
    let pieces = (input.batch + Self.width - 1) / Self.width
    pool.forEach(count: pieces) { piece in
      let range = (piece * Self.width)..<min((piece + 1) * Self.width, input.batch)
      do { try run(range, input, take) } catch {
        preconditionFailure("BatchedFilter: a gain network that cannot be replayed: \(error)")
      }
    }
  }

  private func run(
    _ range: Range<Int>,
    _ input: FilterInput<Float>,
    _ take: (_ sequence: Int, _ t: Int, ReplayedStep) -> Void
  ) throws {
    let (m, n, time) = (filter.model.states, filter.model.observed, input.time)
    let rows = range.count
    let mean = input.means(range)
    let inputs = input.inputs(range)?.storage
    // Recordings with controls have keys of their own.
    try shelf.withRecording(inputs == nil ? rows : -rows) {
      try recorded(mean, isControlled: inputs != nil)
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
      let control = try inputs.map { _ in try recording.inputBuffer("control") }
      func output(_ name: String) throws -> UnsafePointer<Float> {
        try recording.withValue(name) { buffer in
          guard let base = buffer.baseAddress else {
            preconditionFailure("BatchedFilter: the output \(name) is empty")
          }
          return base
        }
      }
      let (estimate, predicted) = (try output("estimate"), try output("predicted"))
      let (gain, innovation) = (try output("gain"), try output("innovation"))
      guard let marks = mask.baseAddress else { return }
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
        if let inputs, let control {
          for place in 0..<(rows * m) {
            control[place] = inputs.values[(place / m * time + t) * m + place % m]
          }
        }
        try recording.forward()
        for name in moving {
          let buffer = try recording.inputBuffer(name)
          try recording.withValue(name) { source in
            for place in 0..<source.count { buffer[place] = source[place] }
          }
        }
        for row in 0..<rows where t < input.duration(range.lowerBound + row) {
          take(
            range.lowerBound + row,
            t,
            ReplayedStep(
              estimate: estimate + row * m,
              predicted: predicted + row * m,
              gain: gain + row * m * n,
              innovation: innovation + row * n,
              mask: marks + row * n
            )
          )
        }
      }
    }
  }

  private func recorded(_ mean: Tensor<Float>, isControlled: Bool) throws -> Recording<Float> {
    let (rows, n) = (mean.shape[0], filter.model.observed)
    let carry = network.start(batch: rows)
    var inputs: [String: Tensor<Float>] = [
      "estimate": mean, "previous": mean, "predicted": mean, "observed": .zeros([rows, n]),
      "observation": .zeros([rows, n]), "mask": .ones([rows, n]),
    ]
    if isControlled { inputs["control"] = .zeros(mean.shape) }
    for (index, tensor) in carry.enumerated() { inputs["carry \(index)"] = tensor }
    return try Recording(inputs: inputs) { inputs in
      var state = RecordedFilter<Transition, Emission>.State(
        estimate: try inputs.named("estimate"),
        previous: try inputs.named("previous"),
        predicted: try inputs.named("predicted"),
        observation: try inputs.named("observed"),
        carry: try carry.indices.map { try inputs.named("carry \($0)") }
      )
      let watched = WatchedGain(network)
      filter.advance(
        &state,
        try inputs.named("observation"),
        mask: try inputs.named("mask"),
        input: inputs["control"],
        gain: watched
      )
      var outputs = [
        "estimate": state.estimate, "previous": state.previous, "predicted": state.predicted,
        "observed": state.observation,
      ]
      for (index, tensor) in state.carry.enumerated() { outputs["carry \(index)"] = tensor }
      if let last = watched.last {
        outputs["gain"] = last.matrix
        outputs["innovation"] = last.step.innovation
      }
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
  package var model: SystemModel<Float> { filter.model }

  package func estimates(_ sequences: RecordedSequences<Float>) -> Tensor<Float> {
    filter.estimates(sequences, gain: network)
  }
}
