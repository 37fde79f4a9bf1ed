package import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The running thread, as a number to compare.
func currentThread() -> UInt {
  #if canImport(Glibc)
  UInt(pthread_self())
  #else
  UInt(bitPattern: pthread_self())
  #endif
}

/// What the nodes of one recording share while its closure runs.
final class RecordingState<Scalar: RealTensorScalar> {
  private(set) var isOpen = true
  private let thread = currentThread()
  let pool: WorkerPool
  private(set) var nodes: [Node<Scalar>] = []
  /// The streams of its random operations.
  var streams: [StreamOwner] = []
  /// The operation whose result the host read; nil while the recording can be replayed.
  var operationReadByHost: String?

  /// The largest scratch memory of each place so far.
  private var scratches: [Int: TensorStorage<Scalar>] = [:]

  init(pool: WorkerPool) { self.pool = pool }

  /// Memory that nodes share, one after the other: what is in it lasts for one forward or backward pass of one
  /// node.
  func scratch(_ place: Int, count: Int) -> TensorStorage<Scalar> {
    if let known = scratches[place], known.count >= count { return known }
    let new = TensorStorage<Scalar>(uninitialised: count)
    scratches[place] = new
    return new
  }

  /// Traps when a node is used after its recording or from another thread.
  func checkUse(of operation: String, for what: String) {
    precondition(
      isOpen,
      "\(what): the result of '\(operation)' left its recording; return it from the closure and"
        + " read it with value(_:)"
    )
    precondition(
      thread == currentThread(),
      "\(what): the result of '\(operation)' belongs to a recording of another task"
    )
  }

  func append(_ node: Node<Scalar>) { nodes.append(node) }

  /// Ends the recording and hands over the nodes in order of creation.
  func close() -> [Node<Scalar>] {
    isOpen = false
    defer { nodes = [] }
    return nodes
  }
}

/// One value of a recording and how to compute it and its inputs' gradients again.
final class Node<Scalar: RealTensorScalar>: TensorRecord {
  let operation: String
  let storage: TensorStorage<Scalar>
  let state: RecordingState<Scalar>
  /// The recorded operands, for reports.
  let operands: [Node<Scalar>]
  /// What the operation read, recorded or not, and the shape of its result, for its forward rule.
  let arguments: [Tensor<Scalar>]
  let shape: [Int]
  let forwardRule: ForwardRule<Scalar>?
  let scalarRule: ScalarRule<Scalar>?
  /// Whether small changes of the operands leave the result as it is.
  let isConstant: Bool
  /// Set on a parameter's leaf.
  let parameter: Parameter<Scalar>?
  /// Computes the value again; nothing for a leaf.
  let forward: () -> Void
  /// Adds to the operands' gradients; nothing where none is wanted.
  ///
  /// No optional: a closure inside one is called through a thunk.
  let backward: () -> Void
  /// Whether the value comes from outside.
  let isLeaf: Bool

  init(
    _ operation: String,
    storage: TensorStorage<Scalar>,
    state: RecordingState<Scalar>,
    operands: [Node<Scalar>] = [],
    arguments: [Tensor<Scalar>] = [],
    shape: [Int] = [],
    forwardRule: ForwardRule<Scalar>? = nil,
    scalarRule: ScalarRule<Scalar>? = nil,
    isConstant: Bool = false,
    forward: @escaping () -> Void,
    backward: @escaping () -> Void
  ) {
    self.operation = operation
    self.storage = storage
    self.state = state
    self.operands = operands
    self.arguments = arguments
    self.shape = shape
    self.forwardRule = forwardRule
    self.scalarRule = scalarRule
    self.isConstant = isConstant
    parameter = nil
    self.forward = forward
    self.backward = backward
    isLeaf = false
  }

  init(
    leaf operation: String,
    storage: TensorStorage<Scalar>,
    state: RecordingState<Scalar>,
    parameter: Parameter<Scalar>? = nil
  ) {
    self.operation = operation
    self.storage = storage
    self.state = state
    operands = []
    arguments = []
    shape = []
    forwardRule = nil
    scalarRule = nil
    isConstant = false
    self.parameter = parameter
    forward = {}
    backward = {}
    isLeaf = true
  }

  func hostWillRead(_ what: String) {
    state.checkUse(of: operation, for: what)
    if state.operationReadByHost == nil { state.operationReadByHost = operation }
  }
}

extension Tensor where Scalar: RealTensorScalar {
  /// The node of a recorded tensor, checked for use here and now.
  func node(for operation: String) -> Node<Scalar>? {
    guard let record else { return nil }
    guard let node = record as? Node<Scalar> else {
      preconditionFailure("\(operation): a record of unknown kind")
    }
    node.state.checkUse(of: node.operation, for: operation)
    return node
  }
}

extension TensorStorage {
  /// Where to add a gradient, zeroed the first time in a backward pass; nil when none is wanted.
  package var accumulatedGradient: UnsafeMutablePointer<Scalar>? {
    guard let gradients else { return nil }
    if gradientIsFresh {
      gradients.clear(count: count)
      gradientIsFresh = false
    }
    return gradients
  }
}

extension TensorStorage where Scalar: RealTensorScalar {
  /// Where a product may write a gradient, and whether it must add to what is there.
  package var productGradient: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)? {
    guard let gradients else { return nil }
    defer { gradientIsFresh = false }
    return (gradients, gradientIsFresh ? 0 : 1)
  }
}
