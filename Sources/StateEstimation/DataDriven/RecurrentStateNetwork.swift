// Source: `revach2022kalmannet`, section IV-B: the three recurrent rivals without a gain.

internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// A recurrent network from observations to states, which knows the model in part or not at all.
struct RecurrentStateNetwork: DuplicableModule {
  typealias Scalar = Float

  /// What the network sees and gives.
  enum Form: String, Sendable, CaseIterable {
    /// `x_t = D2(h_t)` from `y_t` alone.
    case vanilla
    /// The same from `y_t` and the model's prediction `f(x_{t-1})`.
    case modelBased = "model-based"
    /// What is added to the prediction, from the innovation and the last correction.
    case difference
  }

  let form: Form
  let input: Dense<Float>
  let memory: GRU<Float>
  let output: Dense<Float>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - form: what it sees and gives.
  ///   - m: how many states there are.
  ///   - n: how many numbers are observed.
  ///   - hidden: recurrent units.
  ///   - stream: what is drawn from.
  init(
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

  private init(_ other: RecurrentStateNetwork, _ duplication: Duplication<Float>) {
    form = other.form
    input = other.input.duplicated(in: duplication)
    memory = other.memory.duplicated(in: duplication)
    output = other.output.duplicated(in: duplication)
  }

  /// One step: the features `[batch, width]` and the hidden state give a number for each state.
  func step(_ features: Tensor<Float>, _ hidden: inout Tensor<Float>) -> Tensor<Float> {
    hidden = memory.step(input(features, mode: .training), hidden).output
    return output(hidden, mode: .training)
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("input", input)
    visitor.child("memory", memory)
    visitor.child("output", output)
  }

  func duplicated(in duplication: Duplication<Float>) -> RecurrentStateNetwork {
    RecurrentStateNetwork(self, duplication)
  }
}

/// Such a network along whole sequences.
struct RecurrentStateFilter: LearnedFilter {
  let model: SystemModel<Float>
  let network: RecurrentStateNetwork

  func estimates(
    _ observations: Tensor<Float>,
    mean: Tensor<Float>,
    mask: Tensor<Float>?
  ) -> Tensor<Float> {
    let (batch, time, n) = (
      observations.shape[0], observations.shape[1], observations.shape[2]
    )
    func at(_ t: Int, _ tensor: Tensor<Float>) -> Tensor<Float> {
      tensor.sliced(axis: 1, t..<(t + 1)).reshaped([batch, n])
    }
    var hidden = network.memory.zeroState(batch: batch)
    var state = mean
    var correction = Tensor<Float>.zeros(mean.shape)
    let estimates = (0..<time).map { t in
      var seen = at(t, observations)
      let known = mask.map { at(t, $0) }
      if let known, network.form != .difference { seen = seen * known }
      switch network.form {
      case .vanilla: state = network.step(seen, &hidden)
      case .modelBased:
        let predicted = model.transition.applied(to: state)
        state = network.step(concatenated([seen, predicted], axis: 1), &hidden)
      case .difference:
        let predicted = model.transition.applied(to: state)
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
