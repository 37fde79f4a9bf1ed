internal import Studies
internal import Testing

@Suite struct TypographyTests {
  @Test(
    "numbers are rounded to three digits",
    arguments: [
      (0, "0"), (0.5, "0.500"), (0.0312, "0.0312"), (0.009_995, "0.0100"), (3.124e-4, "3.12e-4"),
      (9.999e-4, "1.00e-3"), (12.345, "12.3"), (99.99, "100"), (1047.2, "1047"), (1, "1.00"),
      (-0.0312, "-0.0312"), (123_456, "1.23e5"), (.infinity, "inf"), (.nan, "nan"),
      (1e-300, "1.00e-300"),
    ] as [(Double, String)]
  )
  func rounded(number: Double, expected: String) {
    #expect(Typography.rounded(number) == expected)
  }

  @Test(
    "thousands are grouped from 10 000 on",
    arguments: [
      (0, "0"), (9999, "9999"), (10_000, "10\u{2009}000"), (1_234_567, "1\u{2009}234\u{2009}567"),
      (-10_000, "-10\u{2009}000"),
    ]
  )
  func grouped(number: Int, expected: String) {
    #expect(Typography.grouped(number) == expected)
  }

  @Test(
    "nouns have their plurals",
    arguments: [
      ("symbol", "symbols"), ("trajectory", "trajectories"), ("day", "days"), ("y", "ys"),
      ("series", "series"),
    ]
  )
  func plural(noun: String, expected: String) {
    #expect(Typography.plural(noun) == expected)
  }

  @Test(
    "durations are read at a glance",
    arguments: [
      (0.0123, "12 ms"), (0.85, "850 ms"), (12.34, "12.3 s"), (250, "4 min 10 s"),
      (7500, "2 h 5 min"),
    ] as [(Double, String)]
  )
  func duration(seconds: Double, expected: String) {
    #expect(Typography.duration(seconds) == expected)
  }

  @Test("formulas, words and file names")
  func words() {
    #expect(Typography.mathematical("SNR 1/sigma^2") == "SNR 1/σ²")
    #expect(Typography.words("symbol_error_rate") == "Symbol error rate")
    #expect(Typography.fileName("../SNR, AWGN: 6 dB é") == "snr-awgn-6-db")
  }
}
