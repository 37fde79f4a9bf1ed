// Goals in order: the same numbers as the recorded form; no allocation a step.
// One step of the network is recorded once for a batch of one and replayed; hidden states stay in its inputs.
//
// Proof of safety: a recording's buffers are made with it and never move; the memory that holds the pointers holds
// the recording, and one sequence uses it.

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
  /// A hidden state: where the step reads it, where it writes the next, and how it begins.
  private struct Hidden {
    let input: UnsafeMutablePointer<Scalar>
    let output: UnsafePointer<Scalar>
    let beginning: Tensor<Scalar>
  }

  // Keeps alive what the pointers lead to.
  private let recording: Recording<Scalar>
  private let features: [UnsafeMutablePointer<Scalar>]
  private let hidden: [Hidden]
  /// The last gain, `[m, n]`.
  let gain: UnsafePointer<Scalar>

  @specialized(where Network == CovarianceGain<Float>)
  init<Network: GainNetwork>(_ network: Network) where Network.Scalar == Scalar {
    let beginning = network.start(batch: 1)
    let carried = beginning.indices.map { "carry \($0)" }
    let widths = [network.observed, network.observed, network.states, network.states]
    let names = widths.indices.map { "f\($0 + 1)" }
    var inputs: [String: Tensor<Scalar>] = [:]
    for (name, width) in zip(names, widths) { inputs[name] = .zeros([1, width]) }
    for (name, tensor) in zip(carried, beginning) { inputs[name] = tensor }
    do {
      let recording = try Recording(inputs: inputs) { inputs in
        let seen = try names.map { try inputs.named($0) }
        let features = GainFeatures(
          observationDifference: seen[0],
          innovation: seen[1],
          estimateDifference: seen[2],
          updateDifference: seen[3]
        )
        var state = try carried.map { try inputs.named($0) }
        var outputs = ["gain": network.gain(features.directions, &state)]
        for (name, tensor) in zip(carried, state) { outputs[name] = tensor }
        return outputs
      }
      features = try names.map { try Self.input(recording, $0) }
      hidden = try zip(carried, beginning).map { name, tensor in
        Hidden(
          input: try Self.input(recording, name),
          output: try Self.output(recording, name),
          beginning: tensor
        )
      }
      gain = try Self.output(recording, "gain")
      self.recording = recording
    } catch {
      preconditionFailure("LearnedGain: a gain network that cannot be recorded: \(error)")
    }
  }

  private static func input(_ recording: Recording<Scalar>, _ name: String) throws
    -> UnsafeMutablePointer<Scalar>
  {
    guard let base = try recording.inputBuffer(name).baseAddress else {
      preconditionFailure("LearnedGain: the input \(name) is empty")
    }
    return base
  }

  private static func output(_ recording: Recording<Scalar>, _ name: String) throws
    -> UnsafePointer<Scalar>
  {
    try recording.withValue(name) { buffer in
      guard let base = buffer.baseAddress else {
        preconditionFailure("LearnedGain: the output \(name) is empty")
      }
      return base
    }
  }

  /// Hidden states as the network starts them.
  func restart() {
    for state in hidden {
      state.beginning.withScalars { source in
        for place in 0..<source.count { state.input[place] = source[place] }
      }
    }
  }

  /// One step of the network; the gain and the hidden states are then the new ones.
  @specialized(where Scalar == Float)
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
    } catch {
      preconditionFailure("LearnedGain: a gain network that cannot be replayed: \(error)")
    }
    for state in hidden {
      state.input.update(from: state.output, count: state.beginning.count)
    }
  }
}
