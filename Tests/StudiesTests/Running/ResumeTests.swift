import Studies
import Testing

@Suite struct CheckpointRemovalTests {
  @Test("the checkpoints of a training and of its stages go, others stay")
  func stages() throws {
    try ToyFiles.withFolder { folder in
      let own = ["a.checkpoint", "a.checkpoint.1-0", "a.checkpoint.12-1"]
      let others = ["ab.checkpoint", "a.checkpoints", "a.safetensors"]
      for name in own + others { try FileAccess.append("x", to: "\(folder)/\(name)") }
      FileAccess.removeCheckpoints("\(folder)/a.checkpoint")
      #expect(Set(ToyFiles.names(in: folder)) == Set(others))
      FileAccess.removeCheckpoints("\(folder)/missing/a.checkpoint")
    }
  }
}

@Suite struct StudyResumeTests {
  private static let expected = Result {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      return try ToyStudy.fingerprint(folder)
    }
  }

  @Test("stopped at every question and resumed, it writes the same bytes", arguments: [1, 2])
  func stoppedAnywhere(threads: Int) throws {
    let expected = try Self.expected.get()
    var stop = 1
    while true {
      let finished = try ToyFiles.withFolder { folder in
        let asked = Toy.Counter()
        let limit = stop
        let first = try ToyStudy.run(in: folder) {
          $0.threads = threads
          $0.isCancelled = { asked.next() > limit }
        }
        guard first.wasInterrupted else { return true }
        let second = try ToyStudy.run(in: folder) {
          $0.threads = threads
          $0.resumes = true
        }
        #expect(!second.wasInterrupted)
        #expect(try ToyStudy.fingerprint(folder) == expected, "stopped at question \(limit)")
        return false
      }
      if finished { break }
      stop += stop < 20 ? 1 : 7
    }
    #expect(stop > 40)
  }

  @Test("a crash at any draw and a resume give the same bytes", arguments: 1...45)
  func crash(draw: Int) throws {
    try ToyFiles.withFolder { folder in
      var hooks = Toy.Hooks()
      hooks.beforeDraw = { if $0 == draw { throw Toy.Crash() } }
      #expect(throws: Toy.Crash.self) { try ToyStudy.run(in: folder, hooks: hooks) }
      try ToyStudy.run(in: folder) { $0.resumes = true }
      #expect(try ToyStudy.fingerprint(folder) == Self.expected.get())
    }
  }

  @Test("results cut at any byte are repaired", arguments: 0...25)
  func tornResults(part: Int) throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      let results = try ToyFiles.text("\(folder)/results.csv")
      let cut = String(results.prefix(part * results.count / 25))
      try FileAccess.replace("\(folder)/results.csv", with: cut)
      try ToyStudy.run(in: folder) { $0.resumes = true }
      #expect(try ToyStudy.fingerprint(folder) == Self.expected.get())
    }
  }

  @Test("blocks torn before their rows were written are repaired", arguments: 1...10)
  func tornBlocks(part: Int) throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      // As after a kill while the blocks of the third chunk (of six rows) were being written.
      var table = try ResultTable.read("\(folder)/results.csv")
      table.rows = Array(table.rows.prefix(12))
      try table.write(to: "\(folder)/results.csv")
      let whole = try BlockRow.read("\(folder)/blocks.csv").map(\.line)
      let kept = table.rows.reduce(0) { $0 + $1.blocks }
      let torn = whole[kept..<(kept + part)].joined().dropLast(3 * part)
      let text = ([CSV.line(BlockRow.columns)] + whole[..<kept]).joined() + torn
      try FileAccess.replace("\(folder)/blocks.csv", with: text)
      try ToyStudy.run(in: folder) { $0.resumes = true }
      #expect(try ToyStudy.fingerprint(folder) == Self.expected.get())
    }
  }

  @Test("resuming a finished study changes nothing and trains nothing")
  func finished() throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      let before = try ToyFiles.text("\(folder)/results.csv")
      let hooks = Toy.Hooks()
      let outcome = try ToyStudy.run(in: folder, hooks: hooks) { $0.resumes = true }
      #expect(hooks.trainings.count == 0 && hooks.draws.count == 0)
      #expect(try ToyFiles.text("\(folder)/results.csv") == before)
      #expect(outcome.timings.count == 3)
    }
  }

  @Test("changed settings are refused with the key")
  func changedSettings() throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      let message =
        "\(folder)/study.yaml: 'parts.noise.methods.Learned.settings.epochs' is 4 in the folder "
        + "and 5 now; resuming needs the same settings, so choose another folder by --out"
      #expect(throws: StudyError.invalid(message)) {
        try ToyStudy.run(in: folder, set: ["methods.learned.settings.epochs=5"]) {
          $0.resumes = true
        }
      }
    }
  }

  @Test("a title may change; a folder that holds a study needs --resume")
  func allowedChanges() throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      let outcome = try ToyStudy.run(in: folder, set: ["title=Other"]) { $0.resumes = true }
      #expect(outcome.table.rows.count == 24)
      #expect(throws: StudyError.self) { try ToyStudy.run(in: folder) }
    }
  }

  @Test("rows of another study in the file are refused")
  func foreignRows() throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      var table = try ResultTable.read("\(folder)/results.csv")
      table.rows[3].config = "0"
      try table.write(to: "\(folder)/results.csv")
      let message =
        "\(folder)/results.csv: line 5 was made with other settings, data or method version"
      #expect(throws: StudyError.invalid(message)) {
        try ToyStudy.run(in: folder) { $0.resumes = true }
      }
    }
  }

  @Test("study.yaml runs to the same bytes")
  func resolvedFile() throws {
    try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: "\(folder)/a", set: ["stop.errors=15"])
      let yaml = try ToyFiles.text("\(folder)/a/study.yaml")
      try ToyStudy.run(yaml, in: "\(folder)/b")
      #expect(try ToyStudy.fingerprint("\(folder)/a") == ToyStudy.fingerprint("\(folder)/b"))
      #expect(try ToyFiles.text("\(folder)/b/study.yaml") == yaml)
    }
  }

  @Test("a time limit stops the study, not a point")
  func timeLimit() throws {
    try ToyFiles.withFolder { folder in
      let first = try ToyStudy.run(in: folder) { $0.timeLimit = 0 }
      #expect(first.wasInterrupted && first.table.rows.isEmpty)
      try ToyStudy.run(in: folder) { $0.resumes = true }
      #expect(try ToyStudy.fingerprint(folder) == Self.expected.get())
    }
  }
}
