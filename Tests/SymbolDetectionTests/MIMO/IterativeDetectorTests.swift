internal import Hybridization
internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct IterativeDetectorTests {
  @Test("AMP's variance follows state evolution on a large channel", arguments: [1, 2] as [UInt64])
  func stateEvolution(seed: UInt64) throws {
    let levels = Levels<Double>(.bpsk)
    let (receive, users) = (800, 400)
    // H has unit variance and 800 rows: columns of squared norm 800; SNR 6 dB of the scaled channel.
    let noise = 800 / Double.powerOfTen(0.6)
    let f = try MIMOFixture(
      seed,
      receive: receive,
      users: users,
      levels: levels,
      noiseVariance: noise
    )
    let detector = ApproximateMessagePassing(levels: levels, iterations: 8)
    var spreads: [Double] = []
    try f.prepare(detector) { received, workspace in
      _ = detector.iterate(received, workspace) { spreads.append($0) }
    }
    // tau' = (K / N) E[1 - tanh^2((1 + sqrt(v) g) / v)], v = sigma^2 + tau, by quadrature.
    let scaled = 1 / Double.powerOfTen(0.6)
    var tau = 0.5
    #expect(spreads.count == 8)
    for spread in spreads {
      let v = scaled + tau
      var mean = 0.0
      var weight = 0.0
      for step in -600...600 {
        let g = Double(step) / 100
        let density = Double.exponential(-g * g / 2)
        let argument = (1 + v.squareRoot() * g) / v
        let square = Double.exponential(-2 * argument.magnitude)
        let tangent = (1 - square) / (1 + square)
        mean += density * (1 - tangent * tangent)
        weight += density
      }
      tau = 0.5 * mean / weight
      // 400 users: the mean of 400 variances fluctuates by a few per cent, and so do its followers.
      #expect(abs(spread - tau) < 0.15 * tau + 0.003)
    }
  }

  @Test("a posterior mean of four levels is Bayes' rule; of two a hyperbolic tangent")
  func moments() throws {
    let levels = Levels<Double>(.bpsk)
    let four = Levels<Double>(.fourPAM)
    let h = Tensor<Double>([1], shape: [1, 1])
    for (z, v) in [(0.3, 0.5), (-1.2, 0.1), (4, 2)] {
      // One user on one antenna, no iteration but the first: z = y, v = sigma^2 + 1.
      let problems = try LinearProblems(
        channel: h,
        observations: Tensor([z], shape: [1, 1]),
        noiseVariances: [v]
      )
      for levels in [levels, four] {
        let decision = ApproximateMessagePassing(levels: levels, iterations: 1).detect(problems)
        let given = try #require(decision.probabilities).scalars
        let weights = levels.values.map {
          Double.exponential(-(z - $0) * (z - $0) / (2 * (v + 1)))
        }
        let sum = weights.reduce(0, +)
        for (a, b) in zip(given, weights) { #expect(abs(a - b / sum) < 1e-12) }
      }
    }
  }

  @Test("box-constrained descent ends at a KKT point of each problem", arguments: [1, 2, 3])
  func optimality(seed: UInt64) throws {
    let levels = Levels<Double>(.fourPAM)
    let f = try MIMOFixture(seed, receive: 9, users: 6, levels: levels, noiseVariance: 4)
    let detector = BoxDetector(
      levels: levels,
      until: .tolerance(1e-14, maximumIterations: 200_000)
    )
    var s: [Double] = []
    try f.prepare(detector) { received, workspace in
      #expect(detector.iterate(received, workspace))
      s = Array(UnsafeBufferPointer(start: workspace.estimate, count: 6))
    }
    // The gradient of |y - H s|^2 / 2 from its definition.
    let residual = zip(f.channel.times(s), f.received).map { $0 - $1 }
    let gradient = f.channel.transposedTimes(residual)
    for (value, slope) in zip(s, gradient) {
      if value >= levels.limit {
        #expect(slope <= 1e-9)
      } else if value <= -levels.limit {
        #expect(slope >= -1e-9)
      } else {
        #expect(slope.magnitude < 1e-9)
      }
    }
    #expect(detector.detect(f.problems).symbols.scalars == levels.nearest(s))
  }

  @Test(
    "box-constrained descent makes the steps of the iterative method",
    arguments: [0, 1, 7, 30]
  )
  func steps(iterations: Int) throws {
    let levels = Levels<Double>(.fourPAM)
    let f = try MIMOFixture(4, receive: 9, users: 6, levels: levels, noiseVariance: 4)
    let gram = f.channel.gram()
    let largest = SymmetricEigen(gram, vectors: false).values[5]
    let method = BoxProjectedGradient<Double>(stepSize: 1 / largest, limit: levels.limit)
    let equations = NormalEquations(
      channel: f.problems.channel,
      observations: f.problems.observations
    )
    let expected = method.solve(equations, until: .iterations(iterations)).value.scalars
    let detector = BoxDetector(levels: levels, until: .iterations(iterations))
    try f.prepare(detector) { received, workspace in
      #expect(detector.iterate(received, workspace))
      // Steps contract, so that roundings do not grow.
      for k in 0..<6 { #expect(abs(workspace.estimate[k] - expected[k]) < 1e-13) }
    }
  }

  @Test("a vector that does not reach its tolerance says so; the others do not")
  func limit() throws {
    // The first channel has orthonormal columns: one step is exact, the second moves nothing.
    let problems = try LinearProblems(
      channel: Tensor<Double>([1, 0, 0, 1, 1, 0.9, 0, 0.2], shape: [2, 2, 2]),
      observations: Tensor([0.5, -0.5, 0.3, 0.4], shape: [2, 2]),
      noiseVariances: [1]
    )
    let detector = BoxDetector(
      levels: Levels<Double>(.bpsk),
      until: .tolerance(1e-6, maximumIterations: 3)
    )
    #expect(detector.detect(problems).failures == [1: .iterationLimit])
  }
}
