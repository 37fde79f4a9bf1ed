import StateEstimation
import Studies
import Tensors
import Testing

@Suite struct GainCovarianceTests {
  @Test(
    "of Riccati's gain it recovers the Kalman filter's covariance, innovation and likelihood",
    arguments: 1...5 as ClosedRange<UInt64>,
    [(2, 2), (2, 3), (3, 3)]
  )
  func law(seed: UInt64, extents: (states: Int, observed: Int)) throws {
    let (m, n) = extents
    let system = try LinearSystem(seed: seed, states: m, observed: n)
    let drawn = system.drawn(1, time: 12, seed: seed)
    let known = GainCovariance(emission: system.emission, noise: system.observation)
    #expect(known.isComplete)
    let stream = system.kalman.stream(mean: system.mean, covariance: system.covariance)
    for t in 0..<12 {
      #expect(stream.advance(row(drawn.observations, 0, t)))
      let step = stream.step
      let gain = Matrix(rows: m, columns: n, (0..<(m * n)).map { step.gain[$0] })
      let covariance = try #require(known.covariance(gain))
      // Inverses of small random matrices: some hundreds of roundings.
      #expect(worst(covariance.scalars, (0..<(m * m)).map { step.covariance[$0] }) < 1e-9)
      let found = try #require(
        known.consistency(gain, innovation: (0..<n).map { step.innovation[$0] })
      )
      #expect(worst([found.squares], [step.consistency[0]]) < 1e-9)
      #expect(worst([found.logDeterminant], [step.consistency[1]]) < 1e-9)
    }
  }

  @Test("fewer observed numbers than states leave the innovation, not the covariance")
  func incomplete() throws {
    let system = try LinearSystem(seed: 2)
    let known = GainCovariance(emission: system.emission, noise: system.observation)
    #expect(!known.isComplete)
    let stream = system.kalman.stream(mean: system.mean, covariance: system.covariance)
    #expect(stream.advance(row(system.drawn(1, time: 1, seed: 1).observations, 0, 0)))
    let gain = Matrix(rows: 3, columns: 2, (0..<6).map { stream.step.gain[$0] })
    #expect(known.covariance(gain) == nil)
    let found = known.consistency(gain, innovation: (0..<2).map { stream.step.innovation[$0] })
    #expect(worst([found?.squares ?? .nan], [stream.step.consistency[0]]) < 1e-9)
    // Dependent columns, and a noise without a direction.
    let flat = Matrix<Double>([[1, 2], [2, 4]])
    #expect(!GainCovariance(emission: flat, noise: .identity(2)).isComplete)
    let silent = GainCovariance(emission: .identity(2), noise: Matrix([[1, 0], [0, 0]]))
    #expect(silent.consistency(.identity(2), innovation: [1, 1]) == nil)
    // A gain above 1 belongs to no covariance of an innovation.
    let wild = GainCovariance(emission: .identity(2), noise: .identity(2))
    #expect(wild.consistency(Matrix([[2, 0], [0, 2]]), innovation: [1, 1]) == nil)
  }

  private func drawn(_ given: [String: SettingValue], _ count: Int, _ seed: UInt64) throws
    -> ArrayBundle
  {
    let scenario = StateSpaceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func trained(on data: ArrayBundle, epochs: Int) throws -> any PreparedMethod {
    let method = MethodDescription.kalmanNet
    let settings = try Settings(
      ["epochs": .integer(epochs), "covariances": .flag(true)],
      for: method.settings,
      owner: method.id
    )
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 7))
    )
    return try method.prepare(settings, result.model)
  }

  @Test("a trained KalmanNet knows its error as the Kalman filter does")
  func trainedCovariance() throws {
    let learned = try trained(on: drawn([:], 1000, 1), epochs: 25)
    let test = try drawn([:], 500, 2)
    let mine = try learned.infer(test, pool: .serial).arrays
    let kalman = ClassicalStateMethods.kalman
    let best = try kalman.prepare(Settings([:], for: kalman.settings, owner: kalman.id), nil)
      .infer(test, pool: .serial).arrays
    /// The mean over trajectories at the last step, where the gain has settled.
    func last(_ bundle: ArrayBundle, _ name: String) throws -> [Double] {
      let tensor = try #require(bundle[name]?.double)
      let width = tensor.count / (500 * 20)
      let numbers = tensor.scalars
      return (0..<width).map { i in
        (0..<500).reduce(0) { $0 + numbers[($1 * 20 + 19) * width + i] } / 500
      }
    }
    for (a, b) in zip(try last(mine, "covariances"), try last(best, "covariances")) {
      #expect((a - b).magnitude < 0.15 * b.magnitude, "\(a) against \(b)")
    }
    // Two degrees of freedom each, and what is learned is nearly right.
    for name in ["nis", "nees"] {
      let mean = try last(mine, name)[0]
      #expect((mean - 2).magnitude < 0.4, "\(name) \(mean)")
    }
    let likelihoods = try #require(mine["log_likelihood"]?.double).scalars
    let reference = try #require(best["log_likelihood"]?.double).scalars
    let gap = zip(reference, likelihoods).reduce(0) { $0 + $1.0 - $1.1 } / 500
    // Nats a trajectory of 20 steps that the learned gain loses; the Kalman filter has the law itself.
    #expect(gap > -1 && gap < 5, "\(gap)")
  }

  @Test("missing numbers leave what can be said, and estimates are those without covariances")
  func missing() throws {
    let data = try drawn([:], 60, 1)
    let learned = try trained(on: data, epochs: 1)
    var test = try drawn(["time": .integer(6)], 3, 2)
    var numbers = try #require(test["observations"]?.double).scalars
    numbers[2] = .nan
    (numbers[6], numbers[7]) = (.nan, .nan)
    test["observations"] = .float(
      Tensor(numbers, shape: [3, 6, 2]).converted(to: Float.self)
    )
    test["lengths"] = .float(Tensor([6, 6, 2]))
    let result = try learned.infer(test, pool: .serial).arrays
    let covariances = try #require(result["covariances"]?.double)
    let nis = try #require(result["nis"]?.double)
    // One of two numbers: an innovation, no covariance; none: neither.
    #expect(covariances[0, 1, 0, 0].isNaN && !nis[0, 1].isNaN)
    #expect(covariances[0, 3, 0, 0].isNaN && nis[0, 3].isNaN)
    #expect(covariances[0, 2, 0, 0].isFinite && nis[0, 2].isFinite)
    #expect(covariances[0, 2, 0, 1] == covariances[0, 2, 1, 0])
    #expect(covariances[2, 2, 0, 0].isNaN && nis[2, 1].isFinite && nis[2, 2].isNaN)
    let estimates = try #require(result["estimates"]?.double)
    #expect(estimates[2, 1, 0].isFinite && estimates[2, 2, 0].isNaN)
  }

  @Test("a model that allows no covariance, and a noise that is not given, are errors that say so")
  func errors() throws {
    let narrow = try drawn(["observed": .integer(1)], 20, 1)
    #expect(
      throws: StudyError.invalid(
        "kalmannet: covariances cannot be recovered from the gain: 1 observed numbers do not determine 2 states; run it"
          + " with covariances false"
      )
    ) { try trained(on: narrow, epochs: 1) }
    let data = try drawn([:], 20, 1)
    let prepared = try trained(on: data, epochs: 1)
    var bare = data
    bare["observation_noise"] = nil
    #expect(
      throws: StudyError.missingArray(
        "observation_noise",
        source: data.source,
        expected: "[2, 2]"
      )
    ) { try prepared.infer(bare, pool: .serial) }
  }
}
