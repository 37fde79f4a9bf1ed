internal import Studies

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// How many threads a command uses.
enum ThreadCount {
  /// The processors that the process may use; a cluster's scheduler may allow fewer than there are.
  static var available: Int {
    let online = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    guard let allowed = SystemFile.value("Cpus_allowed", in: "/proc/self/status") else {
      return online
    }
    let bits = allowed.compactMap(\.hexDigitValue).reduce(0) { $0 + $1.nonzeroBitCount }
    return bits > 0 ? min(bits, online) : online
  }

  /// The number that was asked for, or all processors.
  ///
  /// - Throws: ``CommandFailure`` with 64 for a number that makes no sense.
  static func resolved(_ asked: Int?) throws(CommandFailure) -> Int {
    guard let asked else { return available }
    guard (1...1024).contains(asked) else {
      throw CommandFailure(.usage, "--threads \(asked): expected a number from 1 to 1024")
    }
    return asked
  }
}

/// The `key: value` lines in which Linux describes itself.
enum SystemFile {
  /// The first value of a key, nil where there is no such file or key.
  static func value(_ key: String, in path: String) -> String? {
    guard let bytes = try? FileAccess.contents(of: path) else { return nil }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 1)
      if parts.count == 2, trimmed(parts[0]) == key { return trimmed(parts[1]) }
    }
    return nil
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
