import Autodiff
import NeuralNetworks
import StateEstimation
import Studies
import Tensors
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

@Suite struct KalmanNetTests {
  private typealias Model = StateSpaceModel<LinearFunction<Double>, LinearFunction<Double>>

  private func network(_ m: Int, _ n: Int, seed: UInt64 = 1) -> CovarianceGain<Double> {
    var stream = RandomStream(seed: seed)
    return CovarianceGain(states: m, observed: n, gainFactor: 4, from: &stream)
  }

  @Test(
    "the second architecture has the published number of parameters",
    arguments: [(2, 2, 5208), (3, 3, 23_928), (3, 1, 7668), (10, 10, 2_673_400)]
  )
  func parameterCount(states: Int, observed: Int, expected: Int) {
    var stream = RandomStream(seed: 1)
    let network = CovarianceGain<Float>(states: states, observed: observed, from: &stream)
    #expect(network.parameters.reduce(0) { $0 + $1.count } == expected)
  }

  @Test(
    "the batched recursion, its recorded form and the stream agree, also where data miss",
    arguments: 1...5 as ClosedRange<UInt64>
  )
  func formsAgree(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let (m, n) = (3, 2)
    let drawn = system.drawn(4, time: 12, seed: seed)
    var numbers = drawn.observations.scalars
    numbers[5] = .nan
    for place in 20..<22 { numbers[place] = .nan }
    let observations = Tensor(numbers, shape: drawn.observations.shape)
    for architecture in 1...2 {
      var stream = RandomStream(seed: seed)
      let gain: any GainNetwork<Double> =
        architecture == 1
        ? RecurrentGain<Double>(
          states: m,
          observed: n,
          inputFactor: 3,
          memoryFactor: 1,
          from: &stream
        )
        : network(m, n, seed: seed)
      try check(gain, system, observations)
    }
  }

  private func check<Network: GainNetwork<Double>>(
    _ network: Network,
    _ system: LinearSystem,
    _ observations: Tensor<Double>
  ) throws {
    let filter = GaussianFilter(gain: LearnedGain(model: system.model, network: network))
    let streamed = try filter.estimated(system.input(observations), pool: .serial).estimates
    let numbers = observations.scalars
    let recorded = RecordedFilter(model: system.model).estimates(
      Tensor(numbers.map { $0.isNaN ? 0 : $0 }, shape: observations.shape),
      mean: Tensor((0..<observations.shape[0]).flatMap { _ in system.mean }, shape: [4, 3]),
      mask: Tensor(numbers.map { $0.isNaN ? 0 : 1 }, shape: observations.shape),
      gain: network
    )
    for (a, b) in zip(streamed.scalars, recorded.scalars) {
      // twelve steps of sums of tens of terms
      #expect((a - b).magnitude < 1e-11 * max(1, b.magnitude))
    }
    let stream = filter.stream(mean: system.mean, covariance: system.covariance)
    for t in 0..<12 {
      let step = (0..<2).map { observations[0, t, $0] }
      step.withUnsafeBufferPointer { y in
        if let y = y.baseAddress { stream.advance(y) }
      }
      for i in 0..<3 { #expect(stream.step.estimate[i] == streamed[0, t, i]) }
    }
  }

  @Test("the gradient through the filter agrees with finite differences")
  func gradient() throws {
    let system = try LinearSystem(seed: 3)
    let drawn = system.drawn(3, time: 5, seed: 4)
    let network = network(3, 2)
    // Away from the start, where rows of differences are zero and have no direction.
    let mean = Tensor((0..<3).flatMap { _ in system.mean }, shape: [3, 3])
    let filter = RecordedFilter(model: system.model)
    let check = try checkGradients(
      at: [],
      parameters: network.parameters,
      from: RandomStream(seed: 5)
    ) {
      _ in
      let estimates = filter.estimates(drawn.observations, mean: mean, gain: network)
      return meanSquaredError(estimates, drawn.states)
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test("hidden states start as identity matrices")
  func start() {
    let carry = network(2, 3).start(batch: 2)
    #expect(carry[0].scalars == [1, 0, 0, 1, 1, 0, 0, 1])
    #expect(carry[1].scalars == carry[0].scalars)
    #expect(carry[2].scalars == [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1])
  }
}

@Suite struct KalmanNetMethodTests {
  private func drawn(
    _ given: [String: SettingValue],
    _ count: Int,
    _ seed: UInt64
  ) throws -> ArrayBundle {
    let scenario = StateSpaceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func error(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let count = try StateEstimationTask.description.metrics[0].measure(outputs, truth)
    return count.sum / count.reference
  }

  private func trained(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    on data: ArrayBundle
  ) throws -> any PreparedMethod {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 7))
    )
    #expect(result.failure == nil)
    return try method.prepare(settings, result.model)
  }

  @Test("trained on 20 steps it is as good as the Kalman filter over 20 and over 200")
  func reachesKalman() throws {
    let data = try drawn([:], 1000, 1)
    let learned = try trained(.kalmanNet, ["epochs": .integer(25)], on: data)
    for time in [20, 200] {
      let test = try drawn(["time": .integer(time)], 500, 2)
      let mine = try error(learned.infer(test, pool: .serial).arrays, test)
      let settings = try Settings(
        [:],
        for: ClassicalStateMethods.kalman.settings,
        owner: "kalman"
      )
      let kalman = try ClassicalStateMethods.kalman.prepare(settings, nil)
      let best = try error(kalman.infer(test, pool: .serial).arrays, test)
      // The published gap is 0.05 dB and the bound asked for 0.3 dB; both see the same draws.
      #expect(mine < 1.0715 * best, "\(mine) against \(best) at \(time)")
      #expect(mine > 0.99 * best)
    }
  }

  @Test("told a rotated transition it is better than the Kalman filter that is told the same")
  func beatsMismatch() throws {
    let world: [String: SettingValue] = ["told_transition_rotation": .number(20)]
    func told(_ bundle: ArrayBundle) -> ArrayBundle {
      var bundle = bundle
      bundle["transition"] = bundle["transition_wrong"]
      return bundle
    }
    let learned = try trained(
      .kalmanNet,
      ["epochs": .integer(25)],
      on: told(drawn(world, 1000, 1))
    )
    let test = told(try drawn(world, 500, 2))
    let mine = try error(learned.infer(test, pool: .serial).arrays, test)
    let settings = try Settings([:], for: ClassicalStateMethods.kalman.settings, owner: "kalman")
    let kalman = try ClassicalStateMethods.kalman.prepare(settings, nil)
    // 2 dB
    #expect(mine < 0.63 * (try error(kalman.infer(test, pool: .serial).arrays, test)))
  }

  @Test(
    "recurrent networks come near the Kalman filter, nearest with the model's prediction in them",
    arguments: [("vanilla", 4.0), ("model-based", 4.0), ("difference", 0.3)]
  )
  func recurrentRivals(form: String, decibels: Double) throws {
    let data = try drawn([:], 500, 1)
    let learned = try trained(
      .gruFilter,
      ["form": .text(form), "epochs": .integer(40), "hidden": .integer(40)],
      on: data
    )
    let test = try drawn([:], 500, 2)
    let mine = 10 * log10(try error(learned.infer(test, pool: .serial).arrays, test))
    // The Kalman filter's published error; states without any filter have a variance of about 1.
    #expect(mine < -21.97 + decibels, "\(mine) dB")
  }

  @Test("untrained, blind and ill-fitting requests are errors")
  func errors() throws {
    let method = MethodDescription.kalmanNet
    let settings = try Settings(["epochs": .integer(1)], for: method.settings, owner: method.id)
    #expect(throws: StudyError.self) { try method.prepare(settings, nil) }
    let data = try drawn([:], 20, 1)
    var blind = ArrayBundle(source: "blind.npz")
    for name in ["observations", "transition", "emission"] { blind[name] = data[name] }
    let train = try #require(method.train)
    #expect(
      throws: StudyError.missingArray(
        "targets",
        source: "blind.npz",
        expected: "[20, 20, 2], the true states"
      )
    ) {
      try train(TrainingRequest(data: blind, settings: settings, stream: RandomStream(seed: 1)))
    }
    let prepared = try trained(method, ["epochs": .integer(1)], on: data)
    let wide = try drawn(["states": .integer(3)], 5, 1)
    #expect(throws: StudyError.self) { try prepared.infer(wide, pool: .serial) }
    // One sequence without a batch axis gives one back; an empty file names its array.
    var single = ArrayBundle(source: "one.npz")
    single["observations"] = .float(Tensor<Float>.zeros([7, 2]))
    #expect(try prepared.infer(single, pool: .serial).arrays["estimates"]?.shape == [7, 2])
    single["observations"] = .float(Tensor<Float>.zeros([0, 2]))
    #expect(throws: StudyError.self) { try prepared.infer(single, pool: .serial) }
  }

  @Test("a training that is not finite at once begins again at lower rates, and says so")
  func restarts() throws {
    let method = MethodDescription.kalmanNet
    let data = try drawn(["model": .text("lorenz"), "time": .integer(60)], 30, 1)
    // Weights of ten throw the estimate off the attractor, where the series of the transition overflows.
    let settings = try Settings(
      [
        "model": .text("lorenz"), "rate": .number(10), "warm_up": .integer(0),
        "epochs": .integer(2), "batch": .integer(3), "clip": .number(0),
      ],
      for: method.settings,
      owner: method.id
    )
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 1))
    )
    let told = try #require(result.model.provenance["training_restarts"])
    #expect(told.contains("not finite at epoch 1"), "\(told)")
    #expect(result.failure?.contains("not finite") == true)
  }

  @Test("estimates that are not finite are told of")
  func divergence() throws {
    let data = try drawn([:], 20, 1)
    let prepared = try trained(.kalmanNet, ["epochs": .integer(1)], on: data)
    var wild = ArrayBundle(source: "wild.npz")
    // The second sequence pulls both states to the largest number there is, and their sum is predicted.
    let numbers = (0..<400).map { $0 < 200 ? Float(0) : .greatestFiniteMagnitude }
    wild["observations"] = .float(Tensor(numbers, shape: [2, 100, 2]))
    let failure = try prepared.infer(wild, pool: .serial).failure
    #expect(failure?.hasPrefix("1 of 2 sequences, first 1 at step") == true, "\(failure ?? "none")")
  }
}

@Suite struct LearnedSmootherTests {
  /// Gains that were computed elsewhere.
  private struct GivenGains: RecordedSmootherGain {
    /// Of each step, `[batch, m, m]`.
    let gains: [Tensor<Double>]

    func start(batch: Int) {}

    func detached(_ carry: Void) {}

    func restarted(_ carry: Void, where inside: Tensor<Double>) {}

    func gain(_ step: RecordedSmootherStep<Double>, _ carry: inout Void) -> Tensor<Double> {
      gains[step.time]
    }
  }

  @Test(
    "with the classical gains in the slot it is the Rauch-Tung-Striebel smoother",
    arguments: 1...3 as ClosedRange<UInt64>
  )
  func law(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let time = 7
    let drawn = system.drawn(1, time: time, seed: seed)
    let input = system.input(drawn.observations)
    let filtered = try system.kalman.estimated(input, pool: .serial)
    let expected = try RauchTungStriebelSmoother(filter: system.kalman)
      .estimated(input, pool: .serial).estimates
    let f = system.transition
    func row(_ t: Int) -> Matrix<Double> {
      Matrix(rows: 3, columns: 1, (0..<3).map { filtered.estimates[0, t, $0] })
    }
    func covariance(_ t: Int) -> Matrix<Double> {
      Matrix(rows: 3, columns: 3, (0..<9).map { filtered.covariances[0, t, $0 / 3, $0 % 3] })
    }
    let gains = (0..<time).map { t in
      let p = covariance(t)
      let next = f.times(p).times(f.transposed()).plus(system.process)
      return Tensor(
        p.times(f.transposed()).times(next.inverse).scalars,
        shape: [1, 3, 3]
      )
    }
    let states = (0..<time).map { Tensor(row($0).scalars, shape: [1, 3]) }
    let predicted = (0..<time).map { t in
      Tensor(f.times(row(max(t - 1, 0))).scalars, shape: [1, 3])
    }
    let smoothed = RecordedSmoother.smoothed(
      states,
      predicted: predicted,
      gain: GivenGains(gains: gains)
    )
    for t in 0..<time {
      for i in 0..<3 {
        // Two ways of the same sums, through an inverse in one.
        #expect((smoothed[t][0, i] - expected[0, t, i]).magnitude < 1e-9)
      }
    }
  }

  @Test("the gradient through a smoother agrees with finite differences")
  func gradient() throws {
    let system = try LinearSystem(seed: 5)
    let drawn = system.drawn(2, time: 5, seed: 6)
    var stream = RandomStream(seed: 7)
    let network = SmootherGain<Double>(states: 3, gainFactor: 2, from: &stream)
    func step(_ t: Int) -> Tensor<Double> {
      drawn.states.sliced(axis: 1, t..<(t + 1)).reshaped([2, 3])
    }
    let noise: Tensor<Double> = stream.normal([5, 2, 3])
    let check = try checkGradients(
      at: [],
      parameters: network.parameters,
      from: RandomStream(seed: 8)
    ) { _ in
      let filtered = (0..<5).map { step($0) + noise.picked(axis: 0, $0) }
      let predicted = (0..<5).map { step($0) + noise.picked(axis: 0, $0) * 2 }
      let smoothed = RecordedSmoother.smoothed(filtered, predicted: predicted, gain: network)
      return square(stacked(smoothed, axis: 1) - drawn.states).mean()
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}

@Suite struct LearnedNoiseTests {
  private func drawn(_ given: [String: SettingValue], _ count: Int, _ seed: UInt64) throws
    -> ArrayBundle
  {
    let scenario = StateSpaceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func error(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let count = try StateEstimationTask.description.metrics[0].measure(outputs, truth)
    return count.sum / count.reference
  }

  @Test(
    "covariances learned from nothing filter as well as the true ones",
    arguments: ["error", "likelihood"]
  )
  func learns(criterion: String) throws {
    let method = MethodDescription.learnedNoise
    let world: [String: SettingValue] = ["nu": .number(-10)]
    var data = try drawn(world, 300, 1)
    // Starts at identities: a ratio of Q and R of 1 where the true one is a tenth.
    data["process_noise"] = nil
    data["observation_noise"] = nil
    let settings = try Settings(
      ["criterion": .text(criterion), "epochs": .integer(40), "rate": .number(0.05)],
      for: method.settings,
      owner: method.id
    )
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 3))
    )
    #expect(result.failure == nil)
    let test = try drawn(world, 500, 2)
    let learned = try method.prepare(settings, result.model).infer(test, pool: .serial).arrays
    let kalman = ClassicalStateMethods.kalman
    let standard = try Settings([:], for: kalman.settings, owner: kalman.id)
    let best = try error(
      kalman.prepare(standard, nil).infer(test, pool: .serial).arrays,
      test
    )
    let mine = try error(learned, test)
    // Within 0.1 dB; nobody is better than the Kalman filter beyond sampling, and both see the same draws.
    #expect(mine < 1.0233 * best, "\(mine) against \(best)")
    #expect(mine > 0.99 * best)
  }

  @Test("training on observations with gaps is an error that says so")
  func gaps() throws {
    let method = MethodDescription.learnedNoise
    var data = try drawn([:], 10, 1)
    var numbers = try #require(data["observations"]?.double).scalars
    numbers[3] = .nan
    data["observations"] = .double(Tensor(numbers, shape: [10, 20, 2]))
    let settings = try Settings([:], for: method.settings, owner: method.id)
    let train = try #require(method.train)
    #expect(
      throws: StudyError.badNumbers(
        array: "observations",
        source: data.source,
        reason: "have missing numbers, which learned-ekf cannot be trained on (it filters them)"
      )
    ) {
      try train(TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 1)))
    }
  }
}
