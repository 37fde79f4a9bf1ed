internal import Tensors
internal import Testing

@Suite struct SafetensorsTests {
  private func file(_ header: String, numbers: Int) -> [UInt8] {
    let text = Array(header.utf8)
    return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text
      + [UInt8](repeating: 0, count: numbers)
  }

  private func failure(_ bytes: [UInt8]) -> ArrayFileError? {
    do { _ = try Safetensors(bytes: bytes, source: "f") } catch { return error }
    return nil
  }

  @Test("tensors and text read back as they were written", arguments: 0..<5 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let original = Safetensors(
      tensors: [
        "weight": .float(stream.normal([3, 5])), "bias": .double(stream.normal([5])),
        "scalar": .float(Tensor(2)), "empty": .double(.zeros([0, 4])),
        "empty too": .float(.zeros([0])), "odd": .float(stream.normal([1])),
      ],
      metadata: ["a": "line\nbreak \"quoted\" \\ \u{1}", "\u{e9}": "\u{1f600}", "empty": ""]
    )
    try TestFiles.withFolder { folder in
      try original.write(to: "\(folder)/m.safetensors")
      #expect(try Safetensors.read("\(folder)/m.safetensors") == original)
      #expect(try TestFiles.contents(of: folder) == ["m.safetensors"])
    }
    let bytes = try original.encoded()
    #expect(try Safetensors(bytes: bytes, source: "f") == original)
    #expect(bytes[0] % 8 == 0)  // so the numbers are aligned
  }

  @Test("the bytes are those of the format")
  func writtenBytes() throws {
    let bytes = try Safetensors(tensors: ["a": .float(Tensor([1]))]).encoded()
    let header = #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    let padding = String(repeating: " ", count: 2)
    #expect(bytes == [56, 0, 0, 0, 0, 0, 0, 0] + Array((header + padding).utf8) + [0, 0, 128, 63])
  }

  @Test("files of the reference writer's order and padding are read")
  func readsForeignHeader() throws {
    let header =
      #"{"__metadata__":{"format":"pt"},"b":{"data_offsets":[8,16],"dtype":"F64","shape":[]},"#
      + #" "a":{"dtype":"F32","shape":[2, 1],"data_offsets":[0,8]}}   "#
    let found = try Safetensors(bytes: file(header, numbers: 16), source: "f")
    #expect(found.metadata == ["format": "pt"])
    #expect(found.tensors == ["a": .float(.zeros([2, 1])), "b": .double(Tensor(0))])
    #expect(try Safetensors(bytes: file("{}", numbers: 0), source: "f").tensors.isEmpty)
  }

  @Test("lengths that lie are refused before memory is taken")
  func lyingLengths() {
    #expect(failure([1, 2]) == .truncated(file: "f", array: nil, expected: 8, found: 2))
    #expect(
      failure([UInt8](repeating: 0xff, count: 8))
        == .damaged(
          file: "f",
          array: nil,
          reason: "its header claims 18446744073709551615 bytes, at most 16777216 are read"
        )
    )
    #expect(
      failure([100, 0, 0, 0, 0, 0, 0, 0, 1])
        == .truncated(file: "f", array: nil, expected: 108, found: 9)
    )
    let header = #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    #expect(
      failure(file(header, numbers: 7))
        == .truncated(file: "f", array: nil, expected: 8, found: 7)
    )
    #expect(failure(file(header, numbers: 9)) == .trailingBytes(file: "f", array: nil, count: 1))
  }

  @Test(
    "tensors that contradict their place are refused",
    arguments: [
      (
        #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
        "its offsets 0 to 4 do not fit [2]"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
        "its offsets leave a gap before it"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
        "its shape is not a list of extents"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}}"#,
        "its shape [4294967296, 4294967296] is too large"
      ),
      (
        #"{"a":{"dtype":"F32","shape":[1]}}"#, "its header lacks dtype, shape or data_offsets"
      ),
    ]
  )
  func contradictions(header: String, reason: String) {
    #expect(
      failure(file(header, numbers: 8)) == .damaged(file: "f", array: "a", reason: reason)
    )
  }

  @Test("overlapping tensors, other types and bad text are refused")
  func otherDamage() {
    let overlap =
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
    #expect(
      failure(file(overlap, numbers: 8))
        == .damaged(file: "f", array: "b", reason: "its offsets overlap another tensor's")
    )
    #expect(
      failure(file(#"{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}"#, numbers: 2))
        == .unsupported(
          file: "f",
          array: "a",
          reason: "has type BF16; read are F32 and F64: convert it"
        )
    )
    #expect(
      failure(file(#"{"__metadata__":{"a":1}}"#, numbers: 0))
        == .damaged(file: "f", array: nil, reason: "its metadata 'a' is not a string")
    )
    #expect(
      failure(file(#"{"a":1,"a":1}"#, numbers: 0))
        == .damaged(
          file: "f",
          array: nil,
          reason: "its header has the key 'a' twice at byte 18"
        )
    )
    #expect(
      failure(file(" {}", numbers: 0))
        == .damaged(
          file: "f",
          array: nil,
          reason: "its header does not begin with a brace"
        )
    )
  }

  @Test("complex tensors are not written")
  func refusesComplex() {
    #expect(
      throws: ArrayFileError.cannotWrite(path: "f", reason: "tensor 'a' is complex")
    ) { try Safetensors(tensors: ["a": .complex(.zeros([1, 2]))]).encoded(name: "f") }
  }
}
