import GrayboxCommands
import Studies
import Tensors
import Testing

/// The named studies of state estimation, in their smallest form.
@Suite struct StateStudyTests {
  @Test(
    "a smoke study runs, and no claim that it can test fails",
    arguments: ["kalmannet-linear", "hybrid-smoother-linear"]
  )
  func smoke(name: String) throws {
    let folder = try Folder()
    let run = Run("study", name, "--preset", "smoke", "--out", folder("out"), catalogue: .standard)
    #expect(run.code == 0, "\(run.errors)")
    #expect(!run.output.contains("not held:"), "\(run.output)")
    #expect(run.output.contains("\nheld: "), "\(run.output)")
  }

  @Test("filters run on a user's arrays, and wrong ones are one sentence")
  func arrays() throws {
    let folder = try Folder()
    var bundle = ArrayBundle()
    bundle["observations"] = .double(Tensor([1, .nan, 3], shape: [3, 1]))
    for name in ["transition", "emission", "process_noise", "observation_noise"] {
      bundle[name] = .double(Tensor([1], shape: [1, 1]))
    }
    try ArrayFiles.write(bundle, to: folder("data.npz"))
    let run = Run(
      "infer",
      "kalman",
      "--data",
      folder("data.npz"),
      "--out",
      folder("out.npz"),
      catalogue: .standard
    )
    #expect(run.code == 0, "\(run.errors)")
    // P- = 1, K = 1/2; then P- = 1.5 and 2.5, K = 5/7.
    let written = try ArrayFiles.read(folder("out.npz"))["estimates"]?.double
    let estimates = try #require(written).scalars
    #expect(estimates.count == 3)
    let expected = [0.5, 0.5, 0.5 + 5.0 / 7 * 2.5]
    #expect(zip(estimates, expected).allSatisfy { ($0 - $1).magnitude < 1e-12 })
    bundle["transition"] = .double(.zeros([1, 2]))
    try ArrayFiles.write(bundle, to: folder("wrong.npz"))
    Run(
      "infer",
      "kalman",
      "--data",
      folder("wrong.npz"),
      "--out",
      folder("out.npz"),
      catalogue: .standard
    ).failed(.badData, naming: "transition", "[1, 2]")
  }
}
