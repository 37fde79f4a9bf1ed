internal import Synchronization
public import Tensors

/// Numbers that belong to a model and its file but follow no gradient.
///
/// Running statistics and constants that were found from training samples. Copies of a module share
/// it. A recording takes the numbers as they are when it is made.
///
/// ```swift
/// let mean = PersistentState(Tensor<Float>.zeros([3]))
/// mean.set(Tensor([1, 2, 3]))
/// ```
public final class PersistentState<Scalar: RealTensorScalar>: Sendable {
  private let current: Mutex<Tensor<Scalar>>
  /// The extents, which never change.
  public let shape: [Int]

  /// A state that starts at the given numbers.
  public init(_ value: Tensor<Scalar>) {
    shape = value.shape
    current = Mutex(value)
  }

  /// The numbers now.
  public var value: Tensor<Scalar> { current.withLock { $0 } }

  /// Replaces the numbers.
  ///
  /// - Parameter value: of the same shape.
  public func set(_ value: Tensor<Scalar>) {
    precondition(
      value.shape == shape,
      "PersistentState.set: shape \(value.shape) for a state of \(shape)"
    )
    current.withLock { $0 = value }
  }
}
