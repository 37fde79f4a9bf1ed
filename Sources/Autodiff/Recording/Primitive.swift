package import Tensors

/// How an operation becomes a tensor: computed at once, or as a node of the recording that its
/// operands belong to.
///
/// `forward` writes the output's values; `backward` accumulates into the operands' gradients (those
/// that have one) from the output's. Both run again on every replay, so neither may allocate. `forwardRule` carries
/// changes of the operands to the result in operations of their own, for Jacobians;
/// `scalarRule` makes the operation of ones on single numbers, for ``ScalarProgram``.
package enum Primitive {
  /// The storages that an operation works on.
  package typealias Operands<Scalar: RealTensorScalar> = [TensorStorage<Scalar>]

  /// Applies an operation of one operand.
  package static func unary<Scalar: RealTensorScalar>(
    _ name: String,
    _ x: Tensor<Scalar>,
    shape: [Int],
    forward: @escaping (TensorStorage<Scalar>, TensorStorage<Scalar>) -> Void,
    backward: ((TensorStorage<Scalar>, TensorStorage<Scalar>) -> Void)?,
    forwardRule: ForwardRule<Scalar>? = nil,
    scalarRule: ScalarRule<Scalar>? = nil
  ) -> Tensor<Scalar> {
    let a = x.storage
    var adjoint: ((TensorStorage<Scalar>) -> Void)?
    if let backward { adjoint = { backward(a, $0) } }
    return apply(
      name,
      [x],
      shape: shape,
      forward: { forward(a, $0) },
      backward: adjoint,
      forwardRule: forwardRule,
      scalarRule: scalarRule
    )
  }

  /// Applies an operation of two operands.
  package static func binary<Scalar: RealTensorScalar>(
    _ name: String,
    _ x: Tensor<Scalar>,
    _ y: Tensor<Scalar>,
    shape: [Int],
    forward:
      @escaping (TensorStorage<Scalar>, TensorStorage<Scalar>, TensorStorage<Scalar>) -> Void,
    backward:
      ((TensorStorage<Scalar>, TensorStorage<Scalar>, TensorStorage<Scalar>) -> Void)?,
    forwardRule: ForwardRule<Scalar>? = nil,
    scalarRule: ScalarRule<Scalar>? = nil
  ) -> Tensor<Scalar> {
    let a = x.storage
    let b = y.storage
    var adjoint: ((TensorStorage<Scalar>) -> Void)?
    if let backward { adjoint = { backward(a, b, $0) } }
    return apply(
      name,
      [x, y],
      shape: shape,
      forward: { forward(a, b, $0) },
      backward: adjoint,
      forwardRule: forwardRule,
      scalarRule: scalarRule
    )
  }

  /// Applies an operation of any number of operands; the closures hold their storages.
  package static func apply<Scalar: RealTensorScalar>(
    _ name: String,
    _ operands: [Tensor<Scalar>],
    shape: [Int],
    forward: @escaping (TensorStorage<Scalar>) -> Void,
    backward: ((TensorStorage<Scalar>) -> Void)?,
    forwardRule: ForwardRule<Scalar>? = nil,
    scalarRule: ScalarRule<Scalar>? = nil
  ) -> Tensor<Scalar> {
    let output = TensorStorage<Scalar>(uninitialised: shape.reduce(1, *))
    let nodes = operands.compactMap { $0.node(for: name) }
    guard let state = nodes.first?.state else {
      forward(output)
      return Tensor(shape: shape, storage: output)
    }
    precondition(
      nodes.allSatisfy { $0.state === state },
      "\(name): operands belong to different recordings"
    )
    let isDifferentiable = backward != nil && nodes.contains { $0.storage.gradients != nil }
    var adjoint: () -> Void = {}
    if isDifferentiable, let backward {
      output.allocateGradients()
      adjoint = { backward(output) }
    }
    forward(output)
    let node = Node(
      name,
      storage: output,
      state: state,
      operands: nodes,
      arguments: operands,
      shape: shape,
      forwardRule: forwardRule,
      scalarRule: scalarRule,
      isConstant: backward == nil,
      forward: { forward(output) },
      backward: adjoint
    )
    state.append(node)
    return Tensor(shape: shape, storage: output, record: node)
  }

  /// Memory that lasts for one forward or backward pass of one node; nodes of one recording share it.
  ///
  /// - Parameters:
  ///   - operands: of the operation.
  ///   - place: which of the memories that one pass uses at the same time.
  ///   - count: how many numbers.
  /// - Returns: at least so many numbers.
  static func scratch<Scalar: RealTensorScalar>(
    _ operands: [Tensor<Scalar>],
    _ place: Int,
    count: Int
  ) -> TensorStorage<Scalar> {
    for operand in operands {
      if let node = operand.record as? Node<Scalar> {
        return node.state.scratch(place, count: count)
      }
    }
    return TensorStorage(uninitialised: count)
  }

  /// The pool that an operation on these operands may split its work over.
  package static func pool<Scalar: RealTensorScalar>(_ operands: [Tensor<Scalar>]) -> WorkerPool {
    for operand in operands {
      if let node = operand.record as? Node<Scalar> { return node.state.pool }
    }
    return .serial
  }
}
