import Studies
import Tensors
import Testing

@Suite struct StudyTrackingTests {
  private static let study = """
    study: drift
    scenario: {id: noise, snr: 10}
    tracking: {blocks: 12, pilots: 30, payload: 100}
    methods:
      - {id: sign, label: Known}
      - {id: learned, label: Carried, settings: {epochs: 1, rate: 0.3}}
      - {id: learned, label: Anew, settings: {epochs: 1, rate: 0.3}, training: {carries: false}}
    """

  @Test("a row a block and a row of all blocks, whose counts add up")
  func rows() throws {
    try ToyFiles.withFolder { folder in
      let outcome = try ToyStudy.run(Self.study, in: folder)
      let rows = outcome.rows("Carried")
      #expect(rows.count == 13)
      #expect(rows.dropLast().map(\.axisValue) == (0..<12).map(Double.init))
      #expect(rows.dropLast().allSatisfy { $0.axis == "block" && $0.trials == 100 })
      let all = try #require(rows.last)
      #expect(all.axis == "blocks" && all.axisValue == 12 && all.blocks == 12)
      #expect(all.errors == rows.dropLast().reduce(0) { $0 + $1.errors })
      #expect(all.trainSize == 30 && all.stopReason == "end-of-series")
      #expect(outcome.rows("Known").last?.trainSize == nil)
    }
  }

  @Test("a method that carries its state follows a drift better than one that starts anew")
  func carrying() throws {
    try ToyFiles.withFolder { folder in
      let outcome = try ToyStudy.run(Self.study, in: folder)
      let carried = try #require(outcome.rows("Carried").last)
      let anew = try #require(outcome.rows("Anew").last)
      #expect(carried.value < anew.value)
      // In the first block both start from the same random value.
      #expect(outcome.rows("Carried")[0].errors == outcome.rows("Anew")[0].errors)
    }
  }

  @Test("an axis takes the place of the number of blocks")
  func axes() throws {
    try ToyFiles.withFolder { folder in
      let outcome = try ToyStudy.run(Self.study + "\naxes: {snr: [0, 10]}", in: folder)
      let rows = outcome.rows("Known")
      #expect(rows.count == 26)
      #expect(rows[0].scenario == "noise;snr=0" && rows[0].axis == "block")
      #expect(rows[12].scenario == "noise" && rows[12].axis == "snr" && rows[25].axisValue == 10)
    }
  }

  @Test("the same bytes for 2 threads, and stopped anywhere", arguments: [1, 5, 20, 40])
  func resumed(limit: Int) throws {
    let study = Self.study + "\naxes: {snr: [0, 10]}\naverage: {offset: [0, 1]}"
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(study, in: "\(folder)/whole")
      let asked = Toy.Counter()
      try ToyStudy.run(study, in: "\(folder)/cut") {
        $0.threads = 2
        $0.isCancelled = { asked.next() > limit }
      }
      try ToyStudy.run(study, in: "\(folder)/cut") {
        $0.threads = 2
        $0.resumes = true
        $0.plansTime = true
      }
      #expect(
        try ToyStudy.fingerprint("\(folder)/whole") == ToyStudy.fingerprint("\(folder)/cut")
      )
    }
  }
}
