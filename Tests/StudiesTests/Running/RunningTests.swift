import Studies
import Tensors
import Testing

@Suite struct StudyRunningTests {
  @Test("one row a point, method, replicate and metric, in order")
  func rows() throws {
    try ToyFiles.withFolder { folder in
      let outcome = try ToyStudy.run(in: folder)
      #expect(outcome.table.rows.count == 2 * 2 * 3 * 2)
      let first = try #require(outcome.table.rows.first)
      #expect(first.scenario == "noise")
      #expect(first.axis == "snr" && first.axisValue == 0 && first.axisUnit == "dB")
      #expect(first.family == "model-based" && first.trainSize == nil)
      #expect(outcome.rows("Learned")[0].trainSize == 20)
      #expect(outcome.table.rows.map(\.axisValue) == outcome.table.rows.map(\.axisValue).sorted())
      #expect(!outcome.wasInterrupted && outcome.failures.isEmpty)
      #expect(try ResultTable.read("\(folder)/results.csv") == outcome.table)
    }
  }

  @Test("the error rate at 0 dB agrees with the normal distribution")
  func knownRate() throws {
    try ToyFiles.withFolder { folder in
      let set = ["item_block=1000", "stop={errors: null, maximum_trials: 40000}", "replicates=1"]
      let row = try ToyStudy.run(in: folder, set: set).rows("Known")[0]
      // Q(1) = 0.158655; 5 standard errors of 40,000 independent trials.
      #expect(row.trials == 40_000)
      #expect(abs(row.value - 0.158655) < 5 * (0.1587 * 0.8413 / 40_000).squareRoot())
    }
  }

  @Test("the same bytes for 1 and 2 threads, and for a study that plans its time")
  func threads() throws {
    let expected = try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder)
      return try ToyStudy.fingerprint(folder)
    }
    let other = try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder) {
        $0.threads = 2
        $0.plansTime = true
      }
      return try ToyStudy.fingerprint(folder)
    }
    #expect(expected == other)
    #expect(expected.count == 2 + 2 * 2 * 2)
  }

  @Test("items drawn anew for a method that never asks for them are an error, not ignored")
  func redraw() throws {
    let yaml = ToyStudy.standard.replacing("{size: 20}", with: "{size: 20, redraw: true}")
    try ToyFiles.withFolder { folder in
      let error = #expect(throws: StudyError.self) { try ToyStudy.run(yaml, in: folder) }
      #expect(error?.description.contains("redraw: learned learns from the same items") == true)
      // In one pass there is nothing to draw anew.
      let one = yaml.replacing("label: Learned}", with: "label: Learned, settings: {epochs: 1}}")
      let outcome = try ToyStudy.run(one, in: "\(folder)/one")
      #expect(!outcome.rows("Learned").isEmpty)
    }
  }

  @Test("another seed gives other numbers")
  func seeds() throws {
    let tables = try ["seed=5", "seed=6"].map { seed in
      try ToyFiles.withFolder { try ToyStudy.run(in: $0, set: [seed]).rows("Known").map(\.value) }
    }
    #expect(tables[0] != tables[1])
  }

  @Test("all methods see the same draws and count the same blocks")
  func pairedDraws() throws {
    try ToyFiles.withFolder { folder in
      let twins = ToyStudy.standard.replacing(", arrays: {offset: offset_wrong}", with: "")
      let outcome = try ToyStudy.run(twins, in: folder)
      let known = outcome.rows("Known")
      let twin = outcome.rows("Wrong, by one")
      #expect(known.map(\.errors) == twin.map(\.errors))
      #expect(known.map(\.blocks) == outcome.rows("Learned").map(\.blocks))
      #expect(Set(known.map(\.errors)).count > 1)
    }
  }

  @Test("points, replicates and averaged values have their own draws")
  func ownDraws() throws {
    let world = try StudyWorld(
      ToyStudy.specification().parts[0],
      catalogue: Toy.catalogue(),
      seed: 1,
      readArrays: { _ in ArrayBundle() }
    )
    let points = try world.part.points(in: world.catalogue)
    var seen: Set<[Double]> = []
    for point in points {
      for cell in point.cells {
        for replicate in 0..<2 {
          for block in 0..<2 {
            let arrays = try world.test(cell, replicate: replicate, block: block)
            seen.insert(try Toy.numbers("targets", of: arrays))
          }
        }
      }
    }
    #expect(seen.count == 2 * 2 * 2 * 2)
  }

  @Test("an axis of inference changes settings after training, on the same draws and models")
  func inferenceAxis() throws {
    let hooks = Toy.Hooks()
    try ToyFiles.withFolder { folder in
      let yaml = ToyStudy.standard
        .replacing("axes: {snr: [0, 6]}", with: "axes: {inference.threshold: [-1, 0, 1]}")
        .replacing("errors: 20, ", with: "")
      let outcome = try ToyStudy.run(yaml, in: folder, hooks: hooks)
      #expect(hooks.trainings.count == 4, "one for each averaged value and replicate")
      let learned = outcome.rows("Learned").filter { $0.replicate == 0 }
      #expect(learned.map(\.axisValue) == [-1, 0, 1])
      #expect(Set(learned.map(\.errors)).count == 1, "it has no such setting")
      let known = outcome.rows("Known").filter { $0.replicate == 0 }
      #expect(known[0].errors > known[1].errors && known[2].errors > known[1].errors)
    }
  }

  @Test("an axis of a method's setting is trained for each value")
  func methodAxis() throws {
    let hooks = Toy.Hooks()
    try ToyFiles.withFolder { folder in
      let yaml = ToyStudy.standard
        .replacing("axes: {snr: [0, 6]}", with: "axes: {method.epochs: [1, 7]}")
        .replacing("errors: 20, ", with: "")
      let outcome = try ToyStudy.run(yaml, in: folder, hooks: hooks)
      #expect(hooks.trainings.count == 8, "for each value, averaged value and replicate")
      let learned = outcome.rows("Learned").filter { $0.replicate == 0 }
      #expect(learned.map(\.axisValue) == [1, 7])
      #expect(learned[0].errors != learned[1].errors)
      let known = outcome.rows("Known").filter { $0.replicate == 0 }
      #expect(
        known[0].errors == known[1].errors,
        "it has no such setting, and sees the same arrays"
      )
    }
  }

  @Test("an axis of inference must be a setting of a method, and in range")
  func wrongInferenceAxis() throws {
    for (axis, word) in [("inference.depth: [1]", "depth"), ("inference.threshold: [9]", "9")] {
      let yaml = ToyStudy.standard.replacing("axes: {snr: [0, 6]}", with: "axes: {\(axis)}")
      let error = #expect(throws: StudyError.self) { try ToyStudy.specification(yaml) }
      #expect(error?.description.contains(word) == true)
    }
  }

  @Test("a training that several rows share is done once")
  func sharedTrainings() throws {
    let hooks = Toy.Hooks()
    try ToyFiles.withFolder { folder in
      // The learned method trains at 6 dB whatever the point, twice under different names.
      let yaml =
        ToyStudy.standard + "\n  - {id: learned, label: Again}\n" + """
          parts:
            - {id: a, training: {scenario: {snr: 6}}}
            - {id: b, training: {scenario: {snr: 6}}, axes: {snr: [2]}}
          """
      let outcome = try ToyStudy.run(yaml, in: folder, hooks: hooks)
      // Two averaged values and two replicates.
      #expect(hooks.trainings.count == 4)
      #expect(outcome.rows("Learned").map(\.value) == outcome.rows("Again").map(\.value))
    }
  }

  @Test("rows that differ only in how they infer share a training")
  func settingsOfInference() throws {
    let hooks = Toy.Hooks()
    try ToyFiles.withFolder { folder in
      let yaml =
        ToyStudy.standard + "\n" + """
            - {id: learned, label: Moved, settings: {added: 3}}
            - {id: learned, label: Slower, settings: {rate: 0.4}}
          parts:
            - {id: a, training: {scenario: {snr: 6}}}
          """
      let outcome = try ToyStudy.run(yaml, in: folder, hooks: hooks)
      // Two averaged values and two replicates, at two rates.
      #expect(hooks.trainings.count == 8)
      #expect(outcome.rows("Learned").map(\.value) != outcome.rows("Moved").map(\.value))
    }
  }

  @Test("a row over averaged values holds the counts of all of them")
  func averages() throws {
    try ToyFiles.withFolder { folder in
      let set = ["stop.errors=null", "stop.maximum_trials=400", "replicates=1"]
      let both = try ToyStudy.run(in: folder + "/both", set: set).rows("Known")
      let single = try [0, 0.5].map { offset in
        let own = ["average.offset=[\(offset)]", "stop.errors=null", "stop.maximum_trials=200"]
        return try ToyStudy.run(in: "\(folder)/\(offset)", set: own + ["replicates=1"])
          .rows("Known")
      }
      for point in 0..<2 {
        #expect(both[point].trials == 400 && both[point].blocks == 4)
        #expect(both[point].errors == single[0][point].errors + single[1][point].errors)
      }
    }
  }

  @Test("a method may run on a subset of the averaged values and of the points")
  func subsets() throws {
    try ToyFiles.withFolder { folder in
      let yaml = ToyStudy.standard.replacing(
        "label: Learned}",
        with: "label: Learned, only: {snr: [6], offset: [0.5]}}"
      )
      let outcome = try ToyStudy.run(yaml, in: folder)
      let learned = outcome.rows("Learned")
      #expect(learned.map(\.axisValue) == [6, 6])
      let known = outcome.rows("Known").filter { $0.axisValue == 6 }
      #expect(learned.map { 2 * $0.trials } == known.map(\.trials))
    }
  }

  @Test("training size, mismatch and a second axis stand in their columns")
  func columns() throws {
    try ToyFiles.withFolder { folder in
      let yaml = ToyStudy.standard.replacing(
        "axes: {snr: [0, 6]}",
        with: "axes: {train_size: [10, 40], training.offset: [0, 3]}"
      )
      let rows = try ToyStudy.run(yaml, in: folder).rows("Learned")
      #expect(rows.map(\.trainSize) == [10, 10, 10, 10, 40, 40, 40, 40])
      #expect(rows.map(\.mismatch) == [0, 0, 3, 3, 0, 0, 3, 3])
      #expect(rows[0].scenario == "noise;training.offset=0" && rows[0].axisUnit == "symbols")
      // Trained for the wrong offset it is worse.
      #expect(rows[6].value > rows[4].value)
    }
  }

  @Test("what did not succeed stands in the status")
  func failures() throws {
    try ToyFiles.withFolder { folder in
      let outcome = try ToyStudy.run(in: folder, set: ["methods.learned.settings.fails=true"])
      #expect(Set(outcome.rows("Learned").map(\.status)) == ["stopped at step 3"])
      #expect(Set(outcome.rows("Known").map(\.status)) == ["ok"])
      // Once a point, not once a metric and replicate.
      #expect(outcome.failures.count == 2)
    }
  }

  @Test("each method is timed once, and its cost stands beside it")
  func timings() throws {
    try ToyFiles.withFolder { folder in
      let timings = try ToyStudy.run(in: folder).timings
      #expect(timings.map(\.method) == ["Known", "Wrong, by one", "Learned"])
      #expect(timings.map(\.parameters) == [0, 0, 1])
      #expect(timings.allSatisfy { $0.items == 50 && $0.seconds > 0 })
      #expect(try TimingRow.read("\(folder)/timings.csv") == timings)
    }
  }

  @Test("inference is timed for each number of items asked for, also more than a block")
  func timedItems() throws {
    try ToyFiles.withFolder { folder in
      let timings = try ToyStudy.run(in: folder, set: ["timed_items=[1, 80]"]).timings
      #expect(timings.map(\.method) == ["Known", "Wrong, by one", "Learned"].flatMap { [$0, $0] })
      #expect(timings.map(\.items) == [1, 80, 1, 80, 1, 80])
      #expect(timings.allSatisfy { $0.seconds > 0 })
      // the resolved study says it too, and runs to the same numbers of items
      let again = try ToyStudy.run(in: folder, set: ["timed_items=[1, 80]"]) { $0.resumes = true }
      #expect(again.timings == timings)
    }
    #expect(throws: StudyError.self) {
      try ToyFiles.withFolder { _ = try ToyStudy.run(in: $0, set: ["timed_items=[0]"]) }
    }
  }

  @Test("the planned time is told before the first unit, and progress ends at 1")
  func planning() throws {
    try ToyFiles.withFolder { folder in
      let log = EventLog()
      try ToyStudy.run(in: folder) { options in
        options.plansTime = true
        options.report = { log.append($0) }
      }
      guard case .planning(let title) = try #require(log.events.first),
        case .planned(let seconds, let training) = try #require(log.events.dropFirst().first)
      else {
        Issue.record("the first events are \(log.events.prefix(2))")
        return
      }
      #expect(!title.isEmpty)
      #expect(seconds > 0 && training > 0 && training <= seconds)
      let fractions = log.events.compactMap { event in
        if case .progress(let fraction, _) = event { fraction } else { nil }
      }
      #expect(abs((fractions.last ?? 0) - 1) < 1e-9)
      #expect(fractions == fractions.sorted())
    }
  }
}
