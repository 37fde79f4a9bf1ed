internal import Synchronization

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Whether the user has asked to stop.
///
/// The first Ctrl-C (or a polite kill) is remembered, so that work can be kept; the second one ends
/// the process at once. Signals belong to the process, hence the one global of this target.
enum Interruption {
  private static let wasAsked = Atomic<Bool>(false)

  /// Whether the user has asked to stop.
  static var isAsked: Bool { wasAsked.load(ordering: .relaxed) }

  /// Listens for Ctrl-C and kill while the closure runs.
  static func watching<Result>(_ body: () throws -> Result) rethrows -> Result {
    // Made here, since a signal handler must not be what first makes it.
    wasAsked.store(false, ordering: .relaxed)
    let handler: @convention(c) (Int32) -> Void = { number in
      Interruption.wasAsked.store(true, ordering: .relaxed)
      signal(number, SIG_DFL)
    }
    let previous = [SIGINT, SIGTERM].map { ($0, signal($0, handler)) }
    defer { for (number, handler) in previous { signal(number, handler) } }
    return try body()
  }
}
