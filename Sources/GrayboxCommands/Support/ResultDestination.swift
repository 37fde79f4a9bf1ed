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
    } else {
      try CommandFailure.describing { _ = try ArrayFiles.format(of: path) }
      self = .arrays(path)
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
    let tensor = result[name]?.float
    guard let tensor, tensor.rank == 2 || tensor.rank == 3 else {
      throw .cannotWrite(
        path: path,
        reason: "array '\(name)' of shape \(tensor?.shape ?? []) is no image; use .npz"
      )
    }
    let shape = Array(tensor.shape.suffix(2))
    let size = shape[0] * shape[1]
    return tensor.withScalars { pixels in
      (0..<(tensor.rank == 2 ? 1 : tensor.shape[0])).map { index in
        Tensor(Array(pixels[(index * size)..<((index + 1) * size)]), shape: shape)
      }
    }
  }

  /// The names of the images that were read, else numbers.
  private static func names(from data: String, count: Int) -> [String] {
    if let known = try? ImageFiles.names(inFolder: data), known.count == count { return known }
    let digits = max(3, "\(count)".count)
    return (1...max(count, 1)).map { index in
      let number = "\(index)"
      return String(repeating: "0", count: digits - number.count) + number
        + ".\(ImageFiles.standardEnding)"
    }
  }
}
