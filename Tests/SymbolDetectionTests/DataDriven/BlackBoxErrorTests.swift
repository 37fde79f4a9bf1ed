import NeuralNetworks
import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct BlackBoxErrorTests {
  private func train(_ arrays: ArrayBundle) throws {
    _ = try BlackBox.dense.trained(on: arrays, seed: 1, ["epochs": .integer(1)])
  }

  private func changed(_ change: (inout [Float]) -> Void, of name: String) -> ArrayBundle {
    var arrays = SmallChannel.draw(12, seed: 1)
    var numbers = arrays[name]?.float?.scalars ?? []
    change(&numbers)
    arrays[name] = .float(Tensor(numbers))
    return arrays
  }

  @Test("training without targets names them")
  func missingTargets() {
    var arrays = SmallChannel.draw(12, seed: 1)
    arrays["targets"] = nil
    #expect(
      throws: StudyError.missingArray(
        "targets",
        source: "test channel",
        expected: "[time] or [batch, time]"
      )
    ) { try train(arrays) }
  }

  @Test("observations of another rank are refused", arguments: [[], [2, 2, 3], [0], [3, 0]])
  func wrongShape(shape: [Int]) {
    var arrays = SmallChannel.draw(12, seed: 1)
    arrays["observations"] = .float(.zeros(shape))
    #expect(
      throws: StudyError.badShape(
        array: "observations",
        source: "test channel",
        expected: "[time] or [batch, time]",
        actual: shape
      )
    ) { try train(arrays) }
  }

  @Test("targets of another shape are refused")
  func unequalShapes() {
    #expect(
      throws: StudyError.badShape(
        array: "targets",
        source: "test channel",
        expected: "the shape of observations, [12]",
        actual: [11]
      )
    ) { try train(changed({ $0.removeLast() }, of: "targets")) }
  }

  @Test("a target that is no symbol is named")
  func unknownSymbol() {
    #expect(
      throws: StudyError.badNumbers(
        array: "targets",
        source: "test channel",
        reason: "holds 0.5 at place 3, which is no symbol of bpsk (-1.0, 1.0)"
      )
    ) { try train(changed({ $0[3] = 0.5 }, of: "targets")) }
  }

  @Test("an observation that is not finite is named", arguments: [Float.nan, .infinity])
  func notFinite(number: Float) throws {
    let error = StudyError.badNumbers(
      array: "observations",
      source: "test channel",
      reason: "holds a number that is not finite at place 7"
    )
    let arrays = changed({ $0[7] = number }, of: "observations")
    #expect(throws: error) { try train(arrays) }
    let (settings, result) = try BlackBox.dense.trained(
      on: SmallChannel.draw(50, seed: 1),
      seed: 1,
      ["epochs": .integer(1)]
    )
    let method = try BlackBox.dense.method.prepare(settings, result.model)
    #expect(throws: error) { try method.infer(arrays, pool: .serial) }
  }

  @Test("complex observations are refused")
  func complex() {
    var arrays = SmallChannel.draw(12, seed: 1)
    arrays["observations"] = .complex(.zeros([12, 2]))
    #expect(
      throws: StudyError.badNumbers(
        array: "observations",
        source: "test channel",
        reason: "is complex; give real numbers"
      )
    ) { try train(arrays) }
  }

  @Test("running without a model says that it must be trained", arguments: BlackBox.allCases)
  func untrained(box: BlackBox) {
    #expect(
      throws: StudyError.invalid(
        "\(box.method.id): must be trained before it can run; give a model file"
      )
    ) { try box.method.prepare(box.settings(), nil) }
  }

  @Test("a model of other settings is refused")
  func otherSettings() throws {
    let (_, result) = try BlackBox.dense.trained(
      on: SmallChannel.draw(50, seed: 1),
      seed: 1,
      ["epochs": .integer(1)]
    )
    let wider = try BlackBox.dense.settings(["after": .integer(6)])
    #expect(
      throws: NetworkError.wrongShape(
        name: "network.layers.0.weight",
        expected: [11, 16],
        actual: [10, 16],
        source: "the model of dense-detector"
      )
    ) { try BlackBox.dense.method.prepare(wider, result.model) }
  }

  @Test("a series of one symbol trains without a validation set")
  func oneSymbol() throws {
    let (_, result) = try BlackBox.sbrnn.trained(
      on: SmallChannel.draw(1, seed: 1),
      seed: 1,
      ["epochs": .integer(1)]
    )
    #expect(result.validationLosses.isEmpty)
    #expect(result.model.tensors["scale.deviation"]?.float?.scalar == 1)
  }
}
