internal import CKernels
public import Tensors

// Two operations that every layer of an unfolded network has: the step between its old and its new state,
// and the distance of its estimate from the truth. As one node each they pass over memory once instead of
// three times. Pieces of `combinationPiece` numbers stay in the first-level cache between two kernels.

private let combinationPiece = 2048

extension TensorStorage where Scalar: RealTensorScalar {
  /// Adds `scale` times numbers to the gradient, if there is one; the first to come overwrites.
  func addToGradient(_ scale: Scalar, times numbers: UnsafePointer<Scalar>) {
    guard let (pointer, beta) = productGradient else { return }
    if beta == 0 {
      Scalar.kernels.pointee.scale_shift(count, numbers, Double(scale), 0, pointer)
    } else {
      Scalar.kernels.pointee.accumulate_scaled(count, Double(scale), numbers, pointer)
    }
  }
}

/// `u a + v b` of two tensors of one shape, as one node.
///
/// - Parameters:
///   - a: `a`.
///   - u: its weight.
///   - b: `b`, of the same shape.
///   - v: its weight.
/// - Returns: a tensor of that shape.
@specialized(where Scalar == Float)
public func weightedSum<Scalar: RealTensorScalar>(
  _ a: Tensor<Scalar>,
  _ u: Scalar,
  _ b: Tensor<Scalar>,
  _ v: Scalar
) -> Tensor<Scalar> {
  precondition(a.shape == b.shape, "weightedSum: shapes \(a.shape) and \(b.shape) differ")
  return combination("weightedSum", a, u, b, v)
}

/// ``weightedSum(_:_:_:_:)`` under another name.
@specialized(where Scalar == Float)
func combination<Scalar: RealTensorScalar>(
  _ name: String,
  _ a: Tensor<Scalar>,
  _ u: Scalar,
  _ b: Tensor<Scalar>,
  _ v: Scalar
) -> Tensor<Scalar> {
  let kernels = Scalar.kernels
  let (first, second) = (Double(u), Double(v))
  return Primitive.binary(
    name,
    a,
    b,
    shape: a.shape,
    forward: { a, b, y in
      for start in stride(from: 0, to: y.count, by: combinationPiece) {
        let count = min(combinationPiece, y.count - start)
        let target = y.values + start
        kernels.pointee.scale_shift(count, a.values + start, first, 0, target)
        kernels.pointee.accumulate_scaled(count, second, b.values + start, target)
      }
    },
    backward: { a, b, y in
      guard let gy = y.gradients else { return }
      a.addToGradient(u, times: gy)
      b.addToGradient(v, times: gy)
    },
    forwardRule: { at in
      func scaled(_ change: Tensor<Scalar>, _ by: Scalar) -> Tensor<Scalar> {
        by == 1 ? change : change * by
      }
      guard let first = at.change(0), let second = at.change(1) else {
        return at.change(0).map { scaled($0, u) } ?? at.change(1).map { scaled($0, v) }
      }
      return combination(name, first, u, second, v)
    },
    scalarRule: { builder, operands in
      zip(operands[0], operands[1]).map { builder.combination(u, $0, v, $1) }
    }
  )
}

/// The sum of `(a - b)^2` over all numbers of two tensors of one shape, as one node.
///
/// - Parameters:
///   - a: `a`.
///   - b: `b`, of the same shape.
/// - Returns: a single number, summed in double precision.
@specialized(where Scalar == Float)
public func squaredDistance<Scalar: RealTensorScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(a.shape == b.shape, "squaredDistance: shapes \(a.shape) and \(b.shape) differ")
  let difference = TensorStorage<Scalar>(uninitialised: combinationPiece)
  let kernels = Scalar.kernels
  func subtract(
    _ a: TensorStorage<Scalar>,
    _ b: TensorStorage<Scalar>,
    _ start: Int,
    _ count: Int
  ) {
    kernels.pointee.scale_shift(count, a.values + start, 1, 0, difference.values)
    kernels.pointee.accumulate_scaled(count, -1, b.values + start, difference.values)
  }
  return Primitive.binary(
    "squaredDistance",
    a,
    b,
    shape: [],
    forward: { a, b, y in
      var sum = 0.0
      for start in stride(from: 0, to: a.count, by: combinationPiece) {
        let count = min(combinationPiece, a.count - start)
        subtract(a, b, start, count)
        sum += kernels.pointee.sum_squares(count, difference.values)
      }
      y.values[0] = Scalar(sum)
    },
    backward: { a, b, y in
      guard let gy = y.gradients else { return }
      let scale = 2 * Double(gy[0])
      let (ga, gb) = (a.accumulatedGradient, b.accumulatedGradient)
      for start in stride(from: 0, to: a.count, by: combinationPiece) {
        let count = min(combinationPiece, a.count - start)
        subtract(a, b, start, count)
        if let ga {
          kernels.pointee.accumulate_scaled(count, scale, difference.values, ga + start)
        }
        if let gb {
          kernels.pointee.accumulate_scaled(count, -scale, difference.values, gb + start)
        }
      }
    }
  )
}
