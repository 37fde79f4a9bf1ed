internal import CKernels

/// A small pool of persistent threads; it allocates nothing per call.
///
/// Work is cut by shape and never by the number of threads, so that results do not depend on it.
/// A call made from inside a job of the same pool runs on the calling thread alone.
public final class WorkerPool: @unchecked Sendable {
  // Safe to share: the C pool takes one run at a time and runs any other on its caller's thread.
  private let workers: OpaquePointer?

  /// How many threads take part, the calling one included.
  public let threads: Int

  /// A pool that runs everything on the calling thread.
  public static let serial = WorkerPool(threads: 1)

  /// A pool of the given number of threads, the calling one included.
  ///
  /// - Parameter threads: at least 1.
  public init(threads: Int) {
    precondition(threads >= 1, "WorkerPool: needs at least one thread, got \(threads)")
    self.threads = threads
    workers = threads > 1 ? graybox_workers_create(Int32(threads)) : nil
  }

  deinit {
    if let workers { graybox_workers_destroy(workers) }
  }

  /// Runs the closure for each index once and returns when all are done.
  ///
  /// - Parameters:
  ///   - count: how many pieces there are.
  ///   - body: runs a piece; pieces may run at the same time, in any order.
  public func forEach(count: Int, _ body: @Sendable (Int) -> Void) {
    guard let workers, count > 1 else {
      for index in 0..<count { body(index) }
      return
    }
    withoutActuallyEscaping(body) { run(workers, count, PieceBody($0)) }
  }

  /// Runs a stored closure for each index once; unlike `forEach` it allocates nothing.
  package func forEach(count: Int, stored body: PieceBody) {
    guard let workers, count > 1 else {
      for index in 0..<count { body.run(index) }
      return
    }
    run(workers, count, body)
  }

  private func run(_ workers: OpaquePointer, _ count: Int, _ body: PieceBody) {
    graybox_workers_run(
      workers,
      Int32(count),
      { context, index in
        guard let context else { return }
        Unmanaged<PieceBody>.fromOpaque(context).takeUnretainedValue().run(Int(index))
      },
      Unmanaged.passUnretained(body).toOpaque()
    )
  }
}

/// A closure in a box of its own, so that handing it on neither allocates nor wraps it again.
package final class PieceBody: Sendable {
  package let run: @Sendable (Int) -> Void

  package init(_ run: @escaping @Sendable (Int) -> Void) { self.run = run }
}
