#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Where a command writes: results, progress and errors.
public struct Console: Sendable {
  /// Prints a result and a line feed.
  public var result: @Sendable (String) -> Void
  /// Prints an error or a warning and a line feed.
  public var error: @Sendable (String) -> Void
  /// Prints text to the error output as it is, for progress.
  public var progress: @Sendable (String) -> Void
  /// Whether progress may rewrite its line.
  public var rewritesLines: Bool
  /// Whether escape sequences for colour may be written.
  public var usesColour: Bool
  /// The width for help texts.
  public var columns: Int

  /// A console of the given outputs.
  public init(
    result: @escaping @Sendable (String) -> Void,
    error: @escaping @Sendable (String) -> Void,
    progress: @escaping @Sendable (String) -> Void,
    rewritesLines: Bool = false,
    usesColour: Bool = false,
    columns: Int = 80
  ) {
    self.result = result
    self.error = error
    self.progress = progress
    self.rewritesLines = rewritesLines
    self.usesColour = usesColour
    self.columns = columns
  }

  /// The process's own outputs.
  public static var standard: Console {
    let isTerminal = isatty(STDERR_FILENO) == 1
    return Console(
      result: { text in print(text) },
      error: { text in write(text + "\n", to: STDERR_FILENO) },
      progress: { text in write(text, to: STDERR_FILENO) },
      rewritesLines: isTerminal,
      usesColour: isTerminal && environment("NO_COLOR") == nil,
      columns: width()
    )
  }

  /// The value of an environment variable, nil when it is unset or empty.
  static func environment(_ name: String) -> String? {
    guard let value = getenv(name), value.pointee != 0 else { return nil }
    return String(cString: value)
  }

  private static func width() -> Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col >= 40 else { return 80 }
    return min(Int(size.ws_col), 120)
  }

  private static func write(_ text: String, to descriptor: Int32) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while let base = rest.baseAddress, !rest.isEmpty {
        #if canImport(Darwin)
        let written = Darwin.write(descriptor, base, rest.count)
        #elseif canImport(Musl)
        let written = Musl.write(descriptor, base, rest.count)
        #else
        let written = Glibc.write(descriptor, base, rest.count)
        #endif
        if written <= 0 { return }
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
      }
    }
  }
}
