internal import CKernels

/// Writes a zip archive of stored entries, with 64-bit sizes where they are needed.
struct ZipWriter {
  private let sink: any ByteSink
  private var offset = 0
  private var directory: [UInt8] = []
  private var count = 0

  init(_ sink: any ByteSink) { self.sink = sink }

  /// Appends one entry whose bytes are `pieces` one after another.
  mutating func add(
    _ name: String,
    _ pieces: [UnsafeRawBufferPointer]
  ) throws(ArrayFileError) {
    let nameBytes = Array(name.utf8)
    guard nameBytes.count < 1 << 16 else {
      throw .cannotWrite(path: sink.name, reason: "an array's name has \(nameBytes.count) bytes")
    }
    let size = pieces.reduce(0) { $0 + $1.count }
    let checksum = pieces.reduce(UInt32(0)) { checksum, piece in
      graybox_crc32_continued(
        checksum,
        piece.baseAddress?.assumingMemoryBound(to: UInt8.self),
        piece.count
      )
    }
    let limit = 0xffff_ffff
    let local =
      size >= limit ? number(1, 2) + number(16, 2) + number(size, 8) + number(size, 8) : []
    var far: [UInt8] = size >= limit ? number(size, 8) + number(size, 8) : []
    if offset >= limit { far += number(offset, 8) }
    let central = far.isEmpty ? [] : number(1, 2) + number(far.count, 2) + far
    let version = number(size >= limit || offset >= limit ? 45 : 20, 2)
    // Flag 11: the name is UTF-8. No time of day: equal arrays give equal files (1980-01-01).
    var common = version + number(1 << 11, 2) + number(0, 2) + number(0, 2) + number(33, 2)
    common += number(Int(checksum), 4) + number(min(size, limit), 4) + number(min(size, limit), 4)
    common += number(nameBytes.count, 2)
    try sink.write(number(0x0403_4b50, 4) + common + number(local.count, 2) + nameBytes + local)
    for piece in pieces { try sink.write(piece) }
    directory += number(0x0201_4b50, 4) + version + common + number(central.count, 2)
    directory += number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4)
    directory += number(min(offset, limit), 4) + nameBytes + central
    offset += 30 + nameBytes.count + local.count + size
    count += 1
  }

  /// Writes the directory and the end record.
  func finish() throws(ArrayFileError) {
    try sink.write(directory)
    let isLarge = offset >= 0xffff_ffff || directory.count >= 0xffff_ffff || count >= 0xffff
    if isLarge {
      var record = number(0x0606_4b50, 4) + number(44, 8) + number(45, 2) + number(45, 2)
      record += number(0, 4) + number(0, 4) + number(count, 8) + number(count, 8)
      record += number(directory.count, 8) + number(offset, 8)
      record += number(0x0706_4b50, 4) + number(0, 4) + number(offset + directory.count, 8)
      record += number(1, 4)
      try sink.write(record)
    }
    var end = number(0x0605_4b50, 4) + number(0, 2) + number(0, 2)
    end += number(min(count, 0xffff), 2) + number(min(count, 0xffff), 2)
    end += number(min(directory.count, 0xffff_ffff), 4) + number(min(offset, 0xffff_ffff), 4)
    try sink.write(end + number(0, 2))
  }

  private func number(_ value: Int, _ bytes: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
