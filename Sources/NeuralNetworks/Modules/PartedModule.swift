internal import Tensors

/// A module inside another, named once for visits and for copies.
public struct ModulePart<Whole: Module> {
  let show: (Whole, any ModuleVisitor<Whole.Scalar>) -> Void
  let copy: (inout Whole, Duplication<Whole.Scalar>) -> Void

  /// The part at a place of the whole.
  ///
  /// - Parameters:
  ///   - name: of the part.
  ///   - place: where it is.
  public init<Part: DuplicableModule>(
    _ name: String,
    _ place: WritableKeyPath<Whole, Part>
  ) where Part.Scalar == Whole.Scalar {
    show = { whole, visitor in visitor.child(name, whole[keyPath: place]) }
    copy = { whole, duplication in
      whole[keyPath: place] = whole[keyPath: place].duplicated(in: duplication)
    }
  }
}

/// A module that consists of named parts and of what copies may share.
///
/// ```swift
/// struct Pair: PartedModule {
///   typealias Scalar = Float
///   var first: Dense<Float>
///   var second: Dense<Float>
///   static var parts: [ModulePart<Pair>] { [.init("first", \.first), .init("second", \.second)] }
/// }
/// ```
public protocol PartedModule<Scalar>: DuplicableModule {
  /// All modules inside, in the order of visits.
  static var parts: [ModulePart<Self>] { get }
}

extension PartedModule {
  /// Shows the parts.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {
    for part in Self.parts { part.show(self, visitor) }
  }

  /// The same with copies of the parts.
  public func duplicated(in duplication: Duplication<Scalar>) -> Self {
    var copy = self
    for part in Self.parts { part.copy(&copy, duplication) }
    return copy
  }
}
