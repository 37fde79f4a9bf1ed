import GrayboxCommands
import Studies
import Testing

@Suite struct HelpTests {
  @Test("the help of a method lists its arrays and settings with shapes, ranges and units")
  func inferHelp() {
    let run = Run("infer", "sign", "--help")
    #expect(run.code == 0)
    #expect(
      run.output == """
        sign: Sign detector (model-based, signs)
        Decides by a threshold.

        needs:     threshold
        learns:    nothing
        reference: nobody2000

        arrays
          observations  [n]; input; volts
              What is seen.
          targets  [n]; target, optional; -1, +1
              What was sent.
          estimates  [n]; output; -1, +1
              The decided signs.

        settings (--set key=value, or --config FILE.yaml)
          threshold  number -5...5; standard 0; volts
              What is above counts as +1.
          fails  true | false; standard false
              Reports a failure.

        graybox infer sign --data FILE.npz --out OUT.npz

        """
    )
  }

  @Test("the help of training asks for targets and leaves outputs out")
  func trainHelp() {
    let run = Run("train", "-h", "learned")
    #expect(run.code == 0)
    #expect(run.output.contains("law:       with the threshold of the model"))
    #expect(run.output.contains("targets  [n]; target; -1, +1"))
    #expect(!run.output.contains("estimates"))
    #expect(run.output.contains("graybox train learned --data FILE.npz --out MODEL.safetensors"))
  }

  @Test("the help of an unknown method is wrong usage that lists the known ones")
  func unknown() {
    Run("infer", "nosuch", "--help").failed(.usage, naming: "'nosuch'", "sign, learned")
  }

  @Test(
    "help and version are results",
    arguments: [["--help"], ["study", "--help"], ["--version"]]
  )
  func generalHelp(arguments: [String]) {
    let run = Run(arguments)
    #expect(run.code == 0)
    #expect(!run.output.isEmpty)
    #expect(run.errors.isEmpty)
  }

  @Test("every method of the program has a help with all of its arrays and settings")
  func everyMethod() {
    for method in Catalogue.standard.methods {
      let run = Run(["infer", method.id, "--help"], catalogue: .standard)
      #expect(run.code == 0)
      for array in method.arrays { #expect(run.output.contains("\n  \(array.name)  ")) }
      for setting in method.settings { #expect(run.output.contains("\n  \(setting.key)  ")) }
    }
  }

  @Test("no two settings of a method or scenario, and no two arrays of a method, have one name")
  func distinctNames() {
    for method in Catalogue.standard.methods {
      #expect(Set(method.settings.map(\.key)).count == method.settings.count, "\(method.id)")
      #expect(Set(method.arrays.map(\.name)).count == method.arrays.count, "\(method.id)")
    }
    for scenario in Catalogue.standard.scenarios {
      #expect(Set(scenario.settings.map(\.key)).count == scenario.settings.count, "\(scenario.id)")
    }
  }

  @Test(
    "CommandLine.md names every option of every command, and no other",
    arguments: ["list", "study", "train", "infer", "bench", "doctor"]
  )
  func page(command: String) throws {
    let page = try Repository.text("Documentation/CommandLine.md")
    let section = try #require(
      page.split(separator: "\n## ").first { $0.hasPrefix("\(command)\n") },
      "no section on \(command)"
    )
    func options(_ text: some StringProtocol) -> Set<String> {
      Set(
        text.split(whereSeparator: { !($0.isLetter || $0 == "-") }).map { String($0) }
          .filter { $0.hasPrefix("--") && $0.count > 2 }
      )
    }
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| `--") }
    let written = options(rows.compactMap { $0.split(separator: "|").first }.joined())
    let known = options(Run(command, "--help").output).subtracting(["--help", "--version"])
    #expect(written == known)
  }
}
