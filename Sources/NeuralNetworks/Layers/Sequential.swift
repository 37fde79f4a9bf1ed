public import Autodiff
public import Tensors

/// Layers one after the other.
///
/// Its parameters are called `0.weight`, `0.bias`, `1.weight` and so on.
///
/// ```swift
/// let network = Sequential<Float>([
///   Dense(1, 100, activation: .sigmoid, from: &stream),
///   Dense(100, 50, activation: .relu, from: &stream),
///   Dense(50, 16, from: &stream),
/// ])
/// ```
public struct Sequential<Scalar: RealTensorScalar>: Layer {
  /// The layers, first to last.
  public let layers: [any Layer<Scalar>]

  /// A chain of layers; an empty one passes its input on.
  public init(_ layers: [any Layer<Scalar>]) { self.layers = layers }

  /// Dense layers from each width to the next, the last without activation.
  ///
  /// - Parameters:
  ///   - widths: of the input and of every layer.
  ///   - activation: of all layers but the last.
  ///   - stream: where initial values come from, first to last.
  /// - Returns: the chain.
  public static func dense(
    _ widths: [Int],
    activation: Activation,
    from stream: inout RandomStream
  ) -> Sequential {
    let last = widths.count - 2
    return Sequential(
      zip(widths, widths.dropFirst()).enumerated().map { index, pair in
        Dense<Scalar>(
          pair.0,
          pair.1,
          activation: index == last ? .identity : activation,
          from: &stream
        )
      }
    )
  }

  /// The last layer's output.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    var current = input
    for layer in layers { current = layer.output(of: current, mode: mode) }
    return current
  }

  /// Names the layers by their number.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    for (index, layer) in layers.enumerated() { visitor.child("\(index)", layer) }
  }

  /// The same chain with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> Sequential {
    Sequential(layers.map { $0.duplicated(in: duplication) })
  }
}
