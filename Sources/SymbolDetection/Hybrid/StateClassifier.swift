internal import Autodiff
package import NeuralNetworks
package import Tensors

/// Dense layers from one observation to a logit a state, with the scale of its input.
///
/// The published network is 1 - 100 (sigmoid) - 50 (ReLU) - states.
package struct StateClassifier: DuplicableModule {
  package typealias Scalar = Float

  /// Which functions the hidden layers end in.
  package enum HiddenActivation: String, CaseIterable, Sendable {
    /// Sigmoid in the first layer, ReLU in the others: as published.
    case sigmoidThenRelu = "sigmoid-relu"
    /// ReLU in all.
    case relu
    /// Sigmoid in all.
    case sigmoid
    /// Hyperbolic tangent in all.
    case tanh

    func activation(layer: Int) -> Activation {
      switch self {
      case .sigmoidThenRelu: layer == 0 ? .sigmoid : .relu
      case .relu: .relu
      case .sigmoid: .sigmoid
      case .tanh: .tanh
      }
    }
  }

  /// The scale of the observations.
  package let scale: InputScale
  /// The layers, from `[count, 1]` to `[count, states]`.
  package let layers: Sequential<Float>
  private let widths: [Int]

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - hidden: widths of the hidden layers, first to last.
  ///   - activation: what they end in.
  ///   - states: how many logits there are.
  ///   - stream: what is drawn from.
  package init(
    hidden: [Int],
    activation: HiddenActivation,
    states: Int,
    from stream: inout RandomStream
  ) {
    let widths = [1] + hidden + [states]
    var layers: [any Layer<Float>] = []
    for (index, pair) in zip(widths, widths.dropFirst()).enumerated() {
      layers.append(
        Dense<Float>(
          pair.0,
          pair.1,
          activation: index == hidden.count ? .identity : activation.activation(layer: index),
          from: &stream
        )
      )
    }
    self.init(InputScale(), Sequential(layers), widths)
  }

  private init(_ scale: InputScale, _ layers: Sequential<Float>, _ widths: [Int]) {
    self.scale = scale
    self.layers = layers
    self.widths = widths
  }

  /// The multiply-accumulates of one observation.
  package var multiplyAccumulates: Int {
    zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The slot of a detector, filled.
  package func likelihood(_ trellis: Trellis) -> ClassifierLikelihood<Float> {
    ClassifierLikelihood(
      trellis: trellis,
      classifier: layers,
      offset: scale.mean.value.scalar,
      gain: 1 / scale.deviation.value.scalar
    )
  }

  /// Names `scale` and `layers`.
  package func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    visitor.child("layers", layers)
  }

  /// The same with parameters and constants of its own.
  package func duplicated(in duplication: Duplication<Float>) -> StateClassifier {
    StateClassifier(
      scale.duplicated(in: duplication),
      layers.duplicated(in: duplication),
      widths
    )
  }
}
