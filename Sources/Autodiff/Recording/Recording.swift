internal import CKernels
public import Tensors

/// A computation that can be run again on other numbers and differentiated.
///
/// The closure runs once; each operation on a recorded tensor adds a node whose buffers are
/// allocated then. ``replay(_:)`` puts new inputs in and computes every node again, ``backward(from:)``
/// computes the gradients of the parameters and of the differentiated inputs; neither allocates.
/// Ordinary Swift loops and branches unroll into the record. The order of creation is the
/// topological order.
///
/// A host read of a recorded number (a comparison, a subscript, a print) ties the record to those
/// numbers: `replay` then throws and names the operation. A recorded tensor that leaves the closure
/// cannot be read; results come out as copies by ``value(_:)``.
///
/// ```swift
/// let w = Parameter(Tensor<Float>(2))
/// let recording = try Recording(
///   inputs: ["x": Tensor<Float>([1, 2, 3])], parameters: [w]
/// ) { inputs in ["loss": square(w.value * inputs["x"]! - 1).mean()] }
/// try recording.backward()
/// w.gradient                                                    // d loss / d w
/// try recording.replay(["x": Tensor<Float>([0, 1, 0])])         // the same, on other numbers
/// ```
public final class Recording<Scalar: RealTensorScalar> {
  let nodes: [Node<Scalar>]
  let inputs: [String: Tensor<Scalar>]
  let outputs: [String: Tensor<Scalar>]
  private let parameters: [Parameter<Scalar>]
  private let operationReadByHost: String?
  private let streams: [StreamOwner]
  /// Nodes that compute, in order; leaves left out.
  private let steps: [Node<Scalar>]

  /// Runs the closure once and records it.
  ///
  /// - Parameters:
  ///   - inputs: the tensors that a replay may replace, by name.
  ///   - differentiated: the inputs whose gradients are wanted.
  ///   - parameters: the parameters whose gradients are wanted; others count as constants.
  ///   - pool: the threads that an operation on a large batch may use.
  ///   - body: computes named outputs from the recorded inputs.
  /// - Throws: what the closure throws.
  public convenience init(
    inputs: [String: Tensor<Scalar>],
    differentiated: Set<String> = [],
    parameters: [Parameter<Scalar>] = [],
    pool: WorkerPool = .serial,
    _ body: ([String: Tensor<Scalar>]) throws -> [String: Tensor<Scalar>]
  ) throws {
    try self.init(
      inputs: inputs,
      differentiated: differentiated,
      parameters: parameters,
      leaves: \.storage,
      pool: pool,
      body
    )
  }

  /// Runs the closure once and records it, with leaves that others choose: recordings with gradients of their own may
  /// be computed side by side.
  ///
  /// - Parameters:
  ///   - inputs: the tensors that a replay may replace, by name.
  ///   - differentiated: the inputs whose gradients are wanted.
  ///   - parameters: the parameters whose gradients are wanted; others count as constants.
  ///   - leaf: the storage that stands for a parameter: its values, and where its gradient goes.
  ///   - pool: the threads that an operation on a large batch may use.
  ///   - body: computes named outputs from the recorded inputs.
  /// - Throws: what the closure throws.
  package init(
    inputs: [String: Tensor<Scalar>],
    differentiated: Set<String> = [],
    parameters: [Parameter<Scalar>],
    leaves leaf: (Parameter<Scalar>) -> TensorStorage<Scalar>,
    pool: WorkerPool,
    _ body: ([String: Tensor<Scalar>]) throws -> [String: Tensor<Scalar>]
  ) throws {
    let state = RecordingState<Scalar>(pool: pool)
    var leaves: [String: Tensor<Scalar>] = [:]
    for (name, tensor) in inputs.sorted(by: { $0.key < $1.key }) {
      leaves[name] = Self.leaf(
        name,
        tensor,
        state: state,
        isDifferentiated: differentiated.contains(name)
      )
    }
    var distinct: [Parameter<Scalar>] = []
    defer { for parameter in distinct { parameter.unbind() } }
    for parameter in parameters where !distinct.contains(where: { $0 === parameter }) {
      let storage = leaf(parameter)
      let node = Node(leaf: "parameter", storage: storage, state: state, parameter: parameter)
      state.append(node)
      parameter.bind(Tensor(shape: parameter.shape, storage: storage, record: node))
      distinct.append(parameter)
    }
    let results: [String: Tensor<Scalar>]
    do { results = try body(leaves) } catch {
      _ = state.close()
      throw error
    }
    // An output that needed no recorded operand is a constant of the recording.
    for (_, tensor) in results { _ = tensor.node(for: "an output") }
    operationReadByHost = state.operationReadByHost
    streams = state.streams
    nodes = state.close()
    steps = nodes.filter { !$0.isLeaf }
    self.inputs = leaves
    self.outputs = results
    self.parameters = distinct
  }

  private static func leaf(
    _ name: String,
    _ tensor: Tensor<Scalar>,
    state: RecordingState<Scalar>,
    isDifferentiated: Bool
  ) -> Tensor<Scalar> {
    let storage = TensorStorage<Scalar>(uninitialised: tensor.count)
    storage.values.update(from: tensor.storage.values, count: tensor.count)
    if isDifferentiated { storage.allocateGradients() }
    let node = Node(leaf: "input '\(name)'", storage: storage, state: state)
    state.append(node)
    return Tensor(shape: tensor.shape, storage: storage, record: node)
  }

  /// How many operations were recorded.
  public var operationCount: Int { steps.count }

  /// Whether other numbers can be put in.
  public var isReplayable: Bool { operationReadByHost == nil }

  /// A copy of an output.
  public func value(_ output: String) throws(RecordingError) -> Tensor<Scalar> {
    let tensor = try recorded(output)
    return Tensor(shape: tensor.shape) { target in
      target.baseAddress?.update(from: tensor.storage.values, count: tensor.count)
    }
  }

  /// Lends an output's numbers for the duration of the closure, without a copy.
  package func withValue<Result>(
    _ output: String,
    _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
  ) throws -> Result {
    let tensor = try recorded(output)
    return try body(UnsafeBufferPointer(start: tensor.storage.values, count: tensor.count))
  }

  /// The only number of an output, without making a tensor.
  public func scalar(_ output: String) throws(RecordingError) -> Scalar {
    let tensor = try recorded(output)
    guard tensor.count == 1 else { throw .notScalar(output: output, shape: tensor.shape) }
    return tensor.storage.values[0]
  }

  /// The gradient of a differentiated input after ``backward(from:)``.
  public func gradient(of input: String) throws(RecordingError) -> Tensor<Scalar> {
    guard let leaf = inputs[input], let gradients = leaf.storage.gradients else {
      throw .unknownInput(input, known: inputs.filter { $1.storage.gradients != nil }.keys.sorted())
    }
    return Tensor(shape: leaf.shape) { target in
      target.baseAddress?.update(from: gradients, count: target.count)
    }
  }

  /// Puts new inputs in and computes everything again, without allocating.
  ///
  /// - Parameter newInputs: tensors of the recorded shapes; inputs left out keep their numbers.
  /// - Throws: ``RecordingError`` for an unknown input, another shape, or a host read.
  public func replay(_ newInputs: [String: Tensor<Scalar>]) throws(RecordingError) {
    for (name, tensor) in newInputs {
      guard let leaf = inputs[name] else { throw .unknownInput(name, known: inputs.keys.sorted()) }
      guard leaf.shape == tensor.shape else {
        throw .shapeMismatch(input: name, expected: leaf.shape, actual: tensor.shape)
      }
      leaf.storage.values.update(from: tensor.storage.values, count: tensor.count)
    }
    try forward()
  }

  /// Computes every operation again from the inputs and parameters as they are.
  @specialized(where Scalar == Float)
  public func forward() throws(RecordingError) {
    if let operationReadByHost { throw .notReplayable(operation: operationReadByHost) }
    for node in steps { node.forward() }
  }

  /// Makes the next ``forward()`` the given numbered draw of every random operation, so that a training
  /// that is taken up draws what an uninterrupted one draws.
  package func positionRandomStreams(at draw: Int) {
    for owner in streams { owner.position(at: draw) }
  }

  /// Computes the gradients of parameters and differentiated inputs; earlier ones are overwritten.
  ///
  /// - Parameters:
  ///   - output: a single number.
  ///   - factor: of all gradients.
  /// - Throws: ``RecordingError`` when the output is unknown, no single number, or depends on nothing
  ///   that is differentiated.
  @specialized(where Scalar == Float)
  public func backward(
    from output: String = "loss",
    scaledBy factor: Scalar = 1
  ) throws(RecordingError) {
    let tensor = try recorded(output)
    guard tensor.count == 1 else { throw .notScalar(output: output, shape: tensor.shape) }
    guard let seed = tensor.storage.gradients, tensor.record != nil else {
      throw .notDifferentiable(output: output)
    }
    for node in nodes { node.storage.gradientIsFresh = true }
    seed[0] = factor
    tensor.storage.gradientIsFresh = false
    for node in nodes.reversed() where !node.storage.gradientIsFresh { node.backward() }
    for node in nodes where node.isLeaf { _ = node.storage.accumulatedGradient }
  }

  /// Where an input's numbers live, for filling it without a tensor.
  package func inputBuffer(_ name: String) throws(RecordingError)
    -> UnsafeMutableBufferPointer<Scalar>
  {
    guard let leaf = inputs[name] else { throw .unknownInput(name, known: inputs.keys.sorted()) }
    return UnsafeMutableBufferPointer(start: leaf.storage.values, count: leaf.count)
  }

  private func recorded(_ output: String) throws(RecordingError) -> Tensor<Scalar> {
    guard let tensor = outputs[output] else {
      throw .unknownOutput(output, known: outputs.keys.sorted())
    }
    return tensor
  }
}

/// Where a computation first went wrong.
public struct NonFiniteReport<Scalar: RealTensorScalar> {
  /// The operation whose result is not finite.
  public let operation: String
  /// The parameters that it read, directly or through the operations just before it.
  public let parameters: [Parameter<Scalar>]
  /// Whether it was an input or a parameter that was not finite, rather than a result.
  public let isLeaf: Bool
}

extension Recording {
  /// The first operation whose result holds a NaN or an infinity; nil when all are finite.
  ///
  /// Infinities that a later operation uses up (a mask's) are reported too: call it when an output is
  /// known to be wrong.
  public func firstNonFinite() -> NonFiniteReport<Scalar>? {
    for node in nodes
    where Scalar.kernels.pointee.all_finite(node.storage.count, node.storage.values) == 0 {
      return NonFiniteReport(
        operation: node.operation,
        parameters: Self.parameters(near: node),
        isLeaf: node.isLeaf
      )
    }
    return nil
  }

  private static func parameters(near node: Node<Scalar>) -> [Parameter<Scalar>] {
    var frontier = [node]
    for _ in 0..<8 where !frontier.isEmpty {
      let found = frontier.compactMap(\.parameter)
      if !found.isEmpty { return found }
      frontier = frontier.flatMap(\.operands)
    }
    return []
  }
}
