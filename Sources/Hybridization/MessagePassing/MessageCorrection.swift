public import NeuralNetworks
public import Tensors

/// The slot of message passing: what is added to the messages, with a memory of its own.
///
/// Fillings are ``NoCorrection``, which leaves the classical algorithm, and ``GraphCorrection``, a network on
/// the same graph.
///
/// Law: a correction is a function of the evidence and of the messages so far; nothing else of a problem
/// reaches it.
public protocol MessageCorrection<Scalar>: DuplicableModule {
  /// What is remembered from iteration to iteration.
  associatedtype Memory
  /// What is given in each.
  associatedtype Correction

  /// The memory before the first iteration.
  ///
  /// - Parameters:
  ///   - graph: where messages run.
  ///   - evidence: `[rows, features]`.
  ///   - mode: whether the correction is being trained.
  /// - Returns: the memory.
  func start(_ graph: MessageGraph, evidence: Tensor<Scalar>, mode: Mode) -> Memory

  /// What is added in one iteration.
  ///
  /// - Parameters:
  ///   - messages: of each kind of edge; may be none.
  ///   - memory: becomes that of the next iteration.
  ///   - mode: whether the correction is being trained.
  /// - Returns: the correction; nil for none.
  func correction(
    _ messages: [Tensor<Scalar>],
    _ memory: inout Memory,
    mode: Mode
  ) -> Correction?
}

/// The empty slot.
public struct NoCorrection<Scalar: RealTensorScalar, Correction>: MessageCorrection {
  /// Nothing.
  public init() {}

  /// Nothing.
  public func start(_ graph: MessageGraph, evidence: Tensor<Scalar>, mode: Mode) {}

  /// Nothing.
  public func correction(
    _ messages: [Tensor<Scalar>],
    _ memory: inout Void,
    mode: Mode
  ) -> Correction? { nil }

  /// Names nothing.
  public func visit(_ visitor: any ModuleVisitor<Scalar>) {}

  /// The same.
  public func duplicated(in duplication: Duplication<Scalar>) -> NoCorrection { self }
}
