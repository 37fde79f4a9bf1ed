import Autodiff
import Hybridization
import NeuralNetworks
import SparseRecovery
import Studies
import Tensors
import Testing

@Suite struct CORONATests {
  private func draw(_ count: Int, seed: UInt64) throws -> ArrayBundle {
    let scenario = UltrasoundScenario.description
    let given: [String: SettingValue] = [
      "frames": .integer(6), "height": .integer(10), "width": .integer(12), "tissue": .number(0),
      "rank": .integer(1),
    ]
    let settings = try Settings(given, for: scenario.settings, owner: scenario.id)
    return try scenario.draw(settings, .training, count, RandomStream(seed: seed))
  }

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

  private func error(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let metric = try #require(SequenceSeparationTask.description.metrics.first)
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }

  @Test("single points as kernels are proximal gradient steps", arguments: [1, 3, 5])
  func unfoldingLaw(kernel: Int) {
    let d = ultrasound(seed: 3).observations.converted(to: Double.self)
    let classical = RobustPCA<StepMixing<Double>>(
      lowRankPenalty: 2,
      sparsePenalty: 0.3,
      hasMomentum: false
    )
    let network = RobustPCA<ConvolutionMixing<Double>>(
      lowRankPenalty: 2,
      sparsePenalty: 0.3,
      hasMomentum: false,
      mixing: { _ in ConvolutionMixing(kernel: kernel) }
    ).unfolded(layers: 6)
    #expect(network.learnedCount == 6 * (6 * kernel * kernel + 2))
    let expected = classical.solve(d, until: .iterations(6)).value
    // Sums of three products in another order, six times.
    #expect(worst(network.estimate(d), expected) < 1e-12)
  }

  @Test(
    "a loss differentiates through convolutions and both thresholds",
    arguments: 0..<2 as Range<UInt64>
  )
  func gradients(seed: UInt64) throws {
    let d = ultrasound(count: 1, seed: seed).observations.converted(to: Double.self)
    let network = RobustPCA<ConvolutionMixing<Double>>(
      lowRankPenalty: 1,
      sparsePenalty: 0.02,
      hasMomentum: false,
      mixing: { _ in ConvolutionMixing(kernel: 3) }
    ).unfolded(layers: 2)
    let check = try checkGradients(
      at: [],
      parameters: network.learnedParameters,
      from: RandomStream(seed: seed)
    ) { _ in network.estimate(d) }
    // Some of the shrunk entries may change sides within a difference.
    #expect(check.worstRelativeError < 1e-4)
  }

  @Test("trained, five layers are closer than fifty classical iterations")
  func learns() throws {
    let data = try draw(80, seed: 4)
    let test = try draw(10, seed: 5)
    let given: [String: SettingValue] = [
      "epochs": .integer(60), "batch": .integer(4), "rate": .number(0.003),
    ]
    let result = try train(.corona, given, on: data)
    #expect(result.failure == nil)
    let outputs = try MethodDescription.corona
      .prepare(try resolved(.corona, given), result.model).infer(test, pool: .serial).arrays
    #expect(outputs["estimates"]?.shape == [10, 2, 6, 10, 12])
    var best = Double.infinity
    let classical = ClassicalSeparationMethods.proximalGradient
    for penalty in [0.5, 1, 2, 4] {
      for sparse in [0.05, 0.1, 0.2, 0.4] {
        let settings = try resolved(
          classical,
          [
            "penalty": .number(penalty), "sparse_penalty": .number(sparse),
            "stop_after": .integer(50),
          ]
        )
        let own = try classical.prepare(settings, nil).infer(test, pool: .serial).arrays
        best = min(best, try error(own, test))
      }
    }
    #expect(try error(outputs, test) < best)
  }

  @Test("hardly trained, the network is the classical algorithm through files and arrays")
  func startsClassical() throws {
    let data = try draw(6, seed: 6)
    let given: [String: SettingValue] = [
      "rate": .number(1e-9), "epochs": .integer(1), "penalty": .number(3),
      "sparse_penalty": .number(0.3),
    ]
    let model = try train(.corona, given, on: data).model
    let classical = ClassicalSeparationMethods.proximalGradient
    for stop in [1, 3, 5] {
      let stopping = ["stop_after": SettingValue.integer(stop)]
      let mine = try MethodDescription.corona
        .prepare(try resolved(.corona, given.merging(stopping) { $1 }), model)
        .infer(data, pool: .serial).arrays
      let settings = try resolved(
        classical,
        [
          "penalty": .number(3), "sparse_penalty": .number(0.3), "momentum": .flag(false),
          "stop_after": .integer(stop),
        ]
      )
      let other = try classical.prepare(settings, nil).infer(data, pool: .serial).arrays
      let a = try #require(mine["estimates"]?.double)
      let b = try #require(other["estimates"]?.double)
      // Single precision on numbers of about 30, over a scale and back.
      #expect(worst(a, b) < 1e-3)
    }
  }

  @Test("the black box learns, and its parameters are counted")
  func blackBox() throws {
    let data = try draw(24, seed: 7)
    let given: [String: SettingValue] = [
      "channels": .integer(8), "blocks": .integer(1), "epochs": .integer(30), "batch": .integer(4),
      "rate": .number(0.003),
    ]
    let result = try train(.sequenceNetwork, given, on: data)
    #expect(result.failure == nil)
    let parameters = try MethodDescription.sequenceNetwork
      .cost(try resolved(.sequenceNetwork, given)).parameters
    let held = result.model.tensors.filter { name, _ in
      !["scale", "output_scale"].contains(name) && !name.hasSuffix(".mean")
        && !name.hasSuffix(".variance")
    }
    var count = 0
    for array in held.values { count += array.shape.reduce(1, *) }
    #expect(count == parameters)
    let outputs = try MethodDescription.sequenceNetwork
      .prepare(try resolved(.sequenceNetwork, given), result.model).infer(data, pool: .serial)
      .arrays
    // Calling everything tissue leaves half the energy of bubbles and noise.
    let observed = try #require(data["observations"]?.float)
    let trivial = ArrayBundle([
      "estimates": .float(stacked([observed, .zeros(observed.shape)], axis: 1))
    ])
    let ratio = try error(outputs, data) / error(trivial, data)
    #expect(ratio < 0.8, "\(ratio)")
  }

  @Test("kernels of an even side are refused")
  func badKernels() throws {
    let data = try draw(2, seed: 8)
    #expect(
      throws: StudyError.badValue(
        key: "kernels",
        value: "[4]",
        expected: "odd numbers, at least one",
        owner: "method corona"
      )
    ) { try train(.corona, ["kernels": .list([.integer(4)])], on: data) }
  }
}
