internal import Studies
internal import Testing

@Suite struct ResultTableTests {
  private static let rows = [
    makeRow(axisValue: 0, value: 0.2), makeRow(method: "ViterbiNet", axisValue: 0, replicate: 1),
    makeRow(method: "ViterbiNet", axisValue: 0, replicate: 0, value: 0.3),
    makeRow(method: "two\nlines, \"quoted\"", axisValue: 2),
  ]

  @Test("a file reads back to the same table")
  func roundTrip() throws {
    let folder = TemporaryFolder()
    let table = ResultTable(Self.rows)
    try table.write(to: folder.file("results.csv"))
    #expect(try ResultTable.read(folder.file("results.csv")) == table)
  }

  @Test("lookup gives the replicates in order and nothing else")
  func lookup() {
    let table = ResultTable(Self.rows)
    let found = table.rows(
      scenario: "isi-channel",
      axis: "snr",
      axisValue: 0,
      method: "ViterbiNet",
      metric: "symbol_error_rate"
    )
    #expect(found.map(\.value) == [0.3, 0.1])
    let none = table.rows(
      scenario: "isi-channel",
      axis: "snr",
      axisValue: 2,
      method: "ViterbiNet",
      metric: "symbol_error_rate"
    )
    #expect(none.isEmpty)
  }

  @Test(
    "a damaged field is named with its line",
    arguments: [
      ("2.0", "abc", "column 'axis_value' holds 'abc', expected a number"),
      ("2.0", "0x1p3", "column 'axis_value' holds '0x1p3', expected a number"),
      ("2.0", " 2", "column 'axis_value' holds ' 2', expected a number"),
      ("2.0", "", "column 'axis_value' is empty"),
      (
        "50000,5000", "-1,5000", "column 'trials' holds '-1', expected a whole number of at least 0"
      ),
      (
        "50000,5000", "5e4,5000",
        "column 'trials' holds '5e4', expected a whole number of at least 0"
      ),
      (",00ff", "", "there are 25 fields, expected 26"),
      (",00ff", ",00ff,1", "there are 27 fields, expected 26"),
      ("isi-channel", "isi\"channel", "a quote stands inside an unquoted field"),
      ("isi-channel", "\"isi\"channel", "text follows a closing quote"),
    ]
  )
  func damage(good: String, bad: String, reason: String) throws {
    let text = ResultTable([makeRow(), makeRow()]).csv
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let range = try #require(lines[2].firstRange(of: good))
    let damaged = lines[2].replacingCharacters(in: range, with: bad)
    let bytes = Array([lines[0], lines[1], damaged, ""].joined(separator: "\n").utf8)
    #expect(throws: ResultFileError.badRecord(path: "r.csv", line: 3, reason: reason)) {
      try ResultTable(decoding: bytes, source: "r.csv")
    }
  }

  @Test("a cut-off record, another header and an empty file are errors")
  func otherFiles() {
    let text = ResultTable([makeRow()]).csv
    #expect(
      throws: ResultFileError.badRecord(path: "r.csv", line: 2, reason: "the record is cut off")
    ) { try ResultTable(decoding: Array(text.utf8.dropLast()), source: "r.csv") }
    let expected = ResultRow.columns.joined(separator: ",")
    #expect(throws: ResultFileError.badHeader(path: "r.csv", expected: expected, found: "a,b")) {
      try ResultTable(decoding: Array("a,b\n".utf8), source: "r.csv")
    }
    #expect(throws: ResultFileError.badHeader(path: "r.csv", expected: expected, found: "")) {
      try ResultTable(decoding: [], source: "r.csv")
    }
  }

  @Test("bytes that are not UTF-8 are an error with their line")
  func notUnicode() {
    var bytes = Array(ResultTable([makeRow()]).csv.utf8)
    bytes.insert(0xff, at: bytes.count - 3)
    #expect(
      throws: ResultFileError.badRecord(
        path: "r.csv",
        line: 2,
        reason: "the bytes are not UTF-8"
      )
    ) { try ResultTable(decoding: bytes, source: "r.csv") }
  }

  @Test("a missing file is an error that names it")
  func missing() {
    #expect(
      throws: ResultFileError.cannotRead(
        path: "/nonexistent/r.csv",
        reason: "no such file or directory"
      )
    ) { try ResultTable.read("/nonexistent/r.csv") }
    #expect(
      throws: ResultFileError.cannotWrite(
        path: "/nonexistent/r.csv",
        reason: "no such file or directory"
      )
    ) { try ResultTable().write(to: "/nonexistent/r.csv") }
  }

  @Test("no mutation of a byte crashes; it reads or is refused", arguments: 0..<20 as Range<UInt64>)
  func mutations(seed: UInt64) throws {
    let good = Array(ResultTable(Self.rows).csv.utf8)
    var random = SplitMix(seed: seed)
    var refused = 0
    for _ in 0..<200 {
      var bytes = good
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(
        in: 0...255,
        using: &random
      )
      do {
        let table = try ResultTable(decoding: bytes, source: "r.csv")
        #expect(table.rows.count <= Self.rows.count + 1)
      } catch {
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}

extension String {
  fileprivate func firstRange(of part: String) -> Range<Index>? {
    indices.lazy.filter { self[$0...].hasPrefix(part) }.first.map {
      $0..<self.index($0, offsetBy: part.count)
    }
  }

  fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + self[range.upperBound...]
  }
}
