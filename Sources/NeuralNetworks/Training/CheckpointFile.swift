internal import Tensors

/// Checkpoints as safetensors files.
enum CheckpointFile {
  /// Replaces the file; a reader sees the old or the new one, never a part.
  static func write(_ checkpoint: Checkpoint, to path: String) throws(NetworkError) {
    throw .checkpointFile(path: path, reason: "checkpoints cannot be written yet")
  }

  /// The checkpoint, or nil when there is no such file.
  static func read(_ path: String) throws(NetworkError) -> Checkpoint? {
    nil
  }
}
