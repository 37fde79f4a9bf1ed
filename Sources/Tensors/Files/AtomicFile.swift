#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Where a writer's bytes go.
package protocol ByteSink: AnyObject {
  /// The file's name, for messages.
  var name: String { get }
  /// Appends bytes.
  func write(_ bytes: UnsafeRawBufferPointer) throws(ArrayFileError)
}

extension ByteSink {
  func write(_ bytes: [UInt8]) throws(ArrayFileError) {
    let result: Result<Void, ArrayFileError> = bytes.withUnsafeBytes { buffer in
      Result { () throws(ArrayFileError) in try self.write(buffer) }
    }
    try result.get()
  }
}

/// Bytes gathered in memory.
package final class MemorySink: ByteSink {
  package let name: String
  package private(set) var bytes: [UInt8] = []

  package init(name: String) { self.name = name }

  package func write(_ bytes: UnsafeRawBufferPointer) throws(ArrayFileError) {
    self.bytes.append(contentsOf: bytes)
  }
}

/// A file that appears whole or not at all.
///
/// The bytes go to a temporary file in the same folder, which takes the name at the end; when
/// anything fails it is removed, and what was there before stays.
package enum AtomicFile {
  /// Writes a file.
  ///
  /// - Parameters:
  ///   - path: the file to write or replace.
  ///   - body: writes the bytes.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)``, or what `body` throws.
  package static func write(
    to path: String,
    _ body: (any ByteSink) throws(ArrayFileError) -> Void
  ) throws(ArrayFileError) {
    var status = stat()
    if stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFREG {
      throw .cannotWrite(path: path, reason: "it is there already and is not a regular file")
    }
    let sink = try FileSink(path: path)
    do throws(ArrayFileError) {
      try body(sink)
      try sink.commit()
    } catch {
      sink.abandon()
      throw error
    }
  }

  /// Writes bytes that are at hand.
  ///
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)``.
  package static func write(_ bytes: [UInt8], to path: String) throws(ArrayFileError) {
    try write(to: path) { sink throws(ArrayFileError) in try sink.write(bytes) }
  }
}

private final class FileSink: ByteSink {
  let name: String
  private let temporary: String
  private var descriptor: Int32

  init(path: String) throws(ArrayFileError) {
    name = path
    let split = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    let random = UInt64.random(in: 0 ... .max)
    let unique = "\(getpid())-\(String(random, radix: 36))"
    temporary = "\(path[..<split]).\(path[split...]).\(unique).tmp"
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemReason(errno)) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws(ArrayFileError) {
    guard let base = bytes.baseAddress else { return }
    var done = 0
    while done < bytes.count {
      let length = min(bytes.count - done, 1 << 30)
      #if canImport(Glibc)
      let written = Glibc.write(descriptor, base + done, length)
      #elseif canImport(Musl)
      let written = Musl.write(descriptor, base + done, length)
      #else
      let written = Darwin.write(descriptor, base + done, length)
      #endif
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { throw .cannotWrite(path: name, reason: systemReason(errno)) }
      done += written
    }
  }

  func commit() throws(ArrayFileError) {
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 else { throw .cannotWrite(path: name, reason: systemReason(errno)) }
    guard rename(temporary, name) == 0 else {
      throw .cannotWrite(path: name, reason: systemReason(errno))
    }
  }

  func abandon() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    unlink(temporary)
  }
}
