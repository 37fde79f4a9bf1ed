internal import Autodiff
internal import NeuralNetworks
public import Tensors

/// What wrong decisions cost: a share of the cross-entropy of the beliefs.
///
/// Equation: `w CE(c o, j)`, the mean over symbols, with `o` the beliefs of a symbol's levels and `j` the level that was
/// sent. The squared error asks for the mean of what may have been sent, and weighs a belief of 1.3 as
/// one of 0.7; errors of decisions are few vectors of which a network is sure of the wrong symbol, and to them the
/// cross-entropy gives most of its gradient.
public struct DecisionLoss<Scalar: RealTensorScalar>: Sendable, Hashable {
  /// `w`, beside a squared error of weight 1.
  public var weight: Scalar
  /// `c`: beliefs times this are logits.
  public var sharpness: Scalar

  /// A loss of these numbers.
  public init(weight: Scalar, sharpness: Scalar = 10) {
    self.weight = weight
    self.sharpness = sharpness
  }

  /// The loss of some beliefs.
  ///
  /// - Parameters:
  ///   - beliefs: `o`, `[batch, users levels]`.
  ///   - places: `j`, of the symbols among the levels, `[batch, users]`.
  /// - Returns: a single number.
  public func callAsFunction(_ beliefs: Tensor<Scalar>, _ places: Tensor<Scalar>) -> Tensor<Scalar>
  {
    let logits = (beliefs * sharpness).reshaped([
      places.count, beliefs.count / max(places.count, 1),
    ])
    return crossEntropy(logits, places.reshaped([places.count])) * weight
  }
}
