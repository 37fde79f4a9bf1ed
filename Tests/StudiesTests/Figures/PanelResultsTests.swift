internal import Studies
internal import Testing

@Suite struct PanelResultsTests {
  private static func results(_ rows: [ResultRow]) throws -> PanelResults {
    let table = ResultTable(rows)
    let panel = try #require(PanelDescription.all(in: table).first)
    let metric = try #require(panel.metrics.first)
    return PanelResults(table, panel: panel, metric: metric)
  }

  @Test("each scenario and axis of a table is a panel with its metrics")
  func panels() {
    let panels = PanelDescription.all(in: MadeUpStudy.table)
    #expect(panels.map(\.axis) == ["snr", "snr", "train_size", "block", "snr"])
    #expect(panels.map(\.isAxisLogarithmic) == [false, false, true, false, false])
    #expect(panels.allSatisfy { $0.metrics.map(\.id) == ["symbol_error_rate"] })
    #expect(panels.allSatisfy { $0.metrics.allSatisfy(\.countsErrors) })
    #expect(panels.first?.title == "SNR, isi-channel, noise=gaussian")
  }

  @Test("no error in 50 000 is drawn at 3/50 000 and has no value")
  func bound() throws {
    let results = try Self.results([makeRow(axisValue: 0), makeRow(axisValue: 2, value: 0)])
    let figure = try #require(results.figure(study: "s", styles: [:]))
    #expect(
      figure.curves[0].points == [
        Figure.Point(x: 0, value: 0.1, lower: 0.1 * 0.95, upper: 0.1 * 1.05),
        Figure.Point(x: 2, value: nil, bound: 3.0 / 50_000),
      ]
    )
    #expect(results.caption.contains("the mark is the upper bound 3/items (95\u{a0}%)"))
  }

  @Test("replicates become median and quartiles")
  func replicates() throws {
    let values = [0.75, 0.25, 0.5, 1]
    let rows = values.indices.map { makeRow(replicate: $0, value: values[$0]) }
    let cell = try #require(Self.results(rows).cell("Viterbi", 2))
    #expect(cell.value == 0.625 && cell.lower == 0.4375 && cell.upper == 0.8125)
  }

  @Test("a value that is not finite is not drawn, and a failure is told")
  func failures() throws {
    var bad = makeRow(axisValue: 2, value: .nan)
    bad.status = "diverged"
    let results = try Self.results([makeRow(axisValue: 0), makeRow(axisValue: 4), bad])
    #expect(results.figure(study: "s", styles: [:])?.positions == [0, 4])
    #expect(results.caption.contains("1 of 3 rows did not succeed."))
    #expect(try Self.results([bad]).figure(study: "s", styles: [:]) == nil)
  }
}
