// Goals: 1. the sliding bidirectional recurrent network as published; 2. few large products.
// Source: `farsad2018neural`: blocks of L observations slide by one, each block is run from states of zero in
// both directions, and a symbol's probabilities are averaged over the blocks that hold it. There the
// cells are LSTM; a GRU is offered too, which does as well here with three quarters of the work.

internal import Autodiff
package import NeuralNetworks
package import Tensors

/// Bidirectional recurrent layers over sliding blocks of observations.
package struct SlidingBidirectionalNetwork: SymbolNetwork {
  package typealias Scalar = Float

  /// The recurrent unit.
  package enum Cell: String, Sendable, CaseIterable {
    /// Gated recurrent unit.
    case gru
    /// Long short-term memory.
    case lstm
  }

  /// Layers of one kind of cell.
  private enum Stack: Sendable {
    case gru([Bidirectional<GRU<Float>>])
    case lstm([Bidirectional<LSTM<Float>>])
  }

  package let layout: PieceLayout
  private let stack: Stack
  private let output: Dense<Float>
  private let hidden: Int

  /// A network drawn at random.
  ///
  /// - Parameters:
  ///   - block: `L`, observations a block.
  ///   - cell: the recurrent unit.
  ///   - layers: how many bidirectional layers.
  ///   - hidden: the units of each direction.
  ///   - symbols: how many there are.
  ///   - stream: what is drawn from.
  package init(
    block: Int,
    cell: Cell,
    layers: Int,
    hidden: Int,
    symbols: Int,
    from stream: inout RandomStream
  ) {
    let inputs = (0..<layers).map { $0 == 0 ? 1 : 2 * hidden }
    let stack: Stack =
      switch cell {
      case .gru:
        .gru(
          inputs.map { inputs in
            Bidirectional(
              forward: GRU<Float>(inputs: inputs, hidden: hidden, from: &stream),
              backward: GRU<Float>(inputs: inputs, hidden: hidden, from: &stream)
            )
          }
        )
      case .lstm:
        .lstm(
          inputs.map { inputs in
            Bidirectional(
              forward: LSTM<Float>(inputs: inputs, hidden: hidden, from: &stream),
              backward: LSTM<Float>(inputs: inputs, hidden: hidden, from: &stream)
            )
          }
        )
      }
    self.init(
      .block(length: block),
      stack,
      Dense(2 * hidden, symbols, from: &stream),
      hidden
    )
  }

  private init(_ layout: PieceLayout, _ stack: Stack, _ output: Dense<Float>, _ hidden: Int) {
    self.layout = layout
    self.stack = stack
    self.output = output
    self.hidden = hidden
  }

  package var symbols: Int { output.outputs }

  package func logits(_ pieces: Tensor<Float>) -> Tensor<Float> {
    let (count, width) = (pieces.shape[0], pieces.shape[1])
    var sequence = pieces.transposed().reshaped([width, count, 1])
    switch stack {
    case .gru(let layers):
      for layer in layers { sequence = layer.outputs(timeFirst: sequence) }
    case .lstm(let layers):
      for layer in layers { sequence = layer.outputs(timeFirst: sequence) }
    }
    return output(sequence)
  }

  /// Each symbol is decided in as many blocks as a block is long, each position once.
  package var multiplyAccumulates: Int {
    guard case .block(let length) = layout else { return 0 }
    var block = length * output.inputs * symbols
    let (layers, gates) =
      switch stack {
      case .gru(let layers): (layers.count, 3)
      case .lstm(let layers): (layers.count, 4)
      }
    for layer in 0..<layers {
      let inputs = layer == 0 ? 1 : 2 * hidden
      block += 2 * gates * hidden * (length * inputs + (length - 1) * hidden)
    }
    return block
  }

  package func visit(_ visitor: any ModuleVisitor<Float>) {
    switch stack {
    case .gru(let layers): visitor.children("layers", layers)
    case .lstm(let layers): visitor.children("layers", layers)
    }
    visitor.child("output", output)
  }

  package func duplicated(in duplication: Duplication<Float>) -> SlidingBidirectionalNetwork {
    let copy: Stack =
      switch stack {
      case .gru(let layers): .gru(layers.map { $0.duplicated(in: duplication) })
      case .lstm(let layers): .lstm(layers.map { $0.duplicated(in: duplication) })
      }
    return SlidingBidirectionalNetwork(
      layout,
      copy,
      output.duplicated(in: duplication),
      hidden
    )
  }
}
