public import Autodiff
public import Tensors

/// A fully connected layer: linear map, bias and activation in one node.
///
/// Equation: `y = a(x W + b)`, `x` `[..., inputs]`, `W` `[inputs, outputs]`, `b` `[outputs]`,
/// `y` `[..., outputs]`.
///
/// ```swift
/// var stream = RandomStream(seed: 1)
/// let layer = Dense<Float>(4, 16, activation: .relu, from: &stream)
/// let y = layer(Tensor.zeros([32, 4]))    // [32, 16]
/// ```
public struct Dense<Scalar: RealTensorScalar>: Layer {
  /// `W`, shape `[inputs, outputs]`.
  public let weight: Parameter<Scalar>
  /// `b`, shape `[outputs]`; nil for a layer without it.
  public let bias: Parameter<Scalar>?
  /// `a`, applied to each number.
  public let activation: Activation

  /// A layer of given numbers.
  ///
  /// - Parameters:
  ///   - weight: `W`, `[inputs, outputs]`.
  ///   - bias: `b`, `[outputs]`, or nil.
  ///   - activation: `a`.
  public init(weight: Tensor<Scalar>, bias: Tensor<Scalar>?, activation: Activation = .identity) {
    precondition(
      weight.rank == 2 && (bias == nil || bias?.shape == [weight.shape[1]]),
      "Dense: weight \(weight.shape) and bias \(bias?.shape ?? []) do not fit"
    )
    self.init(
      weight: Parameter(weight),
      bias: bias.map { Parameter($0) },
      activation: activation
    )
  }

  private init(weight: Parameter<Scalar>, bias: Parameter<Scalar>?, activation: Activation) {
    self.weight = weight
    self.bias = bias
    self.activation = activation
  }

  /// A layer drawn at random.
  ///
  /// The bias is drawn from ``Initialisation/fanIn`` so that with few inputs the units differ in
  /// where they bend, not only in slope.
  ///
  /// - Parameters:
  ///   - inputs: the features of the input.
  ///   - outputs: the features of the output.
  ///   - activation: `a`.
  ///   - initialisation: the law of the weights; He's for ReLU and Glorot's otherwise when nil.
  ///   - stream: what is drawn from.
  public init(
    _ inputs: Int,
    _ outputs: Int,
    activation: Activation = .identity,
    initialisation: Initialisation? = nil,
    from stream: inout RandomStream
  ) {
    precondition(inputs >= 1 && outputs >= 1, "Dense: \(inputs) inputs, \(outputs) outputs")
    let law = initialisation ?? (activation == .relu ? .heUniform : .glorotUniform)
    weight = Parameter(
      law.drawn([inputs, outputs], inputs: inputs, outputs: outputs, from: &stream)
    )
    bias = Parameter(
      Initialisation.fanIn.drawn([outputs], inputs: inputs, outputs: outputs, from: &stream)
    )
    self.activation = activation
  }

  /// How many features go in.
  public var inputs: Int { weight.shape[0] }

  /// How many features come out.
  public var outputs: Int { weight.shape[1] }

  /// `a(x W + b)`, shape `[..., outputs]`.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    linear(input, weight.value, bias?.value, activation: activation)
  }

  /// Names `weight` and `bias`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("weight", weight)
    if let bias { visitor.parameter("bias", bias) }
  }

  /// The same layer with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> Dense {
    Dense(
      weight: duplication.copy(weight),
      bias: bias.map { duplication.copy($0) },
      activation: activation
    )
  }
}
