/// What a recording hangs on a tensor to know it again; see the Autodiff target.
package protocol TensorRecord: AnyObject {
  /// Called before the host reads recorded numbers; traps when they cannot be read any more.
  func hostWillRead(_ operation: String)
}

/// An immutable array of numbers: a shape over one contiguous, row-major, 64-byte aligned buffer.
///
/// Nothing mutates a tensor. Copies share the buffer. A tensor inside a recording also carries the
/// node that made it; reading its numbers on the host then makes the recording non-replayable.
///
/// ```swift
/// let a = Tensor<Float>([1, 2, 3, 4, 5, 6], shape: [2, 3])
/// a[1, 2]        // 6
/// a.scalars      // [1, 2, 3, 4, 5, 6]
/// ```
public struct Tensor<Scalar: TensorScalar>: Sendable {
  /// The extents, outermost first; `[]` for a single number.
  public let shape: [Int]
  package let storage: TensorStorage<Scalar>
  // Safe to send: a record checks on every use that it is used by the task that made it.
  package nonisolated(unsafe) let record: (any TensorRecord)?

  package init(
    shape: [Int],
    storage: TensorStorage<Scalar>,
    record: (any TensorRecord)? = nil
  ) {
    precondition(
      shape.reduce(1, *) == storage.count,
      "Tensor: shape \(shape) needs \(shape.reduce(1, *)) numbers, the buffer has \(storage.count)"
    )
    self.shape = shape
    self.storage = storage
    self.record = record
  }

  /// A tensor of the given numbers in row-major order.
  ///
  /// - Parameters:
  ///   - scalars: as many numbers as the shape holds.
  ///   - shape: the extents, outermost first.
  public init(_ scalars: [Scalar], shape: [Int]) {
    precondition(
      shape.allSatisfy { $0 >= 0 } && scalars.count == shape.reduce(1, *),
      "Tensor: \(scalars.count) numbers do not fill shape \(shape)"
    )
    self.init(shape: shape) { buffer in _ = buffer.update(fromContentsOf: scalars) }
  }

  /// A vector of the given numbers.
  public init(_ scalars: [Scalar]) { self.init(scalars, shape: [scalars.count]) }

  /// A single number, of shape `[]`.
  public init(_ scalar: Scalar) { self.init([scalar], shape: []) }

  /// A tensor whose buffer the closure fills completely.
  package init(shape: [Int], filledBy fill: (UnsafeMutableBufferPointer<Scalar>) throws -> Void)
    rethrows
  {
    let storage = TensorStorage<Scalar>(uninitialised: shape.reduce(1, *))
    try fill(UnsafeMutableBufferPointer(start: storage.values, count: storage.count))
    self.init(shape: shape, storage: storage)
  }

  /// A tensor of one repeated number.
  public static func full(_ shape: [Int], _ value: Scalar) -> Tensor {
    Tensor(shape: shape) { $0.update(repeating: value) }
  }

  /// A tensor of zeros.
  public static func zeros(_ shape: [Int]) -> Tensor { full(shape, .zero) }

  /// How many numbers there are.
  public var count: Int { storage.count }

  /// How many axes there are.
  public var rank: Int { shape.count }

  /// A copy of the numbers, in row-major order.
  public var scalars: [Scalar] {
    withScalars { Array($0) }
  }

  /// The only number of a tensor that has one.
  public var scalar: Scalar {
    precondition(count == 1, "Tensor.scalar: shape \(shape) has \(count) numbers, not one")
    return withScalars { $0[0] }
  }

  /// The number at an index, one integer an axis.
  public subscript(_ index: Int...) -> Scalar {
    precondition(
      index.count == rank && zip(index, shape).allSatisfy { $0 >= 0 && $0 < $1 },
      "Tensor: index \(index) is outside shape \(shape)"
    )
    let offset = zip(index, shape).reduce(0) { $0 * $1.1 + $1.0 }
    return withScalars { $0[offset] }
  }

  /// Lends the numbers, in row-major order, for the duration of the closure.
  package func withScalars<Result>(
    _ body: (UnsafeBufferPointer<Scalar>) throws -> Result
  ) rethrows -> Result {
    record?.hostWillRead("a read of its numbers")
    let result = try body(UnsafeBufferPointer(start: storage.values, count: storage.count))
    // The storage must outlive the closure even when this was its last reference.
    return withExtendedLifetime(storage) { result }
  }

  /// The same numbers under another shape, sharing the buffer.
  ///
  /// For tensors outside recordings; Autodiff's `reshaped(_:)` is the public form.
  package func viewed(as newShape: [Int]) -> Tensor {
    precondition(record == nil, "Tensor.viewed: not for recorded tensors")
    return Tensor(shape: newShape, storage: storage)
  }
}

extension Tensor where Scalar: RealTensorScalar {
  /// A tensor of ones.
  public static func ones(_ shape: [Int]) -> Tensor { full(shape, 1) }

  /// The same numbers in another precision, outside any recording.
  public func converted<Other: RealTensorScalar>(to other: Other.Type) -> Tensor<Other> {
    withScalars { source in
      Tensor<Other>(shape: shape) { target in
        for i in 0..<source.count { target[i] = Other(source[i]) }
      }
    }
  }
}

extension Tensor: Equatable {
  /// Same shape and same numbers (so a tensor with a NaN differs from itself).
  public static func == (a: Tensor, b: Tensor) -> Bool {
    guard a.shape == b.shape else { return false }
    return a.withScalars { x in b.withScalars { y in x.elementsEqual(y) } }
  }
}

extension Tensor: CustomStringConvertible {
  /// The shape and the first numbers.
  public var description: String {
    let shown = withScalars { $0.prefix(8).map { "\($0)" }.joined(separator: ", ") }
    return "Tensor<\(Scalar.scalarName)>\(shape)[\(shown)\(count > 8 ? ", ..." : "")]"
  }
}
