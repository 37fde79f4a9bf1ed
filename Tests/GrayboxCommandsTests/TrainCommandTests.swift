import GrayboxCommands
import NeuralNetworks
import Studies
import Tensors
import Testing

@Suite struct TrainCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  private func trained(_ more: String...) throws -> String {
    let data = try folder.signs("train.npz")
    let model = folder("model.safetensors")
    let run = Run(["train", "learned", "--data", data, "--out", model] + more)
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.errors.contains("epoch "))
    return model
  }

  @Test("a trained model runs alone, and says where it was trained")
  func roundTrip() throws {
    let model = try trained("--seed", "9", "--set", "epochs=30")
    let data = try folder.signs("data.npz", count: 900)
    let run = Run("infer", model, "--data", data, "--out", folder("out.npz"))
    #expect(run.code == 0, "\(run.errors)")
    let threshold = try Toy.numbers("threshold", of: ArrayBundle(ModelFile.read(model).tensors))[0]
    let expected = try Toy.numbers("observations", of: ArrayFiles.read(data))
      .map { $0 > threshold ? 1.0 : -1.0 }
    #expect(try Toy.numbers("estimates", of: ArrayFiles.read(folder("out.npz"))) == expected)
    #expect(run.output.hasPrefix("error_rate "))
    let provenance = try ModelFile.read(model).provenance
    #expect(provenance["seed"] == "9")
    #expect(provenance["program"] == "graybox \(GrayboxProgram.version)")
    #expect(provenance["data_hash"]?.count == 16)
    #expect(!folder.holds("model.safetensors.checkpoint"))
  }

  @Test("the data's digest follows its numbers, not its file format")
  func dataHash() throws {
    func hash(_ name: String, _ bundle: ArrayBundle) throws -> String? {
      try ArrayFiles.write(bundle, to: folder(name))
      let model = folder("\(name).safetensors")
      #expect(Run("train", "learned", "--data", folder(name), "--out", model).code == 0)
      return try ModelFile.read(model).provenance["data_hash"]
    }
    var bundle = try ArrayFiles.read(folder.signs("a.npz"))
    let first = try hash("a.npz", bundle)
    #expect(try hash("a.csv", bundle) == first)
    var numbers = try Toy.numbers("observations", of: bundle)
    numbers[3] += 1e-9
    bundle["observations"] = .double(Tensor(numbers))
    #expect(try hash("b.npz", bundle) != first)
  }

  @Test("wrong usage is 64")
  func usage() throws {
    let data = try folder.signs("data.npz")
    func run(_ method: String, _ out: String, _ more: String...) -> Run {
      Run(["train", method, "--data", data, "--out", folder(out)] + more)
    }
    run("nosuch", "m.safetensors").failed(.usage, naming: "'nosuch'", "sign, learned")
    run("sign", "m.safetensors").failed(.usage, naming: "learns nothing")
    run("learned", "m.npz").failed(.usage, naming: ".safetensors")
    run("learned", "m.safetensors", "--set", "epoch=1").failed(.usage, naming: "'epoch'", "epochs")
  }

  @Test("training data without targets is 65, and so is a checkpoint that is not there")
  func badData() throws {
    let data = try folder.signs("data.npz", withTargets: false)
    let model = folder("m.safetensors")
    Run("train", "learned", "--data", data, "--out", model)
      .failed(.badData, naming: "data.npz", "'targets'")
    Run("train", "learned", "--data", data, "--out", model, "--resume")
      .failed(.badData, naming: "m.safetensors.checkpoint")
    #expect(!folder.holds("m.safetensors"))
  }

  @Test("a model that cannot be run is 65: damaged, of an unknown method or version")
  func badModels() throws {
    let data = try folder.signs("data.npz")
    func run(_ model: String) -> Run {
      Run("infer", model, "--data", data, "--out", folder("out.npz"))
    }
    let path = try trained()
    let model = try ModelFile.read(path)
    var other = model
    other.method = "forgotten"
    try other.write(to: folder("method.safetensors"))
    run(folder("method.safetensors"))
      .failed(.badData, naming: "method.safetensors", "'forgotten'", "sign, learned")
    other = model
    other.methodVersion = 4
    try other.write(to: folder("version.safetensors"))
    run(folder("version.safetensors")).failed(.badData, naming: "version 4", "version 3")
    other = model
    other.settings = "{\"epoch\": 2}"
    try other.write(to: folder("settings.safetensors"))
    run(folder("settings.safetensors"))
      .failed(.badData, naming: "settings.safetensors", "'epoch'", "epochs")
    run(try folder.write("not a model", to: "damaged.safetensors"))
      .failed(.badData, naming: "damaged.safetensors")
    run(folder("missing.safetensors")).failed(.badData, naming: "missing.safetensors")
  }
}
