public import Autodiff
public import Tensors

/// A module that can be copied with parameters of its own.
///
/// Laws: the copy has the same names, shapes and numbers, shares no parameter and no state with the
/// original, and parameters that were one object in the original are one object in the copy.
public protocol DuplicableModule<Scalar>: Module {
  /// The same module built from the duplication's copies.
  func duplicated(in duplication: Duplication<Scalar>) -> Self
}

extension DuplicableModule {
  /// A copy that shares no parameter and no state with this one.
  public func duplicate() -> Self { duplicated(in: Duplication()) }
}

/// One act of copying: it gives the same copy for the same original.
public final class Duplication<Scalar: RealTensorScalar> {
  private var parameters: [ObjectIdentifier: Parameter<Scalar>] = [:]
  private var states: [ObjectIdentifier: PersistentState<Scalar>] = [:]

  /// A fresh act of copying.
  public init() {}

  /// The copy of a parameter.
  public func copy(_ parameter: Parameter<Scalar>) -> Parameter<Scalar> {
    if let known = parameters[ObjectIdentifier(parameter)] { return known }
    let copy = Parameter(parameter.value)
    parameters[ObjectIdentifier(parameter)] = copy
    return copy
  }

  /// Makes `replacement` the copy of `original`: the new module shares it.
  public func replace(_ original: Parameter<Scalar>, by replacement: Parameter<Scalar>) {
    precondition(
      original.shape == replacement.shape,
      "Duplication.replace: shape \(replacement.shape) for a parameter of \(original.shape)"
    )
    parameters[ObjectIdentifier(original)] = replacement
  }

  /// The copy of a state.
  public func copy(_ state: PersistentState<Scalar>) -> PersistentState<Scalar> {
    if let known = states[ObjectIdentifier(state)] { return known }
    let copy = PersistentState(state.value)
    states[ObjectIdentifier(state)] = copy
    return copy
  }
}
