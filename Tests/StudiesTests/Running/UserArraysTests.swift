import Studies
import Tensors
import Testing

@Suite struct UserArraysTests {
  private static let study = """
    study: mine
    data: {train: a.npz, test: b.npz}
    item_block: 40
    stop: {maximum_trials: 1e9}
    methods: [sign, learned]
    """

  private func arrays(_ count: Int, seed: UInt64) throws -> ArrayBundle {
    let scenario = Toy.scenario(Toy.Hooks())
    let settings = try Settings([:], for: scenario.settings, owner: "noise")
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func run(
    _ folder: String,
    test: ArrayBundle,
    set: [String] = [],
    resumes: Bool = false
  ) throws -> StudyOutcome {
    let storage = ToyFiles.storage(arrays: ["a.npz": try arrays(60, seed: 1), "b.npz": test])
    return try ToyStudy.run(Self.study, in: folder, set: set, storage: storage) {
      $0.resumes = resumes
    }
  }

  @Test("all items of the test file count once, in blocks")
  func counts() throws {
    try ToyFiles.withFolder { folder in
      let test = try arrays(100, seed: 2)
      let outcome = try run(folder, test: test)
      #expect(outcome.table.rows.count == 4)
      #expect(outcome.table.rows.allSatisfy { $0.trials == 100 && $0.blocks == 3 })
      #expect(outcome.table.rows.allSatisfy { $0.stopReason == "end-of-data" && $0.axis == "" })
      let signs = try Toy.numbers("observations", of: test).map { $0 > 0 ? 1.0 : -1.0 }
      let errors = zip(signs, try Toy.numbers("targets", of: test)).count { $0 != $1 }
      #expect(outcome.rows("sign")[0].errors == errors)
    }
  }

  @Test("an axis of training sizes takes the first items")
  func sizes() throws {
    try ToyFiles.withFolder { folder in
      let test = try arrays(100, seed: 2)
      let outcome = try run(folder, test: test, set: ["axes={train_size: [10, 60]}"])
      #expect(outcome.rows("learned").map(\.trainSize) == [10, 60])
      let error = #expect(throws: StudyError.self) {
        try run("\(folder)/b", test: test, set: ["axes={train_size: [61]}"])
      }
      #expect(error?.description == "noise: has 60 items, a training of the study needs 61")
    }
  }

  @Test("resuming with changed arrays is refused")
  func changedArrays() throws {
    try ToyFiles.withFolder { folder in
      _ = try run(folder, test: try arrays(100, seed: 2))
      _ = try run(folder, test: try arrays(100, seed: 2), resumes: true)
      #expect(throws: StudyError.self) {
        try run(folder, test: try arrays(100, seed: 3), resumes: true)
      }
    }
  }
}
