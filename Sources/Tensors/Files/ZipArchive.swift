// Reads the directory of a zip archive, as strictly as it can be read: the directory must lie where
// the end record says, each local header must agree with it, and no two entries may share bytes.
// Source: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3.

/// One entry of an archive, checked.
struct ZipEntry: Equatable {
  var name: String
  var isDeflated: Bool
  var checksum: UInt32
  /// Where its bytes lie in the file.
  var range: Range<Int>
  /// How many bytes it has when inflated, by the directory's account.
  var size: Int
}

/// The entries of a zip archive.
struct ZipArchive {
  let entries: [ZipEntry]

  /// Deflate cannot make more than this many bytes out of one.
  static let mostExpansion = 1032
  /// The largest compressed entry that is inflated: 8 GiB.
  static let mostInflatedBytes = 1 << 33

  /// Reads and checks the directory.
  ///
  /// - Throws: ``ArrayFileError`` that names the file and the entry.
  init(_ source: any ByteSource) throws(ArrayFileError) {
    let reader = ZipDirectoryReader(source: source)
    let end = try reader.endRecord()
    let found = try reader.directory(end)
    try ZipArchive.checkRanges(found, directory: end.offset, file: source.name)
    entries = found.map(\.entry)
  }

  private static func checkRanges(
    _ found: [(entry: ZipEntry, start: Int)],
    directory: Int,
    file: String
  ) throws(ArrayFileError) {
    var end = 0
    var names = Set<String>()
    for (entry, start) in found.sorted(by: { $0.start < $1.start }) {
      guard start >= end && entry.range.upperBound <= directory else {
        throw .damaged(file: file, array: entry.name, reason: "it shares bytes with its neighbour")
      }
      guard names.insert(entry.name).inserted else {
        throw .damaged(file: file, array: entry.name, reason: "the name comes twice")
      }
      end = entry.range.upperBound
    }
  }
}

/// What the end of an archive says about its directory.
struct ZipEndRecord: Equatable {
  var count: Int
  var offset: Int
  var size: Int
}

private struct ZipDirectoryReader {
  let source: any ByteSource

  private var file: String { source.name }

  private func damaged(_ reason: String, _ array: String? = nil) -> ArrayFileError {
    .damaged(file: file, array: array, reason: reason)
  }

  /// Finds the end record, the last thing in the file but for a comment.
  func endRecord() throws(ArrayFileError) -> ZipEndRecord {
    let length = min(source.count, 22 + 65535)
    let start = source.count - length
    let tail = LittleEndian(try source.bytes(at: start, count: length))
    var place = length - 22
    while place >= 0 {
      if tail.u32(place) == 0x0605_4b50 && place + 22 + tail.u16(place + 20) == length { break }
      place -= 1
    }
    guard place >= 0 else { throw damaged("it is not a zip archive, or is cut short") }
    guard tail.u16(place + 4) == 0, tail.u16(place + 6) == 0,
      tail.u16(place + 8) == tail.u16(place + 10)
    else { throw damaged("its directory is in several parts") }
    var record = ZipEndRecord(
      count: tail.u16(place + 10),
      offset: tail.u32(place + 16),
      size: tail.u32(place + 12)
    )
    var end = start + place
    if record.count == 0xffff || record.offset == 0xffff_ffff || record.size == 0xffff_ffff {
      (record, end) = try largeEndRecord(before: end)
    }
    guard record.size <= end, record.offset == end - record.size,
      record.count <= record.size / 46
    else { throw damaged("its directory does not lie where its end says") }
    return record
  }

  /// The end record of archives beyond 4 GiB or 65535 entries.
  private func largeEndRecord(before end: Int) throws(ArrayFileError) -> (ZipEndRecord, Int) {
    let reason = "its 64-bit end record is missing or not valid"
    guard end >= 20 + 56 else { throw damaged(reason) }
    let locator = LittleEndian(try source.bytes(at: end - 20, count: 20))
    guard locator.u32(0) == 0x0706_4b50, locator.u32(4) == 0, locator.u32(16) == 1,
      let offset = locator.u64(8), offset <= end - 20 - 56
    else { throw damaged(reason) }
    let record = LittleEndian(try source.bytes(at: offset, count: 56))
    guard record.u32(0) == 0x0606_4b50, let size = record.u64(4), size == end - 20 - 12 - offset,
      record.u32(16) == 0, record.u32(20) == 0,
      let here = record.u64(24), let count = record.u64(32), here == count,
      let directorySize = record.u64(40), let directory = record.u64(48)
    else { throw damaged(reason) }
    return (ZipEndRecord(count: count, offset: directory, size: directorySize), offset)
  }

  /// The directory's entries, each with the place of its local header.
  func directory(_ end: ZipEndRecord) throws(ArrayFileError) -> [(entry: ZipEntry, start: Int)] {
    let bytes = LittleEndian(try source.bytes(at: end.offset, count: end.size))
    var found: [(entry: ZipEntry, start: Int)] = []
    var place = 0
    for _ in 0..<end.count {
      guard place + 46 <= bytes.count, bytes.u32(place) == 0x0201_4b50 else {
        throw damaged("its directory is not valid")
      }
      let (nameLength, extraLength) = (bytes.u16(place + 28), bytes.u16(place + 30))
      let next = place + 46 + nameLength + extraLength + bytes.u16(place + 32)
      guard next <= bytes.count else { throw damaged("its directory is not valid") }
      let nameBytes = bytes.slice(place + 46, nameLength)
      guard let name = String(validating: nameBytes, as: UTF8.self), !name.contains("\0") else {
        throw damaged("an entry's name is not valid text")
      }
      var fields = ZipFields(
        flags: bytes.u16(place + 8),
        method: bytes.u16(place + 10),
        checksum: UInt32(bytes.u32(place + 16)),
        compressed: bytes.u32(place + 20),
        size: bytes.u32(place + 24),
        offset: bytes.u32(place + 42)
      )
      guard bytes.u16(place + 34) == 0 || bytes.u16(place + 34) == 0xffff,
        fields.extend(bytes.slice(place + 46 + nameLength, extraLength))
      else { throw damaged("its place in the directory is not valid", name) }
      found.append((try entry(fields, name, nameBytes), fields.offset))
      place = next
    }
    guard place == bytes.count else { throw damaged("its directory is not valid") }
    return found
  }

  private func entry(
    _ fields: ZipFields,
    _ name: String,
    _ nameBytes: [UInt8]
  ) throws(ArrayFileError) -> ZipEntry {
    guard fields.flags & 0b0010_0000_0100_0001 == 0 else {
      throw .unsupported(
        file: file,
        array: name,
        reason: "is encrypted; save it without a password"
      )
    }
    guard fields.method == 0 || fields.method == 8 else {
      throw .unsupported(
        file: file,
        array: name,
        reason: "is compressed by method \(fields.method); use numpy.savez or savez_compressed"
      )
    }
    let isDeflated = fields.method == 8
    guard isDeflated || fields.compressed == fields.size else {
      throw damaged("it is stored but has two sizes", name)
    }
    let start = try checkLocalHeader(fields, name, nameBytes)
    guard fields.compressed <= source.count - start else {
      throw .truncated(
        file: file,
        array: name,
        expected: fields.compressed,
        found: source.count - start
      )
    }
    if isDeflated {
      guard fields.size / ZipArchive.mostExpansion <= fields.compressed else {
        throw damaged(
          "it cannot have \(fields.size) bytes when compressed to \(fields.compressed)",
          name
        )
      }
      guard fields.size <= ZipArchive.mostInflatedBytes else {
        throw .unsupported(
          file: file,
          array: name,
          reason: "is compressed and larger than 8 GiB; save it with numpy.savez"
        )
      }
    }
    return ZipEntry(
      name: name,
      isDeflated: isDeflated,
      checksum: fields.checksum,
      range: start..<(start + fields.compressed),
      size: fields.size
    )
  }

  /// Compares the header before the bytes with the directory; returns where the bytes begin.
  private func checkLocalHeader(
    _ fields: ZipFields,
    _ name: String,
    _ nameBytes: [UInt8]
  ) throws(ArrayFileError) -> Int {
    let disagrees = damaged("its two headers disagree", name)
    guard fields.offset <= source.count - 30 else { throw disagrees }
    let fixed = LittleEndian(try source.bytes(at: fields.offset, count: 30))
    let (nameLength, extraLength) = (fixed.u16(26), fixed.u16(28))
    let rest = fields.offset + 30
    guard fixed.u32(0) == 0x0403_4b50, nameLength == nameBytes.count,
      nameLength + extraLength <= source.count - rest
    else { throw disagrees }
    let variable = LittleEndian(try source.bytes(at: rest, count: nameLength + extraLength))
    var local = ZipFields(
      flags: fixed.u16(6),
      method: fixed.u16(8),
      checksum: UInt32(fixed.u32(14)),
      compressed: fixed.u32(18),
      size: fixed.u32(22),
      offset: fields.offset
    )
    guard variable.slice(0, nameLength) == nameBytes, local.method == fields.method,
      local.flags & 0b1001 == fields.flags & 0b1001,
      local.extend(variable.slice(nameLength, extraLength))
    else { throw disagrees }
    // With bit 3 the sizes follow the bytes, and the local header may say nothing.
    let isLate = local.flags & 0b1000 != 0 && local.size == 0 && local.compressed == 0
    guard
      isLate
        || (local.size == fields.size && local.compressed == fields.compressed
          && local.checksum == fields.checksum)
    else { throw disagrees }
    return rest + nameLength + extraLength
  }
}

/// What a header says about an entry.
private struct ZipFields {
  var flags: Int
  var method: Int
  var checksum: UInt32
  var compressed: Int
  var size: Int
  var offset: Int

  /// Takes what does not fit 32 bits from the extra field; false when it is not there.
  mutating func extend(_ extra: [UInt8]) -> Bool {
    let large = 0xffff_ffff
    guard size == large || compressed == large || offset == large else { return true }
    let bytes = LittleEndian(extra)
    var place = 0
    while place + 4 <= bytes.count {
      let (kind, length) = (bytes.u16(place), bytes.u16(place + 2))
      place += 4
      guard place + length <= bytes.count else { return false }
      if kind == 1 {
        let end = place + length
        func take(_ field: inout Int) -> Bool {
          guard field == large else { return true }
          guard place + 8 <= end, let value = bytes.u64(place) else { return false }
          field = value
          place += 8
          return true
        }
        return take(&size) && take(&compressed) && take(&offset)
      }
      place += length
    }
    return false
  }
}

/// Little-endian numbers in bytes; every place that is read was checked to be inside.
private struct LittleEndian {
  private let bytes: [UInt8]

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var count: Int { bytes.count }

  func u16(_ place: Int) -> Int { Int(bytes[place]) | Int(bytes[place + 1]) << 8 }

  func u32(_ place: Int) -> Int { u16(place) | u16(place + 2) << 16 }

  /// Nil when the number is no size that a file can have.
  func u64(_ place: Int) -> Int? {
    let high = u32(place + 4)
    return high < 1 << 30 ? u32(place) | high << 32 : nil
  }

  func slice(_ place: Int, _ length: Int) -> [UInt8] { Array(bytes[place..<(place + length)]) }
}
