/// The portable gray map, plain (`P2`) and raw (`P5`).
enum GrayMap {
  /// Reads a file's bytes: `[height, width]`, values from 0 to 1.
  static func decode(_ bytes: [UInt8], _ source: String) throws(ArrayFileError) -> Tensor<Float> {
    var reader = GrayMapReader(bytes: bytes, source: source)
    return try reader.image()
  }
}

private struct GrayMapReader {
  let bytes: [UInt8]
  let source: String
  private var place = 2

  init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  mutating func image() throws(ArrayFileError) -> Tensor<Float> {
    let isPlain = bytes.starts(with: Array("P2".utf8))
    guard isPlain || bytes.starts(with: Array("P5".utf8)) else {
      throw .damaged(file: source, array: nil, reason: "a PGM starts with P2 or P5")
    }
    let width = try number("the width", 1...1_000_000)
    let height = try number("the height", 1...1_000_000)
    let maximum = try number("the largest value", 1...65_535)
    let values =
      isPlain
      ? try plain(width * height, maximum)
      : try raw(width * height, maximum)
    return Tensor(shape: [height, width]) { pixels in
      for (place, value) in values.enumerated() {
        pixels[place] = Float(value) / Float(maximum)
      }
    }
  }

  /// The next whole number, after blanks and comments.
  private mutating func number(
    _ what: String,
    _ range: ClosedRange<Int>
  ) throws(ArrayFileError) -> Int {
    skipBlanks()
    var (value, digits) = (0, 0)
    while place < bytes.count, case let digit = Int(bytes[place]) - 48, (0...9).contains(digit),
      value <= range.upperBound
    {
      value = 10 * value + digit
      digits += 1
      place += 1
    }
    guard digits > 0, range.contains(value) else {
      throw .damaged(
        file: source,
        array: nil,
        reason: "\(what) must be a whole number from \(range.lowerBound) to \(range.upperBound)"
      )
    }
    return value
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

  private mutating func skipBlanks() {
    while place < bytes.count {
      if Self.isBlank(bytes[place]) {
        place += 1
      } else if bytes[place] == UInt8(ascii: "#") {
        while place < bytes.count && bytes[place] != 10 && bytes[place] != 13 { place += 1 }
      } else {
        return
      }
    }
  }

  private mutating func plain(_ count: Int, _ maximum: Int) throws(ArrayFileError) -> [Int] {
    // Every number takes a digit and a blank, so that no more room is taken than the file explains.
    guard count <= bytes.count else { throw truncated(2 * count) }
    var values: [Int] = []
    values.reserveCapacity(count)
    for _ in 0..<count { values.append(try number("a pixel", 0...maximum)) }
    skipBlanks()
    guard place == bytes.count else { throw trailing() }
    return values
  }

  private mutating func raw(_ count: Int, _ maximum: Int) throws(ArrayFileError) -> [Int] {
    guard place < bytes.count, Self.isBlank(bytes[place]) else {
      throw .damaged(file: source, array: nil, reason: "one blank must follow the largest value")
    }
    place += 1
    let width = maximum > 255 ? 2 : 1
    guard bytes.count - place >= width * count else { throw truncated(place + width * count) }
    guard bytes.count - place == width * count else {
      place += width * count
      throw trailing()
    }
    let values = (0..<count).map { pixel in
      width == 1
        ? Int(bytes[place + pixel])
        : Int(bytes[place + 2 * pixel]) << 8 | Int(bytes[place + 2 * pixel + 1])
    }
    guard values.allSatisfy({ $0 <= maximum }) else {
      throw .damaged(
        file: source,
        array: nil,
        reason: "a pixel is above \(maximum), which the file says is the largest value"
      )
    }
    return values
  }

  private func truncated(_ expected: Int) -> ArrayFileError {
    .truncated(file: source, array: nil, expected: expected, found: bytes.count)
  }

  private func trailing() -> ArrayFileError {
    .trailingBytes(file: source, array: nil, count: bytes.count - place)
  }
}
