#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Removal of files that are not needed any more.
enum FileRemoval {
  /// Removes a file; does nothing when there is none.
  static func remove(_ path: String) { unlink(path) }
}
