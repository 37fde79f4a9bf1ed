internal import Synchronization
internal import Tensors

/// Scratch memory for pieces that run at the same time: one slot a thread, claimed while a piece runs.
final class ScratchSlots<Scalar: RealTensorScalar>: Sendable {
  private let storage: TensorStorage<Scalar>
  private let width: Int
  private let free: Atomic<UInt64>

  /// How many slots serve a number of threads.
  static func count(threads: Int) -> Int { min(threads, 64) }

  /// Slots of some numbers each in memory of at least `count * width`.
  init(_ storage: TensorStorage<Scalar>, count: Int, width: Int) {
    self.storage = storage
    self.width = width
    free = Atomic(count >= 64 ? .max : (1 << UInt64(count)) - 1)
  }

  /// Lends a slot; waits while more pieces run than there are slots.
  func withSlot(_ body: (UnsafeMutablePointer<Scalar>) -> Void) {
    var mask = free.load(ordering: .relaxed)
    while true {
      guard mask != 0 else {
        mask = free.load(ordering: .relaxed)
        continue
      }
      let claimed = mask & (mask - 1)
      let (done, now) = free.compareExchange(
        expected: mask,
        desired: claimed,
        ordering: .acquiring
      )
      if done { break }
      mask = now
    }
    let slot = mask.trailingZeroBitCount
    body(storage.values + slot * width)
    free.bitwiseOr(1 << UInt64(slot), ordering: .releasing)
  }
}
