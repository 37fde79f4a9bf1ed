public import Tensors

/// The sphere decoder: the most likely vector, exactly.
///
/// With `H P = Q R` the cost `|y - H s|^2` is `|z - R s|^2` and a constant, a sum over rows from the last
/// up: a tree. It is searched depth first, the values of a symbol by their distance (Schnorr and
/// Euchner), and what costs more than the best vector so far is cut. The first vector is that of decision
/// feedback. Columns are ordered by sorted QR with the noise's loading, which changes the time only.
///
/// - Complexity: exponential in the users in the worst case; a node limit bounds it.
/// - SeeAlso: `agrell2002`, `damen2003`.
public struct SphereDecoder<Scalar: RealTensorScalar>: VectorDetector {
  /// The factors of a channel and the memory of a search.
  public struct Workspace {
    var ordered: DecisionFeedback<Scalar>.Workspace
    let factor: ReflectedColumns<Scalar>
    let received: UnsafeMutablePointer<Scalar>
    var search: SphereSearch<Scalar>
    let scratch: VectorScratch<Scalar>
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// The most nodes of a search; the vector is then marked as not exact.
  public let nodeLimit: Int

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, nodeLimit: Int = 1_000_000) {
    precondition(nodeLimit >= 1, "SphereDecoder: node limit \(nodeLimit)")
    self.levels = levels
    self.nodeLimit = nodeLimit
  }

  /// Memory of the factors and of a search.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    let scratch = VectorScratch<Scalar>()
    return Workspace(
      ordered: feedback.workspace(shape),
      factor: ReflectedColumns(rows: shape.receive, columns: shape.users),
      received: scratch.take(shape.receive),
      search: SphereSearch(users: shape.users, levels.values, nodeLimit: nodeLimit),
      scratch: scratch
    )
  }

  /// What orders the users.
  private var feedback: DecisionFeedback<Scalar> {
    DecisionFeedback(levels: levels, ordering: .sorted, criterion: .minimumError)
  }

  /// Orders and factors the channel.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    let factor = workspace.factor
    guard factor.rows >= factor.columns else { throw .rankDeficient(column: factor.rows) }
    try feedback.prepare(channel, noiseVariance: noiseVariance, &workspace.ordered)
    factor.load(channel, factor.rows, columns: workspace.ordered.order)
    factor.reduce(.given)
    workspace.search.load(factor)
  }

  /// Searches.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    workspace.received.update(from: received, count: workspace.factor.rows)
    workspace.factor.reflect(workspace.received)
    let isExact = workspace.search.run(workspace.received)
    for place in 0..<workspace.factor.columns {
      output.symbols[workspace.ordered.order[place]] = workspace.search.best[place]
    }
    return isExact ? nil : .nodeLimit
  }
}
