internal import CKernels

/// Bytes that are read once, from front to back; their number is known beforehand.
package protocol ByteStream: AnyObject {
  /// How many bytes are still to come, by the file's own account.
  var remaining: Int { get }
  /// The next bytes; throws when there are fewer.
  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError)
  /// Checks, after the last byte, whatever the file has for checking.
  func finish() throws(ArrayFileError)
}

extension ByteStream {
  /// A copy of the next bytes; the caller has checked that so many can be there.
  func bytes(_ length: Int) throws(ArrayFileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: length)
    let result: Result<Void, ArrayFileError> = bytes.withUnsafeMutableBytes { buffer in
      Result { () throws(ArrayFileError) in try self.read(into: buffer) }
    }
    try result.get()
    return bytes
  }
}

/// What a stream belongs to, for messages, and the checksum it must have.
struct StreamIdentity {
  var file: String
  var array: String?
  var checksum: UInt32?
}

/// A range of a source as it is.
final class StoredStream: ByteStream {
  private(set) var remaining: Int
  private let source: any ByteSource
  private let identity: StreamIdentity
  private var offset: Int
  private var checksum: UInt32 = 0

  init(_ source: any ByteSource, _ range: Range<Int>, _ identity: StreamIdentity) {
    self.source = source
    self.identity = identity
    offset = range.lowerBound
    remaining = range.count
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) {
    guard buffer.count <= remaining else {
      throw .truncated(
        file: identity.file,
        array: identity.array,
        expected: buffer.count,
        found: remaining
      )
    }
    try source.read(at: offset, into: buffer)
    offset += buffer.count
    remaining -= buffer.count
    if identity.checksum != nil { checksum = continued(checksum, buffer) }
  }

  func finish() throws(ArrayFileError) {
    try check(checksum, identity)
  }
}

/// A deflated range of a source, inflated as it is read.
final class InflatedStream: ByteStream {
  private(set) var remaining: Int
  private let source: any ByteSource
  private let identity: StreamIdentity
  private let inflater: OpaquePointer
  private var offset: Int
  private let end: Int
  private var input: [UInt8] = []
  private var used = 0
  private var ended = false
  private var checksum: UInt32 = 0

  /// Inflates `range`, from which the file says `size` bytes come out.
  init(
    _ source: any ByteSource,
    _ range: Range<Int>,
    size: Int,
    _ identity: StreamIdentity
  ) throws(ArrayFileError) {
    guard let inflater = graybox_inflater_create() else {
      throw .unsupported(
        file: identity.file,
        array: identity.array,
        reason: "is compressed and zlib was not found; install zlib, or save with numpy.savez"
      )
    }
    self.inflater = inflater
    self.source = source
    self.identity = identity
    offset = range.lowerBound
    end = range.upperBound
    remaining = size
  }

  deinit { graybox_inflater_destroy(inflater) }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) {
    let made = try inflate(into: buffer)
    guard made == buffer.count else {
      throw .truncated(
        file: identity.file,
        array: identity.array,
        expected: buffer.count,
        found: made
      )
    }
    remaining -= made
    checksum = continued(checksum, buffer)
  }

  func finish() throws(ArrayFileError) {
    var beyond: UInt8 = 0
    let result: Result<Int, ArrayFileError> = withUnsafeMutableBytes(of: &beyond) { buffer in
      Result { () throws(ArrayFileError) in try self.inflate(into: buffer) }
    }
    guard try result.get() == 0, ended, used == input.count, offset == end else {
      throw .damaged(
        file: identity.file,
        array: identity.array,
        reason: "the compressed numbers are not as many as the header says"
      )
    }
    try check(checksum, identity)
  }

  /// Inflates until the buffer is full or the stream ends; returns how many bytes came.
  private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws(ArrayFileError) -> Int {
    var made = 0
    while made < buffer.count && !ended {
      if used == input.count {
        guard offset < end else { break }
        input = try source.bytes(at: offset, count: min(end - offset, 1 << 16))
        offset += input.count
        used = 0
      }
      var (taken, given) = (input.count - used, buffer.count - made)
      let status = input.withUnsafeBufferPointer { input in
        graybox_inflater_run(
          inflater,
          input.baseAddress.map { $0 + used },
          &taken,
          buffer.baseAddress.map { ($0 + made).assumingMemoryBound(to: UInt8.self) },
          &given
        )
      }
      guard status >= 0 else {
        throw .damaged(
          file: identity.file,
          array: identity.array,
          reason: "the compressed bytes are not valid"
        )
      }
      used += taken
      made += given
      ended = status == 1
      if !ended && taken == 0 && given == 0 { break }
    }
    return made
  }
}

private func continued(_ checksum: UInt32, _ buffer: UnsafeMutableRawBufferPointer) -> UInt32 {
  graybox_crc32_continued(
    checksum,
    buffer.baseAddress?.assumingMemoryBound(to: UInt8.self),
    buffer.count
  )
}

private func check(_ checksum: UInt32, _ identity: StreamIdentity) throws(ArrayFileError) {
  guard identity.checksum == nil || identity.checksum == checksum else {
    throw .damaged(
      file: identity.file,
      array: identity.array,
      reason: "its checksum does not agree"
    )
  }
}
