internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct MIMODetectorTests {
  private func worst(_ a: [Double], _ b: [Double]) -> Double {
    #expect(a.count == b.count)
    return zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test(
    "the sphere decoder and the enumeration find the vector of least cost",
    arguments: [VectorConstellation.bpsk, .fourPAM],
    0..<40 as Range<UInt64>
  )
  func maximumLikelihood(constellation: VectorConstellation, seed: UInt64) throws {
    let levels = Levels<Double>(constellation)
    let users = constellation == .bpsk ? 7 : 4
    let fixture = try MIMOFixture(
      seed,
      receive: users + Int(seed % 3),
      users: users,
      levels: levels,
      noiseVariance: 1
    )
    let truth = fixture.exhaustive(levels)
    let sphere = SphereDecoder(levels: levels).detect(fixture.problems)
    #expect(sphere.symbols.scalars == truth.symbols && sphere.failures.isEmpty)
    #expect(
      ExhaustiveMAP(levels: levels).detect(fixture.problems).symbols.scalars == truth.symbols
    )
  }

  @Test("posteriors are Bayes' rule", arguments: 0..<5 as Range<UInt64>)
  func posteriors(seed: UInt64) throws {
    let levels = Levels<Double>(.bpsk)
    let fixture = try MIMOFixture(seed, receive: 3, users: 2, levels: levels, noiseVariance: 2)
    let decision = ExhaustiveMAP(levels: levels, decision: .symbol).detect(fixture.problems)
    let given = try #require(decision.probabilities)
    #expect(given.shape == [1, 2, 2])
    var weights: [Double] = []
    for first in levels.values {
      var sum = 0.0
      for second in levels.values {
        sum += Double.exponential(-fixture.cost([first, second]) / 4)
      }
      weights.append(sum)
    }
    #expect(abs(given[0, 0, 1] - weights[1] / (weights[0] + weights[1])) < 1e-12)
    #expect(abs(given[0, 0, 0] + given[0, 0, 1] - 1) < 1e-14)
    #expect(decision.symbols[0, 0] == (weights[1] > weights[0] ? 1 : -1))
  }

  @Test("a search that meets its node limit gives a vector and says so")
  func nodeLimit() throws {
    let levels = Levels<Double>(.bpsk)
    let fixture = try MIMOFixture(1, receive: 12, users: 12, levels: levels, noiseVariance: 20)
    let decision = SphereDecoder(levels: levels, nodeLimit: 1).detect(fixture.problems)
    #expect(decision.failures == [0: .nodeLimit])
    #expect(decision.symbols.scalars.allSatisfy { $0.magnitude == 1 })
  }

  @Test(
    "a rotation of observations and channel together changes no decision",
    arguments: DetectorCase.allCases,
    0..<20 as Range<UInt64>
  )
  func rotation(detector: DetectorCase, seed: UInt64) throws {
    let levels = Levels<Double>(.bpsk)
    let f = try MIMOFixture(seed, receive: 9, users: 6, levels: levels, noiseVariance: 0.5)
    var stream = RandomStream(seed: seed + 1000)
    let g: Tensor<Double> = stream.normal([9, 9])
    let q = QRFactor(Matrix(rows: 9, columns: 9, g.scalars)).orthonormalColumns()
    let plain = try detector.decide(f.channel, f.received, f.noiseVariance, levels)
    let rotated = try detector.decide(
      q.times(f.channel),
      q.times(f.received),
      f.noiseVariance,
      levels
    )
    #expect(plain == rotated)
    // Orthogonal: the law is not about a matrix of another kind.
    #expect(worst(q.gram().scalars, Matrix.identity(9).scalars) < 1e-13)
  }

  @Test(
    "users in another order give the symbols in that order",
    arguments: DetectorCase.allCases,
    0..<20 as Range<UInt64>
  )
  func permutation(detector: DetectorCase, seed: UInt64) throws {
    let levels = Levels<Double>(.bpsk)
    let f = try MIMOFixture(seed, receive: 9, users: 6, levels: levels, noiseVariance: 0.5)
    var stream = RandomStream(seed: seed + 2000)
    let order = stream.permutation(6)
    var channel = f.channel
    for i in 0..<9 { for j in 0..<6 { channel[i, j] = f.channel[i, order[j]] } }
    let plain = try detector.decide(f.channel, f.received, f.noiseVariance, levels)
    let permuted = try detector.decide(channel, f.received, f.noiseVariance, levels)
    #expect(permuted == order.map { plain[$0] })
  }

  @Test(
    "without noise every detector but AMP finds what was sent",
    arguments: DetectorCase.allCases.filter { $0 != .amp },
    0..<5 as Range<UInt64>
  )
  func noiseless(detector: DetectorCase, seed: UInt64) throws {
    let levels = Levels<Double>(.bpsk)
    let f = try MIMOFixture(seed, receive: 9, users: 5, levels: levels, noiseVariance: 1e-12)
    #expect(try detector.decide(f.channel, f.received, 1e-12, levels) == f.sent)
  }

  @Test("LMMSE decides as a dense solve does, without its bias", arguments: 0..<20 as Range<UInt64>)
  func denseLMMSE(seed: UInt64) throws {
    let levels = Levels<Double>(.fourPAM)
    let f = try MIMOFixture(seed, receive: 8, users: 5, levels: levels, noiseVariance: 0.3)
    // The other formulation: s~ = H' (H H' + sigma^2 I)^-1 y; its bias mu_k = h_k' (...)^-1 h_k.
    var covariance = f.channel.times(f.channel.transposed())
    for i in 0..<8 { covariance[i, i] += f.noiseVariance }
    let factor = QRFactor(covariance)
    let estimate = f.channel.transposedTimes(try factor.solve(f.received))
    let decided = try (0..<5).map { k -> Double in
      let column = (0..<8).map { f.channel[$0, k] }
      let mu = zip(column, try factor.solve(column)).reduce(0) { $0 + $1.0 * $1.1 }
      return levels.nearest(estimate[k] / mu)
    }
    #expect(LinearMMSE(levels: levels).detect(f.problems).symbols.scalars == decided)
  }

  @Test("the best-first order takes the user of least error among those left")
  func bestFirstOrder() throws {
    for seed in 0..<10 as Range<UInt64> {
      let f = try MIMOFixture(
        seed,
        receive: 8,
        users: 5,
        levels: Levels(.bpsk),
        noiseVariance: 0.3
      )
      let order = try DecisionFeedback<Double>.bestFirst(f.channel.gram())
      var left = Array(0..<5)
      for user in order {
        // The inverse of what is left, from the start each time.
        var part = Matrix<Double>(rows: 8, columns: left.count)
        for i in 0..<8 {
          for (j, column) in left.enumerated() { part[i, j] = f.channel[i, column] }
        }
        let errors = try CholeskyFactor(part.gram()).inverseDiagonal()
        let least = try #require(errors.indices.min { errors[$0] < errors[$1] })
        #expect(left[least] == user)
        left.removeAll { $0 == user }
      }
    }
  }

  @Test("a singular channel is a failure of its vector alone")
  func singular() throws {
    var h = [Double](repeating: 0, count: 2 * 3 * 2)
    // The second channel is the identity above zeros, the first has no second column.
    h[0] = 1
    h[6] = 1
    h[9] = 1
    let problems = try LinearProblems(
      channel: Tensor(h, shape: [2, 3, 2]),
      observations: Tensor([1, 1, 1, 1, -1, 0], shape: [2, 3]),
      noiseVariances: [0.1]
    )
    let decision = ZeroForcing(levels: Levels<Double>(.bpsk)).detect(problems)
    #expect(decision.failures == [0: .singularChannel])
    #expect(decision.symbols[1, 0] == 1 && decision.symbols[1, 1] == -1)
  }

  @Test("the number of threads changes nothing")
  func threads() throws {
    var stream = RandomStream(seed: 5)
    let h: Tensor<Float> = stream.normal([100, 6, 4])
    let y: Tensor<Float> = stream.normal([100, 6])
    let problems = try LinearProblems(channel: h, observations: y, noiseVariances: [1])
    let detector = LinearMMSE(levels: Levels<Float>(.fourPAM))
    let pool = WorkerPool(threads: 3)
    #expect(detector.detect(problems).symbols == detector.detect(problems, pool: pool).symbols)
    #expect(
      detector.detect(problems).probabilities == detector.detect(problems, pool: pool).probabilities
    )
  }
}
