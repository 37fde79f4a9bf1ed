internal import Autodiff
internal import NeuralNetworks
internal import StateEstimation
internal import Tensors

extension Benchmark {
  /// One observation in, one estimate out, of three states and three observed numbers; an item is a step.
  static var filters: [Benchmark] {
    [
      Benchmark("kalman-infer", batch: 1) {
        let matrix = LinearSystems.kinematicTransition(order: 2, timeStep: 0.1)
        let transition = LinearFunction(
          Matrix(rows: 3, columns: 3, matrix.scalars.map { Float($0) })
        )
        return try step(transition)
      },
      Benchmark("ekf-infer", batch: 1) { try step(LorenzTransition<Float>()) },
      Benchmark("ekf-recorded-infer", batch: 1) {
        let lorenz = LorenzTransition<Float>()
        return try step(
          RecordedFunction(inputs: 3, outputs: 3) { lorenz.applied(to: $0) }
        )
      },
      sigmaPointStep("ukf-infer", .unscented(states: 3)),
      sigmaPointStep("cubature-infer", .cubature(states: 3)),
      learnedStep,
    ]
      + [1, 2].flatMap { threads in [2, 3, 5].map { gainStep(states: $0, threads: threads) } }
      + [
        smootherStep(threads: 1), smootherStep(threads: 2),
        smallMatrices("cholesky-3x3") { choleskyFactor($0) },
        smallMatrices("triangular-solve-3x3") { triangularSolve($0, $0) },
        smallMatrices("log-determinant-3x3") { logDeterminant(factor: $0) },
        smallMatrices("inverse-3x3") { inverse($0) },
      ]
  }

  /// An operation on a stack of matrices and its gradient, under replay; an item is a matrix.
  private static func smallMatrices(
    _ name: String,
    _ operation: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>
  ) -> Benchmark {
    let count = 1000
    return Benchmark(name, batch: count) {
      // Symmetric, positive definite, and with a positive diagonal.
      let matrix: [Float] = [2, 0.5, 0.25, 0.5, 2, 0.5, 0.25, 0.5, 2]
      let matrices = Tensor<Float>(
        (0..<count).flatMap { _ in matrix },
        shape: [count, 3, 3]
      )
      let recording = try Recording(inputs: ["x": matrices], differentiated: ["x"]) { inputs in
        ["loss": operation(inputs["x"] ?? matrices).sum()]
      }
      return Work {
        try recording.forward()
        try recording.backward()
      }
    }
  }

  /// A step of KalmanNet on the Lorenz attractor, one observation at a time.
  private static var learnedStep: Benchmark {
    Benchmark("kalmannet-infer", batch: 1) {
      var source = RandomStream(seed: 1)
      let network = CovarianceGain<Float>(states: 3, observed: 3, from: &source)
      let model = StateSpaceModel(
        transition: LorenzTransition<Float>(),
        emission: LinearFunction(.identity(3))
      )
      return stepped(GaussianFilter(gain: LearnedGain(model: model, network: network)))
    }
  }

  /// One step of training KalmanNet's second architecture: 30 sequences of 100 steps, a part of them a thread.
  private static func gainStep(states m: Int, threads: Int) -> Benchmark {
    let batch = 30
    return Benchmark("kalmannet-train-\(m)", batch: batch, threads: threads, repeats: 9) {
      var source = RandomStream(seed: 1)
      let network = CovarianceGain<Float>(states: m, observed: m, from: &source)
      let matrix = LinearSystems.canonicalTransition(m)
      let stable = Matrix<Float>(
        rows: m,
        columns: m,
        matrix.scalars.map { Float($0) / Float(m) }
      )
      let filter = RecordedFilter(
        model: StateSpaceModel(
          transition: LinearFunction(stable),
          emission: LinearFunction(.identity(m))
        )
      )
      let targets: Tensor<Float> = source.normal([batch, 100, m])
      let noise: Tensor<Float> = source.normal([batch, 100, m])
      let step = RepeatedStep(
        of: network.parameters,
        on: try Dataset(["observations": targets + noise * 0.1, "targets": targets]),
        parts: threads,
        pool: WorkerPool(threads: threads)
      ) { inputs in
        let observations: Tensor<Float> = try inputs.named("observations")
        let estimates = filter.estimates(
          observations,
          mean: .zeros([observations.shape[0], m]),
          gain: network
        )
        return meanSquaredError(estimates, try inputs.named("targets"))
      }
      return Work { try step(rate: 1e-4) }
    }
  }

  /// A step of a filter by points on the Lorenz attractor.
  private static func sigmaPointStep(_ name: String, _ rule: SigmaPointRule<Float>) -> Benchmark {
    Benchmark(name, batch: 1) {
      stepped(
        GaussianFilter(
          gain: SigmaPointGain(
            model: SystemModel(transition: .lorenz(LorenzTransition()), emission: identity),
            noise: try noise,
            rule: rule
          )
        )
      )
    }
  }

  private static var identity: SystemEmission<Float> { .linear(LinearFunction(.identity(3))) }

  /// A tenth of the observations' deviation in the process.
  static var noise: NoiseCovariances<Float> {
    get throws {
      try NoiseCovariances(
        process: Matrix(
          rows: 3,
          columns: 3,
          Matrix<Float>.identity(3).scalars.map { $0 * 0.01 }
        ),
        observation: .identity(3)
      )
    }
  }

  /// Steps of a stream, over and over the same observations.
  private static func step<Transition: VectorFunction>(_ transition: Transition) throws -> Work
  where Transition.Scalar == Float {
    let model = StateSpaceModel(
      transition: transition,
      emission: LinearFunction<Float>(.identity(3))
    )
    return stepped(GaussianFilter(gain: RiccatiGain(model: model, noise: try noise)))
  }

  private static func stepped<Gain: GainModel>(_ filter: GaussianFilter<Gain>) -> Work
  where Gain.Transition.Scalar == Float {
    let stream = filter.stream(mean: [1, 1, 1], covariance: .identity(3))
    var source = RandomStream(seed: 1)
    let observations: Tensor<Float> = source.normal([64, 3])
    let cursor = Cursor(observations)
    return Work {
      stream.advance(cursor.next())
    } findings: {
      [("estimate", Double(stream.step.estimate[0]))]
    }
  }
}

/// Goes around rows of three numbers, at the cost of an addition.
private final class Cursor {
  private let storage: TensorStorage<Float>
  @exclusivity(unchecked) private var place = 0

  init(_ rows: Tensor<Float>) { storage = rows.storage }

  func next() -> UnsafePointer<Float> {
    place += 3
    if place == storage.count { place = 0 }
    return UnsafePointer(storage.values + place)
  }
}
