internal import CKernels

/// Reads and writes gray images: PNG (by libpng, found at run time) and PGM.
///
/// An image is a tensor `[height, width]` of values from 0 (black) to 1 (white), as they are coded in the
/// file, without a correction for gamma.
///
/// - PNG: gray, colour or palette; more than 8 bits a channel are reduced to 8, transparent places
///   lie over black. Colours become luminance `0.299 R + 0.587 G + 0.114 B` (ITU-R BT.601).
/// - PGM: plain (`P2`) and raw (`P5`), up to 16 bits.
///
/// Written are 8 bits; values beyond the range are clipped.
///
/// ```swift
/// let photograph = try ImageFiles.read("boat.png")
/// try ImageFiles.write(photograph, to: "boat.pgm")
/// ```
public enum ImageFiles {
  /// A file format.
  public enum Format: Sendable, Equatable, CaseIterable {
    /// Portable network graphics.
    case png
    /// Portable gray map.
    case pgm
  }

  /// The version of libpng that was found, or nil.
  public static var libraryVersion: String? {
    graybox_png_version().map { String(cString: $0) }
  }

  /// How the name of a new image ends: `png`, or `pgm` without libpng.
  package static var standardEnding: String { libraryVersion == nil ? "pgm" : "png" }

  /// The format that the end of a name says, or nil for none of them.
  public static func format(of path: String) -> Format? {
    let lowered = path.lowercased()
    if lowered.hasSuffix(".png") { return .png }
    return lowered.hasSuffix(".pgm") ? .pgm : nil
  }

  /// Reads a file; its format follows from the end of its name.
  ///
  /// - Parameter path: a file that ends in `.png` or `.pgm`.
  /// - Returns: the image, `[height, width]`, values from 0 to 1.
  /// - Throws: ``ArrayFileError`` that names the file.
  public static func read(_ path: String) throws(ArrayFileError) -> Tensor<Float> {
    let format = try knownFormat(of: path)
    let source = try FileBytes(path: path)
    return try decode(try source.bytes(at: 0, count: source.count), as: format, source: path)
  }

  /// Reads all images of a folder, in the order of their names; other files are passed over.
  ///
  /// - Parameter path: a folder with files that end in `.png` or `.pgm`.
  /// - Returns: the images, each `[height, width]`, values from 0 to 1.
  /// - Throws: ``ArrayFileError`` that names the file, or the folder when it holds no image.
  public static func readFolder(_ path: String) throws(ArrayFileError) -> [Tensor<Float>] {
    let names = try names(inFolder: path)
    guard !names.isEmpty else {
      throw .unsupported(file: path, array: nil, reason: "holds no .png or .pgm file")
    }
    var images: [Tensor<Float>] = []
    for name in names { images.append(try read("\(path)/\(name)")) }
    return images
  }

  /// The names of the images of a folder, sorted.
  package static func names(inFolder path: String) throws(ArrayFileError) -> [String] {
    try FolderContents.names(of: path).filter { format(of: $0) != nil }
  }

  /// Images of several sizes as one array: each is cut around its middle to the smallest height and width.
  ///
  /// - Parameter images: at least one, each `[height, width]`.
  /// - Returns: `[images, height, width]`.
  public static func stacked(_ images: [Tensor<Float>]) -> Tensor<Float> {
    precondition(
      !images.isEmpty && images.allSatisfy { $0.rank == 2 },
      "ImageFiles.stacked: needs images [height, width]"
    )
    let height = images.map { $0.shape[0] }.min() ?? 0
    let width = images.map { $0.shape[1] }.min() ?? 0
    return Tensor(shape: [images.count, height, width]) { stack in
      for (index, image) in images.enumerated() {
        let (top, left) = ((image.shape[0] - height) / 2, (image.shape[1] - width) / 2)
        image.withScalars { pixels in
          for row in 0..<height {
            for column in 0..<width {
              stack[(index * height + row) * width + column] =
                pixels[(top + row) * image.shape[1] + left + column]
            }
          }
        }
      }
    }
  }

  /// Reads a file's bytes.
  ///
  /// - Parameters:
  ///   - bytes: the whole file.
  ///   - format: its format.
  ///   - source: what to call the file in messages.
  /// - Returns: the image, `[height, width]`, values from 0 to 1.
  /// - Throws: ``ArrayFileError`` that names the file.
  public static func decode(
    _ bytes: [UInt8],
    as format: Format,
    source: String
  ) throws(ArrayFileError) -> Tensor<Float> {
    switch format {
    case .png: try decodePNG(bytes, source)
    case .pgm: try GrayMap.decode(bytes, source)
    }
  }

  /// Writes a file; its format follows from the end of its name.
  ///
  /// - Parameters:
  ///   - image: `[height, width]`, values from 0 to 1; clipped beyond.
  ///   - path: a file that ends in `.png` or `.pgm`, in a folder that exists.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)``; what was there before then stays.
  public static func write(_ image: Tensor<Float>, to path: String) throws(ArrayFileError) {
    try AtomicFile.write(try encode(image, as: try knownFormat(of: path), name: path), to: path)
  }

  /// The bytes of a file.
  ///
  /// - Parameters:
  ///   - image: `[height, width]`, values from 0 to 1; clipped beyond.
  ///   - format: the format.
  ///   - name: what to call the file in messages.
  /// - Returns: the whole file.
  /// - Throws: ``ArrayFileError/cannotWrite(path:reason:)``.
  public static func encode(
    _ image: Tensor<Float>,
    as format: Format,
    name: String = ""
  ) throws(ArrayFileError) -> [UInt8] {
    guard image.rank == 2, image.count > 0 else {
      throw .cannotWrite(
        path: name,
        reason: "an image is an array [height, width], this one has shape \(image.shape)"
      )
    }
    let pixels = try pixels(of: image, name)
    switch format {
    case .png: return try encodePNG(pixels, image.shape, name)
    case .pgm:
      return Array("P5\n\(image.shape[1]) \(image.shape[0])\n255\n".utf8) + pixels
    }
  }

  private static func knownFormat(of path: String) throws(ArrayFileError) -> Format {
    guard let format = format(of: path) else {
      throw .unsupported(file: path, array: nil, reason: "the name must end in .png or .pgm")
    }
    return format
  }

  /// The nearest of 256 levels of each value.
  private static func pixels(
    of image: Tensor<Float>,
    _ name: String
  ) throws(ArrayFileError) -> [UInt8] {
    let values = image.scalars
    guard values.allSatisfy({ !$0.isNaN }) else {
      throw .cannotWrite(path: name, reason: "the image holds NaN")
    }
    return values.map { UInt8((min(max($0, 0), 1) * 255).rounded()) }
  }
}

// MARK: - PNG

extension ImageFiles {
  private typealias Message = [CChar]

  private static var emptyMessage: Message { Message(repeating: 0, count: 64) }

  private static func words(_ message: Message) -> String {
    let bytes = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return bytes.isEmpty ? "libpng refuses it" : String(decoding: bytes, as: UTF8.self)
  }

  private static let missing = "is a PNG and libpng was not found; install libpng, or save as PGM"

  private static func decodePNG(
    _ bytes: [UInt8],
    _ source: String
  ) throws(ArrayFileError) -> Tensor<Float> {
    var (width, height, channels): (UInt32, UInt32, UInt32) = (0, 0, 0)
    var message = emptyMessage
    var status = graybox_png_size(bytes, bytes.count, &width, &height, &channels, &message)
    guard status != -1 else { throw .unsupported(file: source, array: nil, reason: missing) }
    guard status == 0 else { throw .damaged(file: source, array: nil, reason: words(message)) }
    let places = Int(width) * Int(height)
    // Deflate makes at most 1032 bytes of one, and a byte holds at most eight pixels.
    guard places > 0, places <= bytes.count * 1032 * 8 else {
      throw .damaged(
        file: source,
        array: nil,
        reason: "\(width) x \(height) pixels cannot come from \(bytes.count) bytes"
      )
    }
    var pixels = [UInt8](repeating: 0, count: places * Int(channels))
    status = graybox_png_read(bytes, bytes.count, channels, &pixels, pixels.count, &message)
    guard status == 0 else { throw .damaged(file: source, array: nil, reason: words(message)) }
    return Tensor(shape: [Int(height), Int(width)]) { values in
      for place in 0..<places {
        values[place] =
          channels == 1 ? Float(pixels[place]) / 255 : luminance(pixels, at: 3 * place)
      }
    }
  }

  private static func luminance(_ pixels: [UInt8], at place: Int) -> Float {
    let (red, green) = (Float(pixels[place]), Float(pixels[place + 1]))
    return (0.299 * red + 0.587 * green + 0.114 * Float(pixels[place + 2])) / 255
  }

  private static func encodePNG(
    _ pixels: [UInt8],
    _ shape: [Int],
    _ name: String
  ) throws(ArrayFileError) -> [UInt8] {
    guard let height = UInt32(exactly: shape[0]), let width = UInt32(exactly: shape[1]) else {
      throw .cannotWrite(path: name, reason: "a PNG cannot have \(shape) pixels")
    }
    var message = emptyMessage
    var size = 0
    var status = graybox_png_write(pixels, width, height, nil, &size, &message)
    guard status != -1 else {
      throw .cannotWrite(path: name, reason: "libpng was not found; install it, or write a PGM")
    }
    var file = [UInt8](repeating: 0, count: size)
    if status == 0 { status = graybox_png_write(pixels, width, height, &file, &size, &message) }
    guard status == 0 else { throw .cannotWrite(path: name, reason: words(message)) }
    return Array(file.prefix(size))
  }
}
