public import Autodiff

/// Where messages run: edges of several kinds among nodes, or from rows of evidence to nodes.
///
/// Nodes hold what is inferred and what a correction remembers; evidence is what was observed, the same in
/// every iteration. A chain has the kinds "from the step before", "from the observation" and "from the
/// step after"; a code "from variable to check", "from check to variable" and "from the channel".
public struct MessageGraph: Sendable {
  /// Edges whose messages are made by one rule.
  public struct Kind: Sendable {
    /// From which rows to which nodes.
    public let edges: EdgeList
    /// Whether the sources are rows of the evidence, not nodes.
    public let isFromEvidence: Bool

    /// Edges of one kind.
    public init(_ edges: EdgeList, isFromEvidence: Bool = false) {
      self.edges = edges
      self.isFromEvidence = isFromEvidence
    }
  }

  /// How many nodes there are.
  public let nodes: Int
  /// The kinds of edges, in the order of their messages.
  public let kinds: [Kind]

  /// A graph of some nodes.
  public init(nodes: Int, kinds: [Kind]) {
    precondition(
      kinds.allSatisfy { $0.edges.targets.allSatisfy { $0 < nodes } },
      "MessageGraph: an edge to a node that is not among \(nodes)"
    )
    self.nodes = nodes
    self.kinds = kinds
  }
}
