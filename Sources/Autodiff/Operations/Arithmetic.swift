internal import CKernels
public import Tensors

/// A two-operand operation with broadcasting, as one node.
func broadcastOperation<Scalar: RealTensorScalar>(
  _ name: String,
  _ operation: graybox_binary,
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  isDifferentiable: Bool = true
) -> Tensor<Scalar> {
  let shape = broadcastShape(name, a.shape, b.shape)
  let stridesA = broadcastStrides(a.shape, in: shape)
  let stridesB = broadcastStrides(b.shape, in: shape)
  let plan = kernelBroadcast(shape, stridesA, stridesB)
  let kernels = Scalar.kernels
  return Primitive.binary(
    name,
    a,
    b,
    shape: shape,
    forward: { a, b, y in
      guard y.count > 0 else { return }
      withUnsafePointer(to: plan) {
        kernels.pointee.binary(operation, $0, a.values, b.values, y.values)
      }
    },
    backward: isDifferentiable
      ? { a, b, y in
        guard y.count > 0, let gy = y.gradients else { return }
        let ga = a.accumulatedGradient
        let gb = b.accumulatedGradient
        withUnsafePointer(to: plan) {
          kernels.pointee.binary_backward(
            operation,
            $0,
            a.values,
            b.values,
            y.values,
            gy,
            ga,
            gb
          )
        }
      } : nil,
    forwardRule: forwardRule(operation),
    scalarRule: scalarRule(operation, shape, stridesA, stridesB)
  )
}

/// `y = scale x + shift`, as one node.
func scaleShift<Scalar: RealTensorScalar>(
  _ name: String,
  _ x: Tensor<Scalar>,
  scale: Scalar,
  shift: Scalar
) -> Tensor<Scalar> {
  let kernels = Scalar.kernels
  return Primitive.unary(
    name,
    x,
    shape: x.shape,
    forward: { x, y in
      kernels.pointee.scale_shift(x.count, x.values, Double(scale), Double(shift), y.values)
    },
    backward: { x, y in
      guard let gy = y.gradients else { return }
      x.addToGradient(scale, times: gy)
    },
    forwardRule: { at in scale == 1 ? at.change(0) : at.change(0).map { $0 * scale } },
    scalarRule: { builder, operands in
      let (scale, shift) = (builder.constant(scale), builder.constant(shift))
      return operands[0].map { builder.apply(.add, builder.apply(.multiply, $0, scale), shift) }
    }
  )
}

extension Tensor where Scalar: RealTensorScalar {
  /// Elementwise sum, with broadcasting.
  public static func + (a: Tensor, b: Tensor) -> Tensor {
    a.shape == b.shape
      ? combination("add", a, 1, b, 1) : broadcastOperation("add", GRAYBOX_ADD, a, b)
  }

  /// Elementwise difference, with broadcasting.
  public static func - (a: Tensor, b: Tensor) -> Tensor {
    a.shape == b.shape
      ? combination("subtract", a, 1, b, -1)
      : broadcastOperation("subtract", GRAYBOX_SUBTRACT, a, b)
  }

  /// Elementwise product, with broadcasting.
  public static func * (a: Tensor, b: Tensor) -> Tensor {
    broadcastOperation("multiply", GRAYBOX_MULTIPLY, a, b)
  }

  /// Elementwise quotient, with broadcasting.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    broadcastOperation("divide", GRAYBOX_DIVIDE, a, b)
  }

  /// Each element with its sign changed.
  public static prefix func - (x: Tensor) -> Tensor {
    scaleShift("negate", x, scale: -1, shift: 0)
  }

  /// A number added to each element.
  public static func + (a: Tensor, b: Scalar) -> Tensor {
    scaleShift("add", a, scale: 1, shift: b)
  }

  /// A number added to each element.
  public static func + (a: Scalar, b: Tensor) -> Tensor { b + a }

  /// A number taken from each element.
  public static func - (a: Tensor, b: Scalar) -> Tensor {
    scaleShift("subtract", a, scale: 1, shift: -b)
  }

  /// Each element taken from a number.
  public static func - (a: Scalar, b: Tensor) -> Tensor {
    scaleShift("subtract", b, scale: -1, shift: a)
  }

  /// Each element times a number.
  public static func * (a: Tensor, b: Scalar) -> Tensor {
    scaleShift("multiply", a, scale: b, shift: 0)
  }

  /// Each element times a number.
  public static func * (a: Scalar, b: Tensor) -> Tensor { b * a }

  /// Each element divided by a number.
  public static func / (a: Tensor, b: Scalar) -> Tensor { a / Tensor(b) }

  /// A number divided by each element.
  public static func / (a: Scalar, b: Tensor) -> Tensor { Tensor(a) / b }
}

/// The elementwise smaller of two tensors, with broadcasting; at ties the gradient goes to `a`.
@specialized(where Scalar == Float)
public func minimum<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<
  Scalar
> {
  broadcastOperation("minimum", GRAYBOX_MINIMUM, a, b)
}

/// The elementwise larger of two tensors, with broadcasting; at ties the gradient goes to `a`.
@specialized(where Scalar == Float)
public func maximum<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<
  Scalar
> {
  broadcastOperation("maximum", GRAYBOX_MAXIMUM, a, b)
}

/// `a` to the power `b`, elementwise with broadcasting.
///
/// The gradient with respect to `b` is `y log a`, taken as 0 where `a <= 0`.
@specialized(where Scalar == Float)
public func power<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<
  Scalar
> {
  broadcastOperation("power", GRAYBOX_POWER, a, b)
}

/// Each element to a fixed power.
@specialized(where Scalar == Float)
public func power<Scalar: RealTensorScalar>(_ x: Tensor<Scalar>, _ exponent: Scalar) -> Tensor<
  Scalar
> {
  let kernels = Scalar.kernels
  let exponent = Double(exponent)
  return Primitive.unary(
    "power",
    x,
    shape: x.shape,
    forward: { x, y in kernels.pointee.power(x.count, x.values, exponent, y.values) },
    backward: { x, y in
      guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
      kernels.pointee.power_backward(x.count, x.values, exponent, gy, gx)
    },
    forwardRule: { at in
      let slope = power(at.operands[0], Scalar(exponent - 1)) * Scalar(exponent)
      return at.change(0).map { slope * $0 }
    },
    scalarRule: { builder, operands in
      let exponent = builder.constant(Scalar(exponent))
      return operands[0].map { builder.apply(.power, $0, exponent) }
    }
  )
}

/// Soft threshold `sign(x) max(|x| - t, 0)`, the proximal operator of `t |x|`, with broadcasting.
///
/// - Parameters:
///   - x: any shape.
///   - threshold: `t`, not negative, a shape that broadcasts with `x`.
/// - Returns: the thresholded values; gradients flow to both, 0 where `|x| <= t`.
@specialized(where Scalar == Float)
public func softThreshold<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  by threshold: Tensor<Scalar>
) -> Tensor<Scalar> {
  broadcastOperation("softThreshold", GRAYBOX_SOFT_THRESHOLD, x, threshold)
}
