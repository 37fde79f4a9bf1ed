import Autodiff
import SparseRecovery
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite struct ObservationLawTests {
  private func likelihood(_ law: ObservationLaw, _ x: Double, _ parameter: Double) -> Double {
    let loss = law.loss(Tensor<Double>([x]), Tensor<Double>([parameter])).scalars[0]
    return exp(-loss - law.observationTerm(x))
  }

  @Test("four successes among ten at a chance of 0.3, and other textbook values")
  func textbook() {
    let odds = log(0.3 / 0.7)
    #expect((likelihood(.binomial(trials: 10), 4, odds) - 0.200120949).magnitude < 1e-9)
    #expect((likelihood(.binomial(trials: 1), 1, 0) - 0.5).magnitude < 1e-12)
    // e^-2.5 2.5^3 / 3!
    #expect((likelihood(.poisson, 3, log(2.5)) - 0.213763017).magnitude < 1e-9)
    #expect((likelihood(.poisson, 0, log(2.5)) - exp(-2.5)).magnitude < 1e-12)
    #expect((likelihood(.gaussian(variance: 1), 0, 0) - 0.3989422804).magnitude < 1e-10)
    #expect((likelihood(.gaussian(variance: 4), 3, 1) - 0.1209853623).magnitude < 1e-10)
  }

  @Test("probabilities of all counts sum to one", arguments: [-3.0, -0.5, 0, 1.2])
  func normalised(parameter: Double) {
    let binomial = (0...30).reduce(0) {
      $0 + likelihood(.binomial(trials: 30), Double($1), parameter)
    }
    let poisson = (0...120).reduce(0) { $0 + likelihood(.poisson, Double($1), parameter) }
    #expect((binomial - 1).magnitude < 1e-12 && (poisson - 1).magnitude < 1e-12)
  }

  @Test(
    "the mean is the slope of B, and the gradient of the loss is mean minus observation",
    arguments: [ObservationLaw.binomial(trials: 7), .poisson, .gaussian(variance: 2)]
  )
  func slopes(law: ObservationLaw) throws {
    let parameters = Tensor<Double>([-2, -0.3, 0, 0.7, 1.9])
    let x = Tensor<Double>([0, 3, 1, 7, 2])
    let recording = try Recording(inputs: ["eta": parameters], differentiated: ["eta"]) { inputs in
      ["loss": law.loss(x, try #require(inputs["eta"])).sum()]
    }
    try recording.backward()
    var expected = law.mean(parameters) - x
    if case .gaussian(let variance) = law { expected = expected * (1 / variance) }
    #expect(worst(try recording.gradient(of: "eta"), expected) < 1e-12)
  }
}

@Suite struct FilterComparisonTests {
  @Test("the error is the sine of the angle")
  func angle() {
    let errors = FilterComparison.errors(learned: [[3, 4]], truth: [[1, 0]])
    #expect((errors[0] - 0.8).magnitude < 1e-15)
    #expect(FilterComparison.errors(learned: [[0, 0]], truth: [[1, 0]]) == [1])
  }

  @Test("order, sign, length and shift do not matter", arguments: 0..<10 as Range<UInt64>)
  func invariance(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    // Two taps of room at both ends, so that nothing is pushed out.
    let truth = (0..<3).map { _ -> [Double] in
      let x: Tensor<Double> = stream.normal([9])
      return [0, 0] + x.scalars + [0, 0]
    }
    let order = stream.permutation(3)
    let learned = order.enumerated().map { index, from -> [Double] in
      let shift = index - 1
      return (0..<13).map { k in
        let source = k - shift
        return (index == 1 ? -2.5 : 0.5)
          * (truth[from].indices.contains(source) ? truth[from][source] : 0)
      }
    }
    #expect(
      FilterComparison.errors(learned: learned, truth: truth, shifts: 2).allSatisfy { $0 < 1e-7 }
    )
    let unshifted = FilterComparison.errors(learned: learned, truth: truth)
    #expect(unshifted.contains { $0 > 0.1 })
  }

  @Test("each learned filter counts once")
  func assignment() {
    let errors = FilterComparison.errors(
      learned: [[1, 0], [0.1, 1]],
      truth: [[1, 0], [1, 0.05]]
    )
    // The second true filter would have liked the first learned one as well.
    #expect(errors.max() ?? 0 > 0.9 && errors.min() ?? 1 < 0.06)
  }
}
