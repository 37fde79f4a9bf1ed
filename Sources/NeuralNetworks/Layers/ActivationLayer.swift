public import Autodiff
public import Tensors

/// An activation as a layer of its own, for chains whose layer before it has none.
public struct ActivationLayer<Scalar: RealTensorScalar>: Layer {
  /// The function applied to each number.
  public let activation: Activation

  /// A layer that applies the function.
  public init(_ activation: Activation) { self.activation = activation }

  /// The function of each number, of the input's shape.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    switch activation {
    case .identity: input
    case .relu: relu(input)
    case .sigmoid: sigmoid(input)
    case .tanh: tanh(input)
    case .leakyRelu: maximum(input, input * 0.01)
    }
  }

  /// Names nothing.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {}

  /// The same layer.
  public func duplicated(in duplication: Duplication<Scalar>) -> ActivationLayer { self }
}
