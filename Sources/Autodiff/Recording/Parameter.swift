internal import Synchronization
public import Tensors

/// A trained number or array: a leaf of recordings, with an identity.
///
/// Copies of a module share its parameters. The value changes only through an optimiser or
/// ``set(_:)``; tensors read earlier keep what they had.
///
/// ```swift
/// let step = Parameter(Tensor<Float>(0.1))
/// step.value.scalar          // 0.1
/// ```
public final class Parameter<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: `snapshot` and `bindings` are under the lock. `storage` is written by an
  // optimiser or a loader, of which one may be at work at a time, never during a recording.
  private struct Shared {
    var snapshot: Tensor<Scalar>?
    var bindings: [(thread: UInt, tensor: Tensor<Scalar>)] = []
  }

  private let shared = Mutex(Shared())

  /// The extents.
  public let shape: [Int]

  /// Values and gradients, which an optimiser moves into its flat buffer.
  package let storage: TensorStorage<Scalar>

  /// A parameter that starts at the given value.
  public init(_ value: Tensor<Scalar>) {
    shape = value.shape
    storage = TensorStorage(uninitialised: value.count)
    storage.allocateGradients()
    storage.gradients?.clear(count: value.count)
    value.withScalars { source in
      if let base = source.baseAddress { storage.values.update(from: base, count: source.count) }
    }
  }

  /// How many numbers it holds.
  public var count: Int { storage.count }

  /// The current value; inside a recording that names this parameter, its recorded leaf.
  public var value: Tensor<Scalar> {
    let thread = currentThread()
    return shared.withLock { shared in
      for binding in shared.bindings where binding.thread == thread { return binding.tensor }
      if let snapshot = shared.snapshot { return snapshot }
      let copy = Self.copy(storage.values, shape)
      shared.snapshot = copy
      return copy
    }
  }

  /// The gradient of the last backward pass.
  public var gradient: Tensor<Scalar> {
    guard let gradients = storage.gradients else { return .zeros(shape) }
    return Self.copy(gradients, shape)
  }

  /// Replaces the value, as a loader does.
  public func set(_ tensor: Tensor<Scalar>) {
    precondition(
      tensor.shape == shape,
      "Parameter.set: shape \(tensor.shape) for a parameter of \(shape)"
    )
    tensor.withScalars { source in
      if let base = source.baseAddress { storage.values.update(from: base, count: source.count) }
    }
    valueDidChange()
  }

  /// Forgets the snapshot after an optimiser has written to the storage.
  package func valueDidChange() {
    shared.withLock { $0.snapshot = nil }
  }

  func bind(_ tensor: Tensor<Scalar>) {
    let thread = currentThread()
    shared.withLock { shared in
      precondition(
        !shared.bindings.contains { $0.thread == thread },
        "Recording: a recording inside a recording may not name the same parameter"
      )
      shared.bindings.append((thread, tensor))
    }
  }

  func unbind() {
    let thread = currentThread()
    shared.withLock { $0.bindings.removeAll { $0.thread == thread } }
  }

  private static func copy(_ values: UnsafeMutablePointer<Scalar>, _ shape: [Int]) -> Tensor<Scalar>
  {
    Tensor(shape: shape) { target in
      target.baseAddress?.update(from: values, count: target.count)
    }
  }
}
