// The forward rules of elementwise operations. An operation without one serves everything but Jacobians.

internal import CKernels
internal import Tensors

/// The rules of operations on one tensor: the derivative at each element times its change.
func forwardRule<Scalar: RealTensorScalar>(_ operation: graybox_unary) -> ForwardRule<Scalar>? {
  func slope(
    _ derivative: @escaping (_ x: Tensor<Scalar>, _ y: Tensor<Scalar>) -> Tensor<Scalar>
  ) -> ForwardRule<Scalar> {
    { at in at.change(0).map { derivative(at.operands[0], at.result) * $0 } }
  }
  switch operation {
  case GRAYBOX_EXP: return slope { _, y in y }
  case GRAYBOX_LOG: return slope { x, _ in reciprocal(x) }
  case GRAYBOX_SQRT: return slope { _, y in reciprocal(y) * 0.5 }
  case GRAYBOX_ABS: return slope { x, _ in sign(x) }
  case GRAYBOX_SIN: return slope { x, _ in cos(x) }
  case GRAYBOX_COS: return slope { x, _ in -sin(x) }
  case GRAYBOX_TANH: return slope { _, y in 1 - square(y) }
  case GRAYBOX_SIGMOID: return slope { _, y in y - square(y) }
  case GRAYBOX_SOFTPLUS: return slope { x, _ in sigmoid(x) }
  case GRAYBOX_RELU: return slope { x, _ in isGreater(x, Tensor(0)) }
  case GRAYBOX_SQUARE: return slope { x, _ in x * 2 }
  case GRAYBOX_RECIPROCAL: return slope { _, y in -square(y) }
  default: return nil
  }
}

/// The rules of operations on two tensors that broadcast.
func forwardRule<Scalar: RealTensorScalar>(_ operation: graybox_binary) -> ForwardRule<Scalar>? {
  typealias Tensors = (Tensor<Scalar>, Tensor<Scalar>)
  /// The partial derivatives, each times a change.
  func partials(
    _ first:
      @escaping (_ a: Tensor<Scalar>, _ b: Tensor<Scalar>, _ change: Tensor<Scalar>) ->
      Tensor<Scalar>,
    _ second: @escaping (Linearisation<Scalar>, _ change: Tensor<Scalar>) -> Tensor<Scalar>
  ) -> ForwardRule<Scalar> {
    { at in
      sum(
        at.aligned(0).map { first(at.operands[0], at.operands[1], $0) },
        at.aligned(1).map { second(at, $0) }
      )
    }
  }
  /// The change of the operand that a mask chooses.
  func chosen(
    _ mask: @escaping (Tensor<Scalar>, Tensor<Scalar>) -> Tensor<Scalar>
  ) -> ForwardRule<Scalar> {
    { at in
      let first = mask(at.operands[0], at.operands[1])
      return sum(at.aligned(0).map { $0 * first }, at.aligned(1).map { $0 * (1 - first) })
    }
  }
  switch operation {
  case GRAYBOX_ADD: return partials({ $2 }, { $1 })
  case GRAYBOX_SUBTRACT: return partials({ $2 }, { -$1 })
  case GRAYBOX_MULTIPLY: return partials({ $2 * $1 }, { $0.operands[0] * $1 })
  case GRAYBOX_DIVIDE:
    return partials({ $2 / $1 }, { at, change in -(at.result / at.operands[1]) * change })
  case GRAYBOX_MINIMUM: return chosen { isLessOrEqual($0, $1) }
  case GRAYBOX_MAXIMUM: return chosen { isGreaterOrEqual($0, $1) }
  case GRAYBOX_POWER:
    return partials(
      { a, b, change in power(a, b - 1) * b * change },
      { at, change in
        // y log a, taken as 0 where a <= 0, as backward does.
        let isPositive = isGreater(at.operands[0], Tensor(0))
        return log(select(isPositive, at.operands[0], Tensor(1))) * at.result * change
      }
    )
  case GRAYBOX_SOFT_THRESHOLD:
    return partials(
      { x, threshold, change in isGreater(abs(x), threshold) * change },
      { at, change in -sign(at.result) * change }
    )
  default: return nil
  }
}

extension Activation {
  /// The derivative from the activated number.
  func slope<Scalar: RealTensorScalar>(_ y: Tensor<Scalar>) -> Tensor<Scalar>? {
    switch self {
    case .identity: nil
    case .relu: isGreater(y, Tensor(0))
    case .sigmoid: y - square(y)
    case .tanh: 1 - square(y)
    case .leakyRelu: isGreater(y, Tensor(0)) * 0.99 + 0.01
    }
  }
}
