import NeuralNetworks
import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct DeepSICMethodTests {
  private func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose,
    _ count: Int,
    scenario: ScenarioDescription = InterferenceScenario.description
  ) throws -> ArrayBundle {
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(
      settings,
      purpose,
      count,
      RandomStream(seed: 1).derived(purpose.rawValue)
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

  private func trained(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    on data: ArrayBundle,
    threads: Int = 1,
    from initial: ModelFile? = nil
  ) throws -> TrainingResult {
    let train = try #require(method.train)
    return try train(
      TrainingRequest(
        data: data,
        settings: try Settings(given, for: method.settings, owner: method.id),
        initial: initial,
        stream: RandomStream(seed: 2),
        pool: WorkerPool(threads: threads)
      )
    )
  }

  struct World: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let scenario: [String: SettingValue]
    let method: [String: SettingValue]
    /// Most errors over MAP's.
    let bound: Double
  }

  @Test(
    "it comes close to MAP, which knows the channel, whatever the noise",
    arguments: [
      World(
        testDescription: "Gaussian",
        scenario: ["snr": .number(6)],
        method: [:],
        bound: 1.3
      ),
      World(
        testDescription: "Poisson",
        scenario: [
          "snr": .number(22), "noise": .text("poisson"), "constellation": .text("ook"),
        ],
        method: ["constellation": .text("ook")],
        bound: 1.5
      ),
      World(
        testDescription: "quantised",
        scenario: ["snr": .number(6), "noise": .text("quantised")],
        method: [:],
        bound: 1.4
      ),
      World(
        testDescription: "saturated, two users, four amplitudes",
        scenario: [
          "snr": .number(20), "noise": .text("saturated"), "constellation": .text("4-pam"),
          "users": .integer(2), "receive": .integer(3), "saturation": .number(1),
        ],
        method: ["constellation": .text("4-pam")],
        bound: 1.6
      ),
    ]
  )
  func learns(world: World) throws {
    var given = world.method
    given["epochs"] = .integer(30)
    let model = try trained(
      .deepSIC,
      given,
      on: drawn(world.scenario, .training, 4000)
    ).model
    let test = try drawn(world.scenario, .test, 20_000)
    let map = MIMOMethods.exhaustive
    var known = world.scenario
    for key in known.keys where !map.settings.contains(where: { $0.key == key }) {
      known[key] = nil
    }
    let best = try rate(infer(map, known, nil, test), test)
    let mine = try rate(infer(.deepSIC, given, model, test), test)
    #expect(best * 40_000 > 200, "too few errors to compare: \(best)")
    // Both see the same 20,000 vectors; MAP is the least in vector errors, near it in bit errors.
    #expect(mine < world.bound * best, "\(mine) against \(best)")
    #expect(mine > 0.95 * best, "\(mine) against \(best)")
  }

  @Test("complex symbols over a given complex channel go in and out as complex arrays")
  func complex() throws {
    let world: [String: SettingValue] = [
      "users": .integer(2), "receive": .integer(2), "constellation": .text("qpsk"),
      "channel": .text("given"),
      "matrix": .list([1, 0, 0.3, 0.2, -0.2, 0.3, 0.8, 0.4].map { .number($0) }),
      "snr": .number(9), "snr_low": .number(9), "snr_high": .number(9),
    ]
    let settings: [String: SettingValue] = [
      "constellation": .text("qpsk"), "epochs": .integer(20), "probabilities": .flag(true),
    ]
    let scenario = MIMOScenario.description
    let model = try trained(
      .deepSIC,
      settings,
      on: drawn(world, .training, 3000, scenario: scenario)
    ).model
    let test = try drawn(world, .test, 20_000, scenario: scenario)
    let outputs = try infer(.deepSIC, settings, model, test)
    #expect(outputs["estimates"]?.shape == [20_000, 2])
    #expect(outputs["probabilities"]?.shape == [20_000, 2, 2, 2])
    let best = try rate(
      infer(MIMOMethods.exhaustive, ["constellation": .text("qpsk")], nil, test),
      test
    )
    let sic = try rate(
      infer(.iterativeSIC, ["constellation": .text("qpsk")], nil, test),
      test
    )
    let mine = try rate(outputs, test)
    #expect(best * 80_000 > 200)
    #expect(mine < 1.35 * best && sic < 1.35 * best, "\(mine), \(sic) against \(best)")
  }

  @Test("trained end to end it learns as well, from more vectors", arguments: [20_000])
  func endToEnd(size: Int) throws {
    let world: [String: SettingValue] = [
      "snr": .number(6), "users": .integer(2), "receive": .integer(2),
    ]
    let settings: [String: SettingValue] = [
      "training": .text("end-to-end"), "epochs": .integer(10), "iterations": .integer(2),
      "hidden": .list([.integer(16)]), "activation": .text("relu"), "batch": .integer(64),
    ]
    let result = try trained(.deepSIC, settings, on: drawn(world, .training, size))
    #expect(result.trainingLosses.count == 10)
    let test = try drawn(world, .test, 20_000)
    let best = try rate(infer(MIMOMethods.exhaustive, [:], nil, test), test)
    let mine = try rate(infer(.deepSIC, settings, result.model, test), test)
    #expect(mine < 1.2 * best, "\(mine) against \(best)")
  }

  @Test("threads change no bit; training goes on from a model of before")
  func threadsAndWarmStart() throws {
    let settings: [String: SettingValue] = [
      "epochs": .integer(3), "iterations": .integer(2), "hidden": .list([.integer(8)]),
    ]
    let data = try drawn(["snr": .number(8)], .training, 400)
    let one = try trained(.deepSIC, settings, on: data)
    let three = try trained(.deepSIC, settings, on: data, threads: 3)
    #expect(one.model.tensors == three.model.tensors)
    let further = try trained(.deepSIC, settings, on: data, from: one.model)
    let first = try #require(one.trainingLosses.first)
    let then = try #require(further.trainingLosses.first)
    #expect(then < first)
    // The scale of the observations stays that of the first training.
    #expect(further.model.tensors["scale.mean"] == one.model.tensors["scale.mean"])
  }

  @Test("the residual network learns the same task", arguments: ["bpsk", "ook"])
  func residual(constellation: String) throws {
    let isCounted = constellation == "ook"
    let world: [String: SettingValue] = [
      "snr": .number(isCounted ? 22 : 6), "noise": .text(isCounted ? "poisson" : "gaussian"),
      "constellation": .text(constellation),
    ]
    let settings: [String: SettingValue] = [
      "constellation": .text(constellation), "epochs": .integer(20), "width": .integer(32),
      "probabilities": .flag(true),
    ]
    let result = try trained(.residualDetector, settings, on: drawn(world, .training, 8000))
    let test = try drawn(world, .test, 20_000)
    let outputs = try infer(.residualDetector, settings, result.model, test)
    let p = try #require(outputs["probabilities"]?.float)
    #expect(p.shape == [20_000, 4, 2])
    for row in 0..<100 {
      #expect(abs(p[row, 0, 0] + p[row, 0, 1] - 1) < 1e-6)
    }
    var known: [String: SettingValue] = ["constellation": .text(constellation)]
    if isCounted { known["noise"] = .text("poisson") }
    let best = try rate(infer(MIMOMethods.exhaustive, known, nil, test), test)
    let mine = try rate(outputs, test)
    #expect(mine < 1.5 * best, "\(mine) against \(best)")
  }

  @Test("the parameters that the catalogue tells are those of the model")
  func cost() throws {
    let data = try drawn([:], .training, 30)
    for method in [MethodDescription.deepSIC, .residualDetector] {
      let given: [String: SettingValue] = ["epochs": .integer(1)]
      let model = try trained(method, given, on: data).model
      let numbers = model.tensors.filter { !$0.key.hasPrefix("scale.") }
        .reduce(0) { $0 + $1.value.shape.reduce(1, *) }
      let told = try method.cost(Settings(given, for: method.settings, owner: method.id))
      #expect(told.parameters == numbers, "\(method.id)")
    }
  }

  @Test("missing models and arrays that do not fit are errors that say so")
  func errors() throws {
    let data = try drawn([:], .training, 50)
    let quick: [String: SettingValue] = ["epochs": .integer(1), "iterations": .integer(1)]
    for method in [MethodDescription.deepSIC, .residualDetector] {
      let own = quick.filter { entry in method.settings.contains { $0.key == entry.key } }
      #expect(throws: StudyError.self) { try infer(method, own, nil, data) }
      let model = try trained(method, own, on: data).model
      var wide = data
      wide["observations"] = .float(.zeros([5, 3]))
      #expect(
        throws: StudyError.badShape(
          array: "observations",
          source: data.source,
          expected: "[batch, 4] real dimensions, as in training",
          actual: [5, 3]
        )
      ) { try infer(method, own, model, wide) }
      var blind = ArrayBundle(source: "blind.npz")
      blind["observations"] = data["observations"]
      #expect(
        throws: StudyError.missingArray("targets", source: "blind.npz", expected: "[batch, users]")
      ) { try trained(method, own, on: blind) }
      var odd = data
      odd["targets"] = .float(.full([50, 4], 0.3))
      #expect(
        throws: StudyError.badNumbers(
          array: "targets",
          source: data.source,
          reason: "holds 0.3, which is no symbol of bpsk (-1.0, 1.0)"
        )
      ) { try trained(method, own, on: odd) }
    }
    let settings: [String: SettingValue] = ["noise": .text("poisson")]
    #expect(
      throws: StudyError.badValue(
        key: "constellation",
        value: "bpsk",
        expected: "ook with noise poisson",
        owner: "iterative-sic"
      )
    ) { try infer(.iterativeSIC, settings, nil, data) }
  }
}
