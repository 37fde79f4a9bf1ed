/// Why an array file could not be read or written.
///
/// `file` is the path or whatever the bytes are called; `array` is the array's name, nil where the
/// file as a whole is meant.
public enum ArrayFileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The system would not open or read the file.
  case cannotRead(path: String, reason: String)
  /// The system would not write the file, or the arrays do not fit its format.
  case cannotWrite(path: String, reason: String)
  /// The name ends in nothing that is known.
  case unknownFormat(path: String)
  /// The file holds fewer bytes than its own headers promise.
  case truncated(file: String, array: String?, expected: Int, found: Int)
  /// The file holds more bytes than its own headers account for.
  case trailingBytes(file: String, array: String?, count: Int)
  /// The file contradicts itself or its format.
  case damaged(file: String, array: String?, reason: String)
  /// The file is sound but holds what is not read here; the reason says what to do.
  case unsupported(file: String, array: String?, reason: String)

  /// One sentence: which file, which array, what is wrong and what to do.
  public var description: String {
    switch self {
    case .cannotRead(let path, let reason): "\(path): cannot be read: \(reason)"
    case .cannotWrite(let path, let reason): "\(path): cannot be written: \(reason)"
    case .unknownFormat(let path):
      "\(path): no such folder, and no name that ends in .npz, .npy, .csv, .png or .pgm"
    case .truncated(let file, let array, let expected, let found):
      "\(Self.place(file, array)): is cut short: \(expected) bytes are promised, \(found) are "
        + "there; copy or save the file again"
    case .trailingBytes(let file, let array, let count):
      "\(Self.place(file, array)): \(count) bytes follow after the end; save the file again with "
        + "one array only"
    case .damaged(let file, let array, let reason):
      "\(Self.place(file, array)): is damaged: \(reason); copy or save the file again"
    case .unsupported(let file, let array, let reason): "\(Self.place(file, array)): \(reason)"
    }
  }

  private static func place(_ file: String, _ array: String?) -> String {
    if let array { "\(file): array '\(array)'" } else { file }
  }
}
