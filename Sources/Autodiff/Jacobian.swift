public import Tensors

/// The Jacobians of a function of vectors, at several points.
///
/// The function is recorded at the points and its derivative is carried forth through it, one direction for each
/// input, by the operations' forward rules. These are operations too: inside a recording the Jacobian is recorded
/// with the rest, is computed anew by a replay, and a loss may pass through it.
///
/// ```swift
/// jacobian(at: Tensor<Double>([[1, 2]])) { square($0) }     // [[[2, 0], [0, 4]]]
/// ```
///
/// - Parameters:
///   - x: the points, `[batch, inputs]`.
///   - function: from `[batch, inputs]` to `[batch, outputs]`, each row from its own. It may use operations with a
///     forward rule: arithmetic, elementwise functions, products, shapes, sums, choices by masks and dense layers.
/// - Returns: `[batch, outputs, inputs]`.
@specialized(where Scalar == Float)
public func jacobian<Scalar: RealTensorScalar>(
  at x: Tensor<Scalar>,
  of function: (Tensor<Scalar>) -> Tensor<Scalar>
) -> Tensor<Scalar> {
  valueAndJacobian(at: x, of: function).jacobian
}

/// The values of a function of vectors and its Jacobians, computed once.
///
/// - Parameters:
///   - x: the points, `[batch, inputs]`.
///   - function: as of ``jacobian(at:of:)``.
/// - Returns: `[batch, outputs]` and `[batch, outputs, inputs]`.
@specialized(where Scalar == Float)
public func valueAndJacobian<Scalar: RealTensorScalar>(
  at x: Tensor<Scalar>,
  of function: (Tensor<Scalar>) -> Tensor<Scalar>
) -> (value: Tensor<Scalar>, jacobian: Tensor<Scalar>) {
  precondition(x.rank == 2, "jacobian: points of shape \(x.shape), expected [batch, inputs]")
  if let node = x.node(for: "jacobian") {
    let first = node.state.nodes.count
    let y = function(x)
    return (y, carried(from: x, node, to: y, through: node.state.nodes[first...]))
  }
  let probe = function(x)
  if let state = probe.node(for: "jacobian")?.state {
    // The points are constants of a recording whose other numbers the function reads.
    let node = Node(leaf: "points", storage: x.storage, state: state)
    state.append(node)
    let first = state.nodes.count
    let point = Tensor(shape: x.shape, storage: x.storage, record: node)
    let y = function(point)
    return (y, carried(from: point, node, to: y, through: state.nodes[first...]))
  }
  do {
    let recording = try Recording(inputs: ["x": x]) { inputs in
      let point = inputs["x"] ?? x
      let (y, slope) = valueAndJacobian(at: point, of: function)
      return ["value": y, "jacobian": slope]
    }
    return (try recording.value("value"), try recording.value("jacobian"))
  } catch {
    preconditionFailure("jacobian: \(error)")
  }
}

/// Carries a unit change of each input through the nodes that a function added.
private func carried<Scalar: RealTensorScalar>(
  from x: Tensor<Scalar>,
  _ node: Node<Scalar>,
  to y: Tensor<Scalar>,
  through nodes: ArraySlice<Node<Scalar>>
) -> Tensor<Scalar> {
  let (batch, inputs) = (x.shape[0], x.shape[1])
  precondition(
    y.rank == 2 && y.shape[0] == batch,
    "jacobian: values of shape \(y.shape) at points of shape \(x.shape)"
  )
  var changes = [ObjectIdentifier(node): unitChanges(batch: batch, inputs: inputs, as: Scalar.self)]
  for node in Array(nodes) {
    let known = node.arguments.map { argument -> Tensor<Scalar>? in
      guard let source = argument.record as? Node<Scalar> else { return nil }
      return changes[ObjectIdentifier(source)]?.reshaped([inputs] + argument.shape)
    }
    guard known.contains(where: { $0 != nil }), !node.isConstant else { continue }
    guard let rule = node.forwardRule else {
      preconditionFailure("jacobian: the operation '\(node.operation)' has no forward rule")
    }
    let result = Tensor(shape: node.shape, storage: node.storage, record: node)
    let change = rule(
      Linearisation(
        operands: node.arguments,
        result: result,
        directions: inputs,
        changes: known
      )
    )
    changes[ObjectIdentifier(node)] = change?.broadcast(to: [inputs] + node.shape)
  }
  guard let last = y.record as? Node<Scalar>, let change = changes[ObjectIdentifier(last)] else {
    return .zeros([batch, y.shape[1], inputs])
  }
  return change.reshaped([inputs] + y.shape).permuted([1, 2, 0])
}

/// `[inputs, batch, inputs]`: in direction `j` input `j` of every point changes by 1.
private func unitChanges<Scalar: RealTensorScalar>(
  batch: Int,
  inputs: Int,
  as scalar: Scalar.Type
) -> Tensor<Scalar> {
  Tensor(shape: [inputs, batch, inputs]) { numbers in
    for place in 0..<numbers.count {
      numbers[place] = place / (batch * inputs) == place % inputs ? 1 : 0
    }
  }
}
