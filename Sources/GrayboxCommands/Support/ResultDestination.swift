internal import Studies
internal import Tensors

/// Where the arrays of an inference go: a file of arrays, an image, or a folder of images.
enum ResultDestination {
  /// `.npz`, `.npy` or `.csv`.
  case arrays(String)
  /// `.png` or `.pgm`, the first output's only image.
  case image(String)
  /// A name that ends in `/`, or a folder that is there: an image of the first output each.
  case folder(String)

  /// What a path means, said before anything is computed.
  ///
  /// - Throws: ``CommandFailure`` for a name that ends in nothing that is known.
  init(_ path: String) throws(CommandFailure) {
    if path.hasSuffix("/") || FolderContents.exists(path) {
      var path = path
      while path.count > 1, path.hasSuffix("/") { path.removeLast() }
      self = .folder(path)
    } else if ImageFiles.format(of: path) != nil {
      self = .image(path)
    } else if [".npz", ".npy", ".csv"].contains(where: { path.lowercased().hasSuffix($0) }) {
      self = .arrays(path)
    } else {
      throw CommandFailure(describing: ArrayFileError.unknownFormat(path: path))
    }
  }

  /// Writes what a method gave.
  ///
  /// - Parameters:
  ///   - result: the outputs.
  ///   - method: whose first output holds the images.
  ///   - data: what was read: images of a folder keep their names.
  /// - Throws: ``CommandFailure``.
  func write(
    _ result: ArrayBundle,
    of method: MethodDescription,
    from data: String
  ) throws(CommandFailure) {
    try CommandFailure.describing {
      switch self {
      case .arrays(let path): try ArrayFiles.write(result, to: path)
      case .image(let path):
        let images = try Self.images(of: result, method, path)
        guard images.count == 1 else {
          throw ArrayFileError.cannotWrite(
            path: path,
            reason: "there are \(images.count) images; name a folder, with / at its end"
          )
        }
        try ImageFiles.write(images[0], to: path)
      case .folder(let path):
        let images = try Self.images(of: result, method, path)
        try FileAccess.makeFolder(path)
        let names = Self.names(from: data, count: images.count)
        for (image, name) in zip(images, names) {
          try ImageFiles.write(image, to: "\(path)/\(name)")
        }
      }
    }
  }

  /// The images `[height, width]` of the first output.
  private static func images(
    of result: ArrayBundle,
    _ method: MethodDescription,
    _ path: String
  ) throws(ArrayFileError) -> [Tensor<Float>] {
    let name = method.arrays.first { $0.role == .output }?.name ?? ""
    let tensor = result[name]?.double
    switch tensor?.rank {
    case 2: return tensor.map { [$0.converted(to: Float.self)] } ?? []
    case 3:
      return tensor.map { stack in
        let images = stack.converted(to: Float.self)
        let (height, width) = (images.shape[1], images.shape[2])
        return images.withScalars { pixels in
          (0..<images.shape[0]).map { index in
            Tensor(
              Array(pixels[(index * height * width)..<((index + 1) * height * width)]),
              shape: [height, width]
            )
          }
        }
      } ?? []
    default:
      throw .cannotWrite(
        path: path,
        reason: "array '\(name)' of shape \(tensor?.shape ?? []) is no image; use .npz"
      )
    }
  }

  /// The names of the images that were read, else numbers.
  private static func names(from data: String, count: Int) -> [String] {
    let known = (try? FolderContents.names(of: data))?.filter { ImageFiles.format(of: $0) != nil }
    if let known, known.count == count { return known }
    let digits = max(3, "\(count)".count)
    let ending = ImageFiles.libraryVersion == nil ? "pgm" : "png"
    return (1...max(count, 1)).map { index in
      let number = "\(index)"
      return String(repeating: "0", count: digits - number.count) + number + ".\(ending)"
    }
  }
}
