public import Tensors

/// Why a model file could not be read or written.
public enum ModelFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file is no sound safetensors file, or the system would not read or write it.
  case file(ArrayFileError)
  /// The file was written by another, probably newer, version of the program.
  case unknownFormatVersion(file: String, found: String, known: Int)
  /// The file is a safetensors file that lacks what a model needs.
  case missingKey(file: String, key: String)
  /// A key's text is not what it must be.
  case wrongValue(file: String, key: String, requirement: String)

  /// One sentence: which file, what is wrong and what to do.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .unknownFormatVersion(let file, let found, let known):
      "\(file): has model format version \(found), this program reads version \(known); use the "
        + "program that wrote it, or train the model again"
    case .missingKey(let file, let key):
      "\(file): is no model file: its metadata lacks '\(key)'; name a file that graybox train wrote"
    case .wrongValue(let file, let key, let requirement):
      "\(file): is damaged: its metadata '\(key)' must be \(requirement); train the model again"
    }
  }
}
