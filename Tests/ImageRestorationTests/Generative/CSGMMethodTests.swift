import Autodiff
import Foundation
import ImageRestoration
import NeuralNetworks
import Studies
import Tensors
import Testing

@Suite struct CSGMMethodTests {
  private func settings(
    _ method: MethodDescription,
    _ given: [String: SettingValue]
  ) throws -> Settings {
    try Settings(given, for: method.settings, owner: "method \(method.id)")
  }

  private func drawn(
    _ given: [String: SettingValue],
    _ purpose: ScenarioDescription.Purpose = .test,
    count: Int,
    seed: UInt64 = 1
  ) throws -> ArrayBundle {
    let scenario = DigitScenario.description
    return try scenario.draw(
      try Settings(given, for: scenario.settings, owner: "scenario"),
      purpose,
      count,
      RandomStream(seed: seed)
    )
  }

  private func trained(
    _ method: MethodDescription,
    _ given: [String: SettingValue],
    _ data: ArrayBundle
  ) throws -> ModelFile {
    let train = try #require(method.train)
    let result = try train(
      TrainingRequest(
        data: data,
        settings: try settings(method, given),
        stream: RandomStream(seed: 1)
      )
    )
    #expect(result.failure == nil)
    #expect(result.trainingLosses.last ?? .infinity < result.trainingLosses[0])
    return result.model
  }

  private static let generator: [String: SettingValue] = [
    "hidden": .list([.integer(40)]), "codes": .integer(8), "epochs": .integer(40),
    "steps": .integer(150), "search_rate": .number(0.05), "restarts": .integer(2),
  ]
  private static let decoder: [String: SettingValue] = [
    "hidden": .list([.integer(30)]), "epochs": .integer(40),
  ]

  private func error(_ result: InferenceResult, _ data: ArrayBundle) throws -> Double {
    let estimates = try #require(result.arrays["estimates"]?.float)
    let targets = try #require(data["targets"]?.float)
    #expect(estimates.shape == targets.shape)
    return Double(square(estimates - targets).mean().scalar)
  }

  @Test("trained methods do better than the mean image, in a model file alone")
  func methods() throws {
    let world: [String: SettingValue] = ["measurements": .integer(60)]
    let training = try drawn(world, .training, count: 1500, seed: 2)
    let test = try drawn(world, count: 20)
    let images = try #require(training["targets"]?.float)
    let targets = try #require(test["targets"]?.float)
    let mean = images.mean(axis: 0)
    let least = Double(square(targets - mean).mean().scalar)
    for (method, given) in [
      (MethodDescription.csgm, Self.generator), (.measurementDecoder, Self.decoder),
    ] {
      let model = try trained(method, given, training)
      #expect(model.tensors["image_extents"] == .float(Tensor([28, 28])))
      let result = try method.prepare(try settings(method, given), model)
        .infer(test, pool: .serial)
      #expect(result.failure == nil)
      #expect(try error(result, test) < least)
      let cost = try method.cost(
        try settings(method, given.merging(["measurements": .integer(60)]) { $1 })
      )
      let kept = model.tensors.filter { $0.key.hasSuffix("weight") || $0.key.hasSuffix("bias") }
      #expect(cost.parameters == kept.values.reduce(0) { $0 + $1.shape.reduce(1, *) })
    }
  }

  @Test("the two conventions are one problem, scaled")
  func conventions() throws {
    let entries = try drawn(["measurements": .integer(16)], count: 3)
    let columns = try drawn(
      ["measurements": .integer(16), "convention": .text("unit-columns")],
      count: 3
    )
    #expect(entries["targets"] == columns["targets"])
    for name in ["observations", "operator"] {
      let (a, b) = (entries[name]?.float, columns[name]?.float)
      let difference = try #require(a) - (try #require(b)) * 4
      #expect(difference.scalars.allSatisfy { Swift.abs($0) < 1e-4 })
    }
    let few = try drawn(["measurements": .integer(4)], count: 3)
    let rows = try #require(entries["operator"]?.float)
    #expect(few["operator"]?.float == rows.sliced(axis: 0, 0..<4))
  }

  @Test("what is missing or does not fit is named")
  func failures() throws {
    for method in [MethodDescription.csgm, .measurementDecoder] {
      #expect(throws: StudyError.self) { try method.prepare(try settings(method, [:]), nil) }
    }
    let data = try drawn(["measurements": .integer(10)], .training, count: 40)
    let model = try trained(.csgm, Self.generator, data)
    let search = try MethodDescription.csgm.prepare(
      try settings(.csgm, Self.generator),
      model
    )
    var wrong = data
    wrong["operator"] = .float(.zeros([10, 100]))
    #expect(
      throws: StudyError.badShape(
        array: "operator",
        source: data.source,
        expected: "[measurements, 784], as the images that the model was trained on",
        actual: [10, 100]
      )
    ) { try search.infer(wrong, pool: .serial) }
    var bytes = data
    bytes["targets"] = .float(.full([40, 28, 28], 255))
    let train = try #require(MethodDescription.csgm.train)
    #expect(throws: StudyError.self) {
      try train(
        TrainingRequest(
          data: bytes,
          settings: try settings(.csgm, Self.generator),
          stream: RandomStream(seed: 1)
        )
      )
    }
  }

  @Test("figures come from a file in the MNIST layout, training and test apart")
  func file() throws {
    let path = try temporaryFile()
    let given: [String: SettingValue] = ["images": .text(path), "measurements": .integer(2)]
    let training = try #require(try drawn(given, .training, count: 10)["targets"]?.float)
    let test = try #require(try drawn(given, .test, count: 2)["targets"]?.float)
    #expect(training.shape == [10, 2, 3])
    // Image k of the file holds k in every pixel.
    let levels = { (images: Tensor<Float>) in
      Set(images.scalars.map { Int(($0 * 255).rounded()) })
    }
    #expect(levels(training) == Set(0..<10) && levels(test) == [10, 11])
    #expect(throws: StudyError.self) { try drawn(given, .test, count: 3) }
  }

  /// Twelve images of 2 by 3.
  private func temporaryFile() throws -> String {
    let head: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0, 3]
    let bytes = head + (0..<12).flatMap { [UInt8](repeating: $0, count: 6) }
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("digits-\(UUID().uuidString)-idx3-ubyte").path
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }
}
