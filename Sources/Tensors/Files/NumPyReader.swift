// Reads the numbers of a `.npy` file. Priorities: never more memory than the file justifies, then
// no copy where the file's form is the tensor's (f4, f8 and c8 in C order are read straight into
// the tensor's buffer), then simplicity. The program runs on little-endian machines only, as do
// all that Swift supports.

/// Reads one `.npy` file, or one entry of an archive.
struct NumPyReader {
  /// The file's name, for messages.
  var file: String
  /// The array's name.
  var array: String
  /// Opens the bytes at their front; called again where integers must be read twice.
  var open: () throws(ArrayFileError) -> any ByteStream

  /// The array in the precision in which it is computed with.
  ///
  /// - Throws: ``ArrayFileError`` that names the file and the array.
  func read() throws(ArrayFileError) -> NumericArray {
    let stream = try open()
    let header = try NumPyHeader.read(from: stream, file: file, array: array)
    try checkLength(header, stream)
    switch header.element {
    case .float(bytes: 4): return .float(try plain(header, stream))
    case .float: return .double(try plain(header, stream))
    case .complex(bytes: 8): return .complex(try complexSingle(header, stream))
    case .complex: return .complex(try complexDouble(header, stream))
    case .bool:
      return .float(
        try mapped(header, stream, from: UInt8.self) { byte, scalar in
          scalar = byte == 0 ? 0 : 1
          return true
        } ?? .zeros(header.shape)
      )
    case .integer(let bytes, let signed): return try integers(header, stream, bytes, signed)
    }
  }

  private func checkLength(
    _ header: NumPyHeader,
    _ stream: any ByteStream
  ) throws(ArrayFileError) {
    let expected = header.count * header.element.bytes
    guard stream.remaining >= expected else {
      throw .truncated(file: file, array: array, expected: expected, found: stream.remaining)
    }
    guard stream.remaining == expected else {
      throw .trailingBytes(file: file, array: array, count: stream.remaining - expected)
    }
  }

  // MARK: - Forms that are the tensor's own

  private func plain<Scalar: RealTensorScalar>(
    _ header: NumPyHeader,
    _ stream: any ByteStream
  ) throws(ArrayFileError) -> Tensor<Scalar> {
    let storage = TensorStorage<Scalar>(uninitialised: header.count)
    try fill(storage, header, stream)
    return tensor(storage, header, parts: 1)
  }

  private func complexSingle(
    _ header: NumPyHeader,
    _ stream: any ByteStream
  ) throws(ArrayFileError) -> Tensor<Float> {
    let storage = TensorStorage<Float>(uninitialised: header.count * 2)
    try fill(storage, header, stream)
    return tensor(storage, header, parts: 2)
  }

  private func fill<Scalar: RealTensorScalar>(
    _ storage: TensorStorage<Scalar>,
    _ header: NumPyHeader,
    _ stream: any ByteStream
  ) throws(ArrayFileError) {
    let bytes = storage.count * MemoryLayout<Scalar>.size
    let raw = UnsafeMutableRawBufferPointer(start: storage.values, count: bytes)
    try stream.read(into: raw)
    try stream.finish()
    guard header.isBigEndian else { return }
    if MemoryLayout<Scalar>.size == 4 {
      raw.withMemoryRebound(to: UInt32.self) { words in
        for i in words.indices { words[i] = words[i].byteSwapped }
      }
    } else {
      raw.withMemoryRebound(to: UInt64.self) { words in
        for i in words.indices { words[i] = words[i].byteSwapped }
      }
    }
  }

  // MARK: - Forms that are converted

  private func integers(
    _ header: NumPyHeader,
    _ stream: any ByteStream,
    _ bytes: Int,
    _ signed: Bool
  ) throws(ArrayFileError) -> NumericArray {
    switch (bytes, signed) {
    case (1, true): try integers(header, stream, Int8.self)
    case (1, false): try integers(header, stream, UInt8.self)
    case (2, true): try integers(header, stream, Int16.self)
    case (2, false): try integers(header, stream, UInt16.self)
    case (4, true): try integers(header, stream, Int32.self)
    case (4, false): try integers(header, stream, UInt32.self)
    case (_, true): try integers(header, stream, Int64.self)
    case (_, false): try integers(header, stream, UInt64.self)
    }
  }

  /// Single precision when every integer is one of its numbers, else double precision.
  private func integers<Stored: FixedWidthInteger>(
    _ header: NumPyHeader,
    _ stream: any ByteStream,
    _: Stored.Type
  ) throws(ArrayFileError) -> NumericArray {
    let single: Tensor<Float>? = try mapped(header, stream, from: Stored.self) { word, scalar in
      scalar = Float(word)
      return word.magnitude <= 1 << 24 || word.hasSignificantBits(atMost: 24)
    }
    if let single { return .float(single) }
    let again = try open()
    _ = try NumPyHeader.read(from: again, file: file, array: array)
    let double: Tensor<Double>? = try mapped(header, again, from: Stored.self) { word, scalar in
      scalar = Double(word)
      return true
    }
    return .double(double ?? .zeros(header.shape))
  }

  private func complexDouble(
    _ header: NumPyHeader,
    _ stream: any ByteStream
  ) throws(ArrayFileError) -> Tensor<Float> {
    let fitting: Tensor<Float>? = try mapped(header, stream, parts: 2, from: UInt64.self) {
      (word, scalar) in
      let value = Double(bitPattern: word)
      scalar = Float(value)
      return scalar.isFinite || !value.isFinite
    }
    guard let fitting else {
      throw .unsupported(
        file: file,
        array: array,
        reason: "has complex numbers beyond single precision, in which they are kept; scale it"
      )
    }
    return fitting
  }

  /// Converts number by number; nil as soon as `convert` says that one does not fit.
  private func mapped<Stored: FixedWidthInteger, Scalar: RealTensorScalar>(
    _ header: NumPyHeader,
    _ stream: any ByteStream,
    parts: Int = 1,
    from: Stored.Type,
    _ convert: (Stored, inout Scalar) -> Bool
  ) throws(ArrayFileError) -> Tensor<Scalar>? {
    let storage = TensorStorage<Scalar>(uninitialised: header.count * parts)
    let words = UnsafeMutableBufferPointer<Stored>.allocate(capacity: min(storage.count, 1 << 15))
    defer { words.deallocate() }
    var done = 0
    while done < storage.count {
      let length = min(words.count, storage.count - done)
      let chunk = UnsafeMutableBufferPointer(rebasing: words[..<length])
      try stream.read(into: UnsafeMutableRawBufferPointer(chunk))
      for i in 0..<length {
        let word = header.isBigEndian ? chunk[i].byteSwapped : chunk[i]
        guard convert(word, &storage.values[done + i]) else { return nil }
      }
      done += length
    }
    try stream.finish()
    return tensor(storage, header, parts: parts)
  }

  // MARK: - Order of the axes

  /// The tensor of a filled storage; `parts` numbers belong together (2 for complex ones).
  private func tensor<Scalar: RealTensorScalar>(
    _ storage: TensorStorage<Scalar>,
    _ header: NumPyHeader,
    parts: Int
  ) -> Tensor<Scalar> {
    let shape = header.shape + (parts == 1 ? [] : [parts])
    guard header.isFortranOrder && header.shape.count > 1 && storage.count > 0 else {
      return Tensor(shape: shape, storage: storage)
    }
    let ordered = TensorStorage<Scalar>(uninitialised: storage.count)
    var strides: [Int] = []
    var stride = parts
    for extent in header.shape {
      strides.append(stride)
      stride *= extent
    }
    var index = [Int](repeating: 0, count: strides.count)
    var from = 0
    for to in Swift.stride(from: 0, to: storage.count, by: parts) {
      for part in 0..<parts { ordered.values[to + part] = storage.values[from + part] }
      var axis = strides.count - 1
      while axis >= 0 {
        index[axis] += 1
        from += strides[axis]
        if index[axis] < header.shape[axis] { break }
        from -= strides[axis] * index[axis]
        index[axis] = 0
        axis -= 1
      }
    }
    return Tensor(shape: shape, storage: ordered)
  }
}

extension FixedWidthInteger {
  /// Whether the number is a power of two times an integer of so many bits.
  fileprivate func hasSignificantBits(atMost bits: Int) -> Bool {
    Magnitude.bitWidth - magnitude.leadingZeroBitCount - magnitude.trailingZeroBitCount <= bits
  }
}
