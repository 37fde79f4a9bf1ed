/// Writes figures into a folder: data, script and, where gnuplot is there, PNG and SVG.
package enum FigureFolder {
  /// What became of the figures.
  package struct Outcome: Sendable, Equatable {
    /// The names of the figures whose pictures were drawn.
    package var drawn: [String] = []
    /// A sentence where pictures are missing; nil when all were drawn.
    package var problem: String?
  }

  /// Writes the files of every figure and draws them.
  ///
  /// - Parameters:
  ///   - figures: figures with names that differ.
  ///   - folder: made where it is missing.
  ///   - gnuplot: the tool.
  /// - Returns: what was drawn and, in a sentence, what was not.
  /// - Throws: ``ResultFileError`` when data and scripts cannot be written.
  package static func write(
    _ figures: [Figure],
    to folder: String,
    gnuplot: Gnuplot
  ) throws(ResultFileError) -> Outcome {
    try FileAccess.makeFolder(folder)
    var outcome = Outcome()
    for figure in figures {
      let files = FigureFiles(figure)
      try FileAccess.replace("\(folder)/\(figure.name).dat", with: files.data)
      try FileAccess.replace("\(folder)/\(figure.name).gp", with: files.script)
      guard gnuplot.path != nil else { continue }
      if let reason = gnuplot.run("\(figure.name).gp", in: folder) {
        outcome.problem = "The figure \(figure.name) was not drawn: \(reason)."
      } else {
        try strengthenMarkers("\(folder)/\(figure.name).svg")
        outcome.drawn.append(figure.name)
      }
    }
    if gnuplot.path == nil, !figures.isEmpty {
      outcome.problem =
        "gnuplot was not found, so the figures are not drawn; their data and scripts are in "
        + "figures/: install gnuplot and run 'gnuplot *.gp' there."
    }
    return outcome
  }

  /// Widens the outlines of markers, which gnuplot's SVG takes from no setting.
  private static func strengthenMarkers(_ path: String) throws(ResultFileError) {
    let drawing = String(decoding: try FileAccess.contents(of: path), as: UTF8.self)
    let lines = drawing.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      guard line.contains("id='gpPt") else { return String(line) }
      return Typography.replaced(String(line), "stroke-width='0.", by: "stroke-width='0.3")
    }
    try FileAccess.replace(path, with: lines.joined(separator: "\n"))
  }
}
