internal import Tensors
internal import Testing

/// Reading and writing `.csv` files.
@Suite struct NumberTableTests {
  private func read(_ text: String, named name: String = "array") throws -> ArrayBundle {
    try ArrayFiles.decode(Array(text.utf8), as: .csv, source: "f", named: name)
  }

  @Test("one column is a vector, several are a matrix")
  func withoutNames() throws {
    #expect(try read("1\n2.5\n-3e2\n")["array"] == .float(Tensor([1, 2.5, -300])))
    #expect(
      try read("1,2\r\n3,4\r\n5,6")["array"]
        == .float(Tensor([1, 2, 3, 4, 5, 6], shape: [3, 2]))
    )
    #expect(try read("7", named: "x")["x"] == .float(Tensor([7])))
  }

  @Test("a line of names gives an array for each column")
  func withNames() throws {
    let bundle = try read("time, \"a, \"\"b\"\"\" ,c\n0,1,nan\n 1 ,\t-2,inf\n\n")
    #expect(bundle.names == ["a, \"b\"", "c", "time"])
    #expect(bundle["time"] == .float(Tensor([0, 1])))
    #expect(bundle["a, \"b\""] == .float(Tensor([1, -2])))
    let last = try #require(bundle["c"]?.float).scalars
    #expect(last[0].isNaN && last[1] == .infinity)
    #expect(try read("only\n")["only"] == .float(.zeros([0])))
    #expect(try read("\u{feff}x\n1\n")["x"] == .float(Tensor([1])))
  }

  @Test("a column is double precision where single would lose what is written")
  func precision() throws {
    let bundle = try read("a,b,c,d,e\n16777216,16777217,0.123456789,0.1234567891,1e39\n")
    #expect(bundle["a"] == .float(Tensor([16_777_216])))
    #expect(bundle["b"] == .double(Tensor([16_777_217])))
    #expect(bundle["c"] == .float(Tensor([0.123456789])))
    #expect(bundle["d"] == .double(Tensor([0.1234567891])))
    #expect(bundle["e"] == .double(Tensor([1e39])))
  }

  @Test("numbers are the nearest ones", arguments: 0..<20 as Range<UInt64>)
  func nearestNumbers(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let bits = stream.words(200)
    let singles = bits.map { Float(bitPattern: $0) }.filter { $0.isNormal || $0 == 0 }
    let text = singles.map { "\($0)" }.joined(separator: "\n")
    #expect(try read(text)["array"]?.float?.scalars == singles)
    let pairs = zip(bits, bits.dropFirst())
    let doubles = pairs.map { Double(bitPattern: UInt64($0) << 32 | UInt64($1)) }
      .filter { $0.isFinite }
    let wide = "0.12345678901\n" + doubles.map { "\($0)" }.joined(separator: "\n")
    #expect(try Array(#require(read(wide)["array"]?.double?.scalars.dropFirst())) == doubles)
  }

  @Test(
    "lines that are no numbers are named",
    arguments: [
      ("", "it is empty", nil),
      ("1,2\n3\n", "line 2 does not have 2 fields as the first has", nil),
      ("1,2\n3,4,5\n", "line 2 does not have 2 fields as the first has", nil),
      ("1\n\n2\n", "line 2 is empty", nil),
      ("a,b\n1,x\n", "line 2, field 2, has 'x', not a number", "b"),
      ("1,2\n3,\n", "line 2, field 2, is empty; write nan for a missing number", nil),
      ("1\n1e999\n", "line 2, field 1, is too large a number", nil),
      ("1\n0x10\n", "line 2, field 1, has '0x10', not a number", nil),
      ("1\n1_000\n", "line 2, field 1, has '1_000', not a number", nil),
      ("1\n1e\n", "line 2, field 1, has '1e', not a number", nil),
      ("1\n.\n", "line 2, field 1, has '.', not a number", nil),
      ("a,a\n1,2\n", "two columns have this name", "a"),
      ("a,\n1,2\n", "column 2 has no name in the first line", nil),
      ("\"a\n1\n", "a quote in line 1 is not closed", nil),
      ("\"a\"b\n1\n", "line 1 goes on after a quote", nil),
    ] as [(String, String, String?)]
  )
  func damagedTables(text: String, reason: String, array: String?) {
    #expect(
      readError(Array(text.utf8), as: .csv)
        == .damaged(file: "f", array: array, reason: reason)
    )
  }

  @Test("tables read back as they were written", arguments: 0..<5 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let column: Tensor<Float> = stream.normal([50])
    let named = ArrayBundle(
      [
        "x": .float(column), "1": .float(stream.uniform([50], low: 1e9, high: 1e10)),
        "say \"a, b\"": .double(stream.normal([50])),
      ],
      source: "f"
    )
    let bytes = try ArrayFiles.encode(named, as: .csv)
    #expect(try ArrayFiles.decode(bytes, as: .csv, source: "f") == named)
    let matrix = ArrayBundle(["array": .float(stream.normal([7, 3]))], source: "f")
    let plain = try ArrayFiles.encode(matrix, as: .csv)
    #expect(try ArrayFiles.decode(plain, as: .csv, source: "f") == matrix)
  }

  @Test("the text is plain")
  func writtenText() throws {
    let bundle = ArrayBundle([
      "b": .float(Tensor([1, -0.5, 0.1])), "a": .double(Tensor([1e20, 0.1, -.infinity])),
    ])
    let text = String(decoding: try ArrayFiles.encode(bundle, as: .csv), as: UTF8.self)
    #expect(text == "a,b\n1e+20,1\n0.1,-0.5\n-inf,0.1\n")
  }

  @Test("what is no column is not written")
  func unwritableTables() {
    func failure(_ bundle: ArrayBundle) -> ArrayFileError? {
      do { _ = try ArrayFiles.encode(bundle, as: .csv, name: "f") } catch { return error }
      return nil
    }
    #expect(
      failure(ArrayBundle(["a": .float(.zeros([2, 2]))]))
        == .cannotWrite(
          path: "f",
          reason: "array 'a' of shape [2, 2] is not a column; use .npz"
        )
    )
    #expect(
      failure(ArrayBundle(["a": .float(.zeros([2])), "b": .float(.zeros([3]))]))
        == .cannotWrite(
          path: "f",
          reason: "the columns of a .csv file have one length; use .npz"
        )
    )
    #expect(
      failure(ArrayBundle(["a": .complex(.zeros([2, 2]))]))
        == .cannotWrite(path: "f", reason: "array 'a' is complex; use .npz")
    )
    #expect(
      failure(ArrayBundle()) == .cannotWrite(path: "f", reason: "there is no column to write")
    )
  }
}
