import Studies
import Testing

@Suite struct PathFigureTests {
  private func figure(_ width: Int) -> PathFigure {
    PathFigure(
      name: "study-part-path",
      title: "It's a path",
      component: "state",
      curves: [
        .init(
          label: "truth",
          points: [[0, 1, 2], [3, 4, 5]].map { Array($0.prefix(width)) },
          colour: "#000000"
        ),
        .init(
          label: "seen",
          points: [[0.5, .nan, 1], [1, 2, 3]].map { Array($0.prefix(width)) },
          colour: "#b0b0b0",
          isScattered: true
        ),
      ]
    )
  }

  @Test("each curve is a block of numbers; what is not finite is missing")
  func data() {
    #expect(
      figure(3).data
        == "# truth\n0.0 1.0 2.0\n3.0 4.0 5.0\n\n\n# seen\n0.5 NaN 1.0\n1.0 2.0 3.0\n"
    )
  }

  @Test("three numbers a point are drawn in space, two on a plane", arguments: [2, 3])
  func script(width: Int) {
    let script = figure(width).script
    #expect(script.contains(width == 3 ? "splot 'study" : "\nplot 'study"))
    #expect(script.contains("using \(width == 3 ? "1:2:3" : "1:2") with lines"))
    // A quote in a title stays inside of it.
    #expect(script.contains("set title 'It''s a path'"))
    #expect(script.contains("set ylabel 'state 2' noenhanced"))
    #expect(script.contains("set zlabel 'state 3' noenhanced rotate") == (width == 3))
  }
}
