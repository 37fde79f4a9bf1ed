internal import Studies
internal import Testing

@Suite struct GnuplotTests {
  private static let figure = Figure(
    name: "one",
    title: "study: panel",
    horizontal: Figure.Axis(title: "SNR", unit: "dB"),
    vertical: Figure.Axis(title: "SER", isLogarithmic: true, limit: 1),
    curves: [
      Figure.Curve(
        label: "it's \"$(touch x)\" `y`",
        style: CurveStyle(colour: "#0072b2", dashes: [], marker: 7),
        points: [Figure.Point(x: 0, value: 0.1), Figure.Point(x: 2, value: 0.01)]
      )
    ]
  )

  @Test("pictures of the asked size are drawn", .enabled(if: Gnuplot.found.path != nil))
  func draws() throws {
    let folder = TemporaryFolder()
    let place = folder.file("a 'b' $c")
    let outcome = try FigureFolder.write([Self.figure], to: place, gnuplot: .found)
    #expect(outcome.drawn == ["one"] && outcome.problem == nil)
    let picture = try FileAccess.contents(of: place + "/one.png")
    #expect(picture.starts(with: [0x89, 0x50, 0x4e, 0x47]))
    #expect(picture.count > 10_000)
    // Width and height, big-endian, follow the header's name at byte 16.
    #expect(picture[16..<24].elementsEqual([0, 0, 0x04, 0xb0, 0, 0, 0x02, 0xd0]))
    let drawing = String(decoding: try FileAccess.contents(of: place + "/one.svg"), as: UTF8.self)
    #expect(drawing.contains("</svg>") && drawing.contains("study: panel"))
    #expect(!FileAccess.exists(place + "/one.gp.log"))
  }

  @Test("without gnuplot the data and the script are written and a sentence says so")
  func missing() throws {
    let folder = TemporaryFolder()
    let outcome = try FigureFolder.write(
      [Self.figure],
      to: folder.path,
      gnuplot: Gnuplot(path: "/nonexistent/gnuplot")
    )
    #expect(outcome.drawn.isEmpty)
    #expect(
      outcome.problem
        == "gnuplot was not found, so the figures are not drawn; their data and scripts are in "
        + "figures/: install gnuplot and run 'gnuplot *.gp' there."
    )
    #expect(FileAccess.exists(folder.file("one.gp")) && FileAccess.exists(folder.file("one.dat")))
    #expect(!FileAccess.exists(folder.file("one.png")))
  }

  @Test("a tool that fails is told with its code and its words")
  func fails() throws {
    let folder = TemporaryFolder()
    let outcome = try FigureFolder.write(
      [Self.figure],
      to: folder.path,
      gnuplot: Gnuplot(path: "/bin/false")
    )
    #expect(outcome.problem == "The figure one was not drawn: gnuplot ended with code 1.")
  }
}
