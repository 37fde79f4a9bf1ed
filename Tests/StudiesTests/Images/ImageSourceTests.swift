import Studies
import Tensors
import Testing

@Suite struct ImageSourceTests {
  private typealias Purpose = ScenarioDescription.Purpose

  /// The gray levels of the pieces that a purpose draws.
  private func levels(
    _ purpose: Purpose,
    images: String,
    training: String,
    side: Int = 4
  ) throws -> Set<Int> {
    let given: [String: SettingValue] = [
      "images": .text(images), "training_images": .text(training), "height": .integer(side),
      "width": .integer(side),
    ]
    let described =
      ImageSource.settings + [
        .init("height", .integer(1...100), standard: .integer(4), "rows"),
        .init("width", .integer(1...100), standard: .integer(4), "columns"),
      ]
    let settings = try Settings(given, for: described, owner: "images")
    let drawn = try ImageSource(settings, purpose).drawn(40, from: RandomStream(seed: 1))
    #expect(drawn.shape == [40, side, side])
    return Set(drawn.scalars.map { Int(($0 * 255).rounded()) })
  }

  /// Images of one gray level each: 10, 20, 30, ...
  private func write(_ count: Int, to folder: String) throws {
    for index in 0..<count {
      let image = Tensor<Float>.full([5 + index % 3, 6], Float(10 * (index + 1)) / 255)
      try ImageFiles.write(image, to: "\(folder)/\(index).pgm")
    }
  }

  @Test("of one folder, training, validation and test have files of their own")
  func sharedFolder() throws {
    try ToyFiles.withFolder { folder in
      try write(10, to: folder)
      let learned = try levels(.training, images: folder, training: folder)
      #expect(learned == [10, 20, 30, 60, 70, 80])
      #expect(try levels(.validation, images: folder, training: folder) == [40, 90])
      #expect(try levels(.test, images: folder, training: folder) == [50, 100])
    }
  }

  @Test("a folder that is only judged on serves validation and test; training draws its own")
  func folderOfItsOwn() throws {
    try ToyFiles.withFolder { folder in
      try write(6, to: folder)
      #expect(try levels(.validation, images: folder, training: "procedural") == [10, 40])
      #expect(try levels(.test, images: folder, training: "procedural") == [20, 30, 50, 60])
      #expect(try levels(.training, images: folder, training: "procedural").count > 6)
      let failure = #expect(throws: StudyError.self) {
        try levels(.test, images: folder, training: "procedural", side: 7)
      }
      #expect(failure?.description.contains("7 x 7 pixels") == true)
    }
  }
}
