import Studies
import Testing

@Suite struct ReportComposingTests {
  @Test("a run's report has its words, costs, panels and paired comparisons")
  func composed() throws {
    try ToyFiles.withFolder { folder in
      let set = ["title=Signs", "replicates=1", "claims=[{kind: falls-with, method: Known}]"]
      let specification = try ToyStudy.specification(set: set)
      let outcome = try ToyStudy.run(in: folder, set: set)
      let report = try StudyReport(
        specification: specification,
        catalogue: Toy.catalogue(),
        outcome: outcome,
        command: "graybox study toy",
        facts: []
      )
      #expect(report.title == "Signs" && report.claims.map(\.verdict) == [.held])
      #expect(report.methods.map(\.parameters) == [0, 0, 1])
      #expect(report.methods[2].trainingItems == 20 && report.methods[2].trainingSeconds != nil)
      #expect(report.panels.count == 1 && report.panels[0].axisTitle == "SNR")
      #expect(report.panels[0].metrics.map(\.title) == ["Error rate", "Squared error"])
      #expect(report.panels[0].note == "Averaged over 2 values of offset from 0 to 0.5.")
      #expect(report.comparisons.map(\.place) == ["noise; snr 0 dB", "noise; snr 6 dB"])
      for (comparison, row) in zip(report.comparisons, outcome.rows("Learned")) {
        let known = try #require(
          outcome.rows("Known").first { $0.axisValue == row.axisValue }
        )
        #expect(abs(comparison.difference.value - (row.value - known.value)) < 1e-15)
      }
    }
  }
}
