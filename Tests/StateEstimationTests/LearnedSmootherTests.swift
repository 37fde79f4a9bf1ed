import NeuralNetworks
import StateEstimation
import Studies
import Tensors
import Testing

@Suite struct LearnedSmootherMethodTests {
  private func drawn(_ time: Int, _ count: Int, seed: UInt64) throws -> ArrayBundle {
    let scenario = StateSpaceScenario.description
    let settings = try Settings(
      SmootherWorlds.damped(time: time),
      for: scenario.settings,
      owner: scenario.id
    )
    return SmootherWorlds.told(
      try scenario.draw(settings, .test, count, RandomStream(seed: seed))
    )
  }

  private func trained(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    on data: ArrayBundle
  ) throws -> (settings: Settings, result: TrainingResult) {
    let settings = try Settings(given, for: method.settings, owner: method.id)
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(data: data, settings: settings, stream: RandomStream(seed: 7))
    )
    #expect(result.failure == nil)
    return (settings, result)
  }

  private func error(_ prepared: any PreparedMethod, _ truth: ArrayBundle) throws -> Double {
    let outputs = try prepared.infer(truth, pool: .serial)
    #expect(outputs.failure == nil)
    let count = try StateEstimationTask.description.metrics[0].measure(outputs.arrays, truth)
    return count.sum / count.reference
  }

  private let small: [String: SettingValue] = [
    "hidden": .integer(12), "iterations": .integer(40), "process_factor": .number(0.16),
    "least_steps": .integer(300), "window": .integer(250), "rate": .number(3e-3),
  ]

  @Test("trained on 4,000 steps the hybrid is below the smoother that it corrects")
  func learns() throws {
    let (settings, result) = try trained(.hybridSmoother, small, on: drawn(4000, 1, seed: 1))
    let test = try drawn(1000, 4, seed: 2)
    let hybrid = try error(MethodDescription.hybridSmoother.prepare(settings, result.model), test)
    let rts = ClassicalStateMethods.smoother
    let told = try Settings(["process_factor": .number(0.16)], for: rts.settings, owner: rts.id)
    let assumed = try error(rts.prepare(told, nil), test)
    // Both see the same 4,000 steps, over which their ratio is known to about a hundredth.
    #expect(hybrid < 0.96 * assumed, "\(hybrid) against \(assumed)")
    // No smoother is below the optimum of 0.0708 by more than the test's own error.
    #expect(hybrid > 0.065)
  }

  @Test("with a correction of zero the hybrid is message passing")
  func law() throws {
    var given = small
    given["least_steps"] = .integer(1)
    given["epochs"] = .integer(1)
    let (settings, result) = try trained(.hybridSmoother, given, on: drawn(100, 2, seed: 1))
    var model = result.model
    for name in ["graph.output.weight", "graph.output.bias"] {
      let shape = try #require(model.tensors[name]?.shape)
      model.tensors[name] = .float(.zeros(shape))
    }
    let test = try drawn(50, 3, seed: 2)
    let zero = try MethodDescription.hybridSmoother.prepare(settings, model)
      .infer(test, pool: .serial)
    let plain = MethodDescription.messagePassing
    let passing = try Settings(
      ["iterations": .integer(40), "process_factor": .number(0.16)],
      for: plain.settings,
      owner: plain.id
    )
    let expected = try plain.prepare(passing, nil).infer(test, pool: .serial)
    let a = try #require(zero.arrays["estimates"]?.double).scalars
    let b = try #require(expected.arrays["estimates"]?.double).scalars
    #expect(worst(a, b) < 1e-5)
  }

  @Test(
    "a network alone runs on gaps, lengths and single sequences, whatever is beside them",
    arguments: ["graph-smoother", "gru-smoother", "hybrid-smoother"]
  )
  func sequences(id: String) throws {
    let methods: [MethodDescription] = [.graphSmoother, .gruSmoother, .hybridSmoother]
    let method = try #require(methods.first { $0.id == id })
    let keys = Set(method.settings.map(\.key))
    var given = small.filter { keys.contains($0.key) }
    given["least_steps"] = .integer(3)
    given["epochs"] = .integer(1)
    var data = try drawn(60, 4, seed: 1)
    var numbers = try #require(data["observations"]?.double).scalars
    numbers[10] = .nan
    numbers[11] = .nan
    data["observations"] = .double(Tensor(numbers, shape: [4, 60, 2]))
    let (settings, result) = try trained(method, given, on: data)
    let prepared = try method.prepare(settings, result.model)
    data["lengths"] = .double(Tensor([60, 60, 20, 60]))
    let all = try #require(prepared.infer(data, pool: .serial).arrays["estimates"]?.double)
    #expect(all.shape == [4, 60, 4])
    #expect(all[2, 20, 0].isNaN && !all[2, 19, 0].isNaN && !all[0, 5, 0].isNaN)
    var single = data
    single["lengths"] = nil
    single["observations"] = .double(
      Tensor(Array(numbers[(2 * 120)..<(2 * 120 + 40)]), shape: [20, 2])
    )
    let one = try #require(prepared.infer(single, pool: .serial).arrays["estimates"]?.double)
    #expect(one.shape == [20, 4])
    for t in 0..<20 {
      // Sequences side by side are one product; alone they are another one, in single precision.
      for i in 0..<2 { #expect((one[t, i] - all[2, t, i]).magnitude < 1e-3) }
    }
    #expect(throws: StudyError.self) { try method.prepare(settings, nil) }
    var blind = data
    blind["targets"] = nil
    let train = try #require(method.train)
    #expect(throws: StudyError.self) {
      try train(TrainingRequest(data: blind, settings: settings, stream: RandomStream(seed: 1)))
    }
  }
}
