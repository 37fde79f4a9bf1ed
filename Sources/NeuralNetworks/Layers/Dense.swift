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
  /// `W`, shape `[inputs, outputs]`; with its outputs first `W'`.
  public let weight: Parameter<Scalar>
  /// `b`, shape `[outputs]`; nil for a layer without it.
  public let bias: Parameter<Scalar>?
  /// `a`, applied to each number.
  public let activation: Activation
  /// How the numbers of `weight` lie; outputs first is faster with many inputs and few outputs.
  public let layout: WeightLayout

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

  private init(
    weight: Parameter<Scalar>,
    bias: Parameter<Scalar>?,
    activation: Activation,
    layout: WeightLayout = .inputsFirst
  ) {
    self.weight = weight
    self.bias = bias
    self.activation = activation
    self.layout = layout
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
  ///   - layout: how the numbers of the weight lie.
  ///   - stream: what is drawn from.
  public init(
    _ inputs: Int,
    _ outputs: Int,
    activation: Activation = .identity,
    initialisation: Initialisation? = nil,
    layout: WeightLayout = .inputsFirst,
    from stream: inout RandomStream
  ) {
    precondition(inputs >= 1 && outputs >= 1, "Dense: \(inputs) inputs, \(outputs) outputs")
    let law = initialisation ?? (activation == .relu ? .heUniform : .glorotUniform)
    weight = Parameter(
      law.drawn(
        layout == .inputsFirst ? [inputs, outputs] : [outputs, inputs],
        inputs: inputs,
        outputs: outputs,
        from: &stream
      )
    )
    bias = Parameter(
      Initialisation.fanIn.drawn([outputs], inputs: inputs, outputs: outputs, from: &stream)
    )
    self.activation = activation
    self.layout = layout
  }

  /// How many features go in.
  public var inputs: Int { weight.shape[layout == .inputsFirst ? 0 : 1] }

  /// How many features come out.
  public var outputs: Int { weight.shape[layout == .inputsFirst ? 1 : 0] }

  /// `a(x W + b)`, shape `[..., outputs]`.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    linear(input, weight.value, bias?.value, activation: activation, layout: layout)
  }

  /// The output of inputs side by side, each `[..., width]`, as one node.
  public func output(joining inputs: [Tensor<Scalar>]) -> Tensor<Scalar> {
    linear(
      joining: inputs,
      weight.value,
      bias?.value,
      activation: activation,
      layout: layout
    )
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
      activation: activation,
      layout: layout
    )
  }
}
