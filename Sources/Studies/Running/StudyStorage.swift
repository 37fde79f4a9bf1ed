package import NeuralNetworks
package import Tensors

/// How a study reads and writes the files whose formats live elsewhere.
package struct StudyStorage: Sendable {
  /// Reads the user's arrays.
  package var readArrays: @Sendable (String) throws -> ArrayBundle
  /// Reads a model file.
  package var readModel: @Sendable (String) throws -> ModelFile
  /// Writes a model file, so that a reader sees all of it or nothing.
  package var writeModel: @Sendable (ModelFile, String) throws -> Void

  /// The given ways to read and write.
  package init(
    readArrays: @escaping @Sendable (String) throws -> ArrayBundle,
    readModel: @escaping @Sendable (String) throws -> ModelFile,
    writeModel: @escaping @Sendable (ModelFile, String) throws -> Void
  ) {
    self.readArrays = readArrays
    self.readModel = readModel
    self.writeModel = writeModel
  }
}

extension StudyStorage {
  /// Array and model files on the disk.
  package static let files = StudyStorage(
    readArrays: { try ArrayFiles.read($0) },
    readModel: { try ModelFile.read($0) },
    writeModel: { try $0.write(to: $1) }
  )
}
