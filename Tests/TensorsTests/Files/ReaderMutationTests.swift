internal import Tensors
internal import Testing

/// Damaged input by the thousand: every reader returns or throws, whatever the bytes are.
@Suite struct ReaderMutationTests {
  private static let mutations = 3000

  /// One of the ways in which files are damaged.
  private func mutated(
    _ bytes: [UInt8],
    _ other: [UInt8],
    _ stream: inout RandomStream
  ) -> [UInt8] {
    var result = bytes
    let random = stream.integers(16, below: 1 << 30)
    switch random[0] % 6 {
    case 0:  // flip some bits
      for i in 0...(random[1] % 8) where !result.isEmpty {
        result[random[2 + i] % result.count] ^= UInt8(1 << (random[10] % 8))
      }
    case 1: result = Array(result.prefix(random[1] % (result.count + 1)))
    case 2: result += (0..<(random[1] % 50)).map { UInt8(truncatingIfNeeded: $0 &* random[2]) }
    case 3:  // splice two files
      result =
        Array(result.prefix(random[1] % (result.count + 1)))
        + other.suffix(random[2] % (other.count + 1))
    case 4:  // a field of extreme bytes
      let value: UInt8 = [0x00, 0xff, 0x7f, 0x80][random[1] % 4]
      let start = random[2] % max(result.count, 1)
      for i in start..<min(start + 1 + random[3] % 8, result.count) { result[i] = value }
    default:  // remove or repeat a piece
      let start = random[1] % max(result.count, 1)
      let piece = result[start...].prefix(random[2] % 40)
      if random[3] % 2 == 0 {
        result.removeSubrange(start..<(start + piece.count))
      } else {
        result.insert(contentsOf: piece, at: start)
      }
    }
    return result
  }

  /// Counts how many mutations are read and how many are refused.
  private func outcomes(
    of bytes: [UInt8],
    splicedWith other: [UInt8],
    seed: UInt64,
    read: ([UInt8]) throws(ArrayFileError) -> [String: NumericArray]
  ) -> (read: Int, refused: Int) {
    var stream = RandomStream(seed: seed).derived("mutations")
    var counts = (read: 0, refused: 0)
    for _ in 0..<Self.mutations {
      let damaged = mutated(bytes, other, &stream)
      do throws(ArrayFileError) {
        let arrays = try read(damaged)
        counts.read += 1
        // what is read is no larger than deflate, the widest conversion and padding allow
        for array in arrays.values {
          #expect(array.shape.reduce(1, *) <= damaged.count * 1032)
        }
      } catch {
        counts.refused += 1
        #expect(error.description.hasPrefix("f"))
      }
    }
    return counts
  }

  private func arrays(
    _ bytes: [UInt8],
    _ format: ArrayFiles.Format
  ) throws(ArrayFileError) -> [String: NumericArray] {
    let bundle = try ArrayFiles.decode(bytes, as: format, source: "f")
    return Dictionary(
      uniqueKeysWithValues: bundle.names.compactMap { name in
        bundle[name].map { (name, $0) }
      }
    )
  }

  @Test(
    "a damaged archive is read or refused",
    arguments: ["shapes.npz", "streamed.npz", "types-deflated.npz"],
    0..<2 as Range<UInt64>
  )
  func archives(file: String, seed: UInt64) throws {
    let bytes = try TestFiles.bytes(file)
    let counts = outcomes(of: bytes, splicedWith: try TestFiles.bytes("shapes.npz"), seed: seed) {
      bytes throws(ArrayFileError) in try arrays(bytes, .npz)
    }
    // checksums and two headers leave hardly a bit that does not count
    #expect(counts.refused > Self.mutations / 2)
  }

  @Test(
    "a damaged array is read or refused",
    arguments: ["version1.npy", "version2.npy", "half.npy"],
    0..<2 as Range<UInt64>
  )
  func singleArrays(file: String, seed: UInt64) throws {
    let bytes = try TestFiles.bytes(file)
    let counts = outcomes(of: bytes, splicedWith: try TestFiles.bytes("version3.npy"), seed: seed) {
      bytes throws(ArrayFileError) in try arrays(bytes, .npy)
    }
    #expect(counts.refused > Self.mutations / 2)
    #expect(counts.read + counts.refused == Self.mutations)
  }

  @Test("a damaged table is read or refused", arguments: 0..<3 as Range<UInt64>)
  func tables(seed: UInt64) throws {
    let text = "time,\"x, y\",z\n0,1.5,-2e-3\n1,nan,4\n2,inf,1234567890.123\n3,-7,0\n"
    let other = "1,2\n3,4\n"
    let counts = outcomes(of: Array(text.utf8), splicedWith: Array(other.utf8), seed: seed) {
      bytes throws(ArrayFileError) in try arrays(bytes, .csv)
    }
    #expect(counts.refused > Self.mutations / 10 && counts.read > Self.mutations / 10)
  }

  @Test("a damaged safetensors file is read or refused", arguments: 0..<3 as Range<UInt64>)
  func safetensors(seed: UInt64) throws {
    var stream = RandomStream(seed: 1)
    let bytes = try Safetensors(
      tensors: ["a": .float(stream.normal([3, 4])), "b": .double(stream.normal([5]))],
      metadata: ["format_version": "1", "settings": "{\"a\":1}"]
    ).encoded()
    let other = try Safetensors(tensors: ["c": .float(.zeros([2]))]).encoded()
    let counts = outcomes(of: bytes, splicedWith: other, seed: seed) {
      bytes throws(ArrayFileError) in try Safetensors(bytes: bytes, source: "f").tensors
    }
    #expect(counts.refused > Self.mutations / 2)
  }
}
