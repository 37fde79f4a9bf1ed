internal import Autodiff
package import NeuralNetworks
package import Tensors

/// Long short-term memory layers that read a window of observations, first to last, and decide the
/// symbol in it from the last hidden state.
package struct LSTMWindowNetwork: SymbolNetwork {
  package typealias Scalar = Float
  package let layout: PieceLayout
  /// The recurrent layers, first to last.
  package let layers: [LSTM<Float>]
  /// From the last hidden state to the logits.
  package let output: Dense<Float>

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - before: earlier observations in the window.
  ///   - after: later ones.
  ///   - layers: how many recurrent layers.
  ///   - hidden: the units of each.
  ///   - symbols: how many there are.
  ///   - stream: what is drawn from.
  package init(
    before: Int,
    after: Int,
    layers: Int,
    hidden: Int,
    symbols: Int,
    from stream: inout RandomStream
  ) {
    let recurrent = (0..<layers).map { index in
      LSTM<Float>(inputs: index == 0 ? 1 : hidden, hidden: hidden, from: &stream)
    }
    self.init(
      .window(before: before, after: after),
      recurrent,
      Dense(hidden, symbols, from: &stream)
    )
  }

  private init(_ layout: PieceLayout, _ layers: [LSTM<Float>], _ output: Dense<Float>) {
    self.layout = layout
    self.layers = layers
    self.output = output
  }

  package var symbols: Int { output.outputs }

  package func logits(_ pieces: Tensor<Float>) -> Tensor<Float> {
    let (count, width) = (pieces.shape[0], pieces.shape[1])
    var sequence = pieces.transposed().reshaped([width, count, 1])
    for layer in layers { sequence = layer.outputs(timeFirst: sequence, isReversed: false) }
    return output(sequence.picked(axis: 0, width - 1)).reshaped([1, count, symbols])
  }

  /// The first step's state is zero and is not multiplied.
  package var multiplyAccumulates: Int {
    let width = layout.width(time: 1)
    let recurrent = layers.reduce(0) { total, layer in
      total + 4 * layer.hidden * (width * layer.inputs + (width - 1) * layer.hidden)
    }
    return recurrent + output.inputs * symbols
  }

  package func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.children("layers", layers)
    visitor.child("output", output)
  }

  package func duplicated(in duplication: Duplication<Float>) -> LSTMWindowNetwork {
    LSTMWindowNetwork(
      layout,
      layers.map { $0.duplicated(in: duplication) },
      output.duplicated(in: duplication)
    )
  }
}
