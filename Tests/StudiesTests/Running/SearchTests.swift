import Studies
import Tensors
import Testing

@Suite struct StudySearchTests {
  private static let study = ToyStudy.standard.replacing(
    "label: Learned}",
    with: """
      label: Learned, settings: {rate: 0.01},
         search: {settings: {rate: [0.01, 0.2, 1], epochs: [1, 2]}, items: 4000, at: {snr: 6}}}
      """
  )

  @Test("every combination is recorded, and the best one is used")
  func best() throws {
    try ToyFiles.withFolder { folder in
      let tuned = try ToyStudy.run(Self.study, in: "\(folder)/tuned")
      let rows = try SearchRow.read("\(folder)/tuned/search.csv")
      #expect(rows.count == 6 && rows.filter(\.isBest).count == 1)
      #expect(rows[0].settings == "epochs=1;rate=0.01" && rows[0].judge == "error_rate")
      let best = try #require(rows.first { $0.isBest })
      // A whole step reaches the mean; a hundredth of a step leaves the random start.
      #expect(best.value == rows.map(\.value).min() && rows[0].value > best.value)
      let words = best.settings.split(separator: ";").map { String($0) }
      let set = words.map { "methods.learned.settings.\($0)" } + ["methods.learned.search=null"]
      let plain = try ToyStudy.run(Self.study, in: "\(folder)/plain", set: set)
      #expect(tuned.rows("Learned").map(\.value) == plain.rows("Learned").map(\.value))
    }
  }

  @Test("it may only record, judge by loss, and tune a classical method")
  func variants() throws {
    try ToyFiles.withFolder { folder in
      let recorded = try ToyStudy.run(
        Self.study,
        in: "\(folder)/a",
        set: ["methods.learned.search.use=false"]
      )
      let plain = try ToyStudy.run(
        Self.study,
        in: "\(folder)/b",
        set: ["methods.learned.search=null"]
      )
      #expect(recorded.rows("Learned").map(\.value) == plain.rows("Learned").map(\.value))
      try ToyStudy.run(
        Self.study,
        in: "\(folder)/c",
        set: ["methods.learned.search.judge=loss"]
      )
      let losses = try SearchRow.read("\(folder)/c/search.csv")
      #expect(losses.allSatisfy { $0.judge == "loss" })
      #expect(losses.first { $0.isBest }?.settings.hasSuffix("rate=1") == true)
      let set = ["methods.Known.search={settings: {threshold: [-1, 0, 1]}}"]
      try ToyStudy.run(in: "\(folder)/d", set: set)
      let classical = try SearchRow.read("\(folder)/d/search.csv")
      #expect(classical.map(\.isBest) == [false, true, false])
    }
  }

  @Test("stopped inside a search and resumed, it ends the same", arguments: 1...12)
  func stopped(limit: Int) throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(Self.study, in: "\(folder)/whole")
      let asked = Toy.Counter()
      let first = try ToyStudy.run(Self.study, in: "\(folder)/cut") {
        $0.isCancelled = { asked.next() > limit }
      }
      #expect(first.wasInterrupted)
      try ToyStudy.run(Self.study, in: "\(folder)/cut") { $0.resumes = true }
      #expect(
        try ToyStudy.fingerprint("\(folder)/whole") == ToyStudy.fingerprint("\(folder)/cut")
      )
      let searches = try ["whole", "cut"].map { try ToyFiles.text("\(folder)/\($0)/search.csv") }
      #expect(searches[0] == searches[1])
    }
  }

  @Test("at several values of an axis it is held at each, and each point uses its own best")
  func perPoint() throws {
    try ToyFiles.withFolder { folder in
      let grid = "search={settings: {threshold: [-1, 0, 1]}, at: {snr: [0, 6]}}"
      let tuned = try ToyStudy.run(in: "\(folder)/tuned", set: ["methods.Known.\(grid)"])
      let rows = try SearchRow.read("\(folder)/tuned/search.csv")
      #expect(rows.count == 6)
      #expect(
        rows.filter(\.isBest).map(\.settings) == ["snr=0.0;threshold=0", "snr=6.0;threshold=0"]
      )
      let plain = try ToyStudy.run(in: "\(folder)/plain")
      let kept = plain.rows("Known").filter { [0, 6].contains($0.axisValue) }
      #expect(tuned.rows("Known").map(\.value) == kept.map(\.value))
      // A search that ended is not held again.
      let again = try ToyStudy.run(in: "\(folder)/tuned", set: ["methods.Known.\(grid)"]) {
        $0.resumes = true
      }
      #expect(again.rows("Known").map(\.value) == tuned.rows("Known").map(\.value))
    }
  }
}
