import Hybridization
import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct LearnedVectorTests {
  private func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    seed: UInt64
  ) throws -> ArrayBundle {
    let scenario = MIMOScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, purpose, count, RandomStream(seed: seed))
  }

  private func train(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    _ data: ArrayBundle
  ) throws -> (any PreparedMethod, [Double]) {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 2))
    )
    #expect(result.failure == nil)
    return (try method.prepare(settings, result.model), result.trainingLosses)
  }

  private func rate(_ detector: any PreparedMethod, _ truth: ArrayBundle) throws -> Double {
    let outputs = try detector.infer(truth, pool: .serial).arrays
    let count = try MIMODetectionTask.description.metrics[0].measure(outputs, truth)
    return count.sum / count.reference
  }

  @Test("untrained, learned projected gradient is projected gradient descent", arguments: [1, 7])
  func law(layers: Int) throws {
    let test = try drawn(["users": .integer(4), "receive": .integer(6)], .test, 300, seed: 5)
    let method = MethodDescription.learnedProjectedGradient
    let settings = try Settings(
      ["layers": .integer(layers), "step": .number(0.3)],
      for: method.settings,
      owner: method.id
    )
    let outputs = try method.prepare(settings, nil).infer(test, pool: .serial).arrays
    let h = try #require(test["channel"]?.double).converted(to: Float.self)
    let x = try #require(test["observations"]?.double).converted(to: Float.self)
    let equations = NormalEquations(channel: h, observations: x).scaled
    let classical = BoxProjectedGradient<Float>(stepSize: 0.3)
      .solve(equations, until: .iterations(layers)).value
    let estimates = try #require(outputs["estimates"]?.double).scalars
    let expected = classical.scalars.map { $0 < 0 ? -1.0 : 1.0 }
    #expect(zip(estimates, expected).allSatisfy { $0 == $1 })
  }

  @Test("four learned steps are below four equal ones", arguments: ["bpsk", "16-qam"])
  func learnedSteps(constellation: String) throws {
    let world: [String: SettingValue] = [
      "constellation": .text(constellation), "users": .integer(8), "receive": .integer(16),
      "snr": .number(constellation == "bpsk" ? 8 : 18), "snr_low": .number(7),
      "snr_high": .number(19),
    ]
    let method = MethodDescription.learnedProjectedGradient
    let given: [String: SettingValue] = [
      "layers": .integer(4), "constellation": .text(constellation), "epochs": .integer(30),
      "weighting": .text("last"),
    ]
    let (detector, losses) = try train(method, given, try drawn(world, .training, 4000, seed: 1))
    #expect((losses.last ?? 1) < losses[0])
    let settings = try Settings(given, for: method.settings, owner: method.id)
    let equal = try method.prepare(settings, nil)
    let test = try drawn(world, .test, 20_000, seed: 3)
    let (mine, plain) = (try rate(detector, test), try rate(equal, test))
    // 160,000 bits at rates near 1e-2: 2 to 3 per cent each
    #expect(mine < 0.9 * plain, "\(mine) against \(plain)")
  }

  @Test("a dense network learns a fixed channel to below zero forcing, and says what it expects")
  func dense() throws {
    let world: [String: SettingValue] = [
      "users": .integer(4), "receive": .integer(6), "channel": .text("toeplitz"),
      "coefficient": .number(0.7), "snr": .number(8), "snr_low": .number(5),
      "snr_high": .number(11),
    ]
    let method = MethodDescription.denseVectorDetector
    let given: [String: SettingValue] = [
      "hidden": .list([.integer(64), .integer(64)]), "epochs": .integer(15),
      "batch": .integer(100), "probabilities": .flag(true),
    ]
    let (detector, _) = try train(method, given, try drawn(world, .training, 20_000, seed: 1))
    let test = try drawn(world, .test, 20_000, seed: 3)
    let forced = try Settings([:], for: MIMOMethods.zeroForcing.settings, owner: "zf")
    let zeroForcing = try rate(MIMOMethods.zeroForcing.prepare(forced, nil), test)
    let mine = try rate(detector, test)
    // 80,000 bits at rates of some per cent: 2 per cent each
    #expect(mine < 0.85 * zeroForcing, "\(mine) against \(zeroForcing)")
    let outputs = try detector.infer(test, pool: .serial).arrays
    let likely = try #require(outputs["probabilities"]?.double)
    #expect(likely.shape == [20_000, 4, 2])
    for row in 0..<100 {
      // two single-precision shares
      #expect(abs(likely.scalars[2 * row] + likely.scalars[2 * row + 1] - 1) < 1e-6)
    }
    var narrow = ArrayBundle(source: "narrow.npz")
    narrow["observations"] = .float(Tensor<Float>.zeros([3, 5]))
    #expect(
      throws: StudyError.badShape(
        array: "observations",
        source: "narrow.npz",
        expected: "[batch, 6] real dimensions, as in training",
        actual: [3, 5]
      )
    ) { try detector.infer(narrow, pool: .serial) }
  }
}
