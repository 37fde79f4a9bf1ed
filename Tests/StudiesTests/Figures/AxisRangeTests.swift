internal import Studies
internal import Testing

@Suite struct AxisRangeTests {
  private static let rate = Figure.Axis(title: "rate", isLogarithmic: true, limit: 1)

  @Test("error rates lie between 1-2-5 steps and never go above 1")
  func rates() {
    #expect(
      AxisRange.vertical([4e-4, 0.3], Self.rate) == AxisRange(lower: 2e-4, upper: 0.5, labels: nil)
    )
    #expect(AxisRange.vertical([4e-4, 0.99], Self.rate).upper == 1)
  }

  @Test("less than a decade and a half has labels at each step")
  func shortRange() {
    #expect(
      AxisRange.vertical([0.011, 0.02], Self.rate)
        == AxisRange(lower: 0.005, upper: 0.05, labels: [0.005, 0.01, 0.02, 0.05])
    )
  }

  @Test("one value, none and equal values still give a range of positive width")
  func degenerate() {
    for values in [[], [0.1], [0.1, 0.1], [0]] as [[Double]] {
      let logarithmic = AxisRange.vertical(values, Self.rate)
      #expect(0 < logarithmic.lower && logarithmic.lower < logarithmic.upper)
      let linear = AxisRange.vertical(values, Figure.Axis(title: "dB"))
      #expect(linear.lower < linear.upper)
    }
  }

  @Test("labels that would touch are left out, the ends are kept")
  func crowded() {
    let axis = Figure.Axis(title: "size", isLogarithmic: true)
    let sizes: [Double] = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
    let range = AxisRange.horizontal(sizes, axis)
    let texts = range.labels(sizes, on: axis).map(\.text)
    #expect(texts.first == "50" && texts.last == "50\u{2009}000")
    #expect(texts[8].isEmpty)
  }
}
