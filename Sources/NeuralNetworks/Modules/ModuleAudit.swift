package import Autodiff
package import Tensors

/// Finds, by reflection, what a module holds but does not show to its visitor.
///
/// For tests: a parameter that is not visited is neither trained nor saved.
package enum ModuleAudit {
  /// The property paths of parameters and states that the module holds and does not visit.
  package static func unvisited(in module: some Module) -> [String] {
    let walk = ModuleWalk(module)
    var visited = Set(walk.parameters.map { ObjectIdentifier($0.parameter) })
    visited.formUnion(walk.states.map { ObjectIdentifier($0.state) })
    var missing: [String] = []
    for (path, identity) in held(by: module, path: "") where !visited.contains(identity) {
      missing.append(path)
    }
    return missing
  }

  /// Every parameter and state reachable through the stored properties of a value.
  private static func held(by value: Any, path: String) -> [(String, ObjectIdentifier)] {
    if let object = value as? any TrainedObject { return [(path, ObjectIdentifier(object))] }
    // Tensors hold no parameters, and their records need not be looked into.
    if value is any TensorValue { return [] }
    var found: [(String, ObjectIdentifier)] = []
    var mirror: Mirror? = Mirror(reflecting: value)
    while let level = mirror {
      for (index, child) in level.children.enumerated() {
        let name = child.label ?? "\(index)"
        found += held(by: child.value, path: path.isEmpty ? name : "\(path).\(name)")
      }
      mirror = level.superclassMirror
    }
    return found
  }
}

private protocol TrainedObject: AnyObject {}
extension Parameter: TrainedObject {}
extension PersistentState: TrainedObject {}

private protocol TensorValue {}
extension Tensor: TensorValue {}
