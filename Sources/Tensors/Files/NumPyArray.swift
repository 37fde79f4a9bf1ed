/// The bytes of `.npy` files and `.npz` archives.
enum NumPyArray {
  /// Reads a `.npy` file.
  static func decode(_ source: any ByteSource, name: String) throws(ArrayFileError) -> NumericArray
  {
    let reader = NumPyReader(file: source.name, array: name) { () throws(ArrayFileError) in
      StoredStream(source, 0..<source.count, StreamIdentity(file: source.name, array: name))
    }
    return try reader.read()
  }

  /// Reads a `.npz` archive.
  static func decodeArchive(_ source: any ByteSource) throws(ArrayFileError) -> ArrayBundle {
    var bundle = ArrayBundle(source: source.name)
    for entry in try ZipArchive(source).entries {
      guard entry.name.hasSuffix(".npy"), entry.name.count > 4 else {
        throw .unsupported(
          file: source.name,
          array: nil,
          reason: "holds '\(entry.name)', which is not an array; keep .npy entries only"
        )
      }
      let name = String(entry.name.dropLast(4))
      let identity = StreamIdentity(file: source.name, array: name, checksum: entry.checksum)
      let reader = NumPyReader(file: source.name, array: name) {
        () throws(ArrayFileError) -> any ByteStream in
        if entry.isDeflated {
          return try InflatedStream(source, entry.range, size: entry.size, identity)
        }
        return StoredStream(source, entry.range, identity)
      }
      bundle[name] = try reader.read()
    }
    return bundle
  }

  /// Writes a `.npy` file.
  static func encode(_ array: NumericArray, to sink: any ByteSink) throws(ArrayFileError) {
    try sink.write(header(of: array))
    try array.withNumberBytes { bytes throws(ArrayFileError) in try sink.write(bytes) }
  }

  /// Writes a `.npz` archive of stored entries, in the order of the names.
  static func encodeArchive(_ bundle: ArrayBundle, to sink: any ByteSink) throws(ArrayFileError) {
    var archive = ZipWriter(sink)
    for name in bundle.names {
      guard let array = bundle[name] else { continue }
      guard !name.isEmpty, !name.contains("\0") else {
        throw .cannotWrite(path: sink.name, reason: "'\(name)' is no name for an array")
      }
      let header = header(of: array)
      try array.withNumberBytes { numbers throws(ArrayFileError) in
        let result: Result<Void, ArrayFileError> = header.withUnsafeBytes { header in
          Result { () throws(ArrayFileError) in try archive.add(name + ".npy", [header, numbers]) }
        }
        try result.get()
      }
    }
    try archive.finish()
  }

  private static func header(of array: NumericArray) -> [UInt8] {
    let descriptor =
      switch array {
      case .float: "<f4"
      case .double: "<f8"
      case .complex: "<c8"
      }
    return NumPyHeader.encoded(descriptor: descriptor, shape: array.shape)
  }
}

extension NumericArray {
  /// Lends the numbers as bytes, in row-major order, little-endian.
  func withNumberBytes(
    _ body: (UnsafeRawBufferPointer) throws(ArrayFileError) -> Void
  ) throws(ArrayFileError) {
    let result: Result<Void, ArrayFileError> =
      switch self {
      case .float(let tensor), .complex(let tensor):
        tensor.withScalars { scalars in
          Result { () throws(ArrayFileError) in try body(UnsafeRawBufferPointer(scalars)) }
        }
      case .double(let tensor):
        tensor.withScalars { scalars in
          Result { () throws(ArrayFileError) in try body(UnsafeRawBufferPointer(scalars)) }
        }
      }
    try result.get()
  }
}
