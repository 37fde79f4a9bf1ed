#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Whole-file reading, atomic writing and appending with a flush to the disk.
package enum FileAccess {
  /// Whether something lies at the path.
  package static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// All bytes of a file.
  ///
  /// - Throws: ``ResultFileError/cannotRead(path:reason:)``.
  package static func contents(of path: String) throws(ResultFileError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw .cannotRead(path: path, reason: lastReason()) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { Self.readOnce(file, $0) }
      guard count >= 0 else { throw .cannotRead(path: path, reason: lastReason()) }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }

  /// Writes a whole file, so that a reader sees the old bytes or the new ones.
  ///
  /// - Throws: ``ResultFileError/cannotWrite(path:reason:)``; nothing is left behind.
  package static func replace(_ path: String, with text: String) throws(ResultFileError) {
    let temporary = "\(path).\(getpid()).part"
    let file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
    let problem = writeAll(file, Array(text.utf8))
    let closes = close(file) == 0
    if let reason = problem ?? (closes ? nil : lastReason()) {
      unlink(temporary)
      throw .cannotWrite(path: path, reason: reason)
    }
    guard rename(temporary, path) == 0 else {
      let reason = lastReason()
      unlink(temporary)
      throw .cannotWrite(path: path, reason: reason)
    }
  }

  /// Makes a folder and those above it.
  ///
  /// - Throws: ``ResultFileError/cannotWrite(path:reason:)``.
  package static func makeFolder(_ path: String) throws(ResultFileError) {
    var prefix = path.hasPrefix("/") ? "/" : ""
    for part in path.split(separator: "/") {
      prefix += prefix.isEmpty || prefix.hasSuffix("/") ? String(part) : "/" + part
      guard mkdir(prefix, 0o755) == 0 || errno == EEXIST || errno == EISDIR else {
        throw .cannotWrite(path: path, reason: lastReason())
      }
    }
  }

  /// Opens a file for appending and makes it where it is missing.
  package static func openForAppending(_ path: String) throws(ResultFileError) -> Int32 {
    let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { throw .cannotWrite(path: path, reason: lastReason()) }
    return file
  }

  /// Cuts an open file to a length.
  package static func truncate(
    _ file: Int32,
    to length: Int,
    path: String
  ) throws(ResultFileError) {
    guard ftruncate(file, off_t(length)) == 0 else {
      throw .cannotWrite(path: path, reason: lastReason())
    }
  }

  /// Appends text in one call where the system allows, then flushes to the disk.
  package static func append(
    _ text: String,
    to file: Int32,
    path: String
  ) throws(ResultFileError) {
    if let reason = writeAll(file, Array(text.utf8)) {
      throw .cannotWrite(path: path, reason: reason)
    }
  }

  /// Closes an open file.
  package static func closeFile(_ file: Int32) { close(file) }

  /// Writes and flushes; the reason when it fails.
  private static func writeAll(_ file: Int32, _ bytes: [UInt8]) -> String? {
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes { Self.writeOnce(file, $0, from: done) }
      guard count > 0 else { return lastReason() }
      done += count
    }
    // A pipe or a terminal cannot be flushed to a disk; that is no failure.
    guard fsync(file) == 0 || errno == EINVAL || errno == ENOTSUP else { return lastReason() }
    return nil
  }

  private static func readOnce(_ file: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
    while true {
      let count = read(file, buffer.baseAddress, buffer.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  private static func writeOnce(
    _ file: Int32,
    _ bytes: UnsafeRawBufferPointer,
    from start: Int
  ) -> Int {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[start...])
    while true {
      let count = write(file, rest.baseAddress, rest.count)
      if count >= 0 || errno != EINTR { return count }
    }
  }

  private static func lastReason() -> String {
    let code = errno
    guard let text = strerror(code) else { return "error \(code)" }
    return String(cString: text).lowercased()
  }
}
