internal import Autodiff
public import Tensors

/// Sets a share of the numbers to zero while training and scales up the rest.
///
/// Equation, in training mode: `y = x m / (1 - rate)` with `m` zero with probability `rate`, else one,
/// drawn anew on every replay; in inference mode `y = x`. Source: `srivastava2014`.
public struct Dropout<Scalar: RealTensorScalar>: Layer {
  /// The share that is dropped, in `0..<1`.
  public let rate: Scalar
  private let stream: RandomStream

  /// A layer with a stream of its own.
  ///
  /// - Parameters:
  ///   - rate: in `0..<1`.
  ///   - stream: the layer draws from a stream derived from this one.
  public init(rate: Scalar, from stream: inout RandomStream) {
    precondition(rate >= 0 && rate < 1, "Dropout: rate \(rate) is outside 0..<1")
    self.rate = rate
    self.stream = stream.derived("dropout", index: Int(stream.words(1)[0]))
  }

  /// The thinned input in training mode, the input in inference mode.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    guard mode == .training, rate > 0 else { return input }
    var stream = stream
    return dropout(input, rate: rate, from: &stream)
  }

  /// Names nothing.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {}

  /// The same layer.
  public func duplicated(in duplication: Duplication<Scalar>) -> Dropout { self }
}
