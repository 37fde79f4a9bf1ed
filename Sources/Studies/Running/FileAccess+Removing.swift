#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension FileAccess {
  /// Removes a file that may be there.
  package static func remove(_ path: String) { unlink(path) }

  /// Appends text to a file, which is made where it is missing, and flushes to the disk.
  package static func append(_ text: String, to path: String) throws(ResultFileError) {
    let file = try openForAppending(path)
    defer { closeFile(file) }
    try append(text, to: file, path: path)
  }
}
