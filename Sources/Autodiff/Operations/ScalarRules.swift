// How operations are made of operations on single numbers, for programs of small recordings.

internal import CKernels
internal import Tensors

/// The places of elements that are read with given strides, in row-major order of a shape.
func stridedPlaces(_ shape: [Int], _ strides: [Int], offset: Int = 0) -> [Int] {
  var places = [offset]
  for (extent, stride) in zip(shape, strides) {
    places = places.flatMap { place in (0..<extent).map { place + $0 * stride } }
  }
  return places
}

/// The rules of operations on one tensor.
func scalarRule<Scalar: RealTensorScalar>(_ operation: graybox_unary) -> ScalarRule<Scalar>? {
  func each(
    _ body: @escaping (inout ScalarBuilder<Scalar>, Int32) -> Int32
  ) -> ScalarRule<Scalar> {
    { builder, operands in operands[0].map { body(&builder, $0) } }
  }
  func one(_ operation: ScalarOperation) -> ScalarRule<Scalar> {
    each { builder, x in builder.apply(operation, x) }
  }
  switch operation {
  case GRAYBOX_EXP: return one(.exp)
  case GRAYBOX_LOG: return one(.log)
  case GRAYBOX_SQRT: return one(.sqrt)
  case GRAYBOX_ABS: return one(.abs)
  case GRAYBOX_SIN: return one(.sin)
  case GRAYBOX_COS: return one(.cos)
  case GRAYBOX_TANH: return one(.tanh)
  case GRAYBOX_SIGMOID: return one(.sigmoid)
  case GRAYBOX_SOFTPLUS: return one(.softplus)
  case GRAYBOX_SIGN: return one(.sign)
  case GRAYBOX_RELU: return each { $0.apply(.maximum, $1, $0.constant(0)) }
  case GRAYBOX_SQUARE: return each { $0.apply(.multiply, $1, $1) }
  case GRAYBOX_RECIPROCAL: return each { $0.apply(.divide, $0.constant(1), $1) }
  default: return nil
  }
}

/// The rules of operations on two tensors that are read with strides.
func scalarRule<Scalar: RealTensorScalar>(
  _ operation: graybox_binary,
  _ shape: [Int],
  _ stridesA: [Int],
  _ stridesB: [Int]
) -> ScalarRule<Scalar>? {
  let single: ScalarOperation
  switch operation {
  case GRAYBOX_ADD: single = .add
  case GRAYBOX_SUBTRACT: single = .subtract
  case GRAYBOX_MULTIPLY: single = .multiply
  case GRAYBOX_DIVIDE: single = .divide
  case GRAYBOX_MINIMUM: single = .minimum
  case GRAYBOX_MAXIMUM: single = .maximum
  case GRAYBOX_GREATER: single = .greater
  case GRAYBOX_GREATER_EQUAL: single = .greaterOrEqual
  case GRAYBOX_LESS: single = .less
  case GRAYBOX_LESS_EQUAL: single = .lessOrEqual
  case GRAYBOX_EQUAL: single = .equal
  case GRAYBOX_POWER: single = .power
  default: return nil
  }
  return { builder, operands in
    zip(stridedPlaces(shape, stridesA), stridedPlaces(shape, stridesB)).map { a, b in
      builder.apply(single, operands[0][a], operands[1][b])
    }
  }
}

extension Activation {
  /// The activated number.
  func applied<Scalar: RealTensorScalar>(
    to x: Int32,
    in builder: inout ScalarBuilder<Scalar>
  ) -> Int32 {
    switch self {
    case .identity: x
    case .relu: builder.apply(.maximum, x, builder.constant(0))
    case .sigmoid: builder.apply(.sigmoid, x)
    case .tanh: builder.apply(.tanh, x)
    case .leakyRelu:
      builder.apply(.maximum, x, builder.apply(.multiply, x, builder.constant(0.01)))
    }
  }
}
