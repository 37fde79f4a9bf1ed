internal import Studies
internal import Tensors
internal import Testing

@Suite struct PictureRowTests {
  private let row = PictureRow(
    name: "study-part-path",
    entries: [
      .init(label: "truth", caption: "", image: Tensor<Float>([0, 1], shape: [1, 2])),
      .init(
        label: "TV, \"tuned\"",
        caption: "28.31 decibels",
        image: Tensor<Float>([1, 0.2], shape: [2, 1])
      ),
    ]
  )

  @Test("a row is found as it was written, and its images are images")
  func roundTrip() throws {
    let folder = TemporaryFolder()
    try row.write(to: folder.file("figures"))
    let found = try PictureRow.found("study-part-path", in: folder.file("figures"))
    #expect(found.map(\.label) == ["truth", "TV, \"tuned\""])
    #expect(found.map(\.caption) == ["", "28.31 decibels"])
    let second = try ImageFiles.read(folder.file("figures/\(found[1].file)"))
    #expect(second == Tensor<Float>([1, 0.2], shape: [2, 1]))
    #expect(try PictureRow.found("other", in: folder.file("figures")).isEmpty)
  }

  @Test("a report shows the images with their words")
  func report() throws {
    let folder = TemporaryFolder()
    try row.write(to: folder.file("out/figures"))
    var report = StudyReport(
      study: "study",
      title: "Title",
      claim: "Claim.",
      table: ResultTable(),
      claims: []
    )
    report.paths = [PathPicture(name: "study-part-path", title: "four < five")]
    let written = try report.write(to: folder.file("out"), gnuplot: Gnuplot(path: nil))
    let page = try String(decoding: FileAccess.contents(of: written.path), as: UTF8.self)
    #expect(page.contains("<h2>Images</h2>") && page.contains("<h3>Four &lt; five</h3>"))
    #expect(page.contains("<b>TV, &quot;tuned&quot;</b><br>28.31 decibels"))
    let pictures = page.components(of: "data:image/png;base64,")
    #expect(pictures == (ImageFiles.libraryVersion == nil ? 0 : 2))
  }
}

extension String {
  /// How often a piece of text occurs.
  fileprivate func components(of piece: String) -> Int {
    var (count, rest) = (0, self[...])
    while let range = rest.firstRange(of: piece) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
