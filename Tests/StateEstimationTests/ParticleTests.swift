import StateEstimation
import Tensors
import Testing

@Suite struct ParticleTests {
  /// The root mean squared distance from the Kalman filter's estimates, in its standard deviations.
  private func distance(_ particles: Int, _ system: LinearSystem, _ input: FilterInput<Double>)
    throws -> Double
  {
    let exact = try system.kalman.estimated(input, pool: .serial)
    let output = try ParticleFilter(
      model: system.model,
      noise: system.noise,
      particles: particles,
      stream: RandomStream(seed: 4)
    ).estimated(input, pool: .serial)
    var sum = 0.0
    for k in 0..<input.batch {
      for t in 0..<input.time {
        let p = row(exact.covariances, k, t)
        let (a, b) = (row(output.estimates, k, t), row(exact.estimates, k, t))
        for i in 0..<3 { sum += (a[i] - b[i]) * (a[i] - b[i]) / p[4 * i] }
      }
    }
    return (sum / Double(3 * input.batch * input.time)).squareRoot()
  }

  @Test("comes to the Kalman filter as particles grow", arguments: 0..<3 as Range<UInt64>)
  func convergence(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let input = system.input(system.drawn(10, time: 10, seed: seed).observations)
    let few = try distance(200, system, input)
    let many = try distance(20_000, system, input)
    // Errors fall by the root of the number, here by 10; a factor 2 is left to chance.
    #expect(many < few / 5)
    // Precise observations leave some hundreds of the 20,000 effective: 1 / sqrt(200) = 0.07.
    #expect(many < 0.1)
  }

  @Test("its likelihood comes to the Kalman filter's")
  func likelihood() throws {
    let system = try LinearSystem(seed: 1)
    let input = system.input(system.drawn(3, time: 6, seed: 1).observations)
    let exact = try system.kalman.estimated(input, pool: .serial)
    let output = try ParticleFilter(
      model: system.model,
      noise: system.noise,
      particles: 50_000,
      stream: RandomStream(seed: 4)
    ).estimated(input, pool: .serial)
    // A step's likelihood errs by its relative deviation over the root of 50,000, some hundredths.
    #expect(worst(output.logLikelihoods.scalars, exact.logLikelihoods.scalars) < 0.1)
  }

  @Test("its innovations come to the Kalman filter's, also where numbers miss")
  func innovations() throws {
    let system = try LinearSystem(seed: 1)
    var numbers = system.drawn(4, time: 6, seed: 1).observations.scalars
    numbers[3] = .nan
    (numbers[8], numbers[9]) = (.nan, .nan)
    let input = system.input(Tensor(numbers, shape: [4, 6, 2]))
    let exact = try system.kalman.estimated(input, pool: .serial)
    let output = try ParticleFilter(
      model: system.model,
      noise: system.noise,
      particles: 50_000,
      stream: RandomStream(seed: 4)
    ).estimated(input, pool: .serial)
    // Moments of some thousands of effective particles err by some hundredths, as many times as there are degrees of freedom.
    #expect(worst(output.innovationsSquared.scalars, exact.innovationsSquared.scalars) < 0.15)
    #expect(output.innovationsSquared[0, 4].isNaN && exact.innovationsSquared[0, 4].isNaN)
  }

  @Test("gives the same numbers for any number of threads")
  func threads() throws {
    let system = try LinearSystem(seed: 3)
    let input = system.input(system.drawn(5, time: 5, seed: 3).observations)
    let filter = try ParticleFilter(
      model: system.model,
      noise: system.noise,
      particles: 50,
      stream: RandomStream(seed: 4)
    )
    let a = try filter.estimated(input, pool: .serial)
    let b = try filter.estimated(input, pool: WorkerPool(threads: 2))
    #expect(a.estimates == b.estimates)
  }

  @Test("needs noise in every observation")
  func singular() throws {
    let system = try LinearSystem(seed: 3)
    let noise = try NoiseCovariances(
      process: system.process,
      observation: Matrix<Double>([[1, 1], [1, 1]])
    )
    #expect(throws: StateEstimationError.self) {
      try ParticleFilter(
        model: system.model,
        noise: noise,
        particles: 5,
        stream: RandomStream(seed: 4)
      )
    }
  }
}
