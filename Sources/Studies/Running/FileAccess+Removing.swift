#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension FileAccess {
  /// Removes a file that may be there.
  package static func remove(_ path: String) { unlink(path) }

  /// Removes a training's checkpoint and those of its stages, whose names go on after a dot.
  package static func removeCheckpoints(_ path: String) {
    remove(path)
    let cut = path.lastIndex(of: "/")
    let folder = cut.map { String(path[..<$0]) } ?? "."
    let stem = (cut.map { String(path[path.index(after: $0)...]) } ?? path) + "."
    guard let directory = opendir(folder.isEmpty ? "/" : folder) else { return }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { characters in
        characters.withMemoryRebound(
          to: CChar.self,
          capacity: MemoryLayout.size(ofValue: characters.pointee)
        ) { String(cString: $0) }
      }
      if name.hasPrefix(stem) { names.append(name) }
    }
    closedir(directory)
    for name in names { remove("\(folder)/\(name)") }
  }

  /// Appends text to a file, which is made where it is missing, and flushes to the disk.
  package static func append(_ text: String, to path: String) throws(ResultFileError) {
    let file = try openForAppending(path)
    defer { closeFile(file) }
    try append(text, to: file, path: path)
  }
}
