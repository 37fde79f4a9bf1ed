internal import ArgumentParser
internal import Studies

/// `graybox study`.
struct StudyCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Compare methods on the same draws and write a report.",
    discussion: """
      Results, figures, trained models and report.html land in the output folder. Ctrl-C keeps \
      what is done; --resume goes on.
      """
  )

  @Argument(help: ArgumentHelp("A named study, or a study file.", valueName: "study"))
  var study: String

  @Option(name: .long, help: ArgumentHelp("smoke, quick or full.", valueName: "name"))
  var preset: String?

  @Option(name: .long, help: ArgumentHelp("Seed of all random numbers.", valueName: "n"))
  var seed: UInt64?

  @Option(
    name: .long,
    help: ArgumentHelp("Threads to use (default: all processors).", valueName: "n")
  )
  var threads: Int?

  @Option(
    name: .long,
    help: ArgumentHelp("The output folder (default: out/STUDY).", valueName: "dir")
  )
  var out: String?

  @Flag(name: .long, help: "Go on with an interrupted study.")
  var resume = false

  @Option(
    name: .long,
    help: ArgumentHelp("Lay a value over the file; may be repeated.", valueName: "key=value")
  )
  var set: [String] = []

  @Flag(name: .long, help: "Print the study file and run nothing.")
  var show = false

  @Option(
    name: .long,
    help: ArgumentHelp("Do only the i-th (from 0) of n shares of the blocks.", valueName: "i/n")
  )
  var shard: String?

  @Option(
    name: .long,
    parsing: .upToNextOption,
    help: ArgumentHelp("Put the folders of shards together; runs nothing.", valueName: "dir")
  )
  var merge: [String] = []

  func run(in context: CommandContext) throws -> CommandFailure.Code {
    let catalogue = context.catalogue
    let file = try StudyText(study, catalogue: catalogue)
    if show { return try show(file, catalogue, context.console) }
    let specification = try specification(of: file, catalogue)
    let folder = out ?? "out/\(specification.study)"
    let share = try share()
    let progress = StudyProgress(context.console)
    let outcome = try Interruption.watching {
      try CommandFailure.describing {
        if !merge.isEmpty {
          return try StudyMerge.merge(
            merge,
            into: folder,
            catalogue: catalogue
          )
        }
        let options = StudyOptions(
          folder: folder,
          threads: try ThreadCount.resolved(threads),
          resumes: resume,
          shard: share,
          report: { progress.show($0) },
          isCancelled: { Interruption.isAsked }
        )
        return try StudyRunner(
          specification: specification,
          catalogue: catalogue,
          options: options
        ).run()
      }
    }
    progress.finish()
    return try finish(outcome, specification, folder, context)
  }

  private func share() throws(CommandFailure) -> StudyShard? {
    guard let shard else { return nil }
    do {
      return try StudyShard(shard)
    } catch {
      throw CommandFailure(.usage, "--shard \(shard): expected i/n, with i from 0 to n - 1")
    }
  }

  private func show(
    _ file: StudyText,
    _ catalogue: Catalogue,
    _ console: Console
  ) throws -> CommandFailure.Code {
    let isPlain = preset == nil && seed == nil && set.isEmpty
    let text = isPlain ? file.yaml : try specification(of: file, catalogue).yaml
    console.result(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    return .success
  }

  private func specification(
    of file: StudyText,
    _ catalogue: Catalogue
  ) throws(CommandFailure) -> StudySpecification {
    do {
      return try StudySpecification(
        yaml: file.yaml,
        source: file.source,
        preset: preset,
        assignments: set,
        seed: seed,
        catalogue: catalogue
      )
    } catch {
      // The file of a named study is right, so that the mistake is in what was laid over it.
      throw CommandFailure(file.isNamed ? .usage : .badData, "\(error)")
    }
  }

  private func finish(
    _ outcome: StudyOutcome,
    _ specification: StudySpecification,
    _ folder: String,
    _ context: CommandContext
  ) throws -> CommandFailure.Code {
    let maker = StudyReportMaker(
      specification: specification,
      outcome: outcome,
      catalogue: context.catalogue,
      folder: folder,
      command: repeating(folder)
    )
    let written = try CommandFailure.describing { try maker.report().write(to: folder) }
    if let problem = written.problem { context.console.error("graybox: \(problem)") }
    context.console.result(maker.summary)
    context.console.result("report: \(written.path)")
    if outcome.wasInterrupted {
      context.console.error("graybox: interrupted; go on with --resume --out \(folder)")
      return .interrupted
    }
    guard let failure = outcome.failures.first else { return .success }
    context.console.error(
      "graybox: \(outcome.failures.count) results did not succeed, the first: \(failure)"
    )
    return .notSucceeded
  }

  /// The command that repeats the run.
  private func repeating(_ folder: String) -> String {
    var words = ["graybox study \(study)"]
    if let preset { words.append("--preset \(preset)") }
    if let seed { words.append("--seed \(seed)") }
    words += set.map { "--set '\($0)'" }
    if let shard { words.append("--shard \(shard)") }
    if !merge.isEmpty { words.append("--merge " + merge.joined(separator: " ")) }
    return (words + ["--out \(folder)"]).joined(separator: " ")
  }
}

/// The file of a study and where it came from.
private struct StudyText {
  let yaml: String
  let source: String
  let isNamed: Bool

  /// Finds a named study, or reads a file.
  ///
  /// - Throws: ``CommandFailure``: 64 for a word that is neither, 65 for a file that can't be read.
  init(_ word: String, catalogue: Catalogue) throws(CommandFailure) {
    if let named = catalogue.studies.first(where: { $0.id == word }) {
      yaml = named.file
      source = word
      isNamed = true
      return
    }
    guard word.hasSuffix(".yaml") || word.hasSuffix(".yml") || FileAccess.exists(word) else {
      throw CommandFailure(
        .usage,
        "unknown study '\(word)', and no file of that name; named studies: "
          + catalogue.studies.map(\.id).joined(separator: ", ")
      )
    }
    let bytes = try CommandFailure.describing { try FileAccess.contents(of: word) }
    yaml = String(decoding: bytes, as: UTF8.self)
    source = word
    isNamed = false
  }
}
