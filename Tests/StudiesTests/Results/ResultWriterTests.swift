internal import Studies
internal import Testing

@Suite struct ResultWriterTests {
  private static let first = makeRow(method: "a, \"b\"\nc", axisValue: 0)
  private static let second = makeRow(axisValue: 2)

  @Test("rows are on the disk after each call, and a second writer appends")
  func appends() throws {
    let folder = TemporaryFolder()
    let path = folder.file("results.csv")
    let writer = try ResultWriter(path: path)
    #expect(try ResultTable.read(path).rows.isEmpty)
    try writer.append([Self.first])
    #expect(try ResultTable.read(path).rows == [Self.first])
    let again = try ResultWriter(path: path)
    #expect(again.existing.rows == [Self.first] && !again.repairedTornEnd)
    try again.append([Self.second])
    try again.append([])
    #expect(try ResultTable.read(path).rows == [Self.first, Self.second])
  }

  @Test("wherever a kill tore the file, opening keeps the whole rows and appending goes on")
  func repairs() throws {
    let folder = TemporaryFolder()
    let text = ResultTable([Self.first, Self.second]).csv
    let headerLength = ResultTable().csv.utf8.count
    let firstEnd = ResultTable([Self.first]).csv.utf8.count
    // Every fifth place and those around the ends of records; each costs flushes to the disk.
    let ends = [0, headerLength, firstEnd, text.utf8.count].flatMap { [$0 - 1, $0, $0 + 1] }
    let lengths = Set(ends + stride(from: 0, to: text.utf8.count, by: 5))
    for length in lengths.sorted() where (0...text.utf8.count).contains(length) {
      try folder.write(String(decoding: text.utf8.prefix(length), as: UTF8.self), to: "r.csv")
      let kept =
        length == text.utf8.count
        ? [Self.first, Self.second] : length >= firstEnd ? [Self.first] : []
      let writer = try ResultWriter(path: folder.file("r.csv"))
      #expect(writer.existing.rows == kept)
      let isWhole = [0, headerLength, firstEnd, text.utf8.count].contains(length)
      #expect(writer.repairedTornEnd == !isWhole)
      try writer.append([Self.second])
      #expect(try ResultTable.read(folder.file("r.csv")).rows == kept + [Self.second])
    }
  }

  @Test("a file of something else is refused and left alone")
  func refuses() throws {
    let folder = TemporaryFolder()
    try folder.write("x,y\n1,2\n", to: "r.csv")
    let path = folder.file("r.csv")
    let expected = ResultRow.columns.joined(separator: ",")
    #expect(throws: ResultFileError.badHeader(path: path, expected: expected, found: "x,y")) {
      try ResultWriter(path: path)
    }
    #expect(try folder.text("r.csv") == "x,y\n1,2\n")
  }

  @Test("a full disk and a missing folder are errors that name the file")
  func cannotWrite() throws {
    #expect(
      throws: ResultFileError.cannotWrite(
        path: "/nonexistent/r.csv",
        reason: "no such file or directory"
      )
    ) { try ResultWriter(path: "/nonexistent/r.csv") }
    #if os(Linux)
    #expect(
      throws: ResultFileError.cannotWrite(
        path: "/dev/full",
        reason: "no space left on device"
      )
    ) {
      try FileAccess.append("x", to: FileAccess.openForAppending("/dev/full"), path: "/dev/full")
    }
    #endif
  }
}
