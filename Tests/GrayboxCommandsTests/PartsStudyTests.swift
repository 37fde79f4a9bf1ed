import GrayboxCommands
import Studies
import Testing

/// The named studies of dictionary learning and of robust PCA, in their smallest form.
@Suite struct PartsStudyTests {
  @Test(
    "a smoke study runs, and no claim that it can test fails",
    arguments: ["dcea", "corona"]
  )
  func smoke(name: String) throws {
    let folder = try Folder()
    let run = Run("study", name, "--preset", "smoke", "--out", folder("out"), catalogue: .standard)
    #expect(run.code == 0, "\(run.errors)")
    #expect(!run.output.contains("not held:"), "\(run.output)")
    #expect(run.output.contains("\nheld: "), "\(run.output)")
  }
}
