import NeuralNetworks
import Studies
import Tensors

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Folders, and models as plain text, for tests of the engine alone.
enum ToyFiles {
  static let storage = StudyStorage(
    readArrays: { path in throw StudyError.invalid("\(path): no file") },
    readModel: read,
    writeModel: write
  )

  /// Storage that also knows the user's arrays by name.
  static func storage(arrays: [String: ArrayBundle]) -> StudyStorage {
    var storage = storage
    storage.readArrays = { path in
      guard let bundle = arrays[path] else { throw StudyError.invalid("\(path): no file") }
      return bundle
    }
    return storage
  }

  @Sendable static func write(_ model: ModelFile, _ path: String) throws {
    var lines = [model.method, "\(model.methodVersion)", model.settings]
    for (name, array) in model.tensors.sorted(by: { $0.key < $1.key }) {
      lines.append("tensor \(name) \(array.double?.scalars[0] ?? .nan)")
    }
    for (key, value) in model.provenance.sorted(by: { $0.key < $1.key }) {
      lines.append("origin \(key) \(value)")
    }
    try FileAccess.replace(path, with: lines.joined(separator: "\n"))
  }

  @Sendable static func read(_ path: String) throws -> ModelFile {
    let text = String(decoding: try FileAccess.contents(of: path), as: UTF8.self)
    let lines = text.split(separator: "\n").map(String.init)
    var model = ModelFile(
      method: lines[0],
      methodVersion: Int(lines[1]) ?? 0,
      settings: lines[2],
      tensors: [:],
      inputs: [],
      provenance: [:]
    )
    for line in lines.dropFirst(3) {
      let words = line.split(separator: " ", maxSplits: 2).map(String.init)
      if words[0] == "tensor" {
        model.tensors[words[1]] = .double(Tensor([Double(words[2]) ?? .nan]))
      } else {
        model.provenance[words[1]] = words.count > 2 ? words[2] : ""
      }
    }
    return model
  }

  /// A new folder, removed after the body.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    // In memory where there is such a folder: a flush to a disk costs milliseconds.
    let parent = FileAccess.exists("/dev/shm") ? "/dev/shm" : "/tmp"
    var template = Array("\(parent)/graybox-studies-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw StudyError.invalid("no folder") }
    let path = String(cString: made)
    defer { remove(folder: path) }
    return try body(path)
  }

  static func remove(folder: String) {
    for name in names(in: folder) {
      let path = "\(folder)/\(name)"
      if unlink(path) != 0 { remove(folder: path) }
    }
    rmdir(folder)
  }

  /// The names in a folder, sorted.
  static func names(in folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func text(_ path: String) throws -> String {
    String(decoding: try FileAccess.contents(of: path), as: UTF8.self)
  }

  static func copy(_ names: [String], from: String, to: String) throws {
    for name in names where FileAccess.exists("\(from)/\(name)") {
      try FileAccess.replace("\(to)/\(name)", with: text("\(from)/\(name)"))
    }
  }
}
