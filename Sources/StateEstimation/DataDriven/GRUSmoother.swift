internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// Recurrent layers in both directions, from observations to what is added to the states behind them.
struct GRUSmootherNetwork: DuplicableModule {
  typealias Scalar = Float

  let scale: FeatureScale
  let input: Dense<Float>
  let layers: [Bidirectional<GRU<Float>>]
  let output: Dense<Float>

  init(features: Int, hidden: Int, layers count: Int, states: Int, from stream: inout RandomStream)
  {
    scale = FeatureScale(features)
    input = Dense(features, hidden, activation: .relu, initialisation: .fanIn, from: &stream)
    layers = (0..<count).map { index in
      let inputs = index == 0 ? hidden : 2 * hidden
      return Bidirectional(
        forward: GRU(inputs: inputs, hidden: hidden, from: &stream),
        backward: GRU(inputs: inputs, hidden: hidden, from: &stream)
      )
    }
    output = Dense(2 * hidden, states, initialisation: .fanIn, from: &stream)
  }

  private init(_ other: GRUSmootherNetwork, _ duplication: Duplication<Float>) {
    scale = other.scale.duplicated(in: duplication)
    input = other.input.duplicated(in: duplication)
    layers = other.layers.map { $0.duplicated(in: duplication) }
    output = other.output.duplicated(in: duplication)
  }

  /// From features `[batch, time, features]` to `[batch, time, states]`.
  func callAsFunction(_ features: Tensor<Float>, mode: Mode) -> Tensor<Float> {
    var values = input(features.permuted([1, 0, 2]), mode: mode)
    for layer in layers { values = layer.outputs(timeFirst: values) }
    return output(values, mode: mode).permuted([1, 0, 2])
  }

  func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("input", input)
    visitor.children("layers", layers)
    visitor.child("output", output)
  }

  func duplicated(in duplication: Duplication<Float>) -> GRUSmootherNetwork {
    GRUSmootherNetwork(self, duplication)
  }
}

/// Such a network along whole sequences.
struct GRUSmoother: LearnedSmoother {
  /// Where the states begin, and what is seen of observations.
  let method: GradientMessagePassing<SystemTransition<Float>>
  let network: GRUSmootherNetwork

  var scale: FeatureScale { network.scale }
  var evidence: GradientMessagePassing<SystemTransition<Float>>.Evidence { method.evidence }

  func trace(_ problem: SmoothingProblem<Float>, mode: Mode) -> [Tensor<Float>] {
    let features = network.scale(method.evidence(problem))
    let shape = [problem.batch, problem.time, features.shape[1]]
    return [method.start(problem) + network(features.reshaped(shape), mode: mode)]
  }
}
