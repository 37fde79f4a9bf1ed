internal import Autodiff
internal import NeuralNetworks
internal import StateEstimation
internal import Studies
internal import Tensors

extension Benchmark {
  /// Whole trajectories of the Lorenz attractor, three states and three observed numbers.
  ///
  /// An item of an inference is a step; one of a training is a trajectory of 100 steps.
  static var trajectories: [Benchmark] {
    [
      estimator("particle-infer", steps: 100) {
        try ParticleFilter(
          model: lorenz,
          noise: noise,
          particles: 1000,
          stream: RandomStream(seed: 1)
        )
      },
      estimator("rts-infer", steps: 1000) {
        RauchTungStriebelSmoother(
          filter: GaussianFilter(gain: RiccatiGain(model: lorenz, noise: try noise))
        )
      },
      training("rtsnet-train") { smoother(from: &$0) },
      inference("rtsnet-infer") { smoother(from: &$0) },
      training("learned-ekf-train") { _ in
        LearnedNoiseFilter(
          model: lorenz,
          network: NoiseRoots(try noise),
          initialCovariance: .zeros([3, 3]),
          criterion: .error
        )
      },
      training("gru-filter-train") { recurrent(from: &$0) },
      inference("gru-filter-infer") { recurrent(from: &$0) },
    ]
  }

  private static var lorenz: SystemModel<Float> {
    SystemModel(
      transition: .lorenz(LorenzTransition()),
      emission: .linear(LinearFunction(.identity(3)))
    )
  }

  private static func smoother(from source: inout RandomStream) -> RTSNetFilter {
    RTSNetFilter(
      model: lorenz,
      network: RTSNetwork(
        forward: CovarianceGain(states: 3, observed: 3, from: &source),
        backward: SmootherGain(states: 3, from: &source)
      )
    )
  }

  private static func recurrent(from source: inout RandomStream) -> RecurrentStateFilter {
    RecurrentStateFilter(
      model: lorenz,
      network: RecurrentStateNetwork(
        .difference,
        states: 3,
        observed: 3,
        hidden: 80,
        from: &source
      )
    )
  }

  /// Trajectories of the attractor from (1, 1, 1) and what is seen of them.
  private static func drawn(_ count: Int, steps: Int) throws -> Trajectories.Drawn {
    let model = SystemModel<Double>(
      transition: .lorenz(LorenzTransition()),
      emission: .linear(LinearFunction(.identity(3)))
    )
    let identity = Matrix<Double>.identity(3)
    return Trajectories.drawn(
      model,
      noise: try NoiseCovariances(
        process: Matrix(rows: 3, columns: 3, identity.scalars.map { $0 * 0.01 }),
        observation: identity
      ),
      starts: .ones([count, 3]),
      time: steps,
      from: RandomStream(seed: 1)
    )
  }

  /// A filter or smoother that knows its model, along one trajectory on one thread.
  private static func estimator(
    _ name: String,
    steps: Int,
    _ make: @escaping @Sendable () throws -> any StateEstimator<Float>
  ) -> Benchmark {
    Benchmark(name, batch: steps) {
      let estimator = try make()
      let input = FilterInput<Float>(
        observations: try drawn(1, steps: steps).observations.converted(to: Float.self),
        initialMean: .ones([3]),
        initialCovariance: .zeros([3, 3])
      )
      var last: Float = 0
      return Work {
        last = try estimator.estimated(input, pool: .serial).estimates[0, steps - 1, 0]
      } findings: {
        [("estimate", Double(last))]
      }
    }
  }

  /// One step of training on 30 trajectories: replayed loss and gradients, Adam.
  private static func training<Filter: LearnedFilter>(
    _ name: String,
    _ make: @escaping @Sendable (inout RandomStream) throws -> Filter
  ) -> Benchmark {
    let batch = 30
    return Benchmark(name, batch: batch, repeats: 9) {
      var source = RandomStream(seed: 1)
      let filter = try make(&source)
      let drawn = try drawn(batch, steps: 100)
      let inputs = [
        "observations": drawn.observations.converted(to: Float.self),
        "targets": drawn.states.converted(to: Float.self), "mean": .ones([batch, 3]),
      ]
      let step = RepeatedStep(of: filter.network.parameters, on: try Dataset(inputs)) {
        try filter.loss($0, FilterLoss())
      }
      return Work { try step(rate: 1e-5) }
    }
  }

  /// 64 trajectories side by side, on one thread.
  private static func inference<Filter: LearnedFilter>(
    _ name: String,
    _ make: @escaping @Sendable (inout RandomStream) throws -> Filter
  ) -> Benchmark {
    let (batch, steps) = (64, 100)
    return Benchmark(name, batch: batch * steps) {
      var source = RandomStream(seed: 1)
      let filter = try make(&source)
      let input = FilterInput<Float>(
        observations: try drawn(batch, steps: steps).observations.converted(to: Float.self),
        initialMean: .ones([3]),
        initialCovariance: .zeros([3, 3])
      )
      var last: Float = 0
      return Work {
        last = try filter.estimates(input, pool: .serial)[0, steps - 1, 0]
      } findings: {
        [("estimate", Double(last))]
      }
    }
  }
}
