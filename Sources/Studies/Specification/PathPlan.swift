/// Which item of a part is drawn as a path in space: its truth, what is observed, and the methods' estimates.
public struct PathPlan: Sendable, Hashable {
  /// The point, by axis; the middle value where not given.
  public var at: [StudyAxis]
  /// Steps to draw, from the first; nil for all.
  public var steps: Int?
  /// The labels of the methods to draw; empty for all.
  public var methods: [String]
}

extension PathPlan {
  init(_ node: StudyNode, owner: String) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    at = try reader.axes("at")
    steps = try reader.integer("steps", atLeast: 2)
    let listed = reader.node("methods")
    try reader.finish()
    methods = []
    for entry in listed?.asList ?? [] {
      guard let label = entry.asText else {
        throw reader.bad("methods", entry, "a list of labels")
      }
      methods.append(label)
    }
  }

  var node: StudyNode {
    .optional([
      ("at", StudyNode(at)), ("steps", StudyNode(steps)),
      ("methods", methods.isEmpty ? .null : .list(methods.map { .text($0) })),
    ])
  }
}
