package import Tensors

/// An operation at its operands, as a forward rule sees it: how small changes of them change the result.
///
/// Changes go in several directions at once, which are one more axis in front: `[directions] + shape`.
package struct Linearisation<Scalar: RealTensorScalar> {
  /// What the operation read.
  package let operands: [Tensor<Scalar>]
  /// What it gave.
  package let result: Tensor<Scalar>
  /// How many directions there are.
  package let directions: Int
  private let changes: [Tensor<Scalar>?]

  init(
    operands: [Tensor<Scalar>],
    result: Tensor<Scalar>,
    directions: Int,
    changes: [Tensor<Scalar>?]
  ) {
    self.operands = operands
    self.result = result
    self.directions = directions
    self.changes = changes
  }

  /// How an operand changes, `[directions] + shape`; nil where it does not.
  package func change(_ place: Int) -> Tensor<Scalar>? { changes[place] }

  /// The same with axes of extent 1 put in, so that it broadcasts against the result.
  package func aligned(_ place: Int) -> Tensor<Scalar>? {
    let shape = operands[place].shape
    let missing = [Int](repeating: 1, count: max(0, result.rank - shape.count))
    return changes[place]?.reshaped([directions] + missing + shape)
  }

  /// An operand once for each direction, `[directions] + shape`.
  package func repeated(_ place: Int) -> Tensor<Scalar> {
    let shape = operands[place].shape
    return operands[place].reshaped([1] + shape).broadcast(to: [directions] + shape)
  }

  /// How an operand changes, zeros where it does not.
  package func full(_ place: Int) -> Tensor<Scalar> {
    changes[place] ?? .zeros([directions] + operands[place].shape)
  }
}

/// How an operation's result changes with its operands, written in operations, so that it is recorded itself;
/// nil where it does not change.
package typealias ForwardRule<Scalar: RealTensorScalar> = (Linearisation<Scalar>) -> Tensor<
  Scalar
>?

/// The sum of two changes, either of which may be none.
func sum<Scalar: RealTensorScalar>(_ a: Tensor<Scalar>?, _ b: Tensor<Scalar>?) -> Tensor<Scalar>? {
  guard let a, let b else { return a ?? b }
  return a + b
}
