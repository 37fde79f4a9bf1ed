// Source: `satorras2019`, section 4 and its public program: an edge network for each kind of message, summed into
// nodes, batch normalisation, a gated recurrent unit, a decoder that starts small. Deviations: the memory starts at
// zeros, not at random numbers, so that results are functions of the data.

public import Autodiff
public import NeuralNetworks
public import Tensors

/// A graph network in the slot of message passing.
///
/// Each node remembers `h_t`, zeros at first; evidence has fixed features `v = e V + d`. In an iteration
/// `a_t = sum over kinds and edges s -> t of mlp_kind(h_t, h_s or v_s, message)`, two layers with leaky ReLUs,
/// `u_t = leaky(norm(a_t W))`, `h_t <- GRU(u_t, h_t)`, correction `D2 relu(norm(D1 h_t))`, one row a node. No gradient
/// flows back into the messages unless ``followsMessages`` is set.
///
/// Laws: relabelling nodes relabels the corrections; a problem's corrections do not depend on others in the batch in
/// inference mode.
public struct GraphCorrection<Scalar: RealTensorScalar>: MessageCorrection {
  /// The sizes of a network.
  public struct Widths: Sendable, Hashable {
    /// Features of a row of evidence.
    public var evidence: Int
    /// Numbers of a message of each kind; 0 where none are sent.
    public var messages: [Int]
    /// Which kinds come from evidence.
    public var fromEvidence: [Bool]
    /// What a node remembers.
    public var hidden: Int
    /// Numbers of a correction.
    public var outputs: Int

    /// The sizes of a network.
    public init(
      evidence: Int,
      messages: [Int],
      fromEvidence: [Bool],
      hidden: Int = 48,
      outputs: Int
    ) {
      self.evidence = evidence
      self.messages = messages
      self.fromEvidence = fromEvidence
      self.hidden = hidden
      self.outputs = outputs
    }
  }

  /// What is carried from iteration to iteration.
  public struct Memory {
    let graph: MessageGraph
    /// Of each kind, products of the evidence with its part of the first layer.
    let evidence: [Tensor<Scalar>?]
    /// `h`, `[nodes, hidden]`.
    var hidden: Tensor<Scalar>
  }

  /// Whether gradients flow through the messages too, as differentiating the whole algorithm asks for.
  public var followsMessages = false
  /// The sizes.
  public let widths: Widths
  /// `V` and `d`.
  public let evidence: Dense<Scalar>
  /// The nodes' part of the first layers, kind by kind the target's block and the source's where that is a node.
  public let nodes: Dense<Scalar>
  /// The layers of each kind.
  public let kinds: [EdgeModule<Scalar>]
  /// `W`.
  public let arrival: Dense<Scalar>
  /// The normalisation behind it.
  public let arrivalNorm: BatchNormalisation<Scalar>
  /// The memory.
  public let memory: GRU<Scalar>
  /// `D1`.
  public let decoder: Dense<Scalar>
  /// The normalisation behind it.
  public let decoderNorm: BatchNormalisation<Scalar>
  /// `D2`.
  public let output: Dense<Scalar>

  /// A network drawn at random, whose corrections start near zero.
  public init(_ widths: Widths, from stream: inout RandomStream) {
    precondition(
      widths.messages.count == widths.fromEvidence.count && widths.hidden >= 1,
      "GraphCorrection: \(widths)"
    )
    self.widths = widths
    let hidden = widths.hidden
    func dense(_ inputs: Int, _ outputs: Int) -> Dense<Scalar> {
      Dense(inputs, outputs, initialisation: .fanIn, from: &stream)
    }
    evidence = dense(widths.evidence, hidden)
    kinds = zip(widths.messages, widths.fromEvidence).map {
      EdgeModule(messages: $0, isFromEvidence: $1, hidden: hidden, from: &stream)
    }
    let blocks = widths.fromEvidence.reduce(0) { $0 + ($1 ? 1 : 2) }
    nodes = dense(hidden, blocks * hidden)
    arrival = dense(hidden, hidden)
    arrivalNorm = BatchNormalisation(hidden, activation: .leakyRelu)
    memory = GRU(inputs: hidden, hidden: hidden, from: &stream)
    decoder = dense(hidden, hidden)
    decoderNorm = BatchNormalisation(hidden, activation: .relu)
    output = Dense(
      weight: Initialisation.glorotUniform.drawn(
        [hidden, widths.outputs],
        inputs: hidden,
        outputs: widths.outputs,
        from: &stream
      ) * Scalar(0.1),
      bias: .zeros([widths.outputs])
    )
  }

  private init(copying other: GraphCorrection, in duplication: Duplication<Scalar>) {
    widths = other.widths
    followsMessages = other.followsMessages
    evidence = other.evidence.duplicated(in: duplication)
    nodes = other.nodes.duplicated(in: duplication)
    kinds = other.kinds.map { $0.duplicated(in: duplication) }
    arrival = other.arrival.duplicated(in: duplication)
    arrivalNorm = other.arrivalNorm.duplicated(in: duplication)
    memory = other.memory.duplicated(in: duplication)
    decoder = other.decoder.duplicated(in: duplication)
    decoderNorm = other.decoderNorm.duplicated(in: duplication)
    output = other.output.duplicated(in: duplication)
  }

  /// Nothing remembered yet, and what does not change from iteration to iteration.
  public func start(
    _ graph: MessageGraph,
    evidence features: Tensor<Scalar>,
    mode: Mode
  ) -> Memory {
    let known = evidence(features, mode: mode)
    return Memory(
      graph: graph,
      evidence: kinds.map { kind in
        kind.evidenceWeight.map { linear(known, $0.value) }
      },
      hidden: .zeros([graph.nodes, widths.hidden])
    )
  }

  /// The correction of each node, `[nodes, outputs]`.
  public func correction(
    _ messages: [Tensor<Scalar>],
    _ memory: inout Memory,
    mode: Mode
  ) -> Tensor<Scalar>? {
    let layers = kinds.indices.map { index in
      let message = index < messages.count ? messages[index] : nil
      return EdgeLayers(
        edges: memory.graph.kinds[index].edges,
        evidence: memory.evidence[index],
        messages: message.map { followsMessages ? $0 : stopGradient($0) },
        messageWeight: message == nil ? nil : kinds[index].messageWeight?.value,
        weight: kinds[index].second.weight.value,
        bias: kinds[index].second.bias?.value ?? .zeros([widths.hidden])
      )
    }
    let sums = edgeNetwork(
      memory.hidden,
      nodeWeight: nodes.weight.value,
      nodeBias: nodes.bias?.value ?? .zeros([nodes.outputs]),
      kinds: layers
    )
    let arrived = arrivalNorm(arrival(sums, mode: mode), mode: mode)
    memory.hidden = self.memory.step(joining: [arrived], memory.hidden)
    return output(decoderNorm(decoder(memory.hidden, mode: mode), mode: mode), mode: mode)
  }

  /// Names the layers.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    visitor.child("evidence", evidence)
    visitor.child("nodes", nodes)
    visitor.children("kinds", kinds)
    visitor.child("arrival", arrival)
    visitor.child("arrivalNorm", arrivalNorm)
    visitor.child("memory", memory)
    visitor.child("decoder", decoder)
    visitor.child("decoderNorm", decoderNorm)
    visitor.child("output", output)
  }

  /// A copy with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> GraphCorrection {
    GraphCorrection(copying: self, in: duplication)
  }
}

/// The layers of one kind of edge that are not its nodes'.
public struct EdgeModule<Scalar: RealTensorScalar>: DuplicableModule {
  /// What a message adds to the first layer, `[numbers, hidden]`; nil where none are sent.
  public let messageWeight: Parameter<Scalar>?
  /// What evidence at the source adds to it, `[hidden, hidden]`; nil where nodes are the sources.
  public let evidenceWeight: Parameter<Scalar>?
  /// The second layer.
  public let second: Dense<Scalar>

  /// Layers drawn at random, as parts of one layer over target, source and message.
  init(messages: Int, isFromEvidence: Bool, hidden: Int, from stream: inout RandomStream) {
    func drawn(_ inputs: Int) -> Parameter<Scalar> {
      Parameter(
        Initialisation.fanIn.drawn(
          [inputs, hidden],
          inputs: 2 * hidden + messages,
          outputs: hidden,
          from: &stream
        )
      )
    }
    messageWeight = messages == 0 ? nil : drawn(messages)
    evidenceWeight = isFromEvidence ? drawn(hidden) : nil
    second = Dense(hidden, hidden, initialisation: .fanIn, from: &stream)
  }

  private init(copying other: EdgeModule, in duplication: Duplication<Scalar>) {
    messageWeight = other.messageWeight.map { duplication.copy($0) }
    evidenceWeight = other.evidenceWeight.map { duplication.copy($0) }
    second = other.second.duplicated(in: duplication)
  }

  /// Names the layers.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    if let messageWeight { visitor.parameter("messageWeight", messageWeight) }
    if let evidenceWeight { visitor.parameter("evidenceWeight", evidenceWeight) }
    visitor.child("second", second)
  }

  /// A copy with parameters of its own.
  public func duplicated(in duplication: Duplication<Scalar>) -> EdgeModule {
    EdgeModule(copying: self, in: duplication)
  }
}
