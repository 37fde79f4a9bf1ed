import Studies
import Testing

@Suite struct ClaimTests {
  private func verdicts(
    _ claims: String,
    preset: String? = nil,
    table: ResultTable = Self.table
  ) throws -> [ClaimVerdict] {
    let yaml = """
      study: toy
      scenario: noise
      axes: {snr: [0, 2, 4]}
      methods: [{id: sign, label: A}, {id: sign, label: B}]
      presets: {quick: {}}
      claims:
      \(claims)
      """
    let catalogue = Toy.catalogue()
    return try ClaimCheck(
      specification: ToyStudy.specification(yaml, preset: preset),
      catalogue: catalogue,
      table: table
    ).verdicts()
  }

  private static let table = ResultTable(
    [
      row("A", 0, 0.2, errors: 2000), row("B", 0, 0.1, errors: 1000),
      row("A", 2, 0.03, errors: 300), row("B", 2, 0.02, errors: 200),
      row("A", 4, 0.0004, errors: 4), row("B", 4, 0.0004, errors: 4),
    ])

  /// Ten blocks; the interval is 2.262157 standard errors of 0.001 to each side.
  private static func row(
    _ method: String,
    _ snr: Double,
    _ value: Double,
    replicate: Int = 0,
    errors: Int
  ) -> ResultRow {
    ResultRow(
      study: "toy",
      scenario: "noise",
      method: method,
      family: "model-based",
      axis: "snr",
      axisValue: snr,
      axisUnit: "dB",
      replicate: replicate,
      metric: "error_rate",
      value: value,
      lower: max(0, value - 0.002262157),
      upper: value + 0.002262157,
      blocks: 10,
      trials: 10_000,
      errors: errors,
      sum: Double(errors),
      sumOfSquares: 0,
      referenceSum: 10_000,
      seed: 1,
      config: ""
    )
  }

  @Test(
    "claims are held or not, with the numbers",
    arguments: [
      ("{kind: ratio-at-most, method: A, reference: B, at: {snr: 2}, value: 1.5001}", true, "1.5"),
      (
        "{kind: ratio-at-most, method: A, reference: B, at: {snr: [0, 2]}, value: 1.9}", false,
        "ratio 2 (0.2 over 0.1) at snr=0"
      ),
      (
        "{kind: ratio-at-least, method: A, reference: B, at: {snr: [0, 2]}, value: 1.4}", true,
        "ratio 1.5 (0.03 over 0.02) at snr=2"
      ),
      (
        "{kind: ratio-at-most, method: A, reference: B, at: {snr: [0, 2]}, over: minimum, value: 1.6}",
        true, "snr=2"
      ),
      (
        "{kind: ratio-at-most, method: A, reference: B, at: {snr: [0, 2]}, over: mean, value: 1.92}",
        true, "mean of 2 points"
      ),
      ("{kind: below, method: B, reference: A, at: {snr: 0}}", true, "ratio 0.5"),
      ("{kind: below, method: A, reference: A, at: {snr: 0}}", false, "ratio 1 "),
      (
        "{kind: value-at-most, method: A, at: {snr: 2}, value: 0.03}", true,
        "0.03, 95 % interval 0.02774 to 0.03226 at snr=2"
      ),
      ("{kind: value-at-most, method: A, value: 0.03}", false, "0.2, "),
      ("{kind: value-at-least, method: A, value: 0.0003}", true, "4e-4"),
      (
        "{kind: value-at-most, method: A, over: mean, value: 0.08}", true, "mean of 3 points 0.0768"
      ),
      ("{kind: matches-row, method: A, values: {0: '0.204', 2: '0.03'}}", true, "2 of 2 points"),
      (
        "{kind: matches-row, method: A, values: {0: '0.206', 2: '0.03'}}", false,
        "0.2 against 0.206 at snr=0, tolerance 0.0055"
      ),
      (
        // as many trials as ours: the tolerance is 5 sqrt(2) standard errors and half a digit
        "{kind: matches-row, method: A, values: {0: '0.206'}, trials: 10000}", true,
        "tolerance 0.007571"
      ),
      (
        "{kind: matches-row, method: A, values: {0: '0.208'}, trials: 10000}", false, "0.208"
      ),
      ("{kind: matches-row, method: A, values: {0: '0.21'}, relative: 0.05}", true, "1 of 1"),
      ("{kind: matches-row, method: A, values: {0: '0.21'}, relative: 0.04}", false, "0.21"),
      ("{kind: matches-row, method: A, values: {-6: '0.3', 0: '0.2'}}", true, "1 of 2 points"),
      ("{kind: falls-with, method: A, axis: snr}", true, "at each of 2 steps"),
      // the reference at 1 dB, log-linear: sqrt(0.1 0.02)
      (
        "{kind: within-decibels, method: A, reference: B, at: {snr: 2}, value: 1}", true,
        "0.03 at snr=2, against 0.04472 1 dB before"
      ),
      (
        "{kind: within-decibels, method: A, reference: B, at: {snr: 2}, value: 0.2}", false,
        "0.03 at snr=2, against 0.02349 0.2 dB before"
      ),
      (
        "{kind: within-decibels, method: A, reference: B, at: {snr: [2, 4]}, value: 2}", true,
        "0.03 at snr=2, against 0.1 2 dB before"
      ),
      (
        "{kind: with-fewer, method: A, reference: B, at: {snr: 2}, value: 0.5}", true,
        "0.03 at snr=2, against 0.04472 at 1"
      ),
      (
        "{kind: with-fewer, method: A, reference: B, at: {snr: 2}, value: 1}", false,
        "0.03 at snr=2, against 0.02 at 2"
      ),
      ("{kind: flat-within, method: A, at: {snr: [0, 2]}, value: 6.7}", true, "0.2 at snr=0, 0.03"),
      ("{kind: flat-within, method: A, at: {snr: [0, 2]}, value: 6.6}", false, "0.2 at snr=0"),
    ]
  )
  func judged(claim: String, holds: Bool, detail: String) throws {
    let verdict = try #require(try verdicts("  - \(claim)").first)
    #expect(verdict.verdict == (holds ? .held : .notHeld), "\(verdict)")
    #expect(verdict.detail.contains(detail), "\(verdict.detail)")
  }

  @Test(
    "of a point with replicates the median is held against the published number",
    // Four errors of 0.001: 5 sqrt(pi / 8) 0.001 = 0.0031, and half a unit of the last digit.
    arguments: [("0.2030", true), ("0.2033", false), ("0.203", true), ("0.204", false)]
  )
  func replicates(written: String, isHeld: Bool) throws {
    let table = ResultTable(
      [0.19, 0.1995, 0.2005, 0.25].enumerated()
        .map { Self.row("A", 0, $1, replicate: $0, errors: 2000) }
    )
    let claim = "  - {kind: matches-row, method: A, values: {0: '\(written)'}}"
    let verdict = try #require(try verdicts(claim, table: table).first)
    #expect(verdict.verdict == (isHeld ? .held : .notHeld), "\(verdict)")
  }

  @Test(
    "what this run cannot tell is not testable",
    arguments: [
      ("{kind: ratio-at-most, method: A, reference: B, at: {snr: 4}, value: 2}", "fewer than 10"),
      ("{kind: value-at-most, method: A, at: {snr: [2, 9]}, value: 2}", "no row at snr=9"),
      (
        "{kind: value-at-most, method: A, at: {snr: 2}, value: 0.029}",
        "0.03, 95 % interval 0.02774 to 0.03226 at snr=2, which holds 0.029"
      ),
      ("{kind: value-at-most, method: A, value: 2, presets: [full]}", "preset full only"),
      ("{kind: matches-row, method: A, values: {9: '0.1'}}", "no point of the published row"),
      ("{kind: falls-with, method: A, at: {snr: 2}}", "fewer than two points"),
      (
        "{kind: within-decibels, method: A, reference: B, at: {snr: 0}, value: 1}",
        "no points of B around 1 dB before snr=0"
      ),
    ]
  )
  func untestable(claim: String, detail: String) throws {
    let verdict = try #require(try verdicts("  - \(claim)", preset: "quick").first)
    #expect(verdict.verdict == .notTestable && verdict.detail.contains(detail), "\(verdict)")
  }

  @Test(
    "a ratio beyond its bound counts when the paired interval is beyond it too",
    arguments: [(1.4, ClaimVerdict.Verdict.notHeld), (1.499, .notTestable), (1.501, .held)]
  )
  func pairedRatio(bound: Double, expected: ClaimVerdict.Verdict) throws {
    func blocks(_ method: String, _ sums: [Double]) -> [BlockRow] {
      let row = Self.row(method, 2, 0, errors: 0)
      return sums.enumerated().map { index, sum in
        BlockRow(
          key: row.key,
          block: index,
          count: .init(trials: 1000, errors: 0, sum: sum, sumOfSquares: 0, reference: 1000),
          config: ""
        )
      }
    }
    let yaml = """
      study: toy
      scenario: noise
      axes: {snr: [2]}
      methods: [{id: sign, label: A}, {id: sign, label: B}]
      claims: [{kind: ratio-at-most, method: A, reference: B, at: {snr: 2}, value: \(bound)}]
      """
    // Hard and easy blocks are shared, so that the ratio is known to about 0.3 %.
    let paired = try ClaimCheck(
      specification: ToyStudy.specification(yaml),
      catalogue: Toy.catalogue(),
      table: Self.table,
      blocks: blocks("A", [30.1, 59.9, 15, 45.05]) + blocks("B", [20, 40, 10.02, 30])
    ).verdicts()
    #expect(paired.map(\.verdict) == [expected], "\(paired)")
  }

  @Test("a claim has its own sentence, or one that is made")
  func sentences() throws {
    let claims = """
        - {kind: below, method: B, reference: A, at: {snr: [0, 2]}, sentence: B wins}
        - {kind: ratio-at-most, method: A, reference: B, at: {snr: [0, 2]}, value: 2}
      """
    let sentences = try verdicts(claims).map(\.sentence)
    #expect(sentences[0] == "B wins")
    #expect(sentences[1] == "error_rate of A is at most 2 times that of B at snr = 0, 2")
  }

  @Test(
    "half a unit of the last digit",
    arguments: [
      (".300", 0.0005), ("0.0203", 0.00005), ("4.3e-3", 5e-5), ("12", 0.5), ("1e-2", 0.005),
    ]
  )
  func halfUnits(written: String, half: Double) {
    #expect(abs(ClaimCheck.halfUnit(of: written) - half) < 1e-12 * half + 1e-18)
  }

  @Test("a study judges its own claims; blocks in time are asked for by name")
  func wholeStudy() throws {
    try ToyFiles.withFolder { folder in
      let study = """
        study: drift
        scenario: {id: noise, snr: 10}
        tracking: {blocks: 5, pilots: 30, payload: 1000}
        methods: [{id: sign}, {id: learned}]
        claims:
          - {kind: value-at-most, method: sign, value: 0.01}
          - {kind: value-at-most, method: sign, axis: block, over: mean, value: 0.01}
          - {kind: value-at-most, method: sign, at: {block: 4}, value: 0.0}
        """
      let claims = try ToyStudy.run(study, in: folder).claims
      // Q(sqrt 10) = 7.8e-4 whatever the offset, which the method knows.
      #expect(claims[0].verdict == .held && claims[0].detail.contains("at blocks=5"))
      #expect(claims[1].verdict == .held && claims[1].detail.contains("mean of 5 points"))
      #expect(claims[2].detail.contains("at block=4"))
    }
  }
}
