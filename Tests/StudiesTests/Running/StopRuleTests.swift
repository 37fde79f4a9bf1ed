import Studies
import Tensors
import Testing

@Suite struct StopRuleTests {
  @Test("a point ends at the first block at which every method has its errors")
  func errors() throws {
    try ToyFiles.withFolder { folder in
      let outcome = try ToyStudy.run(in: folder)
      let blocks = try BlockRow.read("\(folder)/blocks.csv")
      for row in outcome.rows("Known") where row.stopReason == "target-errors" {
        let methods = ["Known", "Wrong, by one", "Learned"]
        func errors(_ method: String, before end: Int) -> Int {
          blocks.filter {
            $0.key.method == method && $0.key.metric == "error_rate"
              && $0.key.axisValue == row.axisValue && $0.key.replicate == row.replicate
              && $0.block < end
          }.reduce(0) { $0 + $1.count.errors }
        }
        #expect(methods.allSatisfy { errors($0, before: row.blocks) >= 20 })
        let before = methods.map { errors($0, before: row.blocks - 1) }
        let couldEndEarlier = row.blocks > 3 && (before.min() ?? 0) >= 20
        #expect(couldEndEarlier == false, "\(before) errors before block \(row.blocks)")
      }
    }
  }

  @Test("the maximum counts items of a row, averaged values together")
  func maximum() throws {
    try ToyFiles.withFolder { folder in
      let rule = "stop={errors: 100000, maximum_trials: 450, minimum_blocks: 100}"
      let rows = try ToyStudy.run(in: folder, set: [rule]).table.rows
      #expect(rows.allSatisfy { $0.trials == 500 && $0.blocks == 5 })
      #expect(rows.allSatisfy { $0.stopReason == "maximum-trials" })
    }
  }

  @Test("the width of every interval is at most the one asked for")
  func width() throws {
    try ToyFiles.withFolder { folder in
      let rule = "stop={errors: null, relative_width: 0.5, maximum_trials: 1e6}"
      let rows = try ToyStudy.run(in: folder, set: [rule]).table.rows
      for row in rows where row.metric == "error_rate" {
        let lower = try #require(row.lower)
        let upper = try #require(row.upper)
        #expect(row.stopReason == "relative-width" && (upper - lower) / row.value <= 0.5)
      }
    }
  }

  @Test("intervals follow from the blocks, and no error is no certainty")
  func intervals() throws {
    let metric = Toy.errorRate
    func count(_ errors: Int) -> MetricDescription.Count {
      .init(
        trials: 100,
        errors: errors,
        sum: Double(errors),
        sumOfSquares: Double(errors),
        reference: 100
      )
    }
    let three = BlockTally.interval([count(1), count(2), count(3)], of: metric)
    // Deviation 0.01 / sqrt(3), Student's 97.5 % quantile with 2 degrees of freedom 4.30265.
    #expect(abs(three.value - 0.02) < 1e-15)
    #expect(abs((three.upper ?? 0) - (0.02 + 4.302653 * 0.01 / 3.0.squareRoot())) < 1e-8)
    #expect(three.lower == 0)
    let none = BlockTally.interval([count(0), count(0)], of: metric)
    #expect(none.value == 0 && none.lower == 0 && (none.upper ?? 0) > 0.01)
    #expect(BlockTally.interval([count(5)], of: metric).lower == nil)
  }
}
