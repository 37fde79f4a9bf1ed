import Autodiff
import NeuralNetworks
import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct DetNetMethodTests {
  private let method = MethodDescription.detNet

  private func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    seed: UInt64 = 1
  ) throws -> ArrayBundle {
    let scenario = MIMOScenario.description
    var given = given
    for (key, value) in ["users": 4, "receive": 8] { given[key] = .integer(value) }
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(
      settings,
      purpose,
      count,
      RandomStream(seed: seed).derived(purpose.rawValue)
    )
  }

  private func rate(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let count = try MIMODetectionTask.description.metrics[0].measure(outputs, truth)
    return count.sum / count.reference
  }

  private func infer(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    _ model: ModelFile?,
    _ arrays: ArrayBundle
  ) throws -> ArrayBundle {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    return try method.prepare(settings, model).infer(arrays, pool: .serial).arrays
  }

  @Test(
    "trained on redrawn vectors it is far below zero forcing",
    arguments: [
      ("bpsk", "journal", 0.0), ("qpsk", "journal", 0), ("qpsk", "journal", 0.1),
      ("qpsk", "conference", 0),
    ]
  )
  func learns(constellation: String, form: String, decisionWeight: Double) throws {
    let world: [String: SettingValue] = [
      "constellation": .text(constellation), "snr": .number(8), "snr_low": .number(5),
      "snr_high": .number(11),
    ]
    let settings = try Settings(
      [
        "constellation": .text(constellation), "form": .text(form), "layers": .integer(6),
        "epochs": .integer(80),
        "batch": .integer(200), "rate": .number(5e-3), "clip": .number(0),
        "residual": .number(0.5), "decision_weight": .number(decisionWeight),
      ],
      for: method.settings,
      owner: method.id
    )
    var request = TrainingRequest(
      data: try drawn(world, .training, 4000),
      settings: settings,
      stream: RandomStream(seed: 2)
    )
    request.redraw = { try drawn(world, .training, 4000, seed: UInt64(100 + $0)) }
    let train = try #require(method.train)
    let result = try train(request)
    #expect(result.failure == nil)
    let test = try drawn(world, .test, 20_000, seed: 3)
    let mine = try rate(infer(method, settings.values, result.model, test), test)
    let forced = try rate(
      infer(MIMOMethods.zeroForcing, ["constellation": .text(constellation)], nil, test),
      test
    )
    // 160,000 bits or more: rates near 2e-2 are known to 2 per cent.
    #expect(mine < 0.8 * forced, "\(mine) against \(forced)")
    var first = settings.values
    first["stop_after"] = .integer(1)
    let early = try rate(infer(method, first, result.model, test), test)
    #expect(early > mine)
  }

  @Test("an untrained file, another number of users and missing targets are errors")
  func errors() throws {
    let world: [String: SettingValue] = ["snr": .number(8)]
    let data = try drawn(world, .training, 50)
    let settings = try Settings(
      ["layers": .integer(2), "epochs": .integer(1)],
      for: method.settings,
      owner: method.id
    )
    #expect(throws: StudyError.self) { try method.prepare(settings, nil) }
    let train = try #require(method.train)
    let deciding = try Settings(
      ["form": .text("conference"), "decision_weight": .number(0.1)],
      for: method.settings,
      owner: method.id
    )
    #expect(
      throws: StudyError.badValue(
        key: "decision_weight",
        value: "0.1",
        expected: "0 with form conference, which gives symbols and no beliefs",
        owner: "method detnet"
      )
    ) {
      try train(TrainingRequest(data: data, settings: deciding, stream: RandomStream(seed: 1)))
    }
    var blind = ArrayBundle(source: "blind.npz")
    for name in ["channel", "observations"] { blind[name] = data[name] }
    #expect(
      throws: StudyError.missingArray("targets", source: "blind.npz", expected: "[batch, users]")
    ) {
      try train(
        TrainingRequest(data: blind, settings: settings, stream: RandomStream(seed: 1))
      )
    }
    var tripled = ArrayBundle(source: "tripled.npz")
    for name in ["channel", "observations"] { tripled[name] = data[name] }
    let symbols = try #require(data["targets"]?.double)
    tripled["targets"] = .float((3 * symbols).converted(to: Float.self))
    #expect(
      throws: StudyError.badNumbers(
        array: "targets",
        source: "tripled.npz",
        reason: "holds \(Float(3 * symbols.scalars[0])), which is no symbol of bpsk (-1.0, 1.0)"
      )
    ) {
      try train(
        TrainingRequest(data: tripled, settings: settings, stream: RandomStream(seed: 1))
      )
    }
    let model = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 1))
    ).model
    var other = data
    other["channel"] = .float(Tensor<Float>.zeros([8, 5]))
    #expect(throws: StudyError.self) { try infer(method, settings.values, model, other) }
    var asked = settings.values
    asked["probabilities"] = .flag(true)
    let outputs = try infer(method, asked, model, data)
    #expect(outputs["estimates"]?.shape == [50, 4])
    let beliefs = try #require(outputs["probabilities"]?.double)
    #expect(beliefs.shape == [50, 4, 2])
    for row in 0..<200 {
      let total = beliefs.scalars[2 * row] + beliefs.scalars[2 * row + 1]
      #expect((total - 1).magnitude < 1e-6)
    }
  }

  @Test("a detector gives the same beliefs for a vector again, alone, and among others")
  func replays() throws {
    let data = try drawn(["snr": .number(8)], .test, 700)
    let settings = try Settings(
      ["layers": .integer(5), "epochs": .integer(1), "probabilities": .flag(true)],
      for: method.settings,
      owner: method.id
    )
    let train = try #require(method.train)
    let model = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 1))
    ).model
    let prepared = try method.prepare(settings, model)
    func beliefs(_ arrays: ArrayBundle, _ pool: WorkerPool) throws -> Tensor<Double> {
      try #require(try prepared.infer(arrays, pool: pool).arrays["probabilities"]?.double)
    }
    let first = try beliefs(data, .serial)
    // 700 vectors are chunks of two sizes: two recordings, replayed by two threads.
    #expect(try beliefs(data, WorkerPool(threads: 2)).scalars == first.scalars)
    for index in [0, 300, 699] {
      let alone = try MIMODetectionTask.description.slice(data, index..<(index + 1))
      let again = try beliefs(alone, .serial)
      for place in 0..<8 {
        // Products of one row sum in another order than those of many.
        #expect((again.scalars[place] - first.scalars[index * 8 + place]).magnitude < 1e-5)
      }
    }
  }
}
