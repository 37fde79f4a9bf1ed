internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct ViterbiOracleTests {
  @Test(
    "finds the sequence of least cost among all",
    arguments: OracleCase.all,
    0..<4 as Range<UInt64>
  )
  func agreesWithExhaustiveSearch(oracle: OracleCase, seed: UInt64) throws {
    let (taps, observations) = try oracle.draw(seed: seed)
    let search = oracle.search(taps: taps, observations: observations)
    // Costs are sums of at most ten terms of order ten: 1e-9 is far above their rounding, and a
    // margin below it is a tie.
    guard search.margin > 1e-9 else { return }
    let estimates = try detect(oracle, taps, observations, as: Double.self)
    #expect(estimates == search.best)
    guard search.margin > 1e-3 else { return }  // single precision cannot tell smaller ones
    #expect(try detect(oracle, taps, observations, as: Float.self) == search.best.map { Float($0) })
  }

  private func detect<Scalar: RealTensorScalar>(
    _ oracle: OracleCase,
    _ taps: [Double],
    _ observations: [Double],
    as scalar: Scalar.Type
  ) throws -> [Scalar] {
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
  ) throws -> [Likelihood.Scalar] {
    let detector = ViterbiDetector(likelihood: likelihood, constellation: oracle.constellation)
    let estimates = try detector.detect(
      observations,
      initialState: try oracle.initialState(likelihood.trellis)
    )
    #expect(estimates.shape == [oracle.length])
    return estimates.scalars
  }

  @Test("decides two symbols worked by hand")
  func handWorked() throws {
    // y = s_i + 0.5 s_{i-1}: with (+1 before) the pairs (-1, +1) give -0.5 and 0.5.
    let likelihood = try GaussianLikelihood(
      constellation: .bpsk,
      taps: Tensor<Double>([1, 0.5]),
      noiseVariance: 1
    )
    let detector = ViterbiDetector(likelihood: likelihood, constellation: .bpsk)
    let start = likelihood.trellis.state(newestFirst: [1, 1])
    let estimates = try detector.detect(
      Tensor([-0.4, 0.6]),
      initialState: .states([start])
    )
    #expect(estimates.scalars == [-1, 1])
    let costs = try likelihood.costs(of: Tensor([-0.4, 0.6], shape: [1, 2]))
    #expect(costs.shape == [1, 2, 4])
    // States in the order (newest, older) = (-,-), (+,-), (-,+), (+,+): means -1.5, 0.5, -0.5, 1.5.
    let expected = [-1.5, 0.5, -0.5, 1.5].map { (-0.4 - $0) * (-0.4 - $0) / 2 }
    for state in 0..<4 { #expect(abs(costs[0, 0, state] - expected[state]) < 1e-15) }
  }

  @Test("gives ties to the lowest state", arguments: [Constellation.bpsk, .fourPAM])
  func ties(constellation: Constellation) throws {
    let likelihood = try GaussianLikelihood(
      constellation: constellation,
      taps: Tensor<Float>([0, 0, 0]),
      noiseVariance: 1
    )
    let detector = ViterbiDetector(likelihood: likelihood, constellation: constellation)
    let estimates = try detector.detect(Tensor<Float>.ones([50]))
    #expect(estimates == Tensor.full([50], Float(constellation.symbols[0])))
  }
}
