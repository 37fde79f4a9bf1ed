import Foundation
import Tensors

/// A folder of a test's own, removed with it.
final class Folder: Sendable {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/graybox-commands-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file in the folder.
  func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

  /// Whether a file is there.
  func holds(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self(name)) }

  /// Writes a text file and gives its path.
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: self(name), atomically: true, encoding: .utf8)
    return self(name)
  }

  /// The text of a file.
  func text(_ name: String) throws -> String {
    try String(contentsOfFile: self(name), encoding: .utf8)
  }

  /// Signs and what is seen of them, as an array file.
  func signs(_ name: String, count: Int = 400, withTargets: Bool = true) throws -> String {
    var stream = RandomStream(seed: 7)
    let signs = stream.integers(count, below: 2).map { Double(2 * $0 - 1) }
    let noise: Tensor<Double> = stream.normal([count])
    let observations = zip(signs, noise.scalars).map { $0 + 0.6 * $1 }
    var bundle = ArrayBundle(["observations": .double(Tensor(observations))])
    if withTargets { bundle["targets"] = .double(Tensor(signs)) }
    try ArrayFiles.write(bundle, to: self(name))
    return self(name)
  }
}
