internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct BCJROracleTests {
  @Test(
    "agrees with the enumerated joint distribution",
    arguments: OracleCase.all,
    0..<3 as Range<UInt64>
  )
  func agreesWithEnumeration(oracle: OracleCase, seed: UInt64) throws {
    let (taps, observations) = try oracle.draw(seed: seed)
    let search = oracle.search(taps: taps, observations: observations)
    let exact = try posteriors(oracle, taps, observations, as: Double.self)
    let single = try posteriors(oracle, taps, observations, as: Float.self)
    for time in 0..<oracle.length {
      for symbol in 0..<oracle.constellation.size {
        let expected = search.posteriors[time][symbol]
        // A few dozen roundings of logarithms of order ten: 1e-12 and, in single precision, 2e-5.
        #expect(abs(exact[time][symbol] - expected) < 1e-12)
        #expect(abs(single[time][symbol] - expected) < 2e-5)
      }
      #expect(abs(single[time].reduce(0, +) - 1) < 1e-6)
    }
  }

  private func posteriors<Scalar: RealTensorScalar>(
    _ oracle: OracleCase,
    _ taps: [Double],
    _ observations: [Double],
    as scalar: Scalar.Type
  ) throws -> [[Double]] {
    let taps = Tensor(taps).converted(to: scalar)
    let observations = Tensor(observations).converted(to: scalar)
    switch oracle.noise {
    case .poisson(let gain):
      return try run(
        oracle,
        PoissonLikelihood(constellation: oracle.constellation, taps: taps, gain: gain),
        observations
      )
    case .gaussian(let variance):
      return try run(
        oracle,
        GaussianLikelihood(
          constellation: oracle.constellation,
          taps: taps,
          noiseVariance: variance
        ),
        observations
      )
    }
  }

  private func run<Likelihood: LikelihoodModel>(
    _ oracle: OracleCase,
    _ likelihood: Likelihood,
    _ observations: Tensor<Likelihood.Scalar>
  ) throws -> [[Double]] {
    let detector = BCJRDetector(likelihood: likelihood, constellation: oracle.constellation)
    let result = try detector.detect(
      observations,
      initialState: try oracle.initialState(likelihood.trellis)
    )
    let probabilities = try #require(result.probabilities)
    let symbols = oracle.constellation.symbols.map { Likelihood.Scalar($0) }
    #expect(probabilities.shape == [oracle.length, symbols.count])
    let rows = (0..<oracle.length).map { time in
      symbols.indices.map { probabilities[time, $0] }
    }
    for (time, row) in rows.enumerated() {
      let best = row.indices.reduce(0) { row[$1] > row[$0] ? $1 : $0 }
      #expect(result.estimates[time] == symbols[best])
    }
    return rows.map { $0.map { Double($0) } }
  }

  @Test("makes no more symbol errors than Viterbi", arguments: [1, 2] as [UInt64])
  func fewerErrorsThanViterbi(seed: UInt64) throws {
    let channel = try InterSymbolInterferenceChannel(
      constellation: .bpsk,
      taps: [1, 0.8, 0.6, 0.5],
      noise: .gaussian(snrDecibels: 0)
    )
    var symbols = RandomStream(seed: seed).derived("symbols")
    var noise = RandomStream(seed: seed).derived("noise")
    let sent = symbols.integers(100_000, below: 2).map { Double(2 * $0 - 1) }
    let observations = channel.observations(of: sent, before: 1, from: &noise)
    let likelihood = try GaussianLikelihood(
      constellation: .bpsk,
      taps: Tensor<Float>([1, 0.8, 0.6, 0.5]),
      noiseVariance: 1
    )
    let viterbi = try ViterbiDetector(likelihood: likelihood, constellation: .bpsk)
      .detect(observations)
    let bcjr = try BCJRDetector(likelihood: likelihood, constellation: .bpsk)
      .detect(observations, keepsProbabilities: false)
    #expect(bcjr.probabilities == nil)
    func errors(_ estimates: Tensor<Float>) -> Int {
      zip(estimates.scalars, sent).count { Double($0) != $1 }
    }
    // About 17,000 errors each; the posterior decision is the best, up to the scatter of the
    // difference (two standard errors of it are about 200).
    #expect(errors(bcjr.estimates) < errors(viterbi) + 200)
    #expect(errors(bcjr.estimates) > 10_000)
  }
}
