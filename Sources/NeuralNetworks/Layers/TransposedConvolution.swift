public import Autodiff
public import Tensors

/// The adjoint of a convolution with strides as a layer: it makes images larger.
///
/// Equation: `y = a(C' x + b)` with `C` the convolution of weight `w`, `[kernel.., outputs, inputs]`; see
/// ``Autodiff/transposedConvolution(_:_:_:strides:padding:extents:activation:)``. With padding `.same` every extent is multiplied by its
/// stride.
public struct TransposedConvolution<Scalar: RealTensorScalar>: Layer {
  /// `w`, shape `[kernel.., outputs, inputs]`: that of the convolution whose adjoint this is.
  public let weight: Parameter<Scalar>
  /// `b`, shape `[outputs]`; nil for a layer without it.
  public let bias: Parameter<Scalar>?
  /// `a`, applied to each number.
  public let activation: Activation
  /// One an axis.
  public let strides: [Int]
  /// The zeros of the convolution.
  public let padding: ConvolutionPadding

  /// A layer drawn at random; the bias starts at zero.
  ///
  /// - Parameters:
  ///   - inputs: the channels of the input.
  ///   - outputs: the channels of the output.
  ///   - kernel: its extents, one an axis.
  ///   - activation: `a`.
  ///   - strides: one an axis.
  ///   - padding: the zeros of the convolution.
  ///   - hasBias: whether it has one.
  ///   - initialisation: the law of the weights; normal by He for ReLU and by Glorot otherwise when nil.
  ///   - stream: what is drawn from.
  public init(
    _ inputs: Int,
    _ outputs: Int,
    kernel: [Int],
    activation: Activation = .identity,
    strides: [Int],
    padding: ConvolutionPadding = .same,
    hasBias: Bool = true,
    initialisation: Initialisation? = nil,
    from stream: inout RandomStream
  ) {
    precondition(
      inputs >= 1 && outputs >= 1 && strides.count == kernel.count,
      "TransposedConvolution: \(inputs) inputs, \(outputs) outputs, kernel \(kernel), strides \(strides)"
    )
    let law =
      initialisation ?? ([.relu, .leakyRelu].contains(activation) ? .heNormal : .glorotNormal)
    let taps = kernel.reduce(1, *)
    // Every output sums over one tap in `strides` of the kernel.
    let reached = max(taps / strides.reduce(1, *), 1)
    weight = Parameter(
      law.drawn(
        kernel + [outputs, inputs],
        inputs: reached * inputs,
        outputs: taps * outputs,
        from: &stream
      )
    )
    bias = hasBias ? Parameter(.zeros([outputs])) : nil
    self.activation = activation
    self.strides = strides
    self.padding = padding
  }

  private init(copying other: TransposedConvolution, in duplication: Duplication<Scalar>) {
    weight = duplication.copy(other.weight)
    bias = other.bias.map { duplication.copy($0) }
    activation = other.activation
    strides = other.strides
    padding = other.padding
  }

  /// `a(C' x + b)`, shape `[batch, extents.., outputs]`.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    transposedConvolution(
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
  public func duplicated(in duplication: Duplication<Scalar>) -> TransposedConvolution {
    TransposedConvolution(copying: self, in: duplication)
  }
}
