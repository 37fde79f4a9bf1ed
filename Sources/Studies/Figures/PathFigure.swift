// The second place where gnuplot is written: curves in space have no common axis of results, so they share
// nothing with `FigureFiles` but its quoting.

/// Curves through two or three dimensions: a truth, what was observed of it, and estimates.
package struct PathFigure {
  /// One curve.
  package struct Curve {
    /// Its name in the legend.
    package var label: String
    /// Points of two or three numbers.
    package var points: [[Double]]
    /// As `#rrggbb`.
    package var colour: String
    /// Whether points are dots, not a line.
    package var isScattered = false

    /// A curve.
    package init(label: String, points: [[Double]], colour: String, isScattered: Bool = false) {
      self.label = label
      self.points = points
      self.colour = colour
      self.isScattered = isScattered
    }
  }

  /// The name of the files.
  package var name: String
  /// The words above it.
  package var title: String
  /// What a coordinate is called, before its number.
  package var component: String
  /// The curves, those drawn last on top.
  package var curves: [Curve]

  /// A figure.
  package init(
    name: String,
    title: String,
    component: String = "component",
    curves: [Curve]
  ) {
    self.name = name
    self.title = title
    self.component = component
    self.curves = curves
  }

  private var isFlat: Bool { curves.allSatisfy { $0.points.allSatisfy { $0.count < 3 } } }

  /// The data file: one block a curve, two empty lines between blocks.
  package var data: String {
    curves.map { curve in
      let rows = curve.points.map { point in
        point.map { $0.isFinite ? "\($0)" : "NaN" }.joined(separator: " ")
      }
      return "# \(FigureFiles.oneLine(curve.label))\n" + rows.joined(separator: "\n")
    }.joined(separator: "\n\n\n") + "\n"
  }

  /// The script; run inside of its folder it writes `NAME.png` and `NAME.svg`.
  package var script: String {
    let columns = isFlat ? "1:2" : "1:2:3"
    let parts = curves.enumerated().map { index, curve in
      let look =
        curve.isScattered
        ? "points pointtype 7 pointsize 0.25" : "lines linewidth \(index == 0 ? 2 : 1.2)"
      return "'\(name).dat' index \(index) using \(columns) with \(look) "
        + "linecolor rgb '\(curve.colour)' title \(FigureFiles.quoted(curve.label))"
    }
    func axis(_ letter: String, _ number: Int) -> String {
      "set \(letter)label \(FigureFiles.quoted("\(component) \(number)")) noenhanced"
    }
    return """
      # Draws \(name).png and \(name).svg from \(name).dat; run it here: gnuplot \(name).gp
      reset
      set encoding utf8
      set terminal pngcairo size 1200,900 background rgb 'white' font 'Sans,14'
      set output '\(name).png'
      set datafile missing 'NaN'
      set title \(FigureFiles.quoted(title)) noenhanced font ',16'
      set key outside right top vertical Left reverse noenhanced
      set border 127 linecolor rgb '#808080'
      \(axis("x", 1))
      \(axis("y", 2))
      \(isFlat ? "set grid" : "\(axis("z", 3)) rotate\nset xyplane 0.05\nset view 70,35")
      \(isFlat ? "plot" : "splot") \(parts.joined(separator: ", \\\n     "))
      set terminal svg size 1200,900 dynamic background rgb 'white' font 'Helvetica,Arial,sans-serif,16'
      set output '\(name).svg'
      replot
      set output

      """
  }

  /// Writes the data and the script.
  ///
  /// - Parameter folder: made where it is missing.
  /// - Throws: ``ResultFileError`` when a file cannot be written.
  package func write(to folder: String) throws(ResultFileError) {
    try FileAccess.makeFolder(folder)
    try FileAccess.replace("\(folder)/\(name).dat", with: data)
    try FileAccess.replace("\(folder)/\(name).gp", with: script)
  }
}
