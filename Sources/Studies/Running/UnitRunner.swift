internal import Synchronization
package import Tensors

/// A study was stopped from outside; what was done is kept.
package struct StudyInterruption: Error {}

/// Runs independent units on the worker pool, and ends early when the study is stopped.
package struct UnitRunner: Sendable {
  /// The threads.
  package let pool: WorkerPool
  /// Asked before each unit.
  package let isCancelled: @Sendable () -> Bool

  /// A runner on a pool.
  package init(pool: WorkerPool, isCancelled: @escaping @Sendable () -> Bool) {
    self.pool = pool
    self.isCancelled = isCancelled
  }

  /// The results of all units, in order.
  ///
  /// Several units share the threads, one each; a single unit has them all.
  ///
  /// - Throws: ``StudyInterruption``, or the error of the first unit that failed.
  package func map<Result: Sendable>(
    count: Int,
    _ unit: @escaping @Sendable (Int, WorkerPool) throws -> Result
  ) throws -> [Result] {
    if isCancelled() { throw StudyInterruption() }
    if count == 1 { return [try unit(0, pool)] }
    let slots = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: count))
    let failed = Atomic<Bool>(false)
    pool.forEach(count: count) { index in
      guard !failed.load(ordering: .relaxed) else { return }
      let result = Swift.Result<Result, any Error> {
        if isCancelled() { throw StudyInterruption() }
        return try unit(index, .serial)
      }
      if case .failure = result { failed.store(true, ordering: .relaxed) }
      slots.withLock { $0[index] = result }
    }
    let results = slots.withLock { $0 }
    if let first = results.lazy.compactMap({ $0 }).first(where: Self.isFailure) {
      _ = try first.get()
    }
    return try results.map { slot in
      guard let slot else { throw StudyInterruption() }
      return try slot.get()
    }
  }

  private static func isFailure<Value>(_ result: Result<Value, any Error>) -> Bool {
    if case .failure = result { true } else { false }
  }
}
