#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The tool that draws figures; optional at run time.
public struct Gnuplot: Sendable, Hashable {
  /// The program, or nil when there is none.
  public let path: String?

  /// The tool at a path; nil to draw nothing.
  public init(path: String?) {
    self.path = path.flatMap { access($0, X_OK) == 0 ? $0 : nil }
  }

  /// The first `gnuplot` on the search path.
  public static var found: Gnuplot {
    let folders = getenv("PATH").map { String(cString: $0) } ?? ""
    for folder in folders.split(separator: ":") {
      let candidate = Gnuplot(path: "\(folder)/gnuplot")
      if candidate.path != nil { return candidate }
    }
    return Gnuplot(path: nil)
  }

  /// Runs a script inside of its folder.
  ///
  /// - Returns: nil when it succeeded; else what the tool said, or that there is no tool.
  package func run(_ script: String, in folder: String) -> String? {
    guard let path else { return "gnuplot is not installed" }
    let log = "\(folder)/\(script).log"
    defer { unlink(log) }
    let code = Self.spawn([path, script], in: folder, output: log)
    guard code != 0 else { return nil }
    let bytes = (try? FileAccess.contents(of: log)) ?? []
    let words = String(decoding: bytes, as: UTF8.self)
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return "gnuplot ended with code \(code)\(words.isEmpty ? "" : ": \(words)")"
  }

  /// Runs a program to its end; its exit code, or 127 when it cannot start.
  private static func spawn(
    _ arguments: [String],
    in folder: String,
    output: String
  ) -> Int32 {
    #if canImport(Darwin)
    var actions: posix_spawn_file_actions_t?
    #else
    var actions = posix_spawn_file_actions_t()
    #endif
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    // The shell only changes the folder; the words reach it as arguments, never as its language.
    let shell = ["/bin/sh", "-c", "cd \"$0\" && exec \"$@\"", folder] + arguments
    var words: [UnsafeMutablePointer<CChar>?] = shell.map { strdup($0) }
    words.append(nil)
    defer { for word in words { free(word) } }
    var child = pid_t()
    guard posix_spawn(&child, shell[0], &actions, nil, words, environ) == 0 else { return 127 }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      guard errno == EINTR else { return 127 }
    }
    // The low seven bits are the signal that ended it; the next eight its exit code.
    return status & 0x7f != 0 ? 128 + (status & 0x7f) : (status >> 8) & 0xff
  }
}
