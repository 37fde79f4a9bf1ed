internal import CKernels
public import Tensors

func elementwise<Scalar: RealTensorScalar>(
  _ name: String,
  _ operation: graybox_unary,
  _ x: Tensor<Scalar>,
  isDifferentiable: Bool = true
) -> Tensor<Scalar> {
  let kernels = Scalar.kernels
  return Primitive.unary(
    name,
    x,
    shape: x.shape,
    forward: { x, y in kernels.pointee.unary(operation, x.count, x.values, y.values) },
    backward: isDifferentiable
      ? { x, y in
        guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        kernels.pointee.unary_backward(operation, x.count, x.values, y.values, gy, gx)
      } : nil,
    forwardRule: forwardRule(operation),
    scalarRule: scalarRule(operation)
  )
}

/// The exponential of each element.
@specialized(where Scalar == Float)
public func exp<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("exp", GRAYBOX_EXP, x)
}

/// The natural logarithm of each element; `-inf` at 0, NaN below.
@specialized(where Scalar == Float)
public func log<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("log", GRAYBOX_LOG, x)
}

/// The square root of each element; NaN below 0, infinite gradient at 0.
@specialized(where Scalar == Float)
public func sqrt<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("sqrt", GRAYBOX_SQRT, x)
}

/// The absolute value of each element; gradient 0 at 0.
@specialized(where Scalar == Float)
public func abs<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("abs", GRAYBOX_ABS, x)
}

/// The sine of each element, in radians.
@specialized(where Scalar == Float)
public func sin<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("sin", GRAYBOX_SIN, x)
}

/// The cosine of each element, in radians.
@specialized(where Scalar == Float)
public func cos<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("cos", GRAYBOX_COS, x)
}

/// The hyperbolic tangent of each element.
@specialized(where Scalar == Float)
public func tanh<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("tanh", GRAYBOX_TANH, x)
}

/// The logistic function `1 / (1 + exp(-x))` of each element.
@specialized(where Scalar == Float)
public func sigmoid<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("sigmoid", GRAYBOX_SIGMOID, x)
}

/// `log(1 + exp(x))` of each element, without overflow.
@specialized(where Scalar == Float)
public func softplus<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("softplus", GRAYBOX_SOFTPLUS, x)
}

/// `max(x, 0)` of each element; gradient 0 at 0.
@specialized(where Scalar == Float)
public func relu<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("relu", GRAYBOX_RELU, x)
}

/// The square of each element.
@specialized(where Scalar == Float)
public func square<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("square", GRAYBOX_SQUARE, x)
}

/// `1 / x` of each element.
@specialized(where Scalar == Float)
public func reciprocal<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("reciprocal", GRAYBOX_RECIPROCAL, x)
}

/// The sign of each element, -1, 0 or 1; it has no gradient.
@specialized(where Scalar == Float)
public func sign<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  elementwise("sign", GRAYBOX_SIGN, x, isDifferentiable: false)
}

/// Each element held inside a range; gradient 1 inside and on the bounds, 0 outside.
@specialized(where Scalar == Float)
public func clamp<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, _ range: ClosedRange<Scalar>)
  -> Tensor<Scalar>
{
  let kernels = Scalar.kernels
  let low = Double(range.lowerBound)
  let high = Double(range.upperBound)
  return Primitive.unary(
    "clamp",
    x,
    shape: x.shape,
    forward: { x, y in kernels.pointee.clamp(x.count, x.values, low, high, y.values) },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      kernels.pointee.clamp_backward(x.count, x.values, low, high, gy, gx)
    },
    forwardRule: { at in
      let x = at.operands[0]
      let isInside =
        isGreaterOrEqual(x, Tensor(range.lowerBound)) * isLessOrEqual(x, Tensor(range.upperBound))
      return at.change(0).map { isInside * $0 }
    },
    scalarRule: { builder, operands in
      let (least, most) = (
        builder.constant(range.lowerBound), builder.constant(range.upperBound)
      )
      return operands[0].map { x in
        builder.apply(.minimum, builder.apply(.maximum, x, least), most)
      }
    }
  )
}

/// The same numbers, through which no gradient flows.
@specialized(where Scalar == Float)
public func stopGradient<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
  Primitive.unary(
    "stopGradient",
    x,
    shape: x.shape,
    forward: { x, y in y.values.update(from: x.values, count: x.count) },
    backward: nil,
    scalarRule: { $1[0] }
  )
}
