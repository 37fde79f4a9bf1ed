// The one file of this target that owns memory.
//
// Proof of safety: `values` is allocated once with `count` initialised elements of a trivial type
// and freed once in `deinit` (or kept alive by `owner`, which it then aliases). A storage that a
// public `Tensor` refers to is never written after the tensor's initialiser returns; storages that
// are written (recorded nodes, parameters) are reachable from one thread only, which the recording
// checks, or under the parameter's lock.

/// Where a tensor's numbers live: contiguous, row-major, 64-byte aligned.
package final class TensorStorage<Scalar: TensorScalar>: @unchecked Sendable {
  package let count: Int
  // What is stored is read through these properties, which other modules inline. No access lasts: each is one
  // load or store. Checks of it at run time took a tenth of the time of small networks.
  /// The numbers.
  @inlinable package var values: UnsafeMutablePointer<Scalar> {
    @inline(__always) get { storedValues }
  }
  /// The gradient of the same size, in storages that a recording differentiates.
  @inlinable package var gradients: UnsafeMutablePointer<Scalar>? {
    @inline(__always) get { storedGradients }
  }
  /// True until something has been accumulated into `gradients` in this backward pass.
  @inlinable package var gradientIsFresh: Bool {
    @inline(__always) get { storedIsFresh }
    @inline(__always) set { storedIsFresh = newValue }
  }
  @usableFromInline @exclusivity(unchecked) var storedValues: UnsafeMutablePointer<Scalar>
  @usableFromInline @exclusivity(unchecked) var storedGradients: UnsafeMutablePointer<Scalar>?
  @usableFromInline @exclusivity(unchecked) var storedIsFresh = true
  private var ownedGradients: UnsafeMutablePointer<Scalar>?
  private var ownedValues: UnsafeMutablePointer<Scalar>?
  private var owner: AnyObject?

  /// Uninitialised bytes, to be filled by the caller.
  package init(uninitialised count: Int) {
    self.count = count
    storedValues = Self.allocate(count)
    ownedValues = storedValues
  }

  /// A view of memory that `owner` keeps alive.
  package init(
    viewing values: UnsafeMutablePointer<Scalar>,
    gradients: UnsafeMutablePointer<Scalar>?,
    count: Int,
    owner: AnyObject
  ) {
    self.count = count
    storedValues = values
    storedGradients = gradients
    self.owner = owner
  }

  deinit {
    ownedValues?.deallocate()
    ownedGradients?.deallocate()
  }

  /// Gives the storage a gradient buffer; does nothing when it has one.
  package func allocateGradients() {
    guard gradients == nil else { return }
    storedGradients = Self.allocate(count)
    ownedGradients = storedGradients
  }

  /// Moves values and gradients into memory that `owner` keeps alive, copying what is there.
  package func move(
    to newValues: UnsafeMutablePointer<Scalar>,
    gradients newGradients: UnsafeMutablePointer<Scalar>,
    owner newOwner: AnyObject
  ) {
    newValues.update(from: values, count: count)
    if let gradients {
      newGradients.update(from: gradients, count: count)
    } else {
      newGradients.clear(count: count)
    }
    ownedValues?.deallocate()
    ownedGradients?.deallocate()
    ownedValues = nil
    ownedGradients = nil
    storedValues = newValues
    storedGradients = newGradients
    owner = newOwner
  }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Scalar> {
    let bytes = max(count, 1) * MemoryLayout<Scalar>.stride
    let raw = UnsafeMutableRawPointer.allocate(byteCount: (bytes + 63) & ~63, alignment: 64)
    return raw.bindMemory(to: Scalar.self, capacity: max(count, 1))
  }
}

extension UnsafeMutablePointer where Pointee: TensorScalar {
  /// Sets numbers to zero, whose bits are zero in every scalar: one `memset`.
  ///
  /// `update(repeating:count:)` in generic code copies element by element through a witness.
  package func clear(count: Int) {
    UnsafeMutableRawPointer(self).initializeMemory(
      as: UInt8.self,
      repeating: 0,
      count: count * MemoryLayout<Pointee>.stride
    )
  }
}
