// The safetensors format: the length of a JSON header (64 bits, little-endian), the header, then
// the numbers. It is read strictly, because a file that runs a receiver must mean one thing only:
// the tensors cover the numbers exactly, without gap, overlap or rest.

/// Named tensors with text beside them, in the safetensors format.
///
/// Element types `F32` and `F64`, row-major, little-endian.
///
/// ```swift
/// let file = Safetensors(tensors: ["weight": .float(weight)], metadata: ["format_version": "1"])
/// try file.write(to: "model.safetensors")
/// let again = try Safetensors.read("model.safetensors")
/// ```
public struct Safetensors: Sendable, Equatable {
  /// The tensors by name.
  public var tensors: [String: NumericArray]
  /// Text that describes them.
  public var metadata: [String: String]

  /// The longest header that is read: 16 MiB.
  public static let longestHeader = 1 << 24

  /// A file of the given parts.
  public init(tensors: [String: NumericArray], metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Reads a file.
  ///
  /// - Parameter path: the file.
  /// - Returns: its tensors and text.
  /// - Throws: ``ArrayFileError`` that names the file and the tensor.
  public static func read(_ path: String) throws(ArrayFileError) -> Safetensors {
    try Safetensors(FileBytes(path: path))
  }

  /// Reads a file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - source: what to call the file in messages.
  /// - Throws: ``ArrayFileError`` that names the file and the tensor.
  public init(bytes: [UInt8], source: String) throws(ArrayFileError) {
    try self.init(MemoryBytes(bytes, name: source))
  }

  private init(_ source: any ByteSource) throws(ArrayFileError) {
    guard source.count >= 8 else {
      throw .truncated(file: source.name, array: nil, expected: 8, found: source.count)
    }
    let length = try source.bytes(at: 0, count: 8).reversed()
      .reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(Self.longestHeader) else {
      throw .damaged(
        file: source.name,
        array: nil,
        reason: "its header claims \(length) bytes, at most \(Self.longestHeader) are read"
      )
    }
    let start = 8 + Int(length)
    let header = try SafetensorsHeader(
      try source.bytes(at: 8, count: Int(length)),
      file: source.name,
      numbers: source.count - start
    )
    metadata = header.metadata
    tensors = [:]
    for entry in header.entries {
      tensors[entry.name] = try entry.read(from: source, at: start)
    }
  }

  /// Writes a file, whole or not at all.
  ///
  /// - Parameter path: the file to write or replace.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)``.
  public func write(to path: String) throws(ArrayFileError) {
    try AtomicFile.write(to: path) { sink throws(ArrayFileError) in try encode(to: sink) }
  }

  /// The bytes of the file.
  ///
  /// - Parameter name: what to call the file in messages.
  /// - Returns: the whole file.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)`` for complex tensors.
  public func encoded(name: String = "") throws(ArrayFileError) -> [UInt8] {
    let sink = MemorySink(name: name)
    try encode(to: sink)
    return sink.bytes
  }

  private func encode(to sink: any ByteSink) throws(ArrayFileError) {
    // The wider numbers first, so that all are aligned; then by name, so that files are repeatable.
    let ordered = tensors.sorted { a, b in
      let (wideA, wideB) = (a.value.isDouble, b.value.isDouble)
      return wideA == wideB ? a.key < b.key : wideA
    }
    var members: [JSONText.Member] = []
    if !metadata.isEmpty {
      members.append(
        .init(
          SafetensorsHeader.metadataKey,
          .object(metadata.sorted { $0.key < $1.key }.map { .init($0.key, .string($0.value)) })
        )
      )
    }
    var offset = 0
    for (name, array) in ordered {
      if case .complex = array {
        throw .cannotWrite(path: sink.name, reason: "tensor '\(name)' is complex")
      }
      guard name != SafetensorsHeader.metadataKey else {
        throw .cannotWrite(path: sink.name, reason: "'\(name)' is no name for a tensor")
      }
      let end = offset + array.shape.reduce(array.isDouble ? 8 : 4, *)
      members.append(
        .init(
          name,
          .object([
            .init("dtype", .string(array.isDouble ? "F64" : "F32")),
            .init("shape", .array(array.shape.map { .integer($0) })),
            .init("data_offsets", .array([.integer(offset), .integer(end)])),
          ])
        )
      )
      offset = end
    }
    var header = Array(JSONText.object(members).text.utf8)
    header += Array(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    guard header.count <= Self.longestHeader else {
      throw .cannotWrite(path: sink.name, reason: "the header has \(header.count) bytes")
    }
    try sink.write((0..<8).map { UInt8(truncatingIfNeeded: header.count >> (8 * $0)) } + header)
    for (_, array) in ordered {
      try array.withNumberBytes { bytes throws(ArrayFileError) in try sink.write(bytes) }
    }
  }
}

extension NumericArray {
  fileprivate var isDouble: Bool {
    if case .double = self { true } else { false }
  }
}

/// The checked header of a safetensors file.
private struct SafetensorsHeader {
  static let metadataKey = "__metadata__"

  struct Entry {
    var name: String
    var isDouble: Bool
    var shape: [Int]
    var range: Range<Int>

    func read(from source: any ByteSource, at start: Int) throws(ArrayFileError) -> NumericArray {
      isDouble
        ? .double(try tensor(source, start + range.lowerBound))
        : .float(try tensor(source, start + range.lowerBound))
    }

    private func tensor<Scalar: RealTensorScalar>(
      _ source: any ByteSource,
      _ offset: Int
    ) throws(ArrayFileError) -> Tensor<Scalar> {
      let storage = TensorStorage<Scalar>(uninitialised: shape.reduce(1, *))
      try source.read(
        at: offset,
        into: UnsafeMutableRawBufferPointer(start: storage.values, count: range.count)
      )
      return Tensor(shape: shape, storage: storage)
    }
  }

  let metadata: [String: String]
  let entries: [Entry]

  /// Checks a header that is followed by `numbers` bytes.
  init(_ bytes: [UInt8], file: String, numbers: Int) throws(ArrayFileError) {
    guard bytes.first == UInt8(ascii: "{") else {
      throw .damaged(file: file, array: nil, reason: "its header does not begin with a brace")
    }
    let header: JSONText
    do throws(JSONText.Failure) {
      header = try JSONText(parsing: bytes)
    } catch {
      throw .damaged(
        file: file,
        array: nil,
        reason: "its header \(error.reason) at byte \(8 + error.offset)"
      )
    }
    guard case .object(let members) = header else {
      throw .damaged(file: file, array: nil, reason: "its header is not an object")
    }
    var metadata: [String: String] = [:]
    var entries: [Entry] = []
    for member in members {
      if member.key == Self.metadataKey {
        metadata = try Self.metadata(member.value, file)
      } else {
        entries.append(try Self.entry(member, file))
      }
    }
    self.metadata = metadata
    self.entries = entries
    try checkCoverage(file, numbers)
  }

  private static func metadata(
    _ value: JSONText,
    _ file: String
  ) throws(ArrayFileError) -> [String: String] {
    guard case .object(let members) = value else {
      throw .damaged(file: file, array: nil, reason: "its metadata is not an object of strings")
    }
    var metadata: [String: String] = [:]
    for member in members {
      guard case .string(let text) = member.value else {
        throw .damaged(
          file: file,
          array: nil,
          reason: "its metadata '\(member.key)' is not a string"
        )
      }
      metadata[member.key] = text
    }
    return metadata
  }

  private static func entry(
    _ member: JSONText.Member,
    _ file: String
  ) throws(ArrayFileError) -> Entry {
    let name = member.key
    guard case .object(let fields) = member.value, fields.count == 3,
      case .string(let type)? = member.value["dtype"],
      case .array(let shapeValues)? = member.value["shape"],
      case .array(let offsets)? = member.value["data_offsets"], offsets.count == 2,
      case .integer(let start) = offsets[0], case .integer(let end) = offsets[1]
    else {
      throw .damaged(
        file: file,
        array: name,
        reason: "its header lacks dtype, shape or data_offsets"
      )
    }
    guard type == "F32" || type == "F64" else {
      throw .unsupported(
        file: file,
        array: name,
        reason: "has type \(type); read are F32 and F64: convert it"
      )
    }
    var (shape, size) = ([Int](), type == "F64" ? 8 : 4)
    for value in shapeValues {
      guard case .integer(let extent) = value, extent >= 0 else {
        throw .damaged(file: file, array: name, reason: "its shape is not a list of extents")
      }
      shape.append(extent)
    }
    for extent in shape where extent > 0 {
      let (product, overflows) = size.multipliedReportingOverflow(by: extent)
      guard !overflows else {
        throw .damaged(file: file, array: name, reason: "its shape \(shape) is too large")
      }
      size = product
    }
    if shape.contains(0) { size = 0 }
    guard shape.count <= NumPyHeader.mostAxes else {
      throw .unsupported(
        file: file,
        array: name,
        reason: "has \(shape.count) axes, at most \(NumPyHeader.mostAxes) are read; reshape it"
      )
    }
    guard start >= 0, end >= start, end - start == size else {
      throw .damaged(
        file: file,
        array: name,
        reason: "its offsets \(start) to \(end) do not fit \(shape)"
      )
    }
    return Entry(name: name, isDouble: type == "F64", shape: shape, range: start..<end)
  }

  /// Every byte of the numbers belongs to exactly one tensor.
  private func checkCoverage(_ file: String, _ numbers: Int) throws(ArrayFileError) {
    var end = 0
    let ordered = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    for entry in ordered {
      guard entry.range.lowerBound == end else {
        let problem = entry.range.lowerBound < end ? "overlap" : "leave a gap before"
        throw .damaged(
          file: file,
          array: entry.name,
          reason: "its offsets \(problem) \(problem == "overlap" ? "another tensor's" : "it")"
        )
      }
      end = entry.range.upperBound
    }
    guard end <= numbers else {
      throw .truncated(file: file, array: nil, expected: end, found: numbers)
    }
    guard end == numbers else {
      throw .trailingBytes(file: file, array: nil, count: numbers - end)
    }
  }
}
