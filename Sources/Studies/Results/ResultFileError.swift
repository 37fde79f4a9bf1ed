/// What can be wrong with a study's result files.
public enum ResultFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The file cannot be opened or read.
  case cannotRead(path: String, reason: String)
  /// The file or its folder cannot be written.
  case cannotWrite(path: String, reason: String)
  /// The first line is not the header of this kind of file.
  case badHeader(path: String, expected: String, found: String)
  /// A record cannot be read; lines count from 1, the header being line 1.
  case badRecord(path: String, line: Int, reason: String)

  /// One sentence: what, where and how to fix it.
  public var description: String {
    switch self {
    case .cannotRead(let path, let reason): "\(path): cannot be read: \(reason)"
    case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
    case .badHeader(let path, let expected, let found):
      "\(path): the first line is '\(found)', expected '\(expected)'"
    case .badRecord(let path, let line, let reason): "\(path): line \(line): \(reason)"
    }
  }
}
