internal import CKernels
public import Tensors

/// The layers of one kind of edge in ``edgeNetwork(_:nodeWeight:nodeBias:kinds:)``.
public struct EdgeLayers<Scalar: RealTensorScalar> {
  /// From which rows to which nodes.
  public var edges: EdgeList
  /// Products of the sources with their part of the first layer, `[sources, width]`; nil where nodes are the sources.
  public var evidence: Tensor<Scalar>?
  /// What runs along each edge, `[edges, numbers]`; nil for nothing.
  public var messages: Tensor<Scalar>?
  /// The messages' part of the first layer, `[numbers, width]`; nil with them.
  public var messageWeight: Tensor<Scalar>?
  /// The second layer, `[width, width]`.
  public var weight: Tensor<Scalar>
  /// Its bias, `[width]`.
  public var bias: Tensor<Scalar>

  /// The layers of one kind of edge.
  public init(
    edges: EdgeList,
    evidence: Tensor<Scalar>?,
    messages: Tensor<Scalar>?,
    messageWeight: Tensor<Scalar>?,
    weight: Tensor<Scalar>,
    bias: Tensor<Scalar>
  ) {
    self.edges = edges
    self.evidence = evidence
    self.messages = messages
    self.messageWeight = messageWeight
    self.weight = weight
    self.bias = bias
  }

  /// How many blocks of columns it takes of the nodes' weight: the target's, and the source's where that is a node.
  var blocks: Int { evidence == nil ? 2 : 1 }
}

/// What two-layer networks along the edges of a graph bring to its nodes, summed, as one node.
///
/// For an edge of a kind from `s` to `t`, with leaky ReLUs `a`: `hidden = a(h_t A + c + h_s B + message C)`,
/// `out = a(hidden W + b)`, and `y_t` is the sum of what arrives over all kinds. The first layer of
/// `[h_s, h_t, message]` is taken apart so that its products with nodes are made once a node, not once an edge.
///
/// - Parameters:
///   - nodes: `h`, `[nodes, features]`.
///   - nodeWeight: side by side, kind by kind, `A` and, of kinds whose sources are nodes, `B`: `[features, blocks * width]`.
///   - nodeBias: `c` in the places of `A`, `[blocks * width]`; what is in the places of `B` is added as well.
///   - kinds: the edges and their layers.
/// - Returns: `[nodes, width]`.
/// - SeeAlso: `satorras2019`, `gilmer2017`.
@specialized(where Scalar == Float)
public func edgeNetwork<Scalar: RealTensorScalar>(
  _ nodes: Tensor<Scalar>,
  nodeWeight: Tensor<Scalar>,
  nodeBias: Tensor<Scalar>,
  kinds: [EdgeLayers<Scalar>]
) -> Tensor<Scalar> {
  let width = kinds.first?.weight.shape.last ?? 0
  let blocks = kinds.reduce(0) { $0 + $1.blocks }
  precondition(
    nodes.rank == 2 && nodeWeight.shape == [nodes.shape[1], blocks * width]
      && nodeBias.shape == [blocks * width],
    "edgeNetwork: nodes \(nodes.shape), their weight \(nodeWeight.shape) and bias \(nodeBias.shape) for"
      + " \(blocks) blocks of \(width)"
  )
  var operands = [nodes, nodeWeight, nodeBias]
  for kind in kinds {
    operands += [kind.weight, kind.bias]
    operands += [kind.evidence, kind.messages, kind.messageWeight].compactMap { $0 }
  }
  let most = kinds.map(\.edges.count).max() ?? 0
  let shared = EdgeScratch(
    parts: Primitive.scratch(operands, 0, count: nodes.shape[0] * blocks * width),
    second: Primitive.scratch(operands, 1, count: most * width),
    hidden: Primitive.scratch(operands, 2, count: most * width)
  )
  var column = 0
  let plans = kinds.map { kind in
    defer { column += kind.blocks * width }
    return EdgePlan(
      kind,
      width: width,
      nodes: nodes.shape[0],
      column: column,
      leading: blocks * width,
      shared
    )
  }
  let product = LinearPlan(
    inputs: nodes.shape[1],
    outputs: blocks * width,
    isTransposed: false,
    activation: GRAYBOX_IDENTITY,
    x: JoinedColumns([nodes], for: "edgeNetwork"),
    weight: nodeWeight.storage,
    bias: nodeBias.storage,
    pool: Primitive.pool(operands)
  )
  return Primitive.apply(
    "edgeNetwork",
    operands,
    shape: [nodes.shape[0], width],
    forward: { y in
      product.forward(shared.parts)
      y.values.clear(count: y.count)
      for plan in plans { plan.forward(y) }
    },
    backward: { y in
      shared.parts.allocateGradients()
      shared.parts.gradients?.clear(count: nodes.shape[0] * blocks * width)
      for plan in plans { plan.backward(y) }
      product.backward(shared.parts)
    }
  )
}

/// Memory that the kinds of one pass use in turn.
private struct EdgeScratch<Scalar: RealTensorScalar> {
  /// The nodes' part of the first layer, or its gradient, `[nodes, blocks * width]`.
  let parts: TensorStorage<Scalar>
  /// Gradients of both layers, `[edges, width]`.
  let second: TensorStorage<Scalar>
  let hidden: TensorStorage<Scalar>
}

/// One kind of edge in one pass.
private final class EdgePlan<Scalar: RealTensorScalar> {
  private let kind: EdgeLayers<Scalar>
  private let width: Int
  /// Where the target's block begins; the source's is behind it.
  private let column: Int
  private let leading: Int
  private let shared: EdgeScratch<Scalar>
  /// Values after the first and the second layer, `[edges, width]`.
  private let hidden: TensorStorage<Scalar>
  private let second: TensorStorage<Scalar>
  private var count: Int { kind.edges.count }
  private var messageWidth: Int { kind.messageWeight?.shape[0] ?? 0 }

  init(
    _ kind: EdgeLayers<Scalar>,
    width: Int,
    nodes: Int,
    column: Int,
    leading: Int,
    _ shared: EdgeScratch<Scalar>
  ) {
    self.kind = kind
    self.width = width
    self.column = column
    self.leading = leading
    self.shared = shared
    let edges = kind.edges.count
    hidden = TensorStorage(uninitialised: edges * width)
    second = TensorStorage(uninitialised: edges * width)
    precondition(
      kind.weight.shape == [width, width] && kind.bias.shape == [width]
        && kind.edges.targetRows <= nodes
        && kind.edges.sourceRows <= kind.evidence?.shape[0] ?? nodes
        && (kind.evidence == nil || kind.evidence?.shape.last == width)
        && (kind.messages == nil || kind.messages?.shape == [edges, messageWidth])
        && (kind.messageWeight == nil || kind.messageWeight?.shape.last == width),
      "edgeNetwork: layers \(kind.weight.shape), evidence \(kind.evidence?.shape ?? []), messages "
        + "\(kind.messages?.shape ?? []) for \(edges) edges, \(nodes) nodes and \(width) features"
    )
  }

  private func withEnds(
    _ body: (_ sources: UnsafePointer<Int32>, _ targets: UnsafePointer<Int32>) -> Void
  ) {
    kind.edges.sources.withUnsafeBufferPointer { sources in
      kind.edges.targets.withUnsafeBufferPointer { targets in
        guard let sources = sources.baseAddress, let targets = targets.baseAddress, count > 0
        else { return }
        body(sources, targets)
      }
    }
  }

  func forward(_ y: TensorStorage<Scalar>) {
    withEnds { sources, targets in
      let parts = shared.parts.values + column
      Scalar.kernels.pointee.edge_hidden(
        count,
        width,
        sources,
        targets,
        kind.evidence?.storage.values ?? parts + width,
        kind.evidence == nil ? leading : width,
        parts,
        leading,
        kind.messages?.storage.values,
        messageWidth,
        kind.messageWeight?.storage.values,
        hidden.values
      )
      multiply(hidden.values, second.values)
      Scalar.kernels.pointee.edge_arrive(
        count,
        width,
        targets,
        kind.bias.storage.values,
        second.values,
        y.values
      )
    }
  }

  private func multiply(
    _ x: UnsafePointer<Scalar>,
    _ y: UnsafeMutablePointer<Scalar>,
    transposed: Bool = false
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: count,
        columns: width,
        inner: width,
        alpha: 1,
        beta: 0,
        a: x,
        leadingA: width,
        b: kind.weight.storage.values,
        transposeB: transposed,
        leadingB: width,
        c: y,
        leadingC: width
      )
    )
  }

  /// Adds to the gradients of its layers, of the evidence and the messages, and of the nodes' parts.
  func backward(_ y: TensorStorage<Scalar>) {
    guard let gy = y.gradients else { return }
    withEnds { sources, targets in
      let kernels = Scalar.kernels
      kernels.pointee.edge_arrive_backward(
        count,
        width,
        targets,
        second.values,
        gy,
        shared.second.values
      )
      if let gradient = kind.weight.storage.productGradient {
        product(hidden.values, width, shared.second.values, to: gradient)
      }
      if let gradient = kind.bias.storage.accumulatedGradient {
        kernels.pointee.column_sums(count, width, shared.second.values, gradient)
      }
      multiply(shared.second.values, shared.hidden.values, transposed: true)
      guard let parts = shared.parts.gradients.map({ $0 + column }) else { return }
      kernels.pointee.edge_hidden_backward(
        count,
        width,
        sources,
        targets,
        hidden.values,
        shared.hidden.values,
        kind.evidence.map { $0.storage.accumulatedGradient } ?? parts + width,
        kind.evidence == nil ? leading : width,
        parts,
        leading
      )
      messageBackward()
    }
  }

  private func messageBackward() {
    guard let messages = kind.messages, let weight = kind.messageWeight else { return }
    if let gradient = weight.storage.productGradient {
      product(messages.storage.values, messageWidth, shared.hidden.values, to: gradient)
    }
    guard let (pointer, beta) = messages.storage.productGradient else { return }
    Scalar.matrixProduct(
      MatrixProduct(
        rows: count,
        columns: messageWidth,
        inner: width,
        alpha: 1,
        beta: beta,
        a: shared.hidden.values,
        leadingA: width,
        b: weight.storage.values,
        transposeB: true,
        leadingB: width,
        c: pointer,
        leadingC: messageWidth
      )
    )
  }

  /// `x' g`, a weight's gradient.
  private func product(
    _ x: UnsafePointer<Scalar>,
    _ inputs: Int,
    _ g: UnsafePointer<Scalar>,
    to gradient: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: inputs,
        columns: width,
        inner: count,
        alpha: 1,
        beta: gradient.beta,
        a: x,
        transposeA: true,
        leadingA: inputs,
        b: g,
        leadingB: width,
        c: gradient.pointer,
        leadingC: width
      )
    )
  }
}
