internal import Autodiff
package import NeuralNetworks
package import Tensors

/// A black box that decides symbols from pieces of a normalised series of observations.
///
/// Law: the logits of a piece depend on that piece alone.
package protocol SymbolNetwork: DuplicableModule where Scalar == Float {
  /// Which observations a piece holds.
  var layout: PieceLayout { get }
  /// How many symbols there are to choose from.
  var symbols: Int { get }

  /// Logits of the symbols that each piece decides.
  ///
  /// - Parameter pieces: `[count, width]`.
  /// - Returns: `[positions, count, symbols]`; one position for windows, the width for blocks.
  func logits(_ pieces: Tensor<Float>) -> Tensor<Float>

  /// Multiply-accumulates a symbol at inference, element-wise work aside.
  var multiplyAccumulates: Int { get }
}

/// A black box with the scale of its inputs: all that a model file holds.
package struct ScaledNetwork: DuplicableModule {
  package typealias Scalar = Float
  /// The scale of the inputs.
  package let scale: InputScale
  /// The black box.
  package let network: any SymbolNetwork

  /// A network whose scale is still to be fitted or loaded.
  package init(_ network: any SymbolNetwork) {
    self.init(scale: InputScale(), network: network)
  }

  private init(scale: InputScale, network: any SymbolNetwork) {
    self.scale = scale
    self.network = network
  }

  /// The mean cross-entropy of all decided symbols, in nats.
  ///
  /// - Parameters:
  ///   - pieces: `[count, width]`, normalised.
  ///   - labels: `[count, positions]`.
  /// - Returns: one number.
  package func loss(_ pieces: Tensor<Float>, _ labels: Tensor<Float>) -> Tensor<Float> {
    crossEntropy(network.logits(pieces), labels.transposed())
  }

  /// Names `scale` and `network`.
  package func visit(_ visitor: any ModuleVisitor<Float>) {
    visitor.child("scale", scale)
    show(network, to: visitor)
  }

  private func show(_ network: some SymbolNetwork, to visitor: any ModuleVisitor<Float>) {
    visitor.child("network", network)
  }

  /// The same with parameters and constants of its own.
  package func duplicated(in duplication: Duplication<Float>) -> ScaledNetwork {
    ScaledNetwork(
      scale: scale.duplicated(in: duplication),
      network: network.duplicated(in: duplication)
    )
  }
}
