internal import Synchronization
public import Tensors

/// Numbers that belong to a model and its file but follow no gradient.
///
/// Running statistics and constants that were found from training samples. Copies of a module share
/// it. A recording takes the numbers as they are when it is made, but for statistics that its nodes move
/// or read anew at each pass.
///
/// ```swift
/// let mean = PersistentState(Tensor<Float>.zeros([3]))
/// mean.set(Tensor([1, 2, 3]))
/// ```
public final class PersistentState<Scalar: RealTensorScalar>: Sendable {
  private struct Numbers {
    let storage: TensorStorage<Scalar>
    /// A copy that was asked for, until the numbers change.
    var snapshot: Tensor<Scalar>?
  }

  private let current: Mutex<Numbers>
  /// The extents, which never change.
  public let shape: [Int]

  /// A state that starts at the given numbers.
  public init(_ value: Tensor<Scalar>) {
    shape = value.shape
    let storage = TensorStorage<Scalar>(uninitialised: value.count)
    storage.values.update(from: value.storage.values, count: value.count)
    current = Mutex(Numbers(storage: storage, snapshot: value))
  }

  /// The numbers now.
  public var value: Tensor<Scalar> {
    current.withLock { current in
      if let snapshot = current.snapshot { return snapshot }
      let storage = current.storage
      let copy = Tensor<Scalar>(shape: shape) { target in
        target.baseAddress?.update(from: storage.values, count: target.count)
      }
      current.snapshot = copy
      return copy
    }
  }

  /// Replaces the numbers.
  ///
  /// - Parameter value: of the same shape.
  public func set(_ value: Tensor<Scalar>) {
    precondition(
      value.shape == shape,
      "PersistentState.set: shape \(value.shape) for a state of \(shape)"
    )
    current.withLock { current in
      current.storage.values.update(from: value.storage.values, count: value.count)
      current.snapshot = value
    }
  }

  /// Lends the numbers to read or, where they are to change, to write in place; nothing is allocated.
  func withNumbers(isChanging: Bool, _ body: (UnsafeMutablePointer<Scalar>) -> Void) {
    current.withLock { current in
      body(current.storage.values)
      if isChanging { current.snapshot = nil }
    }
  }
}
