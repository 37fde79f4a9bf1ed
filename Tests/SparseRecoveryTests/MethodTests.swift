import Autodiff
import NeuralNetworks
import SparseRecovery
import Studies
import Tensors
import Testing

@Suite struct SparseMethodTests {
  private static let small: [String: SettingValue] = [
    "measurements": .integer(20), "unknowns": .integer(40), "sparsity": .number(0.08),
    "snr": .number(30),
  ]

  private func train(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    on data: ArrayBundle
  ) throws -> TrainingResult {
    let train = try #require(method.train)
    return try train(
      TrainingRequest(
        data: data,
        settings: try resolved(method, given),
        stream: RandomStream(seed: 1)
      )
    )
  }

  private func infer(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    _ model: ModelFile?,
    _ data: ArrayBundle
  ) throws -> InferenceResult {
    try method.prepare(try resolved(method, given), model).infer(data, pool: .serial)
  }

  /// A hybrid, its settings, and the classical method that it starts as.
  struct Pair: Sendable, CustomTestStringConvertible {
    let hybrid: MethodDescription
    let settings: [String: SettingValue]
    let classical: MethodDescription
    let classicalSettings: [String: SettingValue]
    var testDescription: String { "\(hybrid.id) \(settings)" }

    static let penalty: [String: SettingValue] = ["penalty": .number(0.1)]
    static let all: [Pair] = [
      Pair(.learnedISTA, penalty, ClassicalRecoveryMethods.ista, penalty),
      Pair(.lista, penalty, ClassicalRecoveryMethods.ista, penalty),
      Pair(.lista, ["sharing": .text("tied")], ClassicalRecoveryMethods.ista, penalty),
      Pair(.listaCP, penalty, ClassicalRecoveryMethods.ista, penalty),
      Pair(
        .listaCPSS,
        ["support_share": .number(0)],
        ClassicalRecoveryMethods.ista,
        penalty
      ),
      Pair(
        .alista,
        ["support_share": .number(0), "weight": .text("dictionary")],
        ClassicalRecoveryMethods.ista,
        penalty
      ),
      Pair(.lamp, [:], ClassicalRecoveryMethods.amp, [:]),
      Pair(.unfoldedADMM, [:], ClassicalRecoveryMethods.admm, penalty),
      Pair(.unfoldedADMM, ["learn": .text("matrices")], ClassicalRecoveryMethods.admm, penalty),
    ]

    init(
      _ hybrid: MethodDescription,
      _ settings: [String: SettingValue],
      _ classical: MethodDescription,
      _ classicalSettings: [String: SettingValue]
    ) {
      self.hybrid = hybrid
      self.settings = settings
      self.classical = classical
      self.classicalSettings = classicalSettings
    }
  }

  @Test(
    "hardly trained, a hybrid is its classical method through files and arrays",
    arguments: Pair.all
  )
  func startsClassical(_ pair: Pair) throws {
    let data = try drawn(Self.small, .training, count: 30, seed: 2)
    let test = try drawn(Self.small, count: 10, seed: 2)
    let training = pair.settings.merging([
      "layers": .integer(4), "rate": .number(1e-9), "epochs": .integer(1),
    ]) { $1 }
    let model = try train(pair.hybrid, training, on: data).model
    for stop in [1, 3, 4] {
      let setting = ["stop_after": SettingValue.integer(stop)]
      let learned = try infer(pair.hybrid, training.merging(setting) { $1 }, model, test)
      let classical = try infer(
        pair.classical,
        pair.classicalSettings.merging(setting) { $1 },
        nil,
        test
      )
      #expect(classical.failure == nil && learned.failure == nil)
      let a = try #require(learned.arrays["estimates"]?.double)
      let b = try #require(classical.arrays["estimates"]?.double)
      #expect(a.shape == [10, 40])
      // A single-precision network against a single-precision solver: some rounding a layer.
      #expect(worst(a, b) < 1e-5)
    }
  }

  static let learned: [MethodDescription] = [
    .learnedISTA, .lista, .listaCP, .listaCPSS, .alista, .tista, .lamp, .unfoldedADMM,
    .denseSparse,
  ]

  private func learnedMethod(_ id: String) throws -> MethodDescription {
    try #require(Self.learned.first { $0.id == id })
  }

  private func settings(_ method: MethodDescription, _ given: [String: SettingValue])
    -> [String: SettingValue]
  {
    given.filter { key, _ in method.settings.contains { $0.key == key } }
  }

  @Test("training lowers the error, and the model alone runs", arguments: learned.map(\.id))
  func trains(_ id: String) throws {
    let method = try learnedMethod(id)
    // A black box knows nothing of the operator and needs ten times the problems.
    let count = method.family == .dataDriven ? 4000 : 400
    let data = try drawn(Self.small, .training, count: count, seed: 3)
    let test = try drawn(Self.small, count: 200, seed: 3)
    let base: [String: SettingValue] = [
      "layers": .integer(4), "rate": .number(2e-3), "batch": .integer(32),
      "hidden": .list([.integer(60)]), "clip": .number(0),
    ]
    let short = settings(
      method,
      base.merging(["epochs": .integer(1), "rate": .number(1e-9)]) { $1 }
    )
    let long = settings(method, base.merging(["epochs": .integer(10)]) { $1 })
    let start = try train(method, short, on: data)
    let end = try train(method, long, on: data)
    #expect(end.failure == nil && end.trainingLosses.count == 10)
    #expect(end.validationLosses.count == 10)
    var alone = ArrayBundle(source: "test")
    alone["observations"] = test["observations"]
    let before = try metric("nmse", infer(method, short, start.model, alone).arrays, test)
    let after = try metric("nmse", infer(method, long, end.model, alone).arrays, test)
    #expect(after < before)
    #expect(after < 1)
    #expect(end.model.method == method.id)
    let again = try train(method, long, on: data)
    #expect(again.model.tensors == end.model.tensors, "equal seeds give equal bits")
  }

  @Test("layer by layer trains every layer, and reports stages as one training")
  func layerByLayer() throws {
    let data = try drawn(Self.small, .training, count: 200, seed: 4)
    let test = try drawn(Self.small, count: 200, seed: 4)
    let given: [String: SettingValue] = [
      "layers": .integer(3), "rate": .number(5e-3), "epochs": .integer(4), "batch": .integer(32),
      "training": .text("layer-by-layer"),
    ]
    let result = try train(.listaCPSS, given, on: data)
    #expect(result.failure == nil)
    #expect(result.trainingLosses.count == 3 * 2 * 4)
    let errors = try [1, 2, 3].map { stop in
      try metric(
        "nmse",
        infer(.listaCPSS, given.merging(["stop_after": .integer(stop)]) { $1 }, result.model, test)
          .arrays,
        test
      )
    }
    #expect(errors[0] > errors[1] && errors[1] > errors[2])
  }

  @Test("after a warm-up LISTA and LISTA-CP start from the same learned steps")
  func warmUp() throws {
    let data = try drawn(Self.small, .training, count: 200, seed: 9)
    let test = try drawn(Self.small, count: 50, seed: 9)
    let given: [String: SettingValue] = [
      "layers": .integer(4), "rate": .number(1e-9), "epochs": .integer(1), "batch": .integer(32),
      "warm_up": .integer(20),
    ]
    let plain = try train(.lista, given.merging(["warm_up": .integer(0)]) { $1 }, on: data)
    let cold = try infer(.lista, given.merging(["warm_up": .integer(0)]) { $1 }, plain.model, test)
    var estimates: [Tensor<Double>] = []
    for method in [MethodDescription.lista, .listaCP] {
      let model = try train(method, given, on: data).model
      let result = try infer(method, given, model, test)
      #expect(try metric("nmse", result.arrays, test) < 0.9 * metric("nmse", cold.arrays, test))
      estimates.append(try #require(result.arrays["estimates"]?.double))
    }
    // One forms W1 and W2 in double precision, the other multiplies in single.
    #expect(worst(estimates[0], estimates[1]) < 1e-4)
  }

  static let classical: [MethodDescription] = [
    ClassicalRecoveryMethods.ista, ClassicalRecoveryMethods.fista, ClassicalRecoveryMethods.admm,
    ClassicalRecoveryMethods.amp, ClassicalRecoveryMethods.omp,
  ]

  @Test(
    "classical methods recover, in both precisions and for one vector",
    arguments: classical.map(\.id)
  )
  func recovers(_ id: String) throws {
    let method = try #require(Self.classical.first { $0.id == id })
    // AMP rests on the limit of large systems: in a small one the count of its non-zeros jumps for ever.
    let scale = method.id == "amp" ? 5 : 1
    let given: [String: SettingValue] = method.id == "amp" ? ["tolerance": .number(1e-3)] : [:]
    let world: [String: SettingValue] = [
      "measurements": .integer(40 * scale), "unknowns": .integer(60 * scale),
      "sparsity": .number(0.05), "snr": .number(40),
    ]
    let test = try drawn(world, count: 150, seed: 5)
    let result = try infer(method, given, nil, test)
    #expect(result.failure == nil)
    #expect(result.arrays["estimates"]?.shape == [150, 60 * scale])
    #expect(try metric("nmse", result.arrays, test) < 0.02)
    let pool = WorkerPool(threads: 3)
    let spread = try method.prepare(try resolved(method, given), nil).infer(test, pool: pool)
    #expect(spread.arrays == result.arrays, "equal for any number of threads")
    var single = try SparseRecoveryTask.description.slice(test, 0..<1)
    single["observations"] = .double(
      Tensor(try #require(single["observations"]?.double).scalars)
    )
    let one = try infer(method, given, nil, single)
    guard case .double(let estimates) = one.arrays["estimates"] else {
      Issue.record("estimates are not in double precision")
      return
    }
    #expect(estimates.shape == [60 * scale])
  }

  @Test("an iteration that ends early says so")
  func endings() throws {
    let test = try drawn(Self.small, count: 3, seed: 6)
    let limited = try infer(ClassicalRecoveryMethods.ista, ["iterations": .integer(2)], nil, test)
    #expect(limited.failure?.contains("did not converge in 2 iterations") == true)
    #expect(limited.arrays["estimates"]?.shape == [3, 40])
    var wild = test
    let a = try #require(test["operator"]?.double)
    wild["operator"] = .double(a * 1e3)
    let diverged = try infer(ClassicalRecoveryMethods.amp, [:], nil, wild)
    #expect(diverged.failure?.contains("diverged") == true)
  }

  @Test("arrays that do not fit are refused with their names")
  func errors() throws {
    let test = try drawn(Self.small, count: 3, seed: 7)
    var broken = test
    broken["operator"] = .double(.ones([19, 40]))
    #expect(
      throws: StudyError.badShape(
        array: "observations",
        source: test.source,
        expected: "[19] or [batch, 19]",
        actual: [3, 20]
      )
    ) { try infer(ClassicalRecoveryMethods.ista, [:], nil, broken) }
    broken = test
    broken["operator"] = nil
    #expect(
      throws: StudyError.missingArray(
        "operator",
        source: test.source,
        expected: "real numbers"
      )
    ) { try infer(ClassicalRecoveryMethods.omp, [:], nil, broken) }
    broken = test
    var numbers = try #require(test["observations"]?.double).scalars
    numbers[4] = .nan
    broken["observations"] = .double(Tensor(numbers, shape: [3, 20]))
    #expect(throws: StudyError.self) { try infer(ClassicalRecoveryMethods.amp, [:], nil, broken) }
    #expect(throws: StudyError.self) { try infer(.lista, [:], nil, test) }
    broken = test
    broken["targets"] = .double(.ones([2, 40]))
    #expect(throws: StudyError.self) { try train(.lista, ["layers": .integer(1)], on: broken) }
    broken["targets"] = .double(.zeros([3, 40]))
    #expect(throws: StudyError.self) { try train(.tista, ["layers": .integer(1)], on: broken) }
  }

  @Test("costs count what is learned", arguments: learned.map(\.id))
  func costs(_ id: String) throws {
    let method = try learnedMethod(id)
    let data = try drawn(Self.small, .training, count: 20, seed: 8)
    let given = settings(
      method,
      [
        "layers": .integer(3), "epochs": .integer(1), "measurements": .integer(20),
        "unknowns": .integer(40), "hidden": .list([.integer(7)]),
      ]
    )
    let model = try train(method, given, on: data).model
    let cost = try method.cost(try resolved(method, given))
    let stored = model.tensors.filter { !$0.key.hasPrefix("constants.") }
      .reduce(0) { $0 + $1.value.shape.reduce(1, *) }
    // Matrices and steps that are not learned are stored once.
    let fixed: Int
    switch method.id {
    case "learned-ista", "alista": fixed = 20 * 40
    case "lista-cp", "lista-cpss": fixed = 1
    default: fixed = 0
    }
    #expect(cost.parameters == stored - fixed)
  }
}
