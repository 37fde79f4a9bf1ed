import Autodiff
import ImageRestoration
import Studies
import Tensors
import Testing

@Suite struct ImageMethodTests {
  private func settings(
    _ given: [String: SettingValue],
    _ method: MethodDescription
  ) throws -> Settings {
    try Settings(given, for: method.settings, owner: "method \(method.id)")
  }

  private func drawn(
    _ given: [String: SettingValue],
    count: Int = 2,
    seed: UInt64 = 1
  ) throws -> ArrayBundle {
    let scenario = ImageScenario.description
    let settings = try Settings(given, for: scenario.settings, owner: "scenario images")
    return try scenario.draw(settings, .test, count, RandomStream(seed: seed))
  }

  private func psnr(_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Double {
    let metric = try #require(ImageTask.description.metrics.first { $0.id == "psnr" })
    let count = try metric.measure(outputs, truth)
    return count.sum / count.reference
  }

  private static let measurements = [
    "denoising", "blur", "inpainting", "compressed-sensing", "fourier", "super-resolution",
  ]

  @Test(
    "a training on images drawn anew holds the same share out in every pass",
    arguments: [MethodDescription.endToEndRestorer, .plugAndPlay]
  )
  func drawnAnew(method: MethodDescription) throws {
    let world: [String: SettingValue] = ["height": .integer(16), "width": .integer(16)]
    var given: [String: SettingValue] = ["features": .integer(2), "epochs": .integer(3)]
    if method.id == MethodDescription.plugAndPlay.id {
      given.merge(["layers": .integer(2), "patches": .integer(16), "patch": .integer(12)]) { $1 }
    }
    var request = TrainingRequest(
      data: try drawn(world, count: 10),
      settings: try settings(given, method),
      stream: RandomStream(seed: 1)
    )
    let train = try #require(method.train)
    let same = try train(request)
    request.redraw = { try drawn(world, count: 10, seed: UInt64(10 + $0)) }
    let anew = try train(request)
    #expect(anew.failure == nil)
    #expect(same.trainingLosses.count == 3 && anew.trainingLosses.count == 3)
    #expect(same.trainingLosses[2] != anew.trainingLosses[2])
    // The same bits again.
    #expect(try train(request).trainingLosses == anew.trainingLosses)
  }

  @Test(
    "images alone teach no network what an operator does",
    arguments: [MethodDescription.endToEndRestorer, .unrolledPlugAndPlay]
  )
  func imagesAlone(method: MethodDescription) throws {
    var images = ArrayBundle(source: "photographs")
    images["images"] = .float(.ones([4, 12, 12]))
    let request = TrainingRequest(
      data: images,
      settings: try settings(["features": .integer(2), "epochs": .integer(1)], method),
      stream: RandomStream(seed: 1)
    )
    let train = try #require(method.train)
    let error = #expect(throws: StudyError.self) { try train(request) }
    #expect(error?.description.contains("photographs: array 'observations' is missing") == true)
  }

  @Test("total variation restores what every operator saw", arguments: measurements)
  func restores(measurement: String) throws {
    let arrays = try drawn([
      "measurement": .text(measurement), "height": .integer(32), "width": .integer(32),
      "noise_deviation": .number(0.02), "keep": .number(0.6), "blur": .number(1),
    ])
    func result(_ method: MethodDescription, _ given: [String: SettingValue]) throws -> Double {
      var given = given
      if measurement == "super-resolution" { given["factor"] = .integer(2) }
      let prepared = try method.prepare(try settings(given, method), nil)
      let outputs = try prepared.infer(arrays, pool: .serial)
      #expect(outputs.arrays["estimates"]?.shape == [2, 32, 32])
      return try psnr(outputs.arrays, arrays)
    }
    let plain = try result(ClassicalImageMethods.tikhonov, ["penalty": .number(1e-3)])
    let variation = try result(
      ClassicalImageMethods.totalVariation,
      ["penalty": .number(0.008), "tolerance": .number(0), "iterations": .integer(200)]
    )
    #expect(variation > plain && variation > 18)
  }

  @Test("every method runs on a single image in double precision", arguments: 0..<6)
  func single(index: Int) throws {
    let method = ClassicalImageMethods.all[index]
    var stream = RandomStream(seed: 2)
    let image: Tensor<Double> = stream.uniform([16, 24])
    var arrays = ArrayBundle(source: "a.npz")
    arrays["observations"] = .double(image)
    arrays["kernel"] = .double(BlurKernel.gaussian(deviation: 0.7))
    arrays["noise_variance"] = .float(Tensor(1e-4))
    var given: [String: SettingValue] = [:]
    if method.settings.contains(where: { $0.key == "iterations" }) {
      given["iterations"] = .integer(20)
    }
    if method.settings.contains(where: { $0.key == "stop_after" }) {
      given["stop_after"] = .integer(20)
    }
    let result = try method.prepare(try settings(given, method), nil).infer(arrays, pool: .serial)
    #expect(result.failure == nil)
    guard case .double(let estimates) = result.arrays["estimates"] else {
      Issue.record("no double estimates")
      return
    }
    #expect(estimates.shape == [16, 24] && estimates.scalars.allSatisfy(\.isFinite))
  }

  @Test("the result does not depend on the number of threads")
  func threads() throws {
    let arrays = try drawn(
      ["height": .integer(32), "width": .integer(32), "measurement": .text("blur")],
      count: 5
    )
    let method = ClassicalImageMethods.totalVariation
    let prepared = try method.prepare(try settings(["stop_after": .integer(30)], method), nil)
    let one = try prepared.infer(arrays, pool: .serial).arrays
    let three = try prepared.infer(arrays, pool: WorkerPool(threads: 3)).arrays
    #expect(one == three)
    #expect(one["residuals"]?.shape == [30])
  }

  @Test("a folder's images stand in for observations")
  func images() throws {
    let arrays = try drawn([
      "measurement": .text("denoising"), "height": .integer(16),
      "width": .integer(16),
    ])
    var given = ArrayBundle(source: "folder")
    given["images"] = arrays["observations"]
    let method = ClassicalImageMethods.tikhonov
    let prepared = try method.prepare(try settings([:], method), nil)
    let result = try prepared.infer(given, pool: .serial)
    #expect(result.arrays["estimates"]?.shape == [2, 16, 16])
  }

  @Test("draws share their operator and differ in their noise")
  func draws() throws {
    let given: [String: SettingValue] = [
      "measurement": .text("inpainting"), "height": .integer(16), "width": .integer(16),
    ]
    let (a, b) = (try drawn(given, seed: 1), try drawn(given, seed: 2))
    #expect(a["mask"] == b["mask"] && a["targets"] != b["targets"])
    #expect(try drawn(given, seed: 1) == a)
  }

  @Test("what does not fit is refused by name")
  func errors() throws {
    let method = ClassicalImageMethods.totalVariation
    let prepared = try method.prepare(try settings([:], method), nil)
    var arrays = ArrayBundle(source: "a.npz")
    #expect(
      throws: StudyError.missingArray("observations", source: "a.npz", expected: "real numbers")
    ) { try prepared.infer(arrays, pool: .serial) }
    arrays["observations"] = .float(Tensor<Float>.zeros([2, 3, 4, 5]))
    #expect(
      throws: StudyError.badShape(
        array: "observations",
        source: "a.npz",
        expected: "[height, width] or [batch, height, width]",
        actual: [2, 3, 4, 5]
      )
    ) { try prepared.infer(arrays, pool: .serial) }
    arrays["observations"] = .float(Tensor<Float>([0, .nan, 0, 0], shape: [2, 2]))
    #expect(
      throws: StudyError.badNumbers(
        array: "observations",
        source: "a.npz",
        reason: "has a number that is not finite at place 1 (row-major)"
      )
    ) { try prepared.infer(arrays, pool: .serial) }
    arrays["observations"] = .float(Tensor<Float>.zeros([2, 6]))
    arrays["operator"] = .float(Tensor<Float>.ones([6, 7]))
    #expect(throws: StudyError.self) { try prepared.infer(arrays, pool: .serial) }
  }

  @Test("metrics of an estimate a tenth off")
  func metrics() throws {
    var (outputs, truth) = (ArrayBundle(source: "o"), ArrayBundle(source: "t"))
    truth["targets"] = .float(.full([2, 12, 12], 0.5))
    outputs["estimates"] = .float(.full([2, 12, 12], 0.6))
    outputs["residuals"] = .float(Tensor([0.5, 0.25]))
    let values = try ImageTask.description.metrics.map { metric -> Double in
      let count = try metric.measure(outputs, truth)
      return count.sum / count.reference
    }
    #expect(abs(values[0] - 0.04) < 1e-6 && abs(values[1] - 20) < 1e-4 && values[3] == 0.25)
  }
}
