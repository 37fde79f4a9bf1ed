import Autodiff
import Hybridization
import NeuralNetworks
import StateEstimation
import Studies
import Tensors
import Testing

@Suite struct MessagePassingSmootherTests {
  private func run(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    on bundle: ArrayBundle
  ) throws -> Tensor<Double> {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    let result = try method.prepare(settings, nil).infer(bundle, pool: WorkerPool(threads: 2))
    #expect(result.failure == nil, "\(result.failure ?? "")")
    return try #require(result.arrays["estimates"]?.double)
  }

  /// Three sequences of a well-conditioned linear system with three states, of which two numbers are observed.
  private func linear(seed: UInt64, missing: Bool = false) -> ArrayBundle {
    var stream = RandomStream(seed: seed)
    func normal(_ shape: [Int], _ scale: Double) -> Tensor<Double> {
      let numbers: Tensor<Double> = stream.normal(shape)
      return numbers * scale
    }
    func diagonal(_ size: Int) -> NumericArray {
      let numbers: Tensor<Double> = stream.uniform([size], low: 0.5, high: 1)
      return .double(
        Tensor(
          (0..<(size * size)).map { $0 / size == $0 % size ? numbers[$0 % size] : 0 },
          shape: [size, size]
        )
      )
    }
    var bundle = ArrayBundle(source: "linear")
    var observations = normal([3, 12, 2], 2).scalars
    if missing {
      observations[0] = .nan
      for place in 8..<12 { observations[place] = .nan }
    }
    bundle["observations"] = .double(Tensor(observations, shape: [3, 12, 2]))
    bundle["transition"] = .double(normal([3, 3], 0.5))
    bundle["emission"] = .double(normal([2, 3], 1))
    bundle["process_noise"] = diagonal(3)
    bundle["observation_noise"] = diagonal(2)
    bundle["initial_mean"] = .double(normal([3], 1))
    bundle["initial_covariance"] = diagonal(3)
    return bundle
  }

  private func differ(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    worst(a.scalars, b.scalars)
  }

  @Test(
    "the fixed point is the Rauch-Tung-Striebel smoother, also where observations are missing",
    arguments: 1...5 as ClosedRange<UInt64>,
    ["before-first", "at-first"]
  )
  func fixedPoint(seed: UInt64, prior: String) throws {
    for missing in [false, true] {
      var bundle = linear(seed: seed, missing: missing)
      bundle["lengths"] = .double(Tensor([12, 7, 1]))
      let smoothed = try run(
        .messagePassing,
        [
          "iterations": .integer(20_000), "tolerance": .number(1e-12),
          "step_size": .number(0.03), "prior": .text(prior),
        ],
        on: bundle
      )
      let expected = try run(
        ClassicalStateMethods.smoother,
        ["prior": .text(prior)],
        on: bundle
      )
      #expect(differ(smoothed, expected) < 1e-6)
    }
  }

  /// The messages of a linear model, written out anew with arrays.
  private func writtenOut(_ bundle: ArrayBundle, iterations: Int, step: Double) throws -> [Double] {
    func matrix(_ name: String) throws -> Matrix<Double> {
      let tensor = try #require(bundle[name]?.double)
      return Matrix(rows: tensor.shape[0], columns: tensor.shape[1], tensor.scalars)
    }
    let (f, h) = (try matrix("transition"), try matrix("emission"))
    let q = try matrix("process_noise").inverse
    let r = try matrix("observation_noise").inverse
    let mean = f.times(try #require(bundle["initial_mean"]?.double).scalars)
    let first = f.times(try matrix("initial_covariance")).times(f.transposed())
      .plus(try matrix("process_noise")).inverse
    let pseudo = h.transposed().times(h.times(h.transposed()).inverse)
    let y = try #require(bundle["observations"]?.double)
    func minus(_ a: [Double], _ b: [Double]) -> [Double] { zip(a, b).map { $0 - $1 } }
    var results: [Double] = []
    for sequence in 0..<y.shape[0] {
      let seen = (0..<12).map { t in (0..<2).map { y[sequence, t, $0] } }
      var x = seen.map { pseudo.times($0) }
      for _ in 0..<iterations {
        let old = x
        for t in 0..<12 {
          var sum = h.transposedTimes(r.times(minus(seen[t], h.times(old[t]))))
          let before =
            t == 0
            ? first.times(minus(mean, old[0]))
            : q.times(minus(f.times(old[t - 1]), old[t]))
          for i in 0..<3 { sum[i] += before[i] }
          if t < 11 {
            let after = f.transposedTimes(q.times(minus(old[t + 1], f.times(old[t]))))
            for i in 0..<3 { sum[i] += after[i] }
          }
          for i in 0..<3 { x[t][i] = old[t][i] + step * sum[i] }
        }
      }
      results += x.flatMap { $0 }
    }
    return results
  }

  @Test("with no correction it is message passing written out anew", arguments: [0, 1, 5, 60])
  func independent(iterations: Int) throws {
    let bundle = linear(seed: 9)
    let smoothed = try run(
      .messagePassing,
      ["iterations": .integer(iterations), "step_size": .number(0.02)],
      on: bundle
    )
    let expected = try writtenOut(bundle, iterations: iterations, step: 0.02)
    // Sums of a few numbers near one, added up over the iterations.
    #expect(worst(smoothed.scalars, expected) < 1e-12)
  }

  @Test(
    "on the Lorenz attractor the slope of the posterior is zero at the end",
    arguments: [0, 1, 2]
  )
  func nonlinear(order: Int) throws {
    let scenario = StateSpaceScenario.description
    let world = try Settings(
      [
        "model": .text("lorenz"), "continuous": .flag(true), "time_step": .number(0.05),
        "time": .integer(8), "snr": .number(6), "initial_deviation": .number(1),
        "told_process_deviation": .number(1),
      ],
      for: scenario.settings,
      owner: scenario.id
    )
    var bundle = try scenario.draw(world, .test, 1, RandomStream(seed: 4))
    bundle["observations"] = .double(try #require(bundle["observations"]?.double))
    let x = try run(
      .messagePassing,
      [
        "model": .text("lorenz"), "time_step": .number(0.05), "taylor_order": .integer(order),
        "iterations": .integer(30_000), "tolerance": .number(1e-14), "step_size": .number(0.01),
      ],
      on: bundle
    ).scalars
    let transition = LorenzTransition<Double>(order: order, timeStep: 0.05)
    func moved(_ x: [Double]) -> [Double] {
      var y = x
      x.withUnsafeBufferPointer { from in
        y.withUnsafeMutableBufferPointer { to in
          if let from = from.baseAddress, let to = to.baseAddress {
            transition.evaluate(from, into: to)
          }
        }
      }
      return y
    }
    let y = try #require(bundle["observations"]?.double).scalars
    let start = try #require(bundle["initial_mean"]?.double).scalars
    let variance = try #require(bundle["observation_noise"]?.double)[0, 0]
    func logPosterior(_ x: [Double]) -> Double {
      var sum = 0.0
      for t in 0..<8 {
        let before = t == 0 ? start : Array(x[(3 * t - 3)..<(3 * t)])
        for (i, predicted) in moved(before).enumerated() {
          let (pull, seen) = (x[3 * t + i] - predicted, y[3 * t + i] - x[3 * t + i])
          sum -= 0.5 * (pull * pull + seen * seen / variance)
        }
      }
      return sum
    }
    for place in x.indices {
      var (up, down) = (x, x)
      up[place] += 1e-5
      down[place] -= 1e-5
      // Central differences of numbers near ten, over 2e-5.
      #expect((logPosterior(up) - logPosterior(down)).magnitude / 2e-5 < 1e-6)
    }
  }

  @Test("what messages cannot be made of is an error that names it")
  func errors() throws {
    func failure(_ given: [String: SettingValue], _ change: (inout ArrayBundle) -> Void) -> String {
      var bundle = linear(seed: 1, missing: true)
      change(&bundle)
      do {
        _ = try run(.messagePassing, given, on: bundle)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(failure([:]) { $0["process_noise"] = .double(.zeros([3, 3])) }.contains("singular"))
    #expect(
      failure([:]) { $0["emission"] = .double(.ones([2, 3])) }.contains("dependent rows")
    )
    #expect(
      failure([:]) {
        $0["observation_noise"] = .double(Tensor([1, 0.5, 0.5, 1], shape: [2, 2]))
      }.contains("missing in part")
    )
    #expect(
      failure(["observe": .text("quadratic")]) {
        $0["observations"] = .double(.zeros([1, 4, 3]))
        $0["observation_noise"] = .double(
          Tensor(Matrix<Double>.identity(3).scalars, shape: [3, 3])
        )
      }.contains("observe must be linear")
    )
    let settings = try Settings(
      ["step_size": .number(1), "iterations": .integer(2000)],
      for: MethodDescription.messagePassing.settings,
      owner: "message-passing"
    )
    let prepared = try MethodDescription.messagePassing.prepare(settings, nil)
    let wild = try prepared.infer(linear(seed: 1), pool: .serial)
    #expect(wild.failure?.contains("diverged") == true)
  }

  @Test(
    "gradients through 20 corrected iterations agree with finite differences",
    arguments: 1...4 as ClosedRange<UInt64>
  )
  func gradients(seed: UInt64) throws {
    let method = try GradientMessagePassing(
      transition: LorenzTransition<Double>(order: 2, timeStep: 0.05),
      emission: LinearFunction(.identity(3)),
      noise: NoiseCovariances(process: .identity(3), observation: .identity(3)),
      stepSize: 0.03,
      evidence: .levels
    )
    var stream = RandomStream(seed: seed)
    var network = GraphCorrection<Double>(
      .init(
        evidence: 9,
        messages: [3, 3, 3],
        fromEvidence: [false, true, false],
        hidden: 2,
        outputs: 3
      ),
      from: &stream
    )
    network.followsMessages = true
    let passing = CorrectedMessagePassing(method: method, slot: network)
    // Large numbers, so that few of some hundred rectified ones are near their kinks.
    let observations: Tensor<Double> = stream.normal([1, 3, 3]) * 5
    let targets: Tensor<Double> = stream.normal([1, 3, 3]) * 5
    let check = try checkGradients(
      at: [observations],
      parameters: network.parameters,
      from: RandomStream(seed: seed)
    ) { x in
      let problem = SmoothingProblem(
        observations: x[0],
        firstMean: .zeros([1, 3]),
        firstPrecision: .zeros([1, 3, 3])
      )
      return passing.loss(problem, iterations: 20, weighting: .linear, mode: .inference) {
        meanSquaredError($0, targets)
      }
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}

@Suite struct SmootherScenarioTests {
  private func drawn(_ given: [String: SettingValue], _ count: Int, seed: UInt64) throws
    -> ArrayBundle
  {
    let scenario = StateSpaceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  @Test("smoothing damped acceleration has the errors computed on the public test sequence")
  func dampedAcceleration() throws {
    let truth = try drawn(SmootherWorlds.damped(time: 2000), 10, seed: 1)
    #expect(truth["targets"]?.shape == [10, 2000, 4])
    func error(_ method: MethodDescription, _ given: [String: SettingValue], told: Bool) throws
      -> (mean: Double, tolerance: Double)
    {
      let settings = try Settings(given, for: method.settings, owner: method.id)
      let bundle = told ? SmootherWorlds.told(truth) : truth
      let result = try method.prepare(settings, nil).infer(bundle, pool: .serial)
      let count = try StateEstimationTask.description.metrics[0].measure(result.arrays, truth)
      let mean = count.sum / 10
      let variance = count.sumOfSquares / 10 - mean * mean
      return (mean, 5 * (variance / 10).squareRoot())
    }
    let seen = try error(.messagePassing, ["iterations": .integer(0)], told: true)
    #expect((seen.mean - 0.25).magnitude < seen.tolerance)
    let rts = ClassicalStateMethods.smoother
    let assumed = try error(rts, ["process_factor": .number(0.16)], told: true)
    // The published sequence of 10,000 steps has sampling errors of its own, half as large.
    #expect((assumed.mean - 0.0978).magnitude < 1.5 * assumed.tolerance)
    let best = try error(rts, ["kept_states": .integer(4)], told: false)
    #expect((best.mean - 0.0708).magnitude < 1.5 * best.tolerance)
    let passed = try error(.messagePassing, ["process_factor": .number(0.16)], told: true)
    #expect((passed.mean / assumed.mean - 1).magnitude < 0.005)
  }

  @Test("the Taylor series of the Lorenz attractor is exact to rounding, and has its order")
  func lorenzSeries() throws {
    func path(_ steps: Int, order: Int, longest: Double) -> [Double] {
      LorenzAttractor.series(
        from: (1, 1, 1),
        steps: steps,
        timeStep: 0.05,
        order: order,
        longest: longest
      )
    }
    let exact = path(40, order: 24, longest: 0.0125)
    // Two seconds, over which errors grow by less than a hundred.
    #expect(worst(path(40, order: 24, longest: 0.00625), exact) < 1e-11)
    #expect(worst(path(40, order: 30, longest: 0.0125), exact) < 1e-11)
    let runge = LorenzAttractor.path(from: (1, 1, 1), steps: 40, decimation: 5000)
    #expect(worst(runge, exact) < 1e-8)
    let drawn = try drawn(
      [
        "model": .text("lorenz"), "continuous": .flag(true), "time_step": .number(0.05),
        "time": .integer(40),
      ],
      1,
      seed: 1
    )
    let targets = try #require(drawn["targets"]?.double).scalars
    // Single precision of numbers up to forty.
    #expect(worst(targets, exact) < 1e-5)
    for order in [2, 4, 6] {
      let errors = [0.005, 0.0025].map { worst(path(4, order: order, longest: $0), exact[..<12]) }
      #expect((errors[0] / errors[1] - Double(1 << order)).magnitude < 0.2 * Double(1 << order))
    }
  }

  private func worst(_ a: [Double], _ b: some Sequence<Double>) -> Double {
    zip(a, b).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }
}

/// The worlds of the hybrid smoother.
enum SmootherWorlds {
  static func damped(time: Int) -> [String: SettingValue] {
    [
      "model": .text("damped-acceleration"), "time": .integer(time), "snr": .number(6.0206),
      "nu": .number(-13.9794), "time_step": .number(1), "told_process_deviation": .number(1),
    ]
  }

  /// The arrays that a method reads that is told the wrong system.
  static func told(_ bundle: ArrayBundle) -> ArrayBundle {
    var bundle = bundle
    for name in [
      "transition", "emission", "process_noise", "initial_mean", "initial_covariance",
    ] { bundle[name] = bundle["\(name)_wrong"] }
    return bundle
  }
}
