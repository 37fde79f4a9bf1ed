import GrayboxCommands
import Studies
import Testing

@Suite struct StudyCommandTests {
  private let folder: Folder

  init() throws { folder = try Folder() }

  @Test("a named study writes results, report and settings, and says where the report is")
  func named() throws {
    let run = Run("study", "signs", "--out", folder("out"), "--threads", "1", "--seed", "3")
    #expect(run.code == 0, "\(run.errors)")
    #expect(run.errors.contains("planned: "))
    #expect(run.output.contains("report: \(folder("out"))/report.html"))
    #expect(run.output.contains("held: "))
    let files = ["results.csv", "summary.csv", "timings.csv", "study.yaml", "report.html"]
    for file in files { #expect(folder.holds("out/\(file)"), "\(file)") }
    let rows = try folder.text("out/results.csv").split(separator: "\n")
    #expect(rows.count == 1 + 2 * 2)
    let report = try folder.text("out/report.html")
    for words in ["Signs in noise", "graybox study signs --seed 3", "learned"] {
      #expect(report.contains(words), "\(words)")
    }
  }

  @Test("the table does not depend on the threads, and a complete study resumes to itself")
  func threadsAndResume() throws {
    func rows(_ name: String) throws -> [String] {
      try folder.text("\(name)/results.csv").split(separator: "\n").map { line in
        // The column `seconds` is what a clock measured.
        var fields = line.split(separator: ",", omittingEmptySubsequences: false)
        fields.remove(at: fields.count - 3)
        return fields.joined(separator: ",")
      }
    }
    for threads in ["1", "2"] {
      let run = Run("study", "signs", "--out", folder(threads), "--threads", threads)
      #expect(run.code == 0, "\(run.errors)")
    }
    #expect(try rows("1") == rows("2"))
    let before = try folder.text("1/results.csv")
    Run("study", "signs", "--out", folder("1")).failed(.badData, naming: "--resume")
    #expect(Run("study", "signs", "--out", folder("1"), "--resume").code == 0)
    #expect(try folder.text("1/results.csv") == before)
    Run("study", "signs", "--out", folder("1"), "--resume", "--set", "item_block=100")
      .failed(.badData, naming: "item_block")
  }

  @Test("two shards merge to the table of one run")
  func shards() throws {
    for shard in ["0/2", "1/2"] {
      let run = Run("study", "signs", "--shard", shard, "--out", folder(String(shard.prefix(1))))
      #expect(run.code == 0, "\(run.errors)")
    }
    let merged = Run(
      "study",
      "signs",
      "--out",
      folder("all"),
      "--merge",
      folder("0"),
      folder("1")
    )
    #expect(merged.code == 0, "\(merged.errors)")
    let whole = Run("study", "signs", "--out", folder("whole"))
    #expect(whole.code == 0)
    func errors(_ name: String) throws -> [Substring] {
      try folder.text("\(name)/results.csv").split(separator: "\n").map { line in
        line.split(separator: ",", omittingEmptySubsequences: false)[17]
      }
    }
    #expect(try errors("all") == errors("whole"))
  }

  @Test("--show prints the file, which runs from a path; with changes it prints what would run")
  func show() throws {
    let plain = Run("study", "signs", "--show")
    #expect(plain.code == 0)
    #expect(plain.output == Toy.studyFile)
    let changed = Run("study", "signs", "--preset", "smoke", "--set", "seed=5", "--show")
    #expect(changed.code == 0, "\(changed.errors)")
    #expect(changed.output.contains("seed: 5"))
    #expect(changed.output.contains("preset: smoke"))
    let path = try folder.write(plain.output, to: "mine.yaml")
    let run = Run("study", path, "--preset", "smoke", "--out", folder("out"))
    #expect(run.code == 0, "\(run.errors)")
    #expect(try folder.text("out/results.csv").split(separator: "\n").count == 1 + 2)
  }

  @Test("mistakes are 64 on the line and 65 in a file, and name the key")
  func mistakes() throws {
    Run("study", "nosuch").failed(.usage, naming: "'nosuch'", "signs")
    Run("study", "signs", "--preset", "huge").failed(.usage, naming: "'huge'", "smoke")
    Run("study", "signs", "--set", "replicate=2").failed(
      .usage,
      naming: "'replicate'",
      "replicates"
    )
    Run("study", folder("no.yaml")).failed(.badData, naming: "no.yaml")
    let path = try folder.write(Toy.studyFile + "stops: 1\n", to: "typing.yaml")
    Run("study", path).failed(.badData, naming: "typing.yaml", "'stops'", "stop")
    let method = Toy.studyFile.split(separator: "sign, label").joined(separator: "sine, label")
    Run("study", try folder.write(method, to: "method.yaml"))
      .failed(.badData, naming: "'sine'", "sign, learned")
    Run("study", "signs", "--shard", "2/2", "--out", folder("out")).failed(.usage, naming: "2/2")
  }
}
