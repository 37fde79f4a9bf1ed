/// Reads files in the layout of the MNIST data: a head of big-endian numbers, then bytes.
///
/// Two zero bytes, the type (8, unsigned bytes), the number of axes, each extent as four bytes, then the numbers in row-major
/// order. Such files are often packed; unpack them first.
public enum IndexedArrayFile {
  /// Reads one file.
  ///
  /// - Parameter path: such as `train-images-idx3-ubyte`.
  /// - Returns: the numbers, 0 to 255, in the file's shape.
  /// - Throws: ``ArrayFileError`` that names the file.
  public static func read(_ path: String) throws(ArrayFileError) -> Tensor<Float> {
    try decode(try FileBytes(path: path))
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - source: what to call it in messages.
  /// - Returns: the numbers in the file's shape.
  /// - Throws: ``ArrayFileError`` that names the source.
  public static func decode(
    _ bytes: [UInt8],
    source: String
  ) throws(ArrayFileError) -> Tensor<Float> {
    try decode(MemoryBytes(bytes, name: source))
  }

  private static func decode(_ source: any ByteSource) throws(ArrayFileError) -> Tensor<Float> {
    let head = try source.bytes(at: 0, count: 4)
    guard head[0] == 0, head[1] == 0 else {
      throw .damaged(
        file: source.name,
        array: nil,
        reason: "it does not begin with two zero bytes, as IDX files do (is it still packed?)"
      )
    }
    guard head[2] == 8 else {
      throw .unsupported(
        file: source.name,
        array: nil,
        reason: "holds numbers of type \(head[2]); only unsigned bytes, type 8, are read"
      )
    }
    let axes = Int(head[3])
    let extents = try source.bytes(at: 4, count: 4 * axes)
    var shape: [Int] = []
    var count = 1
    for axis in 0..<axes {
      let extent = extents[(4 * axis)..<(4 * axis + 4)].reduce(0) { $0 << 8 | Int($1) }
      let (product, overflows) = count.multipliedReportingOverflow(by: extent)
      guard !overflows else {
        throw .damaged(file: source.name, array: nil, reason: "its extents are absurd")
      }
      count = product
      shape.append(extent)
    }
    let start = 4 + 4 * axes
    guard source.count <= start || source.count - start <= count else {
      throw .trailingBytes(file: source.name, array: nil, count: source.count - start - count)
    }
    guard source.count - start == count else {
      throw .truncated(
        file: source.name,
        array: nil,
        expected: start.addingReportingOverflow(count).partialValue,
        found: source.count
      )
    }
    let numbers = try source.bytes(at: start, count: count)
    return Tensor(shape: shape) { target in
      for index in 0..<count { target[index] = Float(numbers[index]) }
    }
  }
}
