import NeuralNetworks
import Testing

@Suite struct LearningRateScheduleTests {
  @Test(
    "each schedule has the exact rates",
    arguments: [
      (LearningRateSchedule.constant(0.5), 10, [0.5, 0.5, 0.5]),
      (.exponential(rate: 1, factor: 0.25, period: 2), 10, [1, 0.5, 0.25, 0.125]),
      (.step(rate: 1, factor: 0.5, period: 2), 10, [1, 1, 0.5, 0.5, 0.25]),
      (.decay(from: 1, to: 1.0 / 16), 5, [1, 0.5, 0.25, 0.125, 0.0625]),
      (.cosine(from: 3, to: 1), 3, [3, 2, 1]),
      (.warmUp(steps: 4, then: .constant(1)), 8, [0.25, 0.5, 0.75, 1, 1, 1]),
      (
        .warmUp(steps: 2, then: .decay(from: 1, to: 0.25)), 5, [0.5, 1, 1, 0.5, 0.25]
      ),
      (.decay(from: 1, to: 0.5), 1, [1]),
    ]
  )
  func exactRates(schedule: LearningRateSchedule, total: Int, rates: [Double]) {
    for (step, rate) in rates.enumerated() {
      // pow and cos are good to an ulp or two.
      #expect(Swift.abs(schedule.rate(atStep: step, of: total) - rate) <= 4e-16)
    }
  }

  @Test("rates past the plan stay at the last")
  func pastTheEnd() {
    #expect(LearningRateSchedule.cosine(from: 1, to: 0.5).rate(atStep: 99, of: 10) == 0.5)
  }
}
