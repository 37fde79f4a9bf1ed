import Autodiff
import Hybridization
import NeuralNetworks
import SparseRecovery
import Studies
import Tensors
import Testing

@Suite struct DictionaryMethodTests {
  static let methods: [MethodDescription] = [
    ClassicalDictionaryMethods.fista, ClassicalDictionaryMethods.pursuit, .dcea,
  ]

  private static let world: [String: SettingValue] = [
    "length": .integer(120), "taps": .integer(16), "filters": .integer(2), "events": .integer(2),
    "start_error": .number(0.5),
  ]
  private static let brief: [String: [String: SettingValue]] = [
    "fista-cdl": ["iterations": .integer(60), "epochs": .integer(12)],
    "omp-cdl": ["nonzeros": .integer(4), "epochs": .integer(8)],
    "dcea": ["layers": .integer(30), "epochs": .integer(15), "rate": .number(0.02)],
  ]

  private func draw(
    _ count: Int,
    seed: UInt64,
    _ given: [String: SettingValue] = [:],
    _ purpose: String = "training"
  ) throws -> ArrayBundle {
    let scenario = SpikeCountScenario.description
    let settings = try Settings(
      Self.world.merging(given) { $1 },
      for: scenario.settings,
      owner: scenario.id
    )
    return try scenario.draw(settings, .training, count, RandomStream(seed: seed).derived(purpose))
  }

  private func settings(_ method: MethodDescription, _ given: [String: SettingValue] = [:]) throws
    -> Settings
  {
    var all = Self.brief[method.id] ?? [:]
    all["length"] = .integer(120)
    return try resolved(method, all.merging(given) { $1 })
  }

  private func trained(
    _ method: MethodDescription,
    on data: ArrayBundle,
    _ given: [String: SettingValue] = [:]
  ) throws -> TrainingResult {
    let train = try #require(method.train)
    return try train(
      TrainingRequest(
        data: data,
        settings: try settings(method, given),
        stream: RandomStream(seed: 1)
      )
    )
  }

  private func metric(_ id: String, _ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let metric = try #require(DictionaryTask.description.metrics.first { $0.id == id })
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }

  @Test("known filters are recovered from counts alone", arguments: [0, 1, 2])
  func recovers(index: Int) throws {
    let method = Self.methods[index]
    // The autoencoder's filters, of unit length under shrunk codes, are those of the truth for normal observations
    // alone.
    let normal: [String: SettingValue] = ["noise": .text("gaussian"), "variance": .number(0.25)]
    let own = method.id == "dcea" ? normal : [:]
    let easy: [String: SettingValue] = [
      "baseline": .number(0), "least_amplitude": .number(4), "largest_amplitude": .number(8),
    ]
    let world = method.id == "dcea" ? normal.merging(easy) { $1 } : [:]
    let data = try draw(300, seed: 4, world)
    let test = try draw(20, seed: 4, world, "test")
    let result = try trained(method, on: data, own)
    #expect(result.failure == nil)
    let prepared = try method.prepare(try settings(method, own), result.model)
    let outputs = try prepared.infer(test, pool: .serial).arrays
    #expect(outputs["filters"]?.shape == [2, 16])
    #expect(outputs["codes"]?.shape == [20, 2, 105])
    #expect(outputs["estimates"]?.shape == [20, 120])
    // It started at 0.5.
    #expect(try metric("filter_error", outputs, test) < 0.2)
    let beginning = own.merging(["epoch": .integer(1)]) { $1 }
    let first = try method.prepare(try settings(method, beginning), result.model)
    let early = try first.infer(test, pool: .serial).arrays
    #expect(try metric("filter_error", early, test) > metric("filter_error", outputs, test))
  }

  @Test(
    "chosen codes of matching pursuit are the most likely ones",
    arguments: 0..<3 as Range<UInt64>
  )
  func pursuitFits(seed: UInt64) throws {
    let method = ClassicalDictionaryMethods.pursuit
    let data = try draw(6, seed: seed)
    let given: [String: SettingValue] = ["epochs": .integer(1), "codes": .text("any")]
    let model = try trained(method, on: data, given).model
    let outputs = try method.prepare(try settings(method, given), model).infer(data, pool: .serial)
      .arrays
    let codes = try #require(outputs["codes"]?.double)
    let filters = try #require(outputs["filters"]?.double)
    let x = try #require(data["observations"]?.double)
    let residual = x - ObservationLaw.binomial(trials: 30).mean(placedFilters(codes, filters) - 2)
    let slopes = correlatedFilters(residual, filters).scalars
    let places = zip(codes.scalars, slopes).filter { $0.0 != 0 }
    #expect(places.count > 6 && places.count <= 24)
    // Codes are handed on in single precision.
    #expect(places.allSatisfy { $0.1.magnitude < 1e-3 })
  }

  @Test("hardly trained, the autoencoder is the classical coder through files and arrays")
  func startsClassical() throws {
    let data = try draw(40, seed: 6)
    let rate: [String: SettingValue] = ["rate": .number(1e-9), "epochs": .integer(1)]
    let model = try trained(.dcea, on: data, rate).model
    let outputs = try MethodDescription.dcea.prepare(try settings(.dcea, rate), model)
      .infer(data, pool: .serial).arrays
    let filters = try #require(data["initial_filters"]?.float)
    // 2 log(2 * 105) 30 p (1 - p) at p = sigmoid(-2).
    let penalty = 2.0 * 5.34710753071747 * 30 * 0.119202922 * 0.880797078
    let coding = ExponentialFISTA<Float>(
      law: .binomial(trials: 30),
      baseline: -2,
      filters: filters,
      penalty: penalty.squareRoot(),
      margin: 2,
      isNonnegative: true
    )
    let x = try #require(data["observations"]?.float)
    let codes = coding.solve(x, until: .iterations(30)).value
    let learned = try #require(outputs["codes"]?.double)
    #expect(worst(learned, codes.converted(to: Double.self)) < 1e-3)
  }

  @Test("a replayed training is that of fresh recordings: two runs give the same bits")
  func deterministic() throws {
    let data = try draw(50, seed: 7)
    let given: [String: SettingValue] = ["epochs": .integer(2)]
    for method in Self.methods {
      let (a, b) = (try trained(method, on: data, given), try trained(method, on: data, given))
      #expect(a.model.tensors == b.model.tensors)
    }
  }

  @Test("filters are counted as they are shared")
  func parameterCounts() throws {
    func parameters(_ given: [String: SettingValue]) throws -> Int {
      try MethodDescription.dcea.cost(try resolved(.dcea, given)).parameters
    }
    let image: [String: SettingValue] = [
      "filters": .integer(169), "taps": .integer(121), "length": .integer(128 * 128),
      "thresholds": .text("learned"),
    ]
    // 169 filters of 11 x 11: the numbers of the paper.
    #expect(try parameters(image) == 20618)
    #expect(try parameters(image.merging(["encoder": .text("untied")]) { $1 }) == 61516)
    let data = try draw(20, seed: 8)
    let given: [String: SettingValue] = [
      "epochs": .integer(1), "encoder": .text("untied"), "thresholds": .text("learned"),
    ]
    let tensors = try trained(.dcea, on: data, given).model.tensors
    let learned = tensors.filter {
      !["history", "baseline", "largest"].contains($0.key) && !$0.key.hasSuffix("step_size")
    }
    var count = 0
    for array in learned.values { count += array.shape.reduce(1, *) }
    #expect(count == 98)
  }

  @Test("denoising learns from the means", arguments: ["tied", "untied"])
  func denoises(encoder: String) throws {
    let data = try draw(200, seed: 9)
    let test = try draw(20, seed: 9, [:], "test")
    let given: [String: SettingValue] = [
      "objective": .text("denoising"), "encoder": .text(encoder), "thresholds": .text("learned"),
    ]
    let result = try trained(.dcea, on: data, given)
    #expect(result.failure == nil)
    let outputs = try MethodDescription.dcea.prepare(try settings(.dcea, given), result.model)
      .infer(test, pool: .serial).arrays
    let raw = ArrayBundle(["estimates": try #require(test["observations"])])
    let (mine, noisy) = (
      try metric("mean_nmse", outputs, test), try metric("mean_nmse", raw, test)
    )
    #expect(mine < noisy / 2)
  }

  @Test("counts that the law does not allow are named")
  func badCounts() throws {
    var data = try draw(3, seed: 1)
    data["observations"] = .float(.full([3, 120], 31))
    #expect(
      throws: StudyError.badNumbers(
        array: "observations",
        source: "scenario spike-counts",
        reason: "has a number at place 0 (row-major) that is not a whole number from 0 to 30"
          + " (setting trials)"
      )
    ) { try trained(.dcea, on: data) }
  }
}
