/// Why a command did not do what was asked: an exit code and one sentence.
public struct CommandFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The exit codes, which are part of the command line's contract.
  public enum Code: Int32, Sendable {
    /// Done.
    case success = 0
    /// A computation that did not succeed; the partial result is written.
    case notSucceeded = 2
    /// A command line that cannot be understood.
    case usage = 64
    /// A file or an array that does not fit.
    case badData = 65
    /// A result that cannot be written.
    case cannotWrite = 74
    /// Stopped by the user; what was done is kept.
    case interrupted = 130
  }

  /// The exit code.
  public var code: Code
  /// What was wrong, where, and how to fix it.
  public var sentence: String

  /// A failure.
  public init(_ code: Code, _ sentence: String) {
    self.code = code
    self.sentence = sentence
  }

  /// The sentence.
  public var description: String { sentence }
}
