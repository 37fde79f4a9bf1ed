import CTestSupport
import StateEstimation
import Tensors
import Testing

@Suite struct FilterBehaviourTests {
  @Test("the streaming and the batched path give the same bits", arguments: 0..<3 as Range<UInt64>)
  func streaming(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let drawn = system.drawn(3, time: 20, seed: seed)
    let output = try system.kalman.estimated(
      system.input(drawn.observations),
      pool: WorkerPool(threads: 2)
    )
    for k in 0..<3 {
      let stream = system.kalman.stream(mean: system.mean, covariance: system.covariance)
      for t in 0..<20 {
        let y = row(drawn.observations, k, t)
        #expect(stream.advance(y))
        #expect((0..<3).map { stream.step.estimate[$0] } == row(output.estimates, k, t))
        #expect((0..<9).map { stream.step.covariance[$0] } == row(output.covariances, k, t))
      }
    }
  }

  @Test(
    "sequences of different length in one batch are as alone, NaN after their end",
    arguments: [[5, 9, 1], [0, 9, 9]]
  )
  func lengths(lengths: [Int]) throws {
    let system = try LinearSystem(seed: 2)
    let drawn = system.drawn(3, time: 9, seed: 2)
    let smoother = RauchTungStriebelSmoother(filter: system.kalman)
    let output = try smoother.estimated(
      system.input(drawn.observations, lengths: lengths),
      pool: .serial
    )
    for (k, length) in lengths.enumerated() {
      let y = (0..<length).flatMap { row(drawn.observations, k, $0) }
      if length > 0 {
        let alone = try smoother.estimated(
          system.input(Tensor(y, shape: [1, length, 2])),
          pool: .serial
        )
        for t in 0..<length {
          #expect(row(output.estimates, k, t) == row(alone.estimates, 0, t))
        }
        #expect(output.logLikelihoods[k] == alone.logLikelihoods[0])
      }
      for t in length..<9 { #expect(row(output.estimates, k, t).allSatisfy { $0.isNaN }) }
    }
    #expect(output.failures.isEmpty)
  }

  @Test("5,000 steps in single precision keep covariances positive definite", arguments: 0..<3)
  func longRun(rule: Int) throws {
    let model = StateSpaceModel(
      transition: LorenzTransition<Float>(),
      emission: LinearFunction<Float>(.identity(3))
    )
    let wide = StateSpaceModel(
      transition: LorenzTransition<Double>(),
      emission: LinearFunction<Double>(.identity(3))
    )
    // Observations a thousand times as precise as predictions.
    var q = Matrix<Double>.identity(3)
    var r = Matrix<Double>.identity(3)
    for i in 0..<3 { (q[i, i], r[i, i]) = (0.01, 1e-5) }
    let drawn = Trajectories.drawn(
      wide,
      noise: try NoiseCovariances(process: q, observation: r),
      starts: .ones([1, 3]),
      time: 5000,
      from: RandomStream(seed: 1)
    )
    let noise = try NoiseCovariances(
      process: Matrix(rows: 3, columns: 3, q.scalars.map { Float($0) }),
      observation: Matrix(rows: 3, columns: 3, r.scalars.map { Float($0) })
    )
    let input = FilterInput<Float>(
      observations: drawn.observations.converted(to: Float.self),
      initialMean: .ones([3]),
      initialCovariance: .zeros([3, 3])
    )
    let output =
      switch rule {
      case 0:
        try GaussianFilter(gain: RiccatiGain(model: model, noise: noise))
          .estimated(input, pool: .serial)
      case 1:
        try GaussianFilter(
          gain: SigmaPointGain(model: model, noise: noise, rule: .unscented(states: 3))
        ).estimated(input, pool: .serial)
      default:
        try GaussianFilter(
          gain: SigmaPointGain(model: model, noise: noise, rule: .cubature(states: 3))
        ).estimated(input, pool: .serial)
      }
    #expect(output.failures.isEmpty)
    let covariances = output.covariances.converted(to: Double.self)
    for t in 0..<5000 {
      let p = Matrix(rows: 3, columns: 3, row(covariances, 0, t))
      #expect(p == p.transposed())
      let least = try #require(SymmetricEigen(p, vectors: false).values.first)
      #expect(least > 0, "step \(t)")
    }
  }

  @Test("a step allocates nothing", .enabled(if: graybox_allocations_counted() != 0))
  func allocations() throws {
    let system = try LinearSystem(seed: 1)
    let linear = system.kalman.stream(mean: system.mean, covariance: system.covariance)
    let lorenz = GaussianFilter(
      gain: RiccatiGain(
        model: StateSpaceModel(
          transition: LorenzTransition<Float>(),
          emission: LinearFunction<Float>(.identity(3))
        ),
        noise: try NoiseCovariances(process: .identity(3), observation: .identity(3))
      )
    ).stream(mean: [1, 1, 1], covariance: .identity(3))
    let recorded = GaussianFilter(
      gain: RiccatiGain(
        model: StateSpaceModel(
          transition: RecordedFunction<Float>(inputs: 3, outputs: 3) {
            LorenzTransition<Float>().applied(to: $0)
          },
          emission: LinearFunction<Float>(.identity(3))
        ),
        noise: try NoiseCovariances(process: .identity(3), observation: .identity(3))
      )
    ).stream(mean: [1, 1, 1], covariance: .identity(3))
    let (a, b): ([Double], [Float]) = ([0.5, .nan], [1, 2, 3])
    func run() {
      linear.advance(a)
      lorenz.advance(b)
      recorded.advance(b)
    }
    run()
    graybox_allocations_start()
    for _ in 0..<100 { run() }
    #expect(graybox_allocations_stop() == 0)
  }

  @Test("the steady gain is what Riccati's settles to", arguments: 0..<4 as Range<UInt64>)
  func steady(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let drawn = system.drawn(1, time: 300, seed: seed)
    let input = system.input(drawn.observations)
    let steady = GaussianFilter(
      gain: try SteadyStateGain(model: system.model, noise: system.noise)
    )
    let a = try system.kalman.estimated(input, pool: .serial)
    let b = try steady.estimated(input, pool: .serial)
    // Both have forgotten their start: differences shrink by a factor a step.
    #expect(worst(row(a.estimates, 0, 299), row(b.estimates, 0, 299)) < 1e-8)
    #expect(worst(row(a.covariances, 0, 299), row(b.covariances, 0, 299)) < 1e-8)
    #expect(
      worst([a.innovationsSquared[0, 299]], [b.innovationsSquared[0, 299]]) < 1e-8
    )
  }

  @Test("an unstable state that nobody observes has no steady gain")
  func noSteadyState() throws {
    let model = StateSpaceModel(
      transition: LinearFunction<Double>(Matrix([[2, 0], [0, 0.5]])),
      emission: LinearFunction<Double>(Matrix([[0, 1]]))
    )
    let noise = try NoiseCovariances<Double>(process: .identity(2), observation: .identity(1))
    #expect(throws: StateEstimationError.self) {
      try SteadyStateGain(model: model, noise: noise)
    }
  }

  @Test("a singular innovation covariance is a failure that names its step")
  func singular() throws {
    let model = StateSpaceModel(
      transition: LinearFunction<Double>(.identity(1)),
      emission: LinearFunction<Double>(.identity(1))
    )
    let zero = Matrix<Double>(rows: 1, columns: 1)
    let filter = GaussianFilter(
      gain: RiccatiGain(model: model, noise: try NoiseCovariances(process: zero, observation: zero))
    )
    let output = try filter.estimated(
      FilterInput(
        observations: Tensor([.nan, 1, 2], shape: [1, 3, 1]),
        initialMean: Tensor([0.5]),
        initialCovariance: .zeros([1, 1])
      ),
      pool: .serial
    )
    #expect(output.failures == [0: 1])
    #expect(output.estimates[0, 0, 0] == 0.5)
    #expect(output.estimates[0, 1, 0].isNaN && output.logLikelihoods[0].isNaN)
  }

  @Test("shapes and covariances that do not fit are errors")
  func errors() throws {
    let system = try LinearSystem(seed: 1)
    let wrong = system.input(.zeros([1, 4, 3]))
    #expect(
      throws: StateEstimationError.badShape(
        name: "observations",
        expected: "[batch, time, 2]",
        actual: [1, 4, 3]
      )
    ) { try system.kalman.estimated(wrong, pool: .serial) }
    #expect(throws: StateEstimationError.self) {
      try NoiseCovariances<Double>(
        process: Matrix([[1, 2], [2, 1]]),
        observation: .identity(1)
      )
    }
    #expect(throws: StateEstimationError.self) {
      try NoiseCovariances<Double>(
        process: Matrix([[1, 0.5], [0, 1]]),
        observation: .identity(1)
      )
    }
  }
}
