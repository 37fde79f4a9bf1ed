/// Directed edges between rows of numbers: edge `k` runs from row `sources[k]` to row `targets[k]`.
///
/// A row may have any number of edges; what they bring to a target is summed in the order of the list.
public struct EdgeList: Sendable {
  /// The row that each edge comes from.
  public let sources: [Int32]
  /// The row that it goes to.
  public let targets: [Int32]

  /// Edges between given rows.
  ///
  /// - Parameters:
  ///   - sources: a row of the source each, 0 or more.
  ///   - targets: as many rows of the target, 0 or more.
  public init(sources: [Int], targets: [Int]) {
    precondition(
      sources.count == targets.count && (sources + targets).allSatisfy { $0 >= 0 },
      "EdgeList: \(sources.count) sources and \(targets.count) targets, rows from 0"
    )
    self.sources = sources.map { Int32($0) }
    self.targets = targets.map { Int32($0) }
  }

  /// How many edges there are.
  public var count: Int { sources.count }

  /// The rows that the sources need at least.
  var sourceRows: Int { sources.max().map { Int($0) + 1 } ?? 0 }
  /// The rows that the targets need at least.
  var targetRows: Int { targets.max().map { Int($0) + 1 } ?? 0 }
}
