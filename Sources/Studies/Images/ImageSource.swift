package import Tensors

/// Where a scenario's images come from: drawn, or a folder of the user's.
///
/// Where images to learn from and to judge on are of one folder, training takes three of five files by name,
/// validation and test one each; else validation takes every third file of the folder judged on and test the
/// others.
package struct ImageSource {
  /// The settings that choose it, beside `height` and `width`.
  package static let settings: [SettingDescription] = [
    .init(
      "images",
      .text,
      standard: .text("procedural"),
      "the images judged on: procedural, or a folder of .png and .pgm files"
    ),
    .init(
      "training_images",
      .text,
      standard: .text("procedural"),
      "the images learned from: the same choice"
    ),
  ]

  private let folder: String?
  private let isOwn: (Int) -> Bool
  private let height: Int
  private let width: Int

  /// The images of a scenario with these settings.
  package init(_ settings: Settings, _ purpose: ScenarioDescription.Purpose) {
    let (judged, learned) = (settings.text("images"), settings.text("training_images"))
    let chosen = purpose == .training ? learned : judged
    folder = chosen == "procedural" ? nil : chosen
    height = settings.integer("height")
    width = settings.integer("width")
    let isShared = judged == learned
    isOwn = { index in
      switch purpose {
      case .training: !isShared || index % 5 < 3
      case .validation, .search: isShared ? index % 5 == 3 : index % 3 == 0
      case .test: isShared ? index % 5 == 4 : index % 3 != 0
      }
    }
  }

  /// Images `[count, height, width]`: drawn ones, or random pieces of the folder's files.
  ///
  /// - Throws: ``StudyError`` or ``ArrayFileError`` for a folder that has no image of that size.
  package func drawn(_ count: Int, from stream: RandomStream) throws -> Tensor<Float> {
    guard let folder else {
      return ProceduralImages.drawn(count, height: height, width: width, from: stream)
    }
    let files = try ImageFiles.readFolder(folder)
    let own = files.enumerated().filter { isOwn($0.offset) }.map(\.element)
      .filter { $0.shape[0] >= height && $0.shape[1] >= width }
    guard !own.isEmpty else {
      throw StudyError.invalid(
        "\(folder): of its \(files.count) images none is left for this purpose that has"
          + " \(height) x \(width) pixels; add images or lower height and width"
      )
    }
    var random = stream.derived("pieces")
    let places = random.integers(2 * count, below: 1 << 30)
    return Tensor(shape: [count, height, width]) { result in
      for index in 0..<count {
        let image = own[index % own.count]
        let top = places[2 * index] % (image.shape[0] - height + 1)
        let left = places[2 * index + 1] % (image.shape[1] - width + 1)
        image.withScalars { pixels in
          for row in 0..<height {
            for column in 0..<width {
              result[(index * height + row) * width + column] =
                pixels[(top + row) * image.shape[1] + left + column]
            }
          }
        }
      }
    }
  }
}
