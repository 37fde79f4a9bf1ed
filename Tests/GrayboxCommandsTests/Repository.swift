import Foundation

/// The files of the repository that the tests hold against the program.
enum Repository {
  /// The text of a file, by its path from the root.
  static func text(_ path: String) throws -> String {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }
}
