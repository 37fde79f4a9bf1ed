import Autodiff
import Hybridization
import SparseRecovery
import Studies
import Tensors
import Testing

@Suite struct CountImageTests {
  private func draw(_ count: Int, seed: UInt64, side: Int = 23) throws -> ArrayBundle {
    let scenario = CountImageScenario.description
    let given: [String: SettingValue] = [
      "height": .integer(side), "width": .integer(side), "peak": .number(4),
    ]
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .training, count, RandomStream(seed: seed))
  }

  private func infer(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    on data: ArrayBundle,
    test: ArrayBundle
  ) throws -> ArrayBundle {
    let train = try #require(method.train)
    let settings = try resolved(method, given)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 1))
    )
    #expect(result.failure == nil)
    return try method.prepare(settings, result.model).infer(test, pool: .serial).arrays
  }

  private func error(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let metric = try #require(CountDenoisingTask.description.metrics.first)
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }

  private static let small: [String: SettingValue] = [
    "filters": .integer(16), "side": .integer(7), "stride": .integer(4), "layers": .integer(5),
    "epochs": .integer(6), "rate": .number(0.01),
  ]

  @Test("the brightest pixel has the peak's mean, and counts scatter about their means")
  func scenario() throws {
    let data = try draw(20, seed: 2, side: 32)
    let means = try #require(data["targets"]?.double)
    let counts = try #require(data["observations"]?.double)
    let brightest = means.reshaped([20, -1]).maximum(axis: 1).scalars
    #expect(brightest.allSatisfy { ($0 - 4).magnitude < 1e-5 || $0 == 0 })
    let excess = square(counts - means).sum().scalar / means.sum().scalar
    // Variance over mean of 20,480 counts; the fourth moment of few counts is about 3 + 1/mean times that of the square.
    #expect((excess - 1).magnitude < 0.1)
  }

  @Test("both networks take most of the noise off, images of any size", arguments: [true, false])
  func denoises(isTied: Bool) throws {
    let data = try draw(80, seed: 3)
    let test = try draw(6, seed: 4, side: 30)
    var settings = Self.small
    settings["encoder"] = .text(isTied ? "tied" : "untied")
    let outputs = try infer(.imageDCEA, settings, on: data, test: test)
    #expect(outputs["estimates"]?.shape == [6, 30, 30])
    let noisy = ArrayBundle(["estimates": try #require(test["observations"])])
    #expect(try error(outputs, test) < 0.5 * error(noisy, test))
    let plain: [String: SettingValue] = [
      "channels": .integer(8), "layers": .integer(3), "epochs": .integer(8), "rate": .number(0.005),
    ]
    let black = try infer(.countNetwork, plain, on: data, test: test)
    #expect(try error(black, test) < 0.5 * error(noisy, test))
  }

  @Test("parameters are those of the published formula")
  func parameterCounts() throws {
    func count(_ encoder: String) throws -> Int {
      try MethodDescription.imageDCEA
        .cost(try resolved(.imageDCEA, ["encoder": .text(encoder)])).parameters
    }
    #expect(try count("tied") == 20618)
    #expect(try count("untied") == 61516)
  }

  @Test(
    "layers are iterations on images, to the bit, with filters of unit and of any length",
    arguments: 0..<3 as Range<UInt64>,
    [true, false]
  )
  func unfoldingLaw(seed: UInt64, hasUnitFilters: Bool) {
    var stream = RandomStream(seed: seed)
    let filters: Tensor<Float> = stream.normal([5, 16])
    let rates: Tensor<Float> = stream.uniform([2, 16, 19], low: 0.5, high: 4)
    let x = stream.poisson(rates)
    let coding = ExponentialFISTA<Float>(
      law: .poisson,
      placement: .images(side: 4, stride: 3),
      baseline: nil,
      residualBound: 4,
      filters: filters,
      penalty: 0.3,
      largest: 4,
      isNonnegative: true,
      hasUnitFilters: hasUnitFilters
    )
    let network = coding.unfolded(layers: 7, sharing: .tied)
    #expect(network.estimate(x) == coding.solve(x, until: .iterations(7)).value)
    #expect(network.estimate(x).shape == [2, 5, 6, 5])
  }
}
