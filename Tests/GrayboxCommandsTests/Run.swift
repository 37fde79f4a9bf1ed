import GrayboxCommands
import Studies
import Synchronization
import Testing

/// What one command line did: its exit code and what it printed.
struct Run {
  let code: Int32
  let output: String
  let errors: String

  /// Runs a command line as `graybox` would, with a catalogue of the test's own.
  init(_ arguments: String..., catalogue: Catalogue = Toy.catalogue) {
    self.init(arguments, catalogue: catalogue)
  }

  /// Runs a command line of collected words.
  init(_ arguments: [String], catalogue: Catalogue = Toy.catalogue) {
    let output = Lines()
    let errors = Lines()
    let console = Console(
      result: { output.append($0 + "\n") },
      error: { errors.append($0 + "\n") },
      progress: { errors.append($0) }
    )
    code = GrayboxProgram.run(arguments, catalogue: catalogue, console: console)
    self.output = output.text
    self.errors = errors.text
  }

  /// Asserts that the command failed with a code and one sentence that names the given words.
  func failed(
    _ expected: CommandFailure.Code,
    naming words: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(code == expected.rawValue, "\(errors)", sourceLocation: sourceLocation)
    for word in words {
      #expect(errors.contains(word), "\(errors)", sourceLocation: sourceLocation)
    }
    let sentences = errors.split(separator: "\n").filter { $0.hasPrefix("graybox: ") }
    #expect(sentences.count == 1, "\(errors)", sourceLocation: sourceLocation)
    for type in ["StudyError", "ArrayFileError", "SettingValue", "ClosedRange", "Optional("] {
      #expect(!errors.contains(type), "\(errors)", sourceLocation: sourceLocation)
    }
  }
}

/// Text gathered from several threads.
private final class Lines: Sendable {
  private let gathered = Mutex("")
  var text: String { gathered.withLock { $0 } }
  func append(_ text: String) { gathered.withLock { $0 += text } }
}
