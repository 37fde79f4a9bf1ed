internal import Synchronization

/// The first error that any of several threads met.
final class FirstFailure: Sendable {
  private let first = Mutex<(any Error)?>(nil)

  /// Keeps an error if there was none before.
  func note(_ error: any Error) { first.withLock { $0 = $0 ?? error } }

  /// The error; nil when there was none.
  var error: (any Error)? { first.withLock { $0 } }
}
