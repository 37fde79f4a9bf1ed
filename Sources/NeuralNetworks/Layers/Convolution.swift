public import Autodiff
public import Tensors

/// A convolution over one, two or three axes, with bias and activation in one node.
///
/// Equation: `y = a(w * x + b)`, `x` `[batch, extents.., inputs]`, `w` `[kernel.., inputs, outputs]`, `y` `[batch, extents..,
/// outputs]`; see ``Autodiff/convolution(_:_:_:strides:padding:activation:)``.
///
/// ```swift
/// let layer = Convolution<Float>(1, 64, kernel: [3, 3], activation: .relu, from: &stream)
/// let y = layer(Tensor.zeros([32, 40, 40, 1]))    // [32, 40, 40, 64]
/// ```
public struct Convolution<Scalar: RealTensorScalar>: Layer {
  /// `w`, shape `[kernel.., inputs, outputs]`.
  public let weight: Parameter<Scalar>
  /// `b`, shape `[outputs]`; nil for a layer without it.
  public let bias: Parameter<Scalar>?
  /// `a`, applied to each number.
  public let activation: Activation
  /// One an axis; ones when nil.
  public let strides: [Int]?
  /// The zeros around the image.
  public let padding: ConvolutionPadding

  /// A layer of given numbers.
  ///
  /// - Parameters:
  ///   - weight: `w`, `[kernel.., inputs, outputs]`.
  ///   - bias: `b`, `[outputs]`, or nil.
  ///   - activation: `a`.
  ///   - strides: one an axis; ones when nil.
  ///   - padding: the zeros around the image.
  public init(
    weight: Tensor<Scalar>,
    bias: Tensor<Scalar>?,
    activation: Activation = .identity,
    strides: [Int]? = nil,
    padding: ConvolutionPadding = .same
  ) {
    precondition(
      (3...5).contains(weight.rank)
        && (bias == nil || bias?.shape == [weight.shape[weight.rank - 1]]),
      "Convolution: weight \(weight.shape) and bias \(bias?.shape ?? []) do not fit"
    )
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
    self.activation = activation
    self.strides = strides
    self.padding = padding
  }

  /// A layer drawn at random; the bias starts at zero.
  ///
  /// - Parameters:
  ///   - inputs: the channels of the input.
  ///   - outputs: the channels of the output.
  ///   - kernel: its extents, one an axis.
  ///   - activation: `a`.
  ///   - strides: one an axis; ones when nil.
  ///   - padding: the zeros around the image.
  ///   - hasBias: whether it has one; without, it maps multiples of an input to multiples of the output.
  ///   - initialisation: the law of the weights; normal by He for ReLU and by Glorot otherwise when nil.
  ///   - stream: what is drawn from.
  public init(
    _ inputs: Int,
    _ outputs: Int,
    kernel: [Int],
    activation: Activation = .identity,
    strides: [Int]? = nil,
    padding: ConvolutionPadding = .same,
    hasBias: Bool = true,
    initialisation: Initialisation? = nil,
    from stream: inout RandomStream
  ) {
    precondition(
      inputs >= 1 && outputs >= 1,
      "Convolution: \(inputs) input channels, \(outputs) output channels"
    )
    let taps = kernel.reduce(1, *)
    let law =
      initialisation ?? ([.relu, .leakyRelu].contains(activation) ? .heNormal : .glorotNormal)
    self.init(
      weight: law.drawn(
        kernel + [inputs, outputs],
        inputs: taps * inputs,
        outputs: taps * outputs,
        from: &stream
      ),
      bias: hasBias ? .zeros([outputs]) : nil,
      activation: activation,
      strides: strides,
      padding: padding
    )
  }

  private init(copying other: Convolution, in duplication: Duplication<Scalar>) {
    weight = duplication.copy(other.weight)
    bias = other.bias.map { duplication.copy($0) }
    activation = other.activation
    strides = other.strides
    padding = other.padding
  }

  /// How many channels go in.
  public var inputs: Int { weight.shape[weight.shape.count - 2] }

  /// How many channels come out.
  public var outputs: Int { weight.shape[weight.shape.count - 1] }

  /// `a(w * x + b)`, shape `[batch, extents.., outputs]`.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    convolution(
      input,
      weight.value,
      bias?.value,
      strides: strides,
      padding: padding,
      activation: activation
    )
  }

  /// Names `weight` and `bias`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("weight", weight)
    if let bias { visitor.parameter("bias", bias) }
  }

  /// The same layer with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> Convolution {
    Convolution(copying: self, in: duplication)
  }
}
