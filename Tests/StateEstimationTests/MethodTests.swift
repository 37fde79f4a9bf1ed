import StateEstimation
import Studies
import Tensors
import Testing

@Suite struct MethodTests {
  private func drawn(_ given: [String: SettingValue], _ count: Int, seed: UInt64 = 1) throws
    -> ArrayBundle
  {
    let scenario = StateSpaceScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func run(
    _ method: MethodDescription,
    _ given: [String: SettingValue] = [:],
    on bundle: ArrayBundle
  ) throws -> InferenceResult {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    return try method.prepare(settings, nil).infer(bundle, pool: WorkerPool(threads: 2))
  }

  /// The error in decibels, and five standard errors of it over trajectories.
  private func error(_ result: InferenceResult, _ truth: ArrayBundle) throws -> (
    decibels: Double, tolerance: Double
  ) {
    let metric = try #require(StateEstimationTask.description.metrics.first)
    let count = try metric.measure(result.arrays, truth)
    let n = Double(count.trials)
    let mean = count.sum / n
    let variance = count.sumOfSquares / n - mean * mean
    return (decibels(mean), 5 * 4.343 * (variance / n).squareRoot() / mean)
  }

  @Test(
    "the Kalman filter reaches the published errors",
    arguments: [(20, -21.97), (200, -21.92)]
  )
  func referenceRows(time: Int, published: Double) throws {
    let truth = try drawn(["time": .integer(time)], 2000)
    let result = try run(ClassicalStateMethods.kalman, on: truth)
    let (decibels, tolerance) = try error(result, truth)
    #expect((decibels - published).magnitude < tolerance + 0.005)
    #expect(tolerance < 0.2)
  }

  @Test("on a linear model all Gaussian filters are the Kalman filter")
  func gaussianFilters() throws {
    let truth = try drawn(["time": .integer(30), "states": .integer(3)], 5)
    let expected = try run(ClassicalStateMethods.kalman, on: truth).arrays
    for method in [
      ClassicalStateMethods.ekf, ClassicalStateMethods.ekfByMatrix, ClassicalStateMethods.ukf,
      ClassicalStateMethods.cubature,
    ] {
      let result = try run(method, on: truth).arrays
      for name in ["estimates", "covariances", "log_likelihood", "nis", "nees"] {
        let a = try #require(result[name]?.double).scalars
        let b = try #require(expected[name]?.double).scalars
        // Single precision over sums of states that grow to some tens; nees divides by small covariances.
        #expect(worst(a, b) < 5e-3, "\(method.id) \(name)")
      }
    }
  }

  @Test("innovations and errors have the means of their chi-square laws")
  func consistency() throws {
    let truth = try drawn(["time": .integer(50)], 400)
    let result = try run(ClassicalStateMethods.kalman, on: truth).arrays
    for name in ["nis", "nees"] {
      let numbers = try #require(result[name]?.double).scalars
      let mean = numbers.reduce(0, +) / Double(numbers.count)
      // Two degrees of freedom: mean 2, variance 4; errors of a trajectory are correlated over a few steps.
      #expect((mean - 2).magnitude < 5 * 2 * (5 / Double(numbers.count)).squareRoot(), "\(name)")
    }
  }

  @Test(
    "the extended filter reaches the published error on the Lorenz attractor, in both forms",
    arguments: [(20.0, -30.40)]
  )
  func lorenz(snr: Double, published: Double) throws {
    let truth = try drawn(
      [
        "model": .text("lorenz"), "time": .integer(2000), "snr": .number(snr),
        "nu": .number(-20),
      ],
      10
    )
    let model: [String: SettingValue] = ["model": .text("lorenz")]
    let jacobian = try error(try run(ClassicalStateMethods.ekf, model, on: truth), truth)
    #expect((jacobian.decibels - published).magnitude < 0.3)
    let matrix = try error(try run(ClassicalStateMethods.ekfByMatrix, model, on: truth), truth)
    #expect((matrix.decibels + 30.09).magnitude < 0.2)
  }

  @Test("every method runs on every system that it can name")
  func systems() throws {
    for (kind, observe, told) in [
      ("lorenz", "identity", "linear"), ("lorenz", "spherical", "spherical"),
      ("toy", "quadratic", "quadratic"), ("pendulum", "identity", "linear"),
    ] {
      let truth = try drawn(
        [
          "model": .text(kind), "observe": .text(observe), "time": .integer(10),
          "snr": .number(20), "nu": .number(-20),
        ],
        3
      )
      for method in ClassicalStateMethods.all where method.id != "kalman" {
        let result = try run(
          method,
          ["model": .text(kind), "observe": .text(told)],
          on: truth
        )
        #expect(result.failure == nil, "\(method.id) \(kind)")
        let estimates = try #require(result.arrays["estimates"]?.double)
        #expect(estimates.shape == truth["targets"]?.shape)
        #expect(estimates.scalars.allSatisfy { $0.isFinite }, "\(method.id) \(kind)")
      }
    }
  }

  @Test("a sequence without a batch axis gives outputs without one, in its precision")
  func form() throws {
    var bundle = try drawn(["time": .integer(4)], 1)
    for name in ["observations", "targets"] {
      let tensor = try #require(bundle[name]?.double)
      bundle[name] = .double(tensor.viewed(as: Array(tensor.shape.dropFirst())))
    }
    let result = try run(ClassicalStateMethods.smoother, on: bundle).arrays
    #expect(result["estimates"]?.shape == [4, 2])
    #expect(result["covariances"]?.shape == [4, 2, 2])
    #expect(result["log_likelihood"]?.shape == [])
    #expect(result["nis"]?.shape == [4] && result["nees"]?.shape == [4])
    guard case .double = result["estimates"] else {
      Issue.record("not double")
      return
    }
  }

  @Test("arrays that do not fit are errors in one sentence that names them")
  func errors() throws {
    let good = try drawn(["time": .integer(4)], 2)
    func failure(_ change: (inout ArrayBundle) -> Void) -> String {
      var bundle = good
      change(&bundle)
      do {
        _ = try run(ClassicalStateMethods.kalman, on: bundle)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(failure { $0["transition"] = nil }.contains("'transition' is missing"))
    #expect(failure { $0["emission"] = .float(.zeros([2, 3])) }.contains("[rows, 2]"))
    #expect(failure { $0["process_noise"] = .float(.zeros([3, 3])) }.contains("[2, 2]"))
    #expect(
      failure { $0["observation_noise"] = .float(Tensor([1, 2, 2, 1], shape: [2, 2])) }
        .contains("least eigenvalue")
    )
    #expect(failure { $0["observations"] = .float(.zeros([4, 3])) }.contains("[time, 2]"))
    #expect(failure { $0["initial_mean"] = .float(.zeros([3])) }.contains("initial_mean"))
    #expect(failure { $0["lengths"] = .float(Tensor([5, 1])) }.contains("lengths"))
    #expect(failure { $0["controls"] = .float(.ones([4, 1])) }.contains("'control_matrix'"))
    #expect(
      failure { $0["observations"] = .float(.full([2, 4, 2], .infinity)) }.contains("not finite")
    )
  }

  @Test("slices hold the sequences of a range and all that is shared")
  func slices() throws {
    let bundle = try drawn(["initial_deviation": .number(1), "time": .integer(3)], 4)
    let part = try StateEstimationTask.description.slice(bundle, 1..<3)
    #expect(part["observations"]?.shape == [2, 3, 2])
    #expect(part["initial_mean"]?.shape == [2, 2])
    #expect(part["transition"] == bundle["transition"])
    #expect(try StateEstimationTask.description.itemCount(part) == 2)
  }

  @Test("the decimated Lorenz attractor has one path for all or one for each")
  func decimated() throws {
    let settings: [String: SettingValue] = [
      "model": .text("lorenz"), "decimated": .flag(true), "time": .integer(3),
      "told_process_deviation": .number(0.5),
    ]
    let same = try #require(try drawn(settings, 2)["targets"]?.double)
    #expect(row(same, 0, 2) == row(same, 1, 2))
    var other = settings
    other["initial_deviation"] = .number(1)
    let bundle = try drawn(other, 2)
    let different = try #require(bundle["targets"]?.double)
    #expect(row(different, 0, 2) != row(different, 1, 2))
    #expect(bundle["process_noise"]?.double?.scalars.first == 0.25)
  }
}
