import GrayboxCommands
import Studies
import Tensors
import Testing

@Suite struct InferCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test("a classical method decides a file and prints the error rate with its interval")
  func classical() throws {
    let data = try folder.signs("data.npz")
    let run = Run("infer", "sign", "--data", data, "--out", folder("out.npz"))
    #expect(run.code == 0, "\(run.errors)")
    let truth = try ArrayFiles.read(data)
    let decided = try ArrayFiles.read(folder("out.npz"))
    let observations = try Toy.numbers("observations", of: truth)
    let expected = observations.map { $0 > 0 ? 1.0 : -1.0 }
    #expect(try Toy.numbers("estimates", of: decided) == expected)
    let errors = zip(expected, try Toy.numbers("targets", of: truth)).count { $0 != $1 }
    #expect(run.output.hasPrefix("error_rate \(Double(errors) / 400) ["))
    #expect(run.output.hasSuffix("], \(errors) of 400\n"))
  }

  @Test("a file with one array without a name is what the method reads", arguments: ["npy", "csv"])
  func unnamed(kind: String) throws {
    let truth = try ArrayFiles.read(folder.signs("data.npz"))
    var alone = ArrayBundle()
    alone[ArrayFiles.standardName] = truth["observations"]
    try ArrayFiles.write(alone, to: folder("alone.\(kind)"))
    let run = Run("infer", "sign", "--data", folder("alone.\(kind)"), "--out", folder("out.npz"))
    #expect(run.code == 0, "\(run.errors)")
    let expected = try Toy.numbers("observations", of: truth).map { $0 > 0 ? 1.0 : -1.0 }
    #expect(try Toy.numbers("estimates", of: ArrayFiles.read(folder("out.npz"))) == expected)
  }

  @Test("settings come from a file, and --set wins over it")
  func settings() throws {
    let data = try folder.signs("data.npz", count: 50)
    let config = try folder.write("threshold: -5\n", to: "settings.yaml")
    func estimates(_ more: String...) throws -> [Double] {
      let run = Run(
        ["infer", "sign", "--data", data, "--out", folder("o.npy"), "--config", config] + more
      )
      #expect(run.code == 0, "\(run.errors)")
      return try Toy.numbers("array", of: ArrayFiles.read(folder("o.npy")))
    }
    #expect(try estimates() == [Double](repeating: 1, count: 50))
    #expect(try estimates("--set", "threshold=5") == [Double](repeating: -1, count: 50))
  }

  @Test("images come out as images, under the names that they had")
  func images() throws {
    var stream = RandomStream(seed: 1)
    for name in ["b.pgm", "a.pgm"] {
      let image: Tensor<Float> = stream.uniform([12, 10])
      try ImageFiles.write(image, to: folder(name))
    }
    func infer(_ data: String, _ out: String, _ method: String = "tikhonov") -> Run {
      Run(["infer", method, "--data", data, "--out", out], catalogue: .standard)
    }
    #expect(infer(folder("a.pgm"), folder("alone.pgm")).code == 0)
    #expect(try ImageFiles.read(folder("alone.pgm")).shape == [12, 10])
    #expect(infer(folder(""), folder("restored/")).code == 0)
    let restored = try ImageFiles.readFolder(folder("restored"))
    #expect(restored.map(\.shape) == [[12, 10], [12, 10], [12, 10]])
    #expect(try ImageFiles.read(folder("restored/a.pgm")) == ImageFiles.read(folder("alone.pgm")))
    infer(folder("restored"), folder("three.pgm")).failed(
      .cannotWrite,
      naming: "three.pgm",
      "3 images"
    )
    infer(folder("a.pgm"), folder("a.xyz")).failed(.badData, naming: "a.xyz")
    let signs = try folder.signs("data.npz", count: 20)
    Run("infer", "sign", "--data", signs, "--out", folder("signs.pgm"))
      .failed(.cannotWrite, naming: "signs.pgm", "'estimates'", "[20]")
  }

  @Test("without targets nothing is judged")
  func withoutTargets() throws {
    let data = try folder.signs("data.npz", withTargets: false)
    let run = Run("infer", "sign", "--data", data, "--out", folder("out.npz"))
    #expect(run.code == 0)
    #expect(run.output.isEmpty)
  }

  @Test("a computation that does not succeed writes what it has and exits 2")
  func failure() throws {
    let data = try folder.signs("data.npz")
    let run = Run(
      "infer",
      "sign",
      "--data",
      data,
      "--out",
      folder("out.npz"),
      "--set",
      "fails=true"
    )
    run.failed(.notSucceeded, naming: "stopped after 3 of 10 iterations", "out.npz")
    #expect(folder.holds("out.npz"))
  }

  @Test("wrong usage is 64 and names what is known")
  func usage() throws {
    let data = try folder.signs("data.npz")
    func run(_ method: String, _ more: String...) -> Run {
      Run(["infer", method, "--data", data, "--out", folder("out.npz")] + more)
    }
    run("nosuch").failed(.usage, naming: "'nosuch'", "sign, learned")
    run("learned").failed(.usage, naming: "learned must be trained first")
    run("sign", "--set", "thresold=1").failed(.usage, naming: "'thresold'", "threshold, fails")
    run("sign", "--set", "threshold=9").failed(.usage, naming: "'threshold'", "9")
    run("sign", "--set", "threshold").failed(.usage, naming: "key=value")
    run("sign", "--threads", "0").failed(.usage, naming: "--threads 0")
    #expect(run("sign", "--nosuch").code == 64)
    #expect(Run("infer", "sign").code == 64)
    #expect(Run("nosuch").code == 64)
    #expect(!folder.holds("out.npz"))
  }

  @Test("data that does not fit is 65 and names the file and the array")
  func badData() throws {
    let data = try folder.signs("data.npz")
    func run(_ method: String, _ data: String, _ more: String...) -> Run {
      Run(["infer", method, "--data", data, "--out", folder("out.npz")] + more)
    }
    run("sign", folder("nosuch.npz")).failed(.badData, naming: "nosuch.npz")
    run("sign", try folder.write("PK", to: "broken.npz")).failed(.badData, naming: "broken.npz")
    var bundle = try ArrayFiles.read(data)
    bundle["observations"] = .float(.zeros([2, 2, 2]))
    try ArrayFiles.write(bundle, to: folder("shape.npz"))
    run("sign", folder("shape.npz"))
      .failed(.badData, naming: "shape.npz", "'observations'", "[2, 2, 2]", "[n]")
    bundle["observations"] = nil
    try ArrayFiles.write(bundle, to: folder("missing.npz"))
    run("sign", folder("missing.npz")).failed(.badData, naming: "missing.npz", "'observations'")
    let config = try folder.write("thresold: 1\n", to: "settings.yaml")
    run("sign", data, "--config", config)
      .failed(.badData, naming: "settings.yaml", "'thresold'", "threshold, fails")
    run("sign", data, "--config", folder("no.yaml")).failed(.badData, naming: "no.yaml")
    #expect(!folder.holds("out.npz"))
  }

  @Test("a result that cannot be written is 74")
  func cannotWrite() throws {
    let data = try folder.signs("data.npz")
    Run("infer", "sign", "--data", data, "--out", folder("no/such/out.npz"))
      .failed(.cannotWrite, naming: "no/such/out.npz")
  }
}
