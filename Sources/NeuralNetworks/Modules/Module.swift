public import Autodiff
public import Tensors

/// A part of a network: it names its parameters, its persistent state and its children.
///
/// Laws, checked by one test for every module: each parameter that the value holds is visited, and
/// the same names come in the same order on every visit. Copies share the parameters, which have
/// identity; ``DuplicableModule/duplicate()`` makes new ones.
///
/// ```swift
/// struct Classifier: Module {
///   let hidden: Dense<Float>
///   let output: Dense<Float>
///   func visit(_ visitor: any ModuleVisitor<Float>) {
///     visitor.child("hidden", hidden)
///     visitor.child("output", output)
///   }
/// }
/// classifier.namedParameters.map(\.name)    // hidden.weight, hidden.bias, output.weight, ...
/// ```
public protocol Module<Scalar>: Sendable {
  /// The precision of the parameters.
  associatedtype Scalar: RealTensorScalar

  /// Tells the visitor every parameter, state and child, each under a name of its own.
  func visit(_ visitor: any ModuleVisitor<Scalar>)
}

/// What a module shows its parts to.
public protocol ModuleVisitor<Scalar>: AnyObject {
  /// The precision of the parameters.
  associatedtype Scalar: RealTensorScalar

  /// A parameter of the module.
  func parameter(_ name: String, _ parameter: Parameter<Scalar>)
  /// Numbers that belong to the model but are not trained by gradients.
  func state(_ name: String, _ state: PersistentState<Scalar>)
  /// A module inside the module; its names are prefixed by this one and a dot.
  func child(_ name: String, _ module: any Module<Scalar>)
}

extension ModuleVisitor {
  /// Shows a list of modules under the names `name.0`, `name.1` and so on.
  public func children(_ name: String, _ modules: [any Module<Scalar>]) {
    for (index, module) in modules.enumerated() { child("\(name).\(index)", module) }
  }
}

extension Module {
  /// The distinct parameters with their dotted paths, in the order of the visit.
  ///
  /// A parameter shared by two children has the name under which it comes first.
  public var namedParameters: [(name: String, parameter: Parameter<Scalar>)] {
    ModuleWalk(self).parameters
  }

  /// The persistent states with their dotted paths, in the order of the visit.
  public var namedStates: [(name: String, state: PersistentState<Scalar>)] {
    ModuleWalk(self).states
  }

  /// The distinct parameters in the order of the visit.
  public var parameters: [Parameter<Scalar>] { namedParameters.map(\.parameter) }

  /// How many trainable numbers the module has; shared ones count once.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }
}

/// Walks a module and collects what it names.
final class ModuleWalk<Scalar: RealTensorScalar>: ModuleVisitor {
  private(set) var parameters: [(name: String, parameter: Parameter<Scalar>)] = []
  private(set) var states: [(name: String, state: PersistentState<Scalar>)] = []
  private var seen: Set<ObjectIdentifier> = []
  private var names: Set<String> = []
  private var path: [String] = []

  init(_ module: some Module<Scalar>) { module.visit(self) }

  func parameter(_ name: String, _ parameter: Parameter<Scalar>) {
    let full = claim(name)
    guard seen.insert(ObjectIdentifier(parameter)).inserted else { return }
    parameters.append((full, parameter))
  }

  func state(_ name: String, _ state: PersistentState<Scalar>) {
    let full = claim(name)
    guard seen.insert(ObjectIdentifier(state)).inserted else { return }
    states.append((full, state))
  }

  func child(_ name: String, _ module: any Module<Scalar>) {
    path.append(name)
    module.visit(self)
    path.removeLast()
  }

  private func claim(_ name: String) -> String {
    let full = (path + [name]).joined(separator: ".")
    precondition(names.insert(full).inserted, "Module.visit: the name '\(full)' comes twice")
    return full
  }
}
