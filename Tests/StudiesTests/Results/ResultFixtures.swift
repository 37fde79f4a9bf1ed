package import Studies

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A row with the given place in a table and plausible other columns.
package func makeRow(
  scenario: String = "isi-channel",
  method: String = "Viterbi",
  family: String = "model-based",
  axis: String = "snr",
  axisValue: Double = 2,
  axisUnit: String = "dB",
  replicate: Int = 0,
  metric: String = "symbol_error_rate",
  value: Double = 0.1,
  trials: Int = 50_000,
  blocks: Int = 20
) -> ResultRow {
  let isExact = value == 0 || !value.isFinite
  return ResultRow(
    study: "viterbinet",
    scenario: scenario,
    method: method,
    family: family,
    axis: axis,
    axisValue: axisValue,
    axisUnit: axisUnit,
    replicate: replicate,
    metric: metric,
    value: value,
    lower: isExact ? nil : value * 0.95,
    upper: isExact ? nil : value * 1.05,
    blocks: blocks,
    trials: trials,
    errors: value.isFinite ? Int((value * Double(trials)).rounded()) : 0,
    sum: value * Double(trials),
    sumOfSquares: value * Double(trials),
    referenceSum: Double(trials),
    stopReason: "target-errors",
    seed: 1,
    config: "00ff"
  )
}

/// A folder that is removed when the value goes away.
package final class TemporaryFolder {
  /// Where it is.
  package let path: String

  package init() {
    var template = Array("/tmp/graybox-studies-XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { buffer in
      buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/nonexistent"
    }
  }

  /// The path of a file in it.
  package func file(_ name: String) -> String { path + "/" + name }

  /// Writes a file of the given text in it.
  package func write(_ text: String, to name: String) throws {
    try FileAccess.replace(file(name), with: text)
  }

  /// The text of a file in it.
  package func text(_ name: String) throws -> String {
    String(decoding: try FileAccess.contents(of: file(name)), as: UTF8.self)
  }

  deinit { Self.removeTree(path) }

  /// Removes a file or a folder with all that it holds; what cannot be removed stays.
  private static func removeTree(_ path: String) {
    // Removes files and symbolic links, so that no link is followed.
    if unlink(path) == 0 { return }
    if let folder = opendir(path) {
      while let entry = readdir(folder) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { removeTree(path + "/" + name) }
      }
      closedir(folder)
    }
    rmdir(path)
  }
}

/// A small generator (SplitMix64) for simulations whose truth is known.
package struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// A standard normal number, by Box and Muller.
  package mutating func normal() -> Double {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return radius * cos(2 * Double.pi * Double.random(in: 0..<1, using: &self))
  }
}
