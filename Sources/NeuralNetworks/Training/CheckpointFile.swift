internal import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Checkpoints as safetensors files.
enum CheckpointFile {
  /// Replaces the file; a reader sees the old or the new one, never a part.
  static func write(_ checkpoint: Checkpoint, to path: String) throws(NetworkError) {
    do throws(ArrayFileError) {
      try Safetensors(tensors: checkpoint.tensors, metadata: checkpoint.metadata).write(to: path)
    } catch {
      throw .checkpointFile(path: path, reason: error.description)
    }
  }

  /// The checkpoint, or nil when there is no such file.
  static func read(_ path: String) throws(NetworkError) -> Checkpoint? {
    guard access(path, F_OK) == 0 else { return nil }
    do throws(ArrayFileError) {
      let file = try Safetensors.read(path)
      return Checkpoint(tensors: file.tensors, metadata: file.metadata)
    } catch {
      throw .checkpointFile(path: path, reason: error.description)
    }
  }
}
