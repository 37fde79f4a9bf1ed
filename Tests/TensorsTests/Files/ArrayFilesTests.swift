internal import Tensors
internal import Testing

/// Writing, reading back, and archives that are damaged.
@Suite struct ArrayFilesTests {
  private static func sample(seed: UInt64) -> ArrayBundle {
    var stream = RandomStream(seed: seed)
    return ArrayBundle([
      "observations": .float(stream.normal([3, 5])),
      "channel": .complex(stream.normal([2, 3, 2])),
      "taps": .double(stream.normal([4])),
      "noise_variance": .double(Tensor(0.25)),
      "nothing": .float(.zeros([0, 2])),
    ])
  }

  @Test("an archive reads back as it was written", arguments: 0..<5 as Range<UInt64>)
  func archiveRoundTrip(seed: UInt64) throws {
    try TestFiles.withFolder { folder in
      let path = "\(folder)/a.npz"
      var bundle = Self.sample(seed: seed)
      try ArrayFiles.write(bundle, to: path)
      bundle.source = path
      #expect(try ArrayFiles.read(path) == bundle)
      #expect(try TestFiles.bytes(at: path) == ArrayFiles.encode(bundle, as: .npz))
    }
  }

  @Test("a single array reads back as it was written")
  func arrayRoundTrip() throws {
    for name in ["observations", "channel", "taps", "noise_variance", "nothing"] {
      let array = try #require(Self.sample(seed: 1)[name])
      let bundle = ArrayBundle(["array": array], source: "f")
      let bytes = try ArrayFiles.encode(bundle, as: .npy)
      #expect(bytes.count % 64 == (array.shape.reduce(1, *) * width(array)) % 64)
      #expect(try ArrayFiles.decode(bytes, as: .npy, source: "f") == bundle)
    }
  }

  private func width(_ array: NumericArray) -> Int {
    if case .float = array { 4 } else { 8 }
  }

  @Test("an empty bundle is an empty archive")
  func emptyArchive() throws {
    let bytes = try ArrayFiles.encode(ArrayBundle(), as: .npz)
    #expect(bytes.count == 22)
    #expect(try ArrayFiles.decode(bytes, as: .npz, source: "f").names == [])
  }

  @Test("the name decides on the format")
  func formats() {
    #expect(throws: ArrayFileError.unknownFormat(path: "a.mat")) { try ArrayFiles.read("a.mat") }
    #expect(throws: ArrayFileError.unknownFormat(path: "a")) {
      try ArrayFiles.write(ArrayBundle(), to: "a")
    }
    #expect(
      throws: ArrayFileError.cannotWrite(
        path: "",
        reason: "a .npy file holds one array, there are 5; use .npz"
      )
    ) { try ArrayFiles.encode(Self.sample(seed: 1), as: .npy) }
  }

  @Test("what cannot be opened is named with the system's reason")
  func unreadableFiles() throws {
    try TestFiles.withFolder { folder in
      #expect(
        throws: ArrayFileError.cannotRead(
          path: "\(folder)/none.npz",
          reason: "no such file or directory"
        )
      ) { try ArrayFiles.read("\(folder)/none.npz") }
      let inner = "\(folder)/folder.npz"
      try TestFiles.makeFolder(inner)
      #expect(
        throws: ArrayFileError.cannotRead(path: inner, reason: "it is not a regular file")
      ) { try ArrayFiles.read(inner) }
      #expect(
        throws: ArrayFileError.cannotWrite(
          path: inner,
          reason: "it is there already and is not a regular file"
        )
      ) { try ArrayFiles.write(ArrayBundle(), to: inner) }
      #expect(
        throws: ArrayFileError.cannotWrite(
          path: "\(folder)/none/a.npz",
          reason: "no such file or directory"
        )
      ) { try ArrayFiles.write(ArrayBundle(), to: "\(folder)/none/a.npz") }
    }
  }

  @Test("a write that fails leaves the old file and nothing else")
  func atomicWrite() throws {
    try TestFiles.withFolder { folder in
      let path = "\(folder)/a.csv"
      try ArrayFiles.write(ArrayBundle(["array": .float(Tensor([1, 2]))]), to: path)
      let before = try TestFiles.bytes(at: path)
      let matrix = NumericArray.float(.zeros([1, 1, 1]))
      #expect(throws: ArrayFileError.self) {
        try ArrayFiles.write(ArrayBundle(["array": matrix]), to: path)
      }
      #expect(try TestFiles.bytes(at: path) == before)
      #expect(try TestFiles.contents(of: folder) == ["a.csv"])
    }
  }

  @Test("a file system that takes no more is an error, and leaves nothing behind")
  func fullDisk() async {
    // in a process of its own, since the limit on file sizes that stands for the disk is global
    await #expect(processExitsWith: .success) {
      let outcome = Self.outcomeOfWritingTooMuch()
      precondition(
        outcome == .failure(.cannotWrite(path: "a.npz", reason: "file too large")),
        "\(outcome)"
      )
    }
  }

  /// What writing to a full disk gives, and what it leaves in the folder, if anything.
  private static func outcomeOfWritingTooMuch() -> Result<[String], ArrayFileError> {
    var result = Result<[String], ArrayFileError>.success([])
    try? TestFiles.withFolder { folder in
      TestFiles.limitFileSize(bytes: 4096)
      do throws(ArrayFileError) {
        try ArrayFiles.write(ArrayBundle(["a": .float(.zeros([10_000]))]), to: "\(folder)/a.npz")
      } catch {
        guard case .cannotWrite(let path, let reason) = error else { return }
        result = .failure(.cannotWrite(path: String(path.suffix(5)), reason: reason))
      }
      let rest = try TestFiles.contents(of: folder)
      if !rest.isEmpty { result = .success(rest) }
    }
    return result
  }

  // MARK: - Damaged archives

  private static let small = ArrayBundle(["a": .float(Tensor([1, 2, 3])), "b": .double(Tensor(4))])

  @Test("an archive cut anywhere is refused", arguments: ["types-deflated.npz", "streamed.npz"])
  func truncatedArchives(file: String) throws {
    let bytes = try TestFiles.bytes(file)
    for length in stride(from: 0, to: bytes.count, by: 7) {
      #expect(readError(Array(bytes.prefix(length)), as: .npz) != nil)
    }
  }

  @Test("bytes before or after an archive are refused")
  func surroundedArchive() throws {
    let bytes = try ArrayFiles.encode(Self.small, as: .npz)
    #expect(
      readError(bytes + [0], as: .npz)
        == .damaged(file: "f", array: nil, reason: "it is not a zip archive, or is cut short")
    )
    #expect(
      readError([0] + bytes, as: .npz)
        == .damaged(
          file: "f",
          array: nil,
          reason: "its directory does not lie where its end says"
        )
    )
  }

  @Test("a changed number breaks the checksum")
  func checksum() throws {
    var bytes = try ArrayFiles.encode(Self.small, as: .npz)
    let place = 30 + 5 + 128 + 4  // local header, name, array header, first number
    bytes[place] ^= 1
    #expect(
      readError(bytes, as: .npz)
        == .damaged(file: "f", array: "a", reason: "its checksum does not agree")
    )
  }

  @Test("headers that disagree with the directory are refused", arguments: [8, 14, 18, 22, 26, 30])
  func localHeaderDisagrees(offset: Int) throws {
    var bytes = try ArrayFiles.encode(Self.small, as: .npz)
    bytes[offset] ^= 1
    #expect(
      readError(bytes, as: .npz)
        == .damaged(file: "f", array: "a.npy", reason: "its two headers disagree")
    )
  }

  /// Where the first entry of the directory begins.
  private func directory(_ bytes: [UInt8]) -> Int {
    let end = bytes.count - 22
    return Int(bytes[end + 16]) | Int(bytes[end + 17]) << 8
  }

  @Test("encrypted entries and unknown methods are refused by name")
  func unsupportedEntries() throws {
    let bytes = try ArrayFiles.encode(Self.small, as: .npz)
    let place = directory(bytes)
    var encrypted = bytes
    encrypted[place + 8] |= 1
    #expect(
      readError(encrypted, as: .npz)
        == .unsupported(
          file: "f",
          array: "a.npy",
          reason: "is encrypted; save it without a password"
        )
    )
    var other = bytes
    other[place + 10] = 12
    #expect(
      readError(other, as: .npz)
        == .unsupported(
          file: "f",
          array: "a.npy",
          reason: "is compressed by method 12; use numpy.savez or savez_compressed"
        )
    )
  }

  @Test("a stored entry has one size, a deflated one no impossible size")
  func impossibleSizes() throws {
    let bytes = try ArrayFiles.encode(Self.small, as: .npz)
    let place = directory(bytes)
    var twoSizes = bytes
    twoSizes[place + 24] ^= 1
    #expect(
      readError(twoSizes, as: .npz)
        == .damaged(file: "f", array: "a.npy", reason: "it is stored but has two sizes")
    )
    // as if 140 bytes had been made from 140 compressed ones, but of 2 GiB
    var bomb = bytes
    for header in [8, place + 10] { bomb[header] = 8 }
    for size in [22, place + 24] { bomb[size + 3] = 0x7f }
    #expect(
      readError(bomb, as: .npz)
        == .damaged(
          file: "f",
          array: "a.npy",
          reason: "it cannot have \(0x7f00_0000 + 140) bytes when compressed to 140"
        )
    )
  }

  @Test("two entries do not share bytes or a name")
  func sharedEntries() throws {
    let bytes = try ArrayFiles.encode(
      ArrayBundle(["a": .float(Tensor(1)), "b": .float(Tensor(1))]),
      as: .npz
    )
    let first = directory(bytes)
    let second = first + 46 + 5
    var same = bytes
    same[second + 46] = UInt8(ascii: "a")
    for i in 42..<46 { same[second + i] = same[first + i] }
    #expect(
      readError(same, as: .npz)
        == .damaged(
          file: "f",
          array: "a.npy",
          reason: "it shares bytes with its neighbour"
        )
    )
    var twice = bytes
    twice[second + 46] = UInt8(ascii: "a")
    twice[30 + 5 + 128 + 4 + 30] = UInt8(ascii: "a")
    #expect(
      readError(twice, as: .npz)
        == .damaged(file: "f", array: "a.npy", reason: "the name comes twice")
    )
  }

  @Test("an entry that is no array is refused")
  func foreignEntry() throws {
    let bytes = try ArrayFiles.encode(ArrayBundle(["a": .float(Tensor(1))]), as: .npz)
    let place = directory(bytes)
    var renamed = bytes
    for i in [30, place + 46] {
      renamed.replaceSubrange((i + 2)..<(i + 5), with: Array("txt".utf8))
    }
    #expect(
      readError(renamed, as: .npz)
        == .unsupported(
          file: "f",
          array: nil,
          reason: "holds 'a.txt', which is not an array; keep .npy entries only"
        )
    )
  }
}
