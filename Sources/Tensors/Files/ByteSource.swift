// Where a reader's bytes come from. Every reader works on both, so that what is fuzzed in memory is
// what reads files. This file and AtomicFile.swift are the only ones that call the system.
#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

/// Bytes that can be read at any place.
package protocol ByteSource: AnyObject {
  /// The file's name, for messages.
  var name: String { get }
  /// How many bytes there are.
  var count: Int { get }
  /// Copies `buffer.count` bytes from `offset`; throws when they are not all there.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError)
}

extension ByteSource {
  /// A copy of some bytes.
  ///
  /// The room is taken only after the range is known to be inside the source.
  package func bytes(at offset: Int, count length: Int) throws(ArrayFileError) -> [UInt8] {
    try check(offset, length)
    var bytes = [UInt8](repeating: 0, count: length)
    let result: Result<Void, ArrayFileError> = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(ArrayFileError) in try self.read(at: offset, into: buffer) }
    }
    try result.get()
    return bytes
  }

  fileprivate func check(_ offset: Int, _ length: Int) throws(ArrayFileError) {
    guard offset >= 0, length >= 0, offset <= count, length <= count - offset else {
      let (end, overflows) = max(offset, 0).addingReportingOverflow(max(length, 0))
      throw .truncated(file: name, array: nil, expected: overflows ? .max : end, found: count)
    }
  }
}

/// Bytes in memory.
package final class MemoryBytes: ByteSource {
  package let name: String
  private let bytes: [UInt8]

  package init(_ bytes: [UInt8], name: String) {
    self.bytes = bytes
    self.name = name
  }

  package var count: Int { bytes.count }

  package func read(
    at offset: Int,
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(ArrayFileError) {
    try check(offset, buffer.count)
    bytes.withUnsafeBytes {
      buffer.copyMemory(from: .init(rebasing: $0[offset...].prefix(buffer.count)))
    }
  }
}

/// A regular file, read in place without mapping it, so that its pages are not this program's.
package final class FileBytes: ByteSource {
  package let name: String
  package let count: Int
  private let descriptor: Int32

  package init(path: String) throws(ArrayFileError) {
    name = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .cannotRead(path: path, reason: systemReason(errno)) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let reason = systemReason(errno)
      close(descriptor)
      throw .cannotRead(path: path, reason: reason)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw .cannotRead(path: path, reason: "it is not a regular file")
    }
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  package func read(
    at offset: Int,
    into buffer: UnsafeMutableRawBufferPointer
  ) throws(ArrayFileError) {
    try check(offset, buffer.count)
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      // Some systems refuse more than 2^31 bytes at once.
      let length = min(buffer.count - done, 1 << 30)
      let got = pread(descriptor, base + done, length, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw .cannotRead(path: name, reason: systemReason(errno)) }
      guard got > 0 else {
        throw .truncated(file: name, array: nil, expected: count, found: offset + done)
      }
      done += got
    }
  }
}

/// What a folder holds.
package enum FolderContents {
  /// Whether the path is a folder.
  package static func exists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// The names in a folder, sorted, without those that start with a dot.
  package static func names(of path: String) throws(ArrayFileError) -> [String] {
    guard let folder = opendir(path) else {
      throw .cannotRead(path: path, reason: systemReason(errno))
    }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) {
          String(cString: $0)
        }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }
}

/// The system's words for an error number.
func systemReason(_ number: Int32) -> String {
  String(cString: strerror(number)).lowercased()
}
