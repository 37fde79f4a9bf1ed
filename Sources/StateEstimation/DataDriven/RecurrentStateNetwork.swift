// Source: `revach2022kalmannet`, section IV-B: the three recurrent rivals without a gain.

internal import Autodiff
package import NeuralNetworks
package import Tensors

/// A recurrent network from observations to states, which knows the model in part or not at all.
package struct RecurrentStateNetwork: PartedModule {
  package typealias Scalar = Float

  /// What the network sees and gives.
  package enum Form: String, Sendable, CaseIterable {
    /// `x_t = D2(h_t)` from `y_t` alone.
    case vanilla
    /// The same from `y_t` and the model's prediction `f(x_{t-1})`.
    case modelBased = "model-based"
    /// What is added to the prediction, from the innovation and the last correction.
    case difference
  }

  let form: Form
  private(set) var input: Dense<Float>
  private(set) var memory: GRU<Float>
  private(set) var output: Dense<Float>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - form: what it sees and gives.
  ///   - m: how many states there are.
  ///   - n: how many numbers are observed.
  ///   - hidden: recurrent units.
  ///   - stream: what is drawn from.
  package init(
    _ form: Form,
    states m: Int,
    observed n: Int,
    hidden: Int,
    from stream: inout RandomStream
  ) {
    self.form = form
    let seen = form == .vanilla ? n : n + m
    input = Dense(seen, hidden, activation: .relu, initialisation: .fanIn, from: &stream)
    memory = GRU(inputs: hidden, hidden: hidden, from: &stream)
    output = Dense(hidden, m, activation: .identity, initialisation: .fanIn, from: &stream)
  }

  /// One step: the features `[batch, width]` and the hidden state give a number for each state.
  func step(_ features: Tensor<Float>, _ hidden: inout Tensor<Float>) -> Tensor<Float> {
    hidden = memory.step(input(features, mode: .training), hidden).output
    return output(hidden, mode: .training)
  }

  package static var parts: [ModulePart<RecurrentStateNetwork>] {
    [.init("input", \.input), .init("memory", \.memory), .init("output", \.output)]
  }
}

/// Such a network along whole sequences.
package struct RecurrentStateFilter: LearnedFilter {
  package let model: SystemModel<Float>
  package let network: RecurrentStateNetwork

  package init(model: SystemModel<Float>, network: RecurrentStateNetwork) {
    self.model = model
    self.network = network
  }

  package func estimates(_ sequences: RecordedSequences<Float>) -> Tensor<Float> {
    var hidden = network.memory.zeroState(batch: sequences.batch)
    var state = sequences.mean
    var correction = Tensor<Float>.zeros(state.shape)
    let estimates = (0..<sequences.time).map { t in
      if sequences.isBoundary(t) {
        hidden = stopGradient(hidden)
        state = stopGradient(state)
        correction = stopGradient(correction)
      }
      var seen = sequences.observation(t)
      let known = sequences.mask(t)
      if let known, network.form != .difference { seen = seen * known }
      func predicted() -> Tensor<Float> {
        let moved = model.transition.applied(to: state)
        return sequences.input(t).map { moved + $0 } ?? moved
      }
      switch network.form {
      case .vanilla: state = network.step(seen, &hidden)
      case .modelBased:
        state = network.step(concatenated([seen, predicted()], axis: 1), &hidden)
      case .difference:
        let predicted = predicted()
        var innovation = seen - model.emission.applied(to: predicted)
        if let known { innovation = innovation * known }
        correction = network.step(concatenated([innovation, correction], axis: 1), &hidden)
        state = predicted + correction
      }
      return state
    }
    return stacked(estimates, axis: 1)
  }
}
