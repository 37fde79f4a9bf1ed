import Studies
import Tensors
import Testing

@Suite struct StudyMergeTests {
  private static let rule = ["stop={errors: null, maximum_trials: 700}"]

  private func shares(_ folder: String, of count: Int, rule: [String] = rule) throws -> [String] {
    try (0..<count).map { index in
      let path = "\(folder)/share\(index)"
      try ToyStudy.run(in: path, set: rule) { $0.shard = try? StudyShard("\(index)/\(count)") }
      return path
    }
  }

  private func merge(_ folders: [String], into output: String) throws -> StudyOutcome {
    try StudyMerge.merge(
      folders,
      into: output,
      catalogue: Toy.catalogue(),
      storage: ToyFiles.storage
    )
  }

  @Test("shares merge to the bytes of a single run", arguments: [2, 3])
  func same(count: Int) throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: "\(folder)/one", set: Self.rule)
      let shares = try shares(folder, of: count)
      let merged = try merge(shares.reversed(), into: "\(folder)/merged")
      let expected = try ToyStudy.fingerprint("\(folder)/one")
      let got = try ToyStudy.fingerprint("\(folder)/merged")
      #expect(got["results"] == expected["results"] && got["blocks"] == expected["blocks"])
      #expect(merged.table.rows.allSatisfy { $0.blocks == 7 })
      let seconds = merged.table.rows[0].seconds
      #expect(seconds > 0)
    }
  }

  @Test("with a target of errors the shares together reach it")
  func targets() throws {
    try ToyFiles.withFolder { folder in
      let rule = ["stop={errors: 100, maximum_trials: 100000}"]
      let merged = try merge(try shares(folder, of: 2, rule: rule), into: "\(folder)/merged")
      let rows = merged.table.rows.filter { $0.metric == "error_rate" }
      #expect(rows.allSatisfy { $0.errors >= 100 && $0.stopReason == "target-errors" })
    }
  }

  @Test("other settings, double blocks and unfinished shares are refused")
  func refusals() throws {
    try ToyFiles.withFolder { folder in
      let shares = try shares(folder, of: 2)
      try ToyStudy.run(in: "\(folder)/other", set: Self.rule + ["seed=6"])
      let different = #expect(throws: StudyError.self) {
        try merge([shares[0], "\(folder)/other"], into: "\(folder)/a")
      }
      #expect(different?.description.contains("'seed' is 6, but 5 in") == true)
      let twice = #expect(throws: StudyError.self) {
        try merge([shares[0], shares[0]], into: "\(folder)/b")
      }
      #expect(twice?.description.contains("block 0 of Known") == true)
      var table = try ResultTable.read("\(shares[1])/results.csv")
      table.rows.removeLast(6)
      try table.write(to: "\(shares[1])/results.csv")
      let unfinished = #expect(throws: StudyError.self) {
        try merge(shares, into: "\(folder)/c")
      }
      #expect(unfinished?.description.contains("finish it with --resume") == true)
    }
  }

  @Test("a share resumes as itself only")
  func resumes() throws {
    try ToyFiles.withFolder { folder in
      let share = try shares(folder, of: 2)[0]
      let error = #expect(throws: StudyError.self) {
        try ToyStudy.run(in: share, set: Self.rule) { $0.resumes = true }
      }
      #expect(error?.description.contains("'shard' is") == true)
      try ToyStudy.run(in: share, set: Self.rule) {
        $0.resumes = true
        $0.shard = try? StudyShard("0/2")
      }
    }
  }

  @Test("a share is i/n", arguments: ["2/2", "-1/2", "1", "1/0", "a/b", "0/2/3"])
  func parsing(text: String) {
    #expect(throws: StudyError.self) { try StudyShard(text) }
  }
}
