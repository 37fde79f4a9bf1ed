package import Autodiff
package import NeuralNetworks
package import Tensors

/// Dense layers from a window of observations to the symbol in it.
package struct DenseWindowNetwork: SymbolNetwork {
  package typealias Scalar = Float
  package let layout: PieceLayout
  /// The hidden layers and the output layer.
  package let layers: Sequential<Float>
  package let symbols: Int
  private let widths: [Int]

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - before: earlier observations in the window.
  ///   - after: later ones.
  ///   - hidden: widths of the hidden layers, first to last.
  ///   - activation: of the hidden layers.
  ///   - symbols: how many there are.
  ///   - stream: what is drawn from.
  package init(
    before: Int,
    after: Int,
    hidden: [Int],
    activation: Activation,
    symbols: Int,
    from stream: inout RandomStream
  ) {
    let widths = [before + 1 + after] + hidden + [symbols]
    var layers: [any Layer<Float>] = []
    for (index, pair) in zip(widths, widths.dropFirst()).enumerated() {
      let isLast = index == hidden.count
      layers.append(
        Dense<Float>(
          pair.0,
          pair.1,
          activation: isLast ? .identity : activation,
          from: &stream
        )
      )
    }
    self.init(.window(before: before, after: after), Sequential(layers), symbols, widths)
  }

  private init(_ layout: PieceLayout, _ layers: Sequential<Float>, _ symbols: Int, _ widths: [Int])
  {
    self.layout = layout
    self.layers = layers
    self.symbols = symbols
    self.widths = widths
  }

  package func logits(_ pieces: Tensor<Float>) -> Tensor<Float> {
    layers(pieces).reshaped([1, pieces.shape[0], symbols])
  }

  package var multiplyAccumulates: Int {
    zip(widths, widths.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
  }

  package func visit(_ visitor: any ModuleVisitor<Float>) { visitor.child("layers", layers) }

  package func duplicated(in duplication: Duplication<Float>) -> DenseWindowNetwork {
    DenseWindowNetwork(layout, layers.duplicated(in: duplication), symbols, widths)
  }
}
