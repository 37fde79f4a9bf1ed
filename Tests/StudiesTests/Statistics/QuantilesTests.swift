internal import Studies
internal import Testing

@Suite struct QuantilesTests {
  // Published tables carry 3 to 4 decimals; these are the same quantiles from SciPy 1.17.1
  // (stats.t.ppf), asked to 1e-12 relative: bisection ends at neighbouring doubles, and the tail
  // probability itself is good to some 1e-14.
  @Test(
    "Student's quantile agrees with SciPy",
    arguments: [
      (0.9, 1, 3.077_683_537_175_254_4), (0.975, 1, 12.706_204_736_174_694),
      (0.995, 1, 63.656_741_162_871_526), (0.9995, 1, 636.619_248_768_789_7),
      (0.975, 2, 4.302_652_729_749_462), (0.9995, 2, 31.599_054_576_445_365),
      (0.9, 5, 1.475_884_048_824_481_5), (0.975, 5, 2.570_581_835_636_314_6),
      (0.975, 9, 2.262_157_162_798_205), (0.975, 29, 2.045_229_642_132_703),
      (0.995, 99, 2.626_405_457_280_827), (0.975, 1000, 1.962_339_080_826_408_3),
    ] as [(Double, Double, Double)]
  )
  func student(probability: Double, degreesOfFreedom: Double, expected: Double) {
    let t = Quantiles.student(probability, degreesOfFreedom: degreesOfFreedom)
    #expect(abs(t / expected - 1) < 1e-12)
    let mirrored = Quantiles.student(1 - probability, degreesOfFreedom: degreesOfFreedom)
    // 1 - probability is itself rounded, by up to 1.1e-16 of a tail of 5e-4.
    #expect(abs(mirrored / -expected - 1) < 1e-11)
  }

  @Test(
    "the printed table of 95 % two-sided factors, 6 digits",
    arguments: [
      (3, 3.18245), (4, 2.77645), (10, 2.22814), (20, 2.08596), (60, 2.00030), (120, 1.97993),
    ] as [(Double, Double)]
  )
  func studentTable(degreesOfFreedom: Double, expected: Double) {
    let t = Quantiles.student(0.975, degreesOfFreedom: degreesOfFreedom)
    #expect(abs(t - expected) < 5e-6)
  }

  @Test("Student's quantile falls to the normal one")
  func limit() {
    let normal = Quantiles.normal(0.975)
    #expect(Quantiles.student(0.975, degreesOfFreedom: .infinity) == normal)
    // To first order t - z = (z^3 + z) / (4 v); the next order is 3e-12 at v = 1e6, where the
    // logarithm of the beta function is a difference of numbers near 6e6: 1e-9 after rounding.
    let v = 1e6
    let t = Quantiles.student(0.975, degreesOfFreedom: v)
    #expect(abs(t - normal - (normal * normal * normal + normal) / (4 * v)) < 1e-9)
  }

  @Test(
    "the normal quantile agrees with SciPy",
    arguments: [
      (0.5, 0), (0.9, 1.281_551_565_544_600_4), (0.975, 1.959_963_984_540_054),
      (0.995, 2.575_829_303_548_900_4), (0.9999, 3.719_016_485_455_709),
      (1e-10, -6.361_340_902_404_056), (0.1, -1.281_551_565_544_600_4),
    ] as [(Double, Double)]
  )
  func normal(probability: Double, expected: Double) {
    // 1 - 0.9999 is rounded: 1e-12 relative in the tail, below 1e-12 in the quantile.
    #expect(abs(Quantiles.normal(probability) - expected) < 1e-12)
  }

  @Test("the ends are infinite and nonsense is NaN")
  func ends() {
    #expect(Quantiles.normal(0) == -.infinity && Quantiles.normal(1) == .infinity)
    #expect(Quantiles.normal(1.5).isNaN && Quantiles.normal(.nan).isNaN)
    #expect(Quantiles.student(1, degreesOfFreedom: 3) == .infinity)
    #expect(Quantiles.student(0, degreesOfFreedom: 3) == -.infinity)
    #expect(Quantiles.student(0.9, degreesOfFreedom: 0).isNaN)
    #expect(Quantiles.student(0.5, degreesOfFreedom: 3) == 0)
  }
}
