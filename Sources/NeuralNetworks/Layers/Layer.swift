public import Tensors

/// A module with one tensor in and one tensor out.
///
/// Laws: the leading axes of input and output agree (batch, time); in inference mode the output is a
/// function of the input and the parameters alone.
public protocol Layer<Scalar>: DuplicableModule {
  /// The layer's output.
  ///
  /// - Parameters:
  ///   - input: `[..., features]`.
  ///   - mode: matters to layers that draw at random.
  /// - Returns: `[..., features]`, with the layer's own number of features.
  func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar>
}

extension Layer {
  /// The layer's output; in inference mode unless told otherwise.
  public func callAsFunction(_ input: Tensor<Scalar>, mode: Mode = .inference) -> Tensor<Scalar> {
    output(of: input, mode: mode)
  }
}
