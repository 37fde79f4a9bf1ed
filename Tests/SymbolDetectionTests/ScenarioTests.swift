internal import Studies
internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct ScenarioTests {
  private let scenario = IntersymbolInterferenceScenario.description

  private func draw(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose = .test,
    count: Int = 1200,
    seed: UInt64 = 4
  ) throws -> ArrayBundle {
    try scenario.draw(
      Settings(given, for: scenario.settings, owner: "scenario isi-channel"),
      purpose,
      count,
      RandomStream(seed: seed)
    )
  }

  @Test("gives the arrays that methods read, in their shapes")
  func shapes() throws {
    let arrays = try draw(["knowledge_error": .number(0.1)])
    let shapes = [
      "observations": [1, 1200], "targets": [1, 1200], "taps": [4], "taps_previous": [4],
      "taps_noisy": [1, 2, 4], "noise_variance": [], "initial_state": [],
    ]
    #expect(arrays.names == shapes.keys.sorted())
    for (name, shape) in shapes { #expect(arrays[name]?.shape == shape) }
    #expect(arrays["noise_variance"]?.double?.scalar == Double.powerOfTen(-1))
    #expect(arrays["initial_state"]?.double?.scalar == 1)
    let poisson = try draw(["noise": .text("poisson"), "constellation": .text("ook")])
    #expect(poisson["gain"]?.double?.scalar == Double.powerOfTen(0.5))
    #expect(poisson["noise_variance"] == nil)
    #expect(poisson["initial_state"]?.double?.scalar == 0)
  }

  @Test("draws alike for all methods, and anew for another seed")
  func determinism() throws {
    let first = try draw([:])
    #expect(try draw([:]) == first)
    // What is known of the taps moves neither symbols nor noise.
    let doubtful = try draw(["knowledge_error": .number(0.3)])
    #expect(doubtful["observations"] == first["observations"])
    #expect(doubtful["targets"] == first["targets"])
    #expect(doubtful["taps"] == first["taps"])
    #expect(doubtful["taps_noisy"] != first["taps_noisy"])
    #expect(try draw([:], seed: 5)["targets"] != first["targets"])
  }

  @Test("training draws come from the wrong channel when knowledge is wrong")
  func trainingChannel() throws {
    let exact = try draw([:], .training)
    let wrong = try draw(["knowledge_error": .number(0.1)], .training)
    #expect(wrong["targets"] == exact["targets"])
    #expect(wrong["observations"] != exact["observations"])
    #expect(wrong["taps"] == exact["taps"])
    #expect(try draw([:], .test)["observations"] == exact["observations"])
  }

  @Test("block fading gives the taps of the block and of the one before")
  func fading() throws {
    let arrays = try draw(["fading": .text("block"), "block": .integer(7)], count: 10)
    let taps = ChannelTaps.exponential(decay: 0.5, memory: 4)
    let expected = ChannelTaps.faded(taps, block: 7).map { Float($0) }
    let previous = ChannelTaps.faded(taps, block: 6).map { Float($0) }
    #expect(arrays["taps"]?.float?.scalars == expected)
    #expect(arrays["taps_previous"]?.float?.scalars == previous)
  }

  @Test("takes any taps")
  func anyTaps() throws {
    let arrays = try draw(
      ["memory": .integer(2), "taps": .list([.number(0.5), .number(-2)])],
      count: 10
    )
    #expect(arrays["taps"]?.float?.scalars == [0.5, -2])
    #expect(throws: StudyError.self) { try draw(["taps": .list([.number(1)])]) }
  }

  @Test("refuses worlds that do not exist")
  func refusals() {
    #expect(throws: StudyError.self) { try draw(["noise": .text("poisson")]) }
    #expect(throws: StudyError.self) {
      try draw(["constellation": .text("4-pam"), "memory": .integer(5)])
    }
    #expect(throws: StudyError.self) { try draw([:], count: 0) }
  }
}

@Suite struct TaskTests {
  private let task = SymbolDetectionTask.description

  @Test("counts wrong symbols, a NaN among them")
  func errors() throws {
    let outputs = ArrayBundle(["estimates": .float(Tensor([1, -1, 1, .nan]))])
    let truth = ArrayBundle(["targets": .double(Tensor([1, 1, 1, 1]))])
    let count = try task.metrics[0].measure(outputs, truth)
    #expect(
      count
        == .init(trials: 4, errors: 2, sum: 2, sumOfSquares: 2, reference: 4)
    )
  }

  private func bundle() -> ArrayBundle {
    let numbers = Tensor((0..<24).map { Float($0) }, shape: [2, 12])
    let frames = Tensor((0..<12).map { Float($0) }, shape: [2, 3, 2])
    return ArrayBundle([
      "observations": .float(numbers), "targets": .float(numbers), "taps": .float(frames),
      "noise_variance": .float(Tensor(1)), "initial_state": .float(Tensor(1)),
    ])
  }

  @Test("counts symbols and cuts them with what belongs to them")
  func slices() throws {
    #expect(try task.itemCount(bundle()) == 24)
    let whole = try task.slice(bundle(), 12..<24)
    #expect(whole["observations"]?.float?.scalars == (12..<24).map { Float($0) })
    #expect(whole["taps"]?.float == Tensor((6..<12).map { Float($0) }, shape: [1, 3, 2]))
    #expect(whole["initial_state"] != nil)
    let part = try task.slice(bundle(), 2..<8)
    #expect(part["targets"]?.shape == [1, 6])
    // Frames of four: steps 2 to 7 lie in the first two, cut into pieces of two.
    #expect(
      part["taps"]?.float == Tensor([0, 1, 2, 3, 2, 3], shape: [1, 3, 2])
    )
    #expect(part["initial_state"] == nil)
    #expect(try task.slice(bundle(), 0..<24)["observations"]?.shape == [2, 12])
    #expect(throws: StudyError.self) { try task.slice(bundle(), 6..<18) }
    #expect(throws: StudyError.self) { try task.slice(bundle(), 20..<30) }
  }
}

@Suite struct ClassicalMethodTests {
  private func infer(
    _ method: MethodDescription,
    _ settings: [String: SettingValue],
    _ arrays: ArrayBundle
  ) throws -> ArrayBundle {
    try method.prepare(Settings(settings, for: method.settings, owner: method.id), nil)
      .infer(arrays, pool: .serial).arrays
  }

  private func arrays() throws -> ArrayBundle {
    let scenario = IntersymbolInterferenceScenario.description
    return try scenario.draw(
      Settings([:], for: scenario.settings, owner: ""),
      .test,
      500,
      RandomStream(seed: 1)
    )
  }

  @Test("gives outputs in the shape and precision of the observations")
  func outputs() throws {
    var arrays = try arrays()
    let result = try infer(ClassicalMethods.bcjr, [:], arrays)
    #expect(result.names == ["estimates", "probabilities"])
    #expect(result["probabilities"]?.float?.shape == [1, 500, 2])
    let observations = try #require(arrays["observations"]?.double)
    arrays["observations"] = .double(Tensor(observations.scalars))
    let flat = try infer(ClassicalMethods.viterbi, [:], arrays)
    guard case .double(let estimates)? = flat["estimates"] else {
      Issue.record("estimates are not in double precision")
      return
    }
    #expect(estimates.shape == [500])
    let quiet = try infer(ClassicalMethods.bcjr, ["probabilities": .flag(false)], arrays)
    #expect(quiet.names == ["estimates"])
  }

  @Test("Viterbi needs no noise variance, BCJR does")
  func noiseVariance() throws {
    var arrays = try arrays()
    let known = try infer(ClassicalMethods.viterbi, [:], arrays)
    arrays["noise_variance"] = nil
    #expect(try infer(ClassicalMethods.viterbi, [:], arrays) == known)
    #expect(throws: StudyError.self) { try infer(ClassicalMethods.bcjr, [:], arrays) }
  }

  @Test("names the array, the shape or the place that is wrong")
  func errors() throws {
    var arrays = try arrays()
    #expect(
      throws: StudyError.badShape(
        array: "taps",
        source: arrays.source,
        expected: "[3], [1, 3] or [1, frames, 3] for memory 3",
        actual: [4]
      )
    ) {
      try infer(ClassicalMethods.viterbi, ["memory": .integer(3)], arrays)
    }
    var numbers = [Float](repeating: 0, count: 20)
    numbers[7] = .nan
    arrays["observations"] = .float(Tensor(numbers))
    #expect(
      throws: StudyError.badNumbers(
        array: "observations",
        source: arrays.source,
        reason: "has nan at sequence 0, time 7; expected a finite number"
      )
    ) {
      try infer(ClassicalMethods.viterbi, [:], arrays)
    }
    arrays["observations"] = nil
    #expect(throws: StudyError.self) { try infer(ClassicalMethods.viterbi, [:], arrays) }
    #expect(throws: StudyError.self) {
      try infer(
        ClassicalMethods.viterbi,
        ["constellation": .text("4-pam"), "memory": .integer(5)],
        self.arrays()
      )
    }
  }

  @Test("initial states may be one symbol, the last symbols, or those of each sequence")
  func initialStates() throws {
    var arrays = try arrays()
    let one = try infer(ClassicalMethods.viterbi, [:], arrays)
    arrays["initial_state"] = .float(Tensor([1, 1, 1, 1]))
    #expect(try infer(ClassicalMethods.viterbi, [:], arrays) == one)
    arrays["initial_state"] = .float(Tensor([1, 1, 1, 1], shape: [1, 4]))
    #expect(try infer(ClassicalMethods.viterbi, [:], arrays) == one)
    arrays["initial_state"] = .float(Tensor([1, 0.5, 1, 1]))
    #expect(throws: StudyError.self) { try infer(ClassicalMethods.viterbi, [:], arrays) }
    arrays["initial_state"] = .float(Tensor([1, 1]))
    #expect(throws: StudyError.self) { try infer(ClassicalMethods.viterbi, [:], arrays) }
  }
}
