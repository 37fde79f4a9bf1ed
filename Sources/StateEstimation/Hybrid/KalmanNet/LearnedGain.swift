// Goals in order: the same numbers as the recorded form; no allocation a step.
// One step of the network is recorded once for a batch of one and replayed; hidden states stay in its inputs.

internal import Autodiff
public import NeuralNetworks
public import Tensors

/// The gain that a recurrent network has learned, one sequence at a time.
///
/// Covariances are not known to it.
public struct LearnedGain<
  Transition: VectorFunction,
  Emission: VectorFunction,
  Network: GainNetwork
>: GainModel where Emission.Scalar == Transition.Scalar, Network.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar
  /// The network's hidden states.
  public typealias Memory = LearnedGainMemory<Transition.Scalar>

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>
  /// What was trained.
  public let network: Network

  /// The gain of a model and a trained network.
  public init(model: StateSpaceModel<Transition, Emission>, network: Network) {
    precondition(
      network.states == model.states && network.observed == model.observed,
      "LearnedGain: a network of \(network.states) states and \(network.observed) observed for a"
        + " model of \(model.states) and \(model.observed)"
    )
    self.model = model
    self.network = network
  }

  /// A recorded step of the network.
  public func makeMemory() -> LearnedGainMemory<Scalar> { LearnedGainMemory(network) }

  /// Hidden states as the network starts them.
  public func start(_ step: Step, covariance: Numbers, _ memory: Memory) { memory.restart() }

  /// Runs the network.
  public func fill(_ step: Step, _ memory: Memory) -> Bool {
    memory.advance(step)
    for place in 0..<(step.states * step.observed) {
      // A column whose observation is missing meets an innovation of 0; the step asks for zeros.
      step.gain[place] =
        step.observation[place % step.observed].isNaN ? 0 : memory.gain[place]
    }
    return true
  }

  /// Lets the network see a step in which nothing was observed.
  public func correct(_ step: Step, _ memory: Memory) {
    if step.presentCount == 0 { memory.advance(step) }
    for i in 0..<(step.states * step.states) { step.covariance[i] = .nan }
  }
}

/// One recorded step of a gain network and its hidden states.
public final class LearnedGainMemory<Scalar: RealTensorScalar> {
  private let recording: Recording<Scalar>
  private let features: [UnsafeMutableBufferPointer<Scalar>]
  private let carry: [UnsafeMutableBufferPointer<Scalar>]
  private let beginning: [Tensor<Scalar>]
  private let output: TensorStorage<Scalar>
  private let carried: [String]
  /// The last gain, `[m, n]`.
  let gain: UnsafeMutablePointer<Scalar>

  init<Network: GainNetwork>(_ network: Network) where Network.Scalar == Scalar {
    let (m, n) = (network.states, network.observed)
    let beginning = network.start(batch: 1)
    self.beginning = beginning
    let names = ["f1", "f2", "f3", "f4"]
    carried = beginning.indices.map { "carry \($0)" }
    var inputs: [String: Tensor<Scalar>] = [
      "f1": .zeros([1, n]), "f2": .zeros([1, n]), "f3": .zeros([1, m]), "f4": .zeros([1, m]),
    ]
    for (name, tensor) in zip(carried, beginning) { inputs[name] = tensor }
    let carried = self.carried
    output = TensorStorage(uninitialised: m * n)
    gain = output.values
    do {
      let recording = try Recording(inputs: inputs) { inputs in
        let seen = GainFeatures(
          observationDifference: try inputs.named("f1"),
          innovation: try inputs.named("f2"),
          estimateDifference: try inputs.named("f3"),
          updateDifference: try inputs.named("f4")
        )
        var state = try carried.map { try inputs.named($0) }
        var outputs = ["gain": network.gain(seen.directions, &state)]
        for (name, tensor) in zip(carried, state) { outputs[name] = tensor }
        return outputs
      }
      features = try names.map { try recording.inputBuffer($0) }
      carry = try carried.map { try recording.inputBuffer($0) }
      self.recording = recording
    } catch {
      preconditionFailure("LearnedGain: a gain network that cannot be recorded: \(error)")
    }
  }

  /// Hidden states as the network starts them.
  func restart() {
    for (buffer, tensor) in zip(carry, beginning) {
      tensor.withScalars { source in
        for place in 0..<source.count { buffer[place] = source[place] }
      }
    }
  }

  /// One step of the network; the gain and the hidden states are then the new ones.
  func advance(_ step: FilterStep<Scalar>) {
    for i in 0..<step.observed {
      let observed = step.predictedObservation[i] + step.innovation[i]
      features[0][i] = observed - step.earlierObservation[i]
      features[1][i] = step.innovation[i]
    }
    for i in 0..<step.states {
      features[2][i] = step.previous[i] - step.earlier[i]
      features[3][i] = step.previous[i] - step.earlierPredicted[i]
    }
    do {
      try recording.forward()
      try recording.withValue("gain") { source in
        for place in 0..<source.count { gain[place] = source[place] }
      }
      for (name, buffer) in zip(carried, carry) {
        try recording.withValue(name) { source in
          for place in 0..<source.count { buffer[place] = source[place] }
        }
      }
    } catch {
      preconditionFailure("LearnedGain: a gain network that cannot be replayed: \(error)")
    }
  }
}
