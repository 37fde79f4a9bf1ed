internal import ArgumentParser
public import Studies

/// The command-line program as a function, so that tests call what `graybox` runs.
public enum GrayboxProgram {
  /// The version that `--version` prints and model files carry.
  public static let version = "0.1.0"

  /// Runs one command line to its end.
  ///
  /// - Parameters:
  ///   - arguments: what follows the program's name.
  ///   - catalogue: the methods and studies that it offers.
  ///   - console: where results, progress and errors go.
  /// - Returns: the exit code: 0, or one of ``CommandFailure/Code``.
  public static func run(
    _ arguments: [String],
    catalogue: @autoclosure @escaping @Sendable () -> Catalogue = .standard,
    console: Console = .standard
  ) -> Int32 {
    let context = CommandContext(catalogueMaker: catalogue, console: console)
    do {
      if let help = try MethodHelp.asked(by: arguments, in: context) {
        console.result(help)
        return 0
      }
      var command = try GrayboxCommand.parseAsRoot(arguments)
      guard let own = command as? any ContextCommand else {
        // Help is a command of the parser's own; it throws what is to be shown.
        try command.run()
        return 0
      }
      return try own.run(in: context).rawValue
    } catch let failure as CommandFailure {
      return report(failure, on: console)
    } catch {
      return reportParser(error, on: console)
    }
  }

  /// What the argument parser threw: help and version are results, the rest is wrong usage.
  private static func reportParser(_ error: any Error, on console: Console) -> Int32 {
    let code = GrayboxCommand.exitCode(for: error)
    let message = GrayboxCommand.fullMessage(for: error, columns: console.columns)
    if code == .success {
      console.result(message)
      return 0
    }
    if code == .validationFailure {
      console.error(message)
      return CommandFailure.Code.usage.rawValue
    }
    return report(CommandFailure(describing: error), on: console)
  }

  private static func report(_ failure: CommandFailure, on console: Console) -> Int32 {
    console.error("graybox: \(failure.sentence)")
    return failure.code.rawValue
  }
}

/// What a command is given to work with.
package struct CommandContext: Sendable {
  private let catalogueMaker: @Sendable () -> Catalogue
  /// Where results, progress and errors go.
  package let console: Console

  package init(catalogueMaker: @escaping @Sendable () -> Catalogue, console: Console) {
    self.catalogueMaker = catalogueMaker
    self.console = console
  }

  /// The methods and studies; made when first asked for, since help does not need them.
  package var catalogue: Catalogue { catalogueMaker() }
}

/// A command that runs with a catalogue and a console in place of global ones.
protocol ContextCommand: ParsableCommand {
  func run(in context: CommandContext) throws -> CommandFailure.Code
}

/// The root of the command line.
struct GrayboxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "graybox",
    abstract: "Model-based deep learning: keep what you know, learn only what you don't.",
    discussion: """
      Results go to standard output, progress to standard error. Exit codes: 0 done, 2 a \
      computation that did not succeed, 64 wrong usage, 65 bad data, 74 cannot write, 130 \
      interrupted.
      """,
    version: GrayboxProgram.version,
    subcommands: [
      ListCommand.self, StudyCommand.self, TrainCommand.self, InferCommand.self,
      BenchCommand.self, DoctorCommand.self,
    ]
  )
}
