public import Autodiff
public import Tensors

/// Layer normalisation over the last axis.
///
/// Equation: `y = g (x - m) / sqrt(v + e) + b` with mean `m` and variance `v` of each row of
/// `features` numbers; `g` and `b` have shape `[features]`. Source: `ba2016`.
public struct LayerNormalisation<Scalar: RealTensorScalar>: Layer {
  /// `g`, starts at one.
  public let scale: Parameter<Scalar>
  /// `b`, starts at zero.
  public let shift: Parameter<Scalar>
  /// `e`, keeps constant rows finite.
  public let epsilon: Double

  /// A layer that starts as the plain normalisation.
  ///
  /// - Parameters:
  ///   - features: the extent of the last axis.
  ///   - epsilon: `e > 0`.
  public init(_ features: Int, epsilon: Double = 1e-5) {
    precondition(features >= 1 && epsilon > 0, "LayerNormalisation: \(features), \(epsilon)")
    self.init(
      scale: Parameter(.ones([features])),
      shift: Parameter(.zeros([features])),
      epsilon: epsilon
    )
  }

  private init(scale: Parameter<Scalar>, shift: Parameter<Scalar>, epsilon: Double) {
    self.scale = scale
    self.shift = shift
    self.epsilon = epsilon
  }

  /// The normalised input, of the input's shape.
  public func output(of input: Tensor<Scalar>, mode: Mode) -> Tensor<Scalar> {
    normalised(input, epsilon: Scalar(epsilon)) * scale.value + shift.value
  }

  /// Names `scale` and `shift`.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.parameter("scale", scale)
    visitor.parameter("shift", shift)
  }

  /// The same layer with copied parameters.
  public func duplicated(in duplication: Duplication<Scalar>) -> LayerNormalisation {
    LayerNormalisation(
      scale: duplication.copy(scale),
      shift: duplication.copy(shift),
      epsilon: epsilon
    )
  }
}
