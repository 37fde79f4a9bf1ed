// Proof of safety: the list is under the lock, and a recording that was taken is in one thread's hands until
// it is put back.

internal import Synchronization
package import Tensors

/// Recordings of one computation that no thread uses just now, by a key such as the size of the batch.
///
/// Many threads may run the computation at once, each on a recording of its own; one that is put back
/// is replayed by whoever comes next, so that running again allocates nothing.
package final class RecordingShelf<Scalar: RealTensorScalar>: @unchecked Sendable {
  private let capacity: Int
  private let lock = Mutex<Void>(())
  private var free: [(key: Int, recording: Recording<Scalar>)] = []

  /// An empty shelf.
  ///
  /// - Parameter capacity: how many recordings are kept; the one put back longest ago goes first.
  package init(capacity: Int = 8) {
    precondition(capacity > 0, "RecordingShelf: capacity \(capacity)")
    self.capacity = capacity
  }

  /// Lends a recording of the key, made anew when the shelf has none.
  ///
  /// - Parameters:
  ///   - key: what the recording was made for.
  ///   - make: makes it.
  ///   - body: what is done with it.
  /// - Returns: what the body returns.
  /// - Throws: what the closures throw.
  package func withRecording<Result>(
    _ key: Int = 0,
    make: () throws -> Recording<Scalar>,
    _ body: (Recording<Scalar>) throws -> Result
  ) throws -> Result {
    let recording = try take(key) ?? make()
    defer { put(key, recording) }
    return try body(recording)
  }

  private func take(_ key: Int) -> Recording<Scalar>? {
    lock.withLock { _ in
      guard let place = free.lastIndex(where: { $0.key == key }) else { return nil }
      return free.remove(at: place).recording
    }
  }

  private func put(_ key: Int, _ recording: Recording<Scalar>) {
    lock.withLock { _ in
      if free.count == capacity { free.removeFirst() }
      free.append((key, recording))
    }
  }
}
