/// Reads and writes arrays in the files that people have: `.npz`, `.npy` and `.csv`.
///
/// - `.npz`: stored or deflated, each array under its own name; written stored.
/// - `.npy`: one array, called `array` unless another name is given.
/// - `.csv`: decimal numbers separated by commas. The first line may hold names, when one of its
///   fields is not a number or is in quotes; then each column is an array `[time]` of that name.
///   Without names there is one array called `array`: `[time]` from a single column, else
///   `[time, columns]`. A missing number is written `nan`.
/// - A folder of images, `.png` or `.pgm`, or one such file is read as one array, `images`
///   `[images, height, width]`; see ``ImageFiles``. A `.npy` file in the folder is an array of the name of that
///   file: `kernel.npy` is `kernel`.
///
/// Numbers arrive as `float32`, except `float64` arrays and whatever single precision cannot hold:
/// an array of integers of which one is not a single-precision number, a column of text with a
/// number of more than nine significant digits or beyond the range. Integers beyond 2^53 are
/// rounded to double precision. Complex arrays are kept in single precision.
///
/// Readers are strict: a file that is cut short, has bytes to spare or contradicts itself gives one
/// ``ArrayFileError``, and no more memory is taken than the file's size justifies. Writing is
/// atomic: the file appears whole or not at all.
///
/// ```swift
/// var bundle = try ArrayFiles.read("received.npz")
/// let observations = bundle["observations"]
/// bundle["estimates"] = .float(estimates)
/// try ArrayFiles.write(bundle, to: "estimates.npz")
/// ```
public enum ArrayFiles {
  /// A file format.
  public enum Format: Sendable, Equatable, CaseIterable {
    /// A NumPy archive of named arrays.
    case npz
    /// One NumPy array.
    case npy
    /// Decimal numbers, separated by commas.
    case csv
  }

  /// The name of an array that the file does not name.
  public static let standardName = "array"

  /// The name of the array that a folder of images is read as.
  public static let imagesName = "images"

  /// Reads a file; its format follows from the end of its name.
  ///
  /// - Parameters:
  ///   - path: a file that ends in `.npz`, `.npy` or `.csv`, an image or a folder of images.
  ///   - name: what an array is called that the file does not name.
  /// - Returns: the arrays; `source` is the path.
  /// - Throws: ``ArrayFileError`` that names the file and the array.
  public static func read(
    _ path: String,
    named name: String = standardName
  ) throws(ArrayFileError) -> ArrayBundle {
    if ImageFiles.format(of: path) != nil { return try images([ImageFiles.read(path)], path) }
    let format: Format
    do throws(ArrayFileError) { format = try Self.format(of: path) } catch {
      guard FolderContents.exists(path) else { throw error }
      return try folder(path)
    }
    return try decode(try FileBytes(path: path), as: format, named: name)
  }

  /// Reads a file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - format: its format.
  ///   - source: what to call the file in messages.
  ///   - name: what an array is called that the file does not name.
  /// - Returns: the arrays.
  /// - Throws: ``ArrayFileError`` that names the file and the array.
  public static func decode(
    _ bytes: [UInt8],
    as format: Format,
    source: String,
    named name: String = standardName
  ) throws(ArrayFileError) -> ArrayBundle {
    try decode(MemoryBytes(bytes, name: source), as: format, named: name)
  }

  /// Writes a file; its format follows from the end of its name.
  ///
  /// - Parameters:
  ///   - bundle: the arrays; exactly one for `.npy`, columns of one length for `.csv`.
  ///   - path: a file that ends in `.npz`, `.npy` or `.csv`, in a folder that exists.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)``; what was there before then stays.
  public static func write(_ bundle: ArrayBundle, to path: String) throws(ArrayFileError) {
    let format = try format(of: path)
    try AtomicFile.write(to: path) { sink throws(ArrayFileError) in
      try encode(bundle, as: format, to: sink)
    }
  }

  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - bundle: the arrays.
  ///   - format: the format.
  ///   - name: what to call the file in messages.
  /// - Returns: the whole file.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)`` when the arrays do not fit the format.
  public static func encode(
    _ bundle: ArrayBundle,
    as format: Format,
    name: String = ""
  ) throws(ArrayFileError) -> [UInt8] {
    let sink = MemorySink(name: name)
    try encode(bundle, as: format, to: sink)
    return sink.bytes
  }

  private static func images(_ images: [Tensor<Float>], _ path: String) -> ArrayBundle {
    ArrayBundle([imagesName: .float(ImageFiles.stacked(images))], source: path)
  }

  /// The images of a folder, and the arrays that lie beside them.
  private static func folder(_ path: String) throws(ArrayFileError) -> ArrayBundle {
    var bundle = try images(ImageFiles.readFolder(path), path)
    for file in try FolderContents.names(of: path) where file.lowercased().hasSuffix(".npy") {
      let name = String(file.dropLast(4))
      guard name != imagesName else {
        throw .unsupported(
          file: "\(path)/\(file)",
          array: name,
          reason: "is what the folder's images are called; give the array a file of its own"
        )
      }
      bundle[name] = try NumPyArray.decode(FileBytes(path: "\(path)/\(file)"), name: name)
    }
    return bundle
  }

  /// The format that the end of a name says.
  ///
  /// - Throws: ``ArrayFileError/unknownFormat(path:)``.
  package static func format(of path: String) throws(ArrayFileError) -> Format {
    let lowered = path.lowercased()
    if lowered.hasSuffix(".npz") { return .npz }
    if lowered.hasSuffix(".npy") { return .npy }
    if lowered.hasSuffix(".csv") { return .csv }
    throw .unknownFormat(path: path)
  }

  private static func decode(
    _ source: any ByteSource,
    as format: Format,
    named name: String
  ) throws(ArrayFileError) -> ArrayBundle {
    switch format {
    case .npz: return try NumPyArray.decodeArchive(source)
    case .npy:
      return ArrayBundle([name: try NumPyArray.decode(source, name: name)], source: source.name)
    case .csv:
      let text = try source.bytes(at: 0, count: source.count)
      return try NumberTable(text, file: source.name, name: name).bundle()
    }
  }

  private static func encode(
    _ bundle: ArrayBundle,
    as format: Format,
    to sink: any ByteSink
  ) throws(ArrayFileError) {
    switch format {
    case .npz: try NumPyArray.encodeArchive(bundle, to: sink)
    case .npy:
      guard bundle.names.count == 1, let name = bundle.names.first, let array = bundle[name] else {
        throw .cannotWrite(
          path: sink.name,
          reason: "a .npy file holds one array, there are \(bundle.names.count); use .npz"
        )
      }
      try NumPyArray.encode(array, to: sink)
    case .csv: try NumberTableWriter(sink).write(bundle)
    }
  }
}
