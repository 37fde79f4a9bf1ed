import Autodiff
import NeuralNetworks
import StateEstimation
import Studies
import Tensors
import Testing

/// What learned filters do with long, short and controlled sequences.
@Suite struct LearnedSequenceTests {
  private func network(_ seed: UInt64) -> CovarianceGain<Double> {
    var stream = RandomStream(seed: seed)
    return CovarianceGain(states: 3, observed: 2, gainFactor: 4, from: &stream)
  }

  private func sequences(_ system: LinearSystem, _ observations: Tensor<Double>)
    -> RecordedSequences<Double>
  {
    let batch = observations.shape[0]
    return RecordedSequences(
      observations,
      mean: Tensor((0..<batch).flatMap { _ in system.mean }, shape: [batch, 3])
    )
  }

  @Test(
    "gradients of truncated unrolling are those of segments begun at the state carried over",
    arguments: 1...3 as ClosedRange<UInt64>
  )
  func truncatedGradients(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let drawn = system.drawn(2, time: 8, seed: seed)
    let network = network(seed)
    let filter = RecordedFilter(model: system.model)
    var whole = sequences(system, drawn.observations)
    whole.segment = 4
    let truncated = try gradients(network) {
      (filter.estimates(whole, gain: network) - drawn.states).squaredSum
    }
    // The same by hand: the state after the first segment as constants, then a recording of each segment.
    var state = filter.start(mean: whole.mean, gain: network)
    for t in 0..<4 { filter.advance(&state, whole.observation(t), gain: network) }
    let carried = state
    func loss(
      _ begin: RecordedFilter<LinearFunction<Double>, LinearFunction<Double>>.State<
        [Tensor<Double>]
      >,
      _ steps: Range<Int>
    )
      -> Tensor<Double>
    {
      var state = begin
      let estimates = steps.map { filter.advance(&state, whole.observation($0), gain: network) }
      return (stacked(estimates, axis: 1) - drawn.states.sliced(axis: 1, steps)).squaredSum
    }
    let first = try gradients(network) {
      loss(filter.start(mean: whole.mean, gain: network), 0..<4)
    }
    let second = try gradients(network) { loss(carried, 4..<8) }
    let sum = zip(first, second).map { $0 + $1 }
    let size = sum.reduce(0) { max($0, $1.magnitude) }
    for (a, b) in zip(truncated, sum) { #expect((a - b).magnitude < 1e-12 * size) }
    whole.segment = nil
    let full = try gradients(network) {
      (filter.estimates(whole, gain: network) - drawn.states).squaredSum
    }
    // What the truncation leaves out is no rounding error.
    #expect(zip(truncated, full).contains { ($0 - $1).magnitude > 1e-4 * size })
  }

  private func gradients(
    _ network: CovarianceGain<Double>,
    _ loss: () -> Tensor<Double>
  ) throws -> [Double] {
    let recording = try Recording(inputs: [:], parameters: network.parameters) { _ in
      ["loss": loss()]
    }
    try recording.backward()
    return network.parameters.flatMap(\.gradient.scalars)
  }

  @Test("one segment is full unrolling to the bit, and several change no estimate")
  func oneSegment() throws {
    for filter in try learned() {
      let (full, one, several) = (
        try lossAndGradient(filter, segment: nil), try lossAndGradient(filter, segment: 12),
        try lossAndGradient(filter, segment: 5)
      )
      #expect(full.loss == one.loss && full.gradient == one.gradient)
      #expect(full.loss == several.loss && full.gradient != several.gradient)
    }
  }

  private let lorenz = SystemModel<Float>(
    transition: .lorenz(LorenzTransition()),
    emission: .linear(LinearFunction(.identity(3)))
  )

  /// One of each kind of learned filter, of the Lorenz attractor.
  private func learned() throws -> [any LearnedFilter] {
    var stream = RandomStream(seed: 3)
    let gain = CovarianceGain<Float>(states: 3, observed: 3, gainFactor: 2, from: &stream)
    let back = SmootherGain<Float>(states: 3, gainFactor: 2, from: &stream)
    let noise = try NoiseCovariances<Float>(process: .identity(3), observation: .identity(3))
    return [
      BatchedFilter(model: lorenz, network: gain),
      RTSNetFilter(model: lorenz, network: RTSNetwork(forward: gain, backward: back)),
      LearnedNoiseFilter(
        model: lorenz,
        network: NoiseRoots(noise),
        initialCovariance: .zeros([3, 3]),
        criterion: .error
      ),
      RecurrentStateFilter(
        model: lorenz,
        network: RecurrentStateNetwork(
          .difference,
          states: 3,
          observed: 3,
          hidden: 6,
          from: &stream
        )
      ),
    ]
  }

  private func lossAndGradient<Filter: LearnedFilter>(
    _ filter: Filter,
    segment: Int?
  ) throws -> (loss: Float, gradient: [Float]) {
    var choice = FilterLoss()
    choice.segment = segment
    let drawn = try trajectories(2, time: 12)
    let parameters = filter.network.parameters
    let recording = try Recording(inputs: drawn, parameters: parameters) { inputs in
      ["loss": try filter.loss(inputs, choice)]
    }
    try recording.backward()
    return (try recording.scalar("loss"), parameters.flatMap(\.gradient.scalars))
  }

  private func trajectories(_ count: Int, time: Int) throws -> [String: Tensor<Float>] {
    let drawn = Trajectories.drawn(
      SystemModel<Double>(
        transition: .lorenz(LorenzTransition()),
        emission: .linear(LinearFunction(.identity(3)))
      ),
      noise: try NoiseCovariances(process: .identity(3), observation: .identity(3)),
      starts: .ones([count, 3]),
      time: time,
      from: RandomStream(seed: 4)
    )
    return [
      "observations": drawn.observations.converted(to: Float.self),
      "targets": drawn.states.converted(to: Float.self), "mean": .ones([count, 3]),
    ]
  }

  @Test("padded sequences weigh in the loss as much as their steps, whatever the padding holds")
  func paddedLoss() throws {
    let (time, lengths) = (9, [9, 4, 7])
    let given = try trajectories(3, time: time)
    func marks(_ width: Int) -> Tensor<Float> {
      Tensor(
        lengths.flatMap { length in
          (0..<time).flatMap { t in (0..<width).map { _ in t < length ? 1 : 0 } }
        },
        shape: [3, time, width]
      )
    }
    var padded = given
    // What comes after an end is read by nobody, so any number may stand there.
    for name in ["observations", "targets"] {
      padded[name] = try given.named(name) * marks(3) + (1 - marks(3)) * 77
    }
    (padded["mask"], padded["weight"], padded["inside"]) = (marks(3), marks(3), marks(1))
    for filter in try learned() {
      let whole = try loss(filter, padded) * Float(3 * time)
      var sum: Float = 0
      for (k, length) in lengths.enumerated() {
        let alone = given.mapValues { tensor in
          let one = tensor.sliced(axis: 0, k..<(k + 1))
          return tensor.rank == 3 ? one.sliced(axis: 1, 0..<length) : one
        }
        sum += try loss(filter, alone) * Float(length)
      }
      // single precision, sums of some tens of terms
      #expect((whole - sum).magnitude < 1e-4 * sum, "\(type(of: filter))")
    }
  }

  private func loss(_ filter: any LearnedFilter, _ inputs: [String: Tensor<Float>]) throws
    -> Float
  { try filter.loss(inputs, FilterLoss()).scalar }

  @Test("sequences of different length in one batch are as alone, NaN after their end")
  func lengths() throws {
    let given = try trajectories(3, time: 9)
    let lengths = [9, 4, 7]
    let observations = try given.named("observations")
    for filter in try learned() {
      var input = FilterInput(
        observations: observations,
        lengths: lengths,
        initialMean: .ones([3]),
        initialCovariance: .zeros([3, 3])
      )
      let together = try filter.estimates(input, pool: .serial).converted(to: Double.self)
      for (k, length) in lengths.enumerated() {
        input.observations = observations.sliced(axis: 0, k..<(k + 1))
          .sliced(axis: 1, 0..<length)
        input.lengths = nil
        let alone = try filter.estimates(input, pool: .serial).converted(to: Double.self)
        for t in 0..<length {
          // products of other shapes round differently
          #expect(worst(row(together, k, t), row(alone, 0, t)) < 1e-5, "\(type(of: filter))")
        }
        for t in length..<9 { #expect(row(together, k, t).allSatisfy { $0.isNaN }) }
      }
    }
  }

  @Test(
    "a learned gain takes controls in its batched form as in its stream",
    arguments: 1...3 as ClosedRange<UInt64>
  )
  func controlledForms(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let gain = CovarianceGain<Float>(states: 3, observed: 3, gainFactor: 2, from: &stream)
    let given = try trajectories(4, time: 10)
    var input = FilterInput(
      observations: try given.named("observations"),
      initialMean: .ones([3]),
      initialCovariance: .zeros([3, 3])
    )
    let free = try BatchedFilter(model: lorenz, network: gain).replayed(input, pool: .serial)
    for shape in [[10, 3], [4, 10, 3]] {
      input.inputs = stream.normal(shape)
      let batched = try BatchedFilter(model: lorenz, network: gain).replayed(input, pool: .serial)
      let streamed = try GaussianFilter(gain: LearnedGain(model: lorenz, network: gain))
        .estimated(input, pool: .serial).estimates
      let plain = try BatchedFilter(model: lorenz, network: gain).estimates(input, pool: .serial)
      let expected = streamed.converted(to: Double.self).scalars
      // ten steps in single precision
      #expect(worst(batched.converted(to: Double.self).scalars, expected) < 1e-4)
      #expect(worst(plain.converted(to: Double.self).scalars, expected) < 1e-4)
      #expect(worst(free.converted(to: Double.self).scalars, expected) > 0.1)
    }
  }

  @Test(
    "methods trained with controls are near the Kalman filter that is told them",
    arguments: ["kalmannet", "rtsnet", "learned-ekf", "gru-filter"]
  )
  func controlledMethods(id: String) throws {
    let method = try #require(
      [MethodDescription.kalmanNet, .rtsNet, .learnedNoise, .gruFilter].first { $0.id == id }
    )
    var given: [String: SettingValue] = ["epochs": .integer(15)]
    if id == "gru-filter" {
      given["form"] = .text("difference")
      given["hidden"] = .integer(40)
    }
    let settings = try Settings(given, for: method.settings, owner: id)
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(
        data: try controlled(300, seed: 1),
        settings: settings,
        stream: RandomStream(seed: 7)
      )
    )
    #expect(result.failure == nil)
    let test = try controlled(300, seed: 2)
    let metric = StateEstimationTask.description.metrics[0]
    func error(_ method: any PreparedMethod, _ bundle: ArrayBundle) throws -> Double {
      let count = try metric.measure(method.infer(bundle, pool: .serial).arrays, bundle)
      return count.sum / count.reference
    }
    let prepared = try method.prepare(settings, result.model)
    let kalman = ClassicalStateMethods.kalman
    let best = try error(
      kalman.prepare(Settings([:], for: kalman.settings, owner: kalman.id), nil),
      test
    )
    // A decibel and a half above a filter that cannot be bettered (a smoother can be below it), after a short training;
    // a filter that is not told the controls misses by their size, thirty times the noise.
    #expect(try error(prepared, test) < 1.41 * best)
    var untold = test
    untold["controls"] = nil
    #expect(try error(prepared, untold) > 20 * best)
  }

  /// Trajectories of the canonical system under controls of its second state.
  private func controlled(_ count: Int, seed: UInt64) throws -> ArrayBundle {
    let scenario = StateSpaceScenario.description
    let settings = try Settings([:], for: scenario.settings, owner: scenario.id)
    var bundle = try scenario.draw(settings, .test, count, RandomStream(seed: seed))
    let states = try #require(bundle["targets"]?.double)
    let observations = try #require(bundle["observations"]?.double)
    var stream = RandomStream(seed: seed).derived("controls")
    let time = states.shape[1]
    let controls: Tensor<Double> = stream.normal([count, time, 1])
    let u = controls.scalars
    var response: [Double] = []
    for k in 0..<count {
      var (a, b) = (0.0, 0.0)
      for t in 0..<time {
        (a, b) = (a + b, b + 3 * u[k * time + t])
        response += [a, b]
      }
    }
    let moved = Tensor(response, shape: [count, time, 2])
    bundle["targets"] = .float((states + moved).converted(to: Float.self))
    bundle["observations"] = .float((observations + moved).converted(to: Float.self))
    bundle["controls"] = .float(controls.converted(to: Float.self))
    bundle["control_matrix"] = .float(Tensor([0, 3], shape: [2, 1]))
    return bundle
  }
}

extension Tensor where Scalar == Double {
  /// The sum of the squares of all numbers.
  fileprivate var squaredSum: Tensor { square(self).sum() }
}
