internal import Foundation
internal import NeuralNetworks
internal import Tensors
internal import Testing

@Suite struct ModelFileTests {
  private static func sample(seed: UInt64 = 1) -> ModelFile {
    var stream = RandomStream(seed: seed)
    return ModelFile(
      method: "viterbinet",
      methodVersion: 2,
      settings: #"{"memory":4,"noise":"gaussian"}"#,
      tensors: [
        "layers.0.weight": .float(stream.normal([1, 100])), "mean": .double(stream.normal([3])),
      ],
      inputs: [
        .init(name: "observations", axes: ["batch", "time"], unit: "volts"),
        .init(name: "noise_variance", axes: [], unit: ""),
      ],
      provenance: ["seed": "7", "scenario": "isi-channel; \"quoted\"\n", "empty": ""]
    )
  }

  private func failure(_ bytes: [UInt8]) -> ModelFileError? {
    do { _ = try ModelFile(bytes: bytes, source: "f") } catch { return error }
    return nil
  }

  /// The sample's file with one key of its text changed, or left out.
  private func changed(_ key: String, to value: String?) throws -> [UInt8] {
    var file = try Safetensors(bytes: Self.sample().encoded(), source: "f")
    file.metadata[key] = value
    return try file.encoded()
  }

  @Test("a model reads back as it was written", arguments: 0..<5 as Range<UInt64>)
  func roundTrip(seed: UInt64) throws {
    let model = Self.sample(seed: seed)
    #expect(try ModelFile(bytes: model.encoded(), source: "f") == model)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("graybox-\(UUID().uuidString).safetensors").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try model.write(to: path)
    #expect(try ModelFile.read(path) == model)
  }

  @Test("equal models are equal files")
  func filesAreRepeatable() throws {
    #expect(try Self.sample().encoded() == Self.sample().encoded())
  }

  @Test(
    "a key that is missing is named",
    arguments: ["format_version", "method", "method_version", "settings", "inputs", "provenance"]
  )
  func missingKeys(key: String) throws {
    #expect(failure(try changed(key, to: nil)) == .missingKey(file: "f", key: key))
  }

  @Test("another format version is refused", arguments: ["2", "0", "1.0", "", "one"])
  func otherVersions(version: String) throws {
    let error = ModelFileError.unknownFormatVersion(file: "f", found: version, known: 1)
    #expect(failure(try changed("format_version", to: version)) == error)
  }

  @Test(
    "text that is not what it must be is refused",
    arguments: [
      ("method", "", "a method's id"),
      ("method_version", "two", "a whole number"),
      ("method_version", "-1", "a whole number"),
      ("settings", "[]", "a JSON object"),
      ("settings", "{", "a JSON object"),
      ("inputs", "{}", "a JSON list of inputs with name, axes and unit"),
      (
        "inputs", #"[{"name":"a","axes":[1],"unit":""}]"#,
        "a JSON list of inputs with name, axes and unit"
      ),
      ("inputs", #"[{"name":"a","axes":[]}]"#, "a JSON list of inputs with name, axes and unit"),
      ("provenance", #"{"seed":7}"#, "a JSON object of strings"),
      ("provenance", "7", "a JSON object"),
    ]
  )
  func wrongValues(key: String, value: String, requirement: String) throws {
    let error = ModelFileError.wrongValue(file: "f", key: key, requirement: requirement)
    #expect(failure(try changed(key, to: value)) == error)
  }

  @Test("a model whose settings are no JSON object is not written")
  func refusesToWrite() {
    var model = Self.sample()
    model.settings = "memory: 4"
    #expect(
      throws: ModelFileError.wrongValue(
        file: "f",
        key: "settings",
        requirement: "a JSON object"
      )
    ) { try model.encoded(name: "f") }
  }

  @Test("errors of the file itself name it")
  func fileErrors() throws {
    #expect(
      throws: ModelFileError.file(
        .cannotRead(path: "/none/m.safetensors", reason: "no such file or directory")
      )
    ) { try ModelFile.read("/none/m.safetensors") }
    #expect(
      throws: ModelFileError.file(
        .cannotWrite(path: "/none/m.safetensors", reason: "no such file or directory")
      )
    ) { try Self.sample().write(to: "/none/m.safetensors") }
    #expect(
      failure([1, 2, 3]) == .file(.truncated(file: "f", array: nil, expected: 8, found: 3))
    )
  }

  @Test("damaged model files are read or refused", arguments: 0..<3 as Range<UInt64>)
  func mutations(seed: UInt64) throws {
    let bytes = try Self.sample().encoded()
    var stream = RandomStream(seed: seed).derived("mutations")
    var refused = 0
    for _ in 0..<2000 {
      var damaged = bytes
      let random = stream.integers(12, below: 1 << 30)
      switch random[0] % 4 {
      case 0:
        for i in 1...4 { damaged[random[i] % damaged.count] ^= UInt8(1 << (random[i + 4] % 8)) }
      // most of the file is text, whose every character may matter
      case 1: damaged[8 + random[1] % 600] = UInt8(32 + random[2] % 95)
      case 2: damaged = Array(damaged.prefix(random[1] % damaged.count))
      default:
        let start = random[1] % damaged.count
        damaged.removeSubrange(start..<min(start + 1 + random[2] % 16, damaged.count))
      }
      if failure(damaged) != nil { refused += 1 }
    }
    #expect(refused > 1000)
  }
}
