package import Tensors

/// Images side by side, each with a name and a number under it.
package struct PictureRow {
  /// One image.
  package struct Entry {
    /// What it shows: a method, `truth`, `observed`.
    package var label: String
    /// What is said of it: `28.31 dB`; may be empty.
    package var caption: String
    /// `[height, width]`, 0 black to 1 white.
    package var image: Tensor<Float>

    /// An image with its words.
    package init(label: String, caption: String, image: Tensor<Float>) {
      self.label = label
      self.caption = caption
      self.image = image
    }
  }

  /// One image as it is found in a folder.
  package struct Found: Equatable {
    /// The file, inside of the folder.
    package var file: String
    /// What it shows.
    package var label: String
    /// What is said of it.
    package var caption: String
  }

  /// The name that the files begin with.
  package var name: String
  /// The images, first to last.
  package var entries: [Entry]

  /// A row of images.
  package init(name: String, entries: [Entry]) {
    self.name = name
    self.entries = entries
  }

  private static let columns = ["file", "label", "caption"]

  /// The list of a row's images.
  package static func list(_ name: String, in folder: String) -> String {
    "\(folder)/\(name)-images.csv"
  }

  /// Writes `NAME-1.png` and so on (`.pgm` without libpng), and a list of them, `NAME-images.csv`.
  ///
  /// - Parameter folder: made where it is missing.
  /// - Throws: ``ResultFileError`` or ``ArrayFileError`` when a file cannot be written.
  package func write(to folder: String) throws {
    try FileAccess.makeFolder(folder)
    var text = CSV.line(Self.columns)
    for (index, entry) in entries.enumerated() {
      let file = "\(name)-\(index + 1).\(ImageFiles.standardEnding)"
      try ImageFiles.write(entry.image, to: "\(folder)/\(file)")
      text += CSV.line([file, entry.label, entry.caption])
    }
    try FileAccess.replace(Self.list(name, in: folder), with: text)
  }

  /// The images of a row that lie in a folder; none where there is no list.
  ///
  /// - Parameters:
  ///   - name: the row's.
  ///   - folder: where it was written.
  /// - Returns: the images, first to last.
  /// - Throws: ``ResultFileError`` for a list that cannot be read.
  package static func found(
    _ name: String,
    in folder: String
  ) throws(ResultFileError) -> [Found] {
    let path = list(name, in: folder)
    guard FileAccess.exists(path) else { return [] }
    let bytes = try FileAccess.contents(of: path)
    // A list that somebody changed beyond reading shows no images.
    guard let records = try? CSV.records(bytes) else { return [] }
    return records.complete.dropFirst().map(\.fields).compactMap { fields in
      fields.count == 3 ? Found(file: fields[0], label: fields[1], caption: fields[2]) : nil
    }
  }
}
