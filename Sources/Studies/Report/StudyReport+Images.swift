extension StudyReport {
  /// The section of images side by side; empty where no part has any.
  func imageRows(in folder: String) throws(ResultFileError) -> String {
    var parts: [String] = []
    for path in paths {
      let found = try PictureRow.found(path.name, in: folder)
      guard !found.isEmpty else { continue }
      var figures: [String] = []
      for image in found { figures.append(try figure(image, in: folder)) }
      parts.append(
        """
        <h3>\(HTML.text(Typography.capitalised(path.title)))</h3>
        <div class="images">
        \(figures.joined(separator: "\n"))
        </div>
        <p class="note">One test image. Files: figures/\(HTML.text(path.name))-1 and up.</p>
        """
      )
    }
    guard !parts.isEmpty else { return "" }
    return "<section>\n<h2>Images</h2>\n\(parts.joined(separator: "\n"))\n</section>"
  }

  private func figure(
    _ image: PictureRow.Found,
    in folder: String
  ) throws(ResultFileError) -> String {
    let path = "\(folder)/\(image.file)"
    let words =
      "<b>\(HTML.text(image.label))</b>"
      + (image.caption.isEmpty ? "" : "<br>\(HTML.text(image.caption))")
    guard image.file.hasSuffix(".png"), FileAccess.exists(path) else {
      return "<div>\(words)<br>see figures/\(HTML.text(image.file))</div>"
    }
    let address = "data:image/png;base64,\(HTML.base64(try FileAccess.contents(of: path)))"
    return "<div><img src=\"\(address)\" alt=\"\(HTML.text(image.label))\">\(words)</div>"
  }
}
