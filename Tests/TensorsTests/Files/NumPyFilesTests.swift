internal import Tensors
internal import Testing

/// Against files that NumPy made; Resources/make_arrays.py has the numbers.
@Suite struct NumPyFilesTests {
  private static let types = [
    "bool", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8", "c8", "c16",
  ]

  /// The numbers that the script put into every array of a type.
  private static func expected(_ type: String) -> NumericArray {
    let ramp = (0..<6).map(Float.init)
    switch type.first {
    case "b": return .float(Tensor(ramp.map { Int($0) % 2 == 1 ? 1 : 0 }, shape: [2, 3]))
    case "u": return .float(Tensor(ramp.map { $0 * 40 }, shape: [2, 3]))
    case "i": return .float(Tensor(ramp.map { ($0 - 3) * 40 }, shape: [2, 3]))
    case "f" where type == "f4":
      return .float(Tensor(ramp.map { ($0 - 2.5) / 8 }, shape: [2, 3]))
    case "f": return .double(Tensor(ramp.map { (Double($0) - 2.5) / 8 }, shape: [2, 3]))
    default:
      return .complex(
        Tensor(ramp.flatMap { [($0 - 2.5) / 8, $0 + 0.25] }, shape: [2, 3, 2])
      )
    }
  }

  @Test(
    "every type is read in both byte orders and both orders of the axes",
    arguments: types,
    ["types-stored.npz", "types-deflated.npz"]
  )
  func readsEveryType(type: String, file: String) throws {
    let bundle = try ArrayFiles.read(TestFiles.resource(file))
    #expect(bundle.names.count == 4 * Self.types.count)
    for order in ["little_c", "little_f", "big_c", "big_f"] {
      #expect(bundle["\(type)_\(order)"] == Self.expected(type))
    }
  }

  @Test("shapes are NumPy's")
  func readsShapes() throws {
    let bundle = try ArrayFiles.read(TestFiles.resource("shapes.npz"))
    let cube = Tensor((0..<24).map(Float.init), shape: [2, 3, 4])
    #expect(bundle["scalar"] == .float(Tensor(2.5)))
    #expect(bundle["empty"] == .float(.zeros([0, 3])))
    #expect(bundle["vector"] == .double(Tensor([0, 1, 2, 3, 4])))
    #expect(bundle["cube_c"] == .float(cube))
    #expect(bundle["cube_f"] == .float(cube))
    let pairs = (0..<24).flatMap { [Float($0), -Float($0)] }
    #expect(bundle["complex_cube_f"] == .complex(Tensor(pairs, shape: [2, 3, 4, 2])))
    #expect(bundle["complex_cube_f"]?.shape == [2, 3, 4])
    #expect(bundle.names.count == 9)
  }

  @Test("integers are single precision only when all of them fit")
  func integersBecomeFloatsWhereExact() throws {
    let bundle = try ArrayFiles.read(TestFiles.resource("shapes.npz"))
    #expect(bundle["wide_exact"] == .float(Tensor([0x1p24, 0x1p30, -0x1p40])))
    #expect(bundle["wide_inexact"] == .double(Tensor([0, 0x1p24 + 1])))
  }

  @Test("NaN, infinities and the sign of zero come through")
  func readsSpecialNumbers() throws {
    let bundle = try ArrayFiles.read(TestFiles.resource("shapes.npz"))
    let numbers = try #require(bundle["special"]?.float).scalars
    #expect(numbers[0].isNaN && numbers[1] == .infinity && numbers[2] == -.infinity)
    #expect(numbers[3] == 0 && numbers[3].sign == .minus)
  }

  @Test("an archive whose sizes follow the bytes is read")
  func readsStreamedArchive() throws {
    let bundle = try ArrayFiles.read(TestFiles.resource("streamed.npz"))
    #expect(bundle["vector"] == .double(Tensor([0, 1, 2, 3, 4])))
    #expect(bundle["cube_f"] == .float(Tensor((0..<24).map(Float.init), shape: [2, 3, 4])))
  }

  @Test("every version of the header is read, under the name that is asked for", arguments: 1...3)
  func readsVersions(version: Int) throws {
    let path = TestFiles.resource("version\(version).npy")
    let bundle = try ArrayFiles.read(path, named: "observations")
    #expect(bundle.names == ["observations"])
    #expect(bundle.source == path)
    #expect(bundle["observations"] == .float(Tensor((0..<24).map(Float.init), shape: [2, 3, 4])))
  }

  @Test("what NumPy writes and is not read gives a sentence that says what to do")
  func refusesOtherTypes() throws {
    for (file, hint) in [
      ("objects.npy", "holds pickled Python objects, which are never loaded; save numbers instead"),
      ("structured.npy", "is a structured array; save each of its fields as an array of its own"),
      (
        "half.npy",
        "has type '<f2'; read are bool, i1 to i8, u1 to u8, f4, f8, c8 and c16: convert it, for "
          + "example with astype('f4')"
      ),
    ] {
      let path = TestFiles.resource(file)
      let error = ArrayFileError.unsupported(file: path, array: "array", reason: hint)
      #expect(throws: error) { try ArrayFiles.read(path) }
      #expect(error.description == "\(path): array 'array': \(hint)")
    }
  }

  // MARK: - Damaged files

  private static let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"
  private static let numbers = [UInt8](repeating: 0, count: 24)

  @Test("a sound file of this test is read")
  func soundFile() {
    #expect(readError(numPyFile(Self.header, numbers: Self.numbers), as: .npy) == nil)
  }

  @Test("numbers that are missing or left over are counted")
  func wrongLengths() {
    let short = numPyFile(Self.header, numbers: Array(Self.numbers.dropLast()))
    #expect(
      readError(short, as: .npy) == .truncated(file: "f", array: "array", expected: 24, found: 23)
    )
    let long = numPyFile(Self.header, numbers: Self.numbers + [0, 0])
    #expect(readError(long, as: .npy) == .trailingBytes(file: "f", array: "array", count: 2))
    #expect(
      readError([], as: .npy) == .truncated(file: "f", array: "array", expected: 10, found: 0)
    )
    let cut = Array(numPyFile(Self.header, numbers: []).prefix(40))
    #expect(
      readError(cut, as: .npy) == .truncated(file: "f", array: "array", expected: 60, found: 30)
    )
  }

  @Test(
    "headers that lie are refused",
    arguments: [
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "its shape has the negative extent -1"
      ),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }",
        "its shape has the extent 99999999999999999999, which is too large"
      ),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
        "its shape [4294967296, 4294967296] is too large"
      ),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 0), }",
        "its shape [4294967296, 4294967296, 0] is too large"
      ),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3), }",
        "its header's shape is not a tuple"
      ),
      (
        "{'descr': '<f4', 'fortran_order': 1, 'shape': (3,), }",
        "its header's fortran_order is neither True nor False"
      ),
      ("{'descr': '<f4', 'shape': (3,), }", "its header lacks descr, fortran_order or shape"),
      (
        "{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (3,), }",
        "its header has an unexpected key 'descr'"
      ),
      (
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), } x",
        "its header goes on after the end"
      ),
      ("", "its header is not a dictionary of descr, fortran_order and shape"),
    ]
  )
  func lyingHeaders(header: String, reason: String) {
    let error = readError(numPyFile(header, numbers: Self.numbers), as: .npy)
    #expect(error == .damaged(file: "f", array: "array", reason: reason))
  }

  @Test("a promise of exabytes takes no memory")
  func hugePromise() {
    let header = "{'descr': '<f8', 'fortran_order': True, 'shape': (100000000000000000,), }"
    #expect(
      readError(numPyFile(header, numbers: Self.numbers), as: .npy)
        == .truncated(file: "f", array: "array", expected: 800_000_000_000_000_000, found: 24)
    )
    let long = numPyFile(Self.header, numbers: [], version: 2)
    var lying = long
    lying[11] = 0xff  // the header's length becomes 4 GiB
    #expect(
      readError(lying, as: .npy)
        == .truncated(
          file: "f",
          array: "array",
          expected: 0xff00_0000 + Self.header.utf8.count + 1,
          found: Self.header.utf8.count + 1
        )
    )
  }

  @Test("another beginning, version or too many axes are refused")
  func otherBeginnings() {
    var bytes = numPyFile(Self.header, numbers: Self.numbers)
    bytes[1] = UInt8(ascii: "n")
    #expect(
      readError(bytes, as: .npy)
        == .damaged(
          file: "f",
          array: "array",
          reason: "it does not begin as a NumPy array does"
        )
    )
    let future = numPyFile(Self.header, numbers: Self.numbers, version: 4)
    #expect(
      readError(future, as: .npy)
        == .unsupported(
          file: "f",
          array: "array",
          reason: "has format version 4.0; save it with a current NumPy"
        )
    )
    let axes = "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 1, 1, 1, 1, 1, 1, 1), }"
    #expect(
      readError(numPyFile(axes, numbers: [0, 0, 0, 0]), as: .npy)
        == .unsupported(
          file: "f",
          array: "array",
          reason: "has 9 axes, at most 8 are read; reshape it"
        )
    )
  }

  @Test("complex numbers beyond single precision are refused, not made infinite")
  func hugeComplexNumbers() {
    let header = "{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }"
    let bits = (1e300).bitPattern
    let numbers = (0..<16).map { UInt8(truncatingIfNeeded: $0 < 8 ? bits >> (8 * $0) : 0) }
    #expect(
      readError(numPyFile(header, numbers: numbers), as: .npy)
        == .unsupported(
          file: "f",
          array: "array",
          reason:
            "has complex numbers beyond single precision, in which they are kept; scale it"
        )
    )
  }
}
