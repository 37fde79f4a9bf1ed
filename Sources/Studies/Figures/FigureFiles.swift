// The one place where gnuplot is written. Goals, in order: the script and its data file stand on
// their own beside the picture; no text of a user can break out of its quotes; print without colour.

/// The files that draw one figure: numbers and a gnuplot script.
package struct FigureFiles {
  private let figure: Figure
  private let horizontal: AxisRange
  private let vertical: AxisRange

  /// The files of a figure with at least one curve.
  package init(_ figure: Figure) {
    self.figure = figure
    horizontal = .horizontal(figure.positions, figure.horizontal)
    vertical = .vertical(figure.heights, figure.vertical)
  }

  /// The data file: one block a curve, two empty lines between blocks.
  package var data: String {
    var text = "# \(Self.oneLine(figure.title))\n"
    text += "# x: \(Self.oneLine(figure.horizontal.label));"
    text += " value: \(Self.oneLine(figure.vertical.label));"
    text += " NaN: none; bound: upper bound where no error was seen\n"
    for (index, curve) in figure.curves.enumerated() {
      text += index == 0 ? "" : "\n\n"
      text += "# \(Self.oneLine(curve.label))\n# x value lower upper bound\n"
      for point in curve.points {
        let fields = [point.value, point.lower, point.upper, point.bound].map(Self.field)
        text += "\(point.x) \(fields.joined(separator: " "))\n"
      }
    }
    return text
  }

  /// The script; run inside of its folder it writes `NAME.png` and `NAME.svg`.
  package var script: String {
    let name = figure.name
    let height = figure.isDotPlot ? 240 + 44 * figure.curves.count : 720
    let size = "size 1200,\(height)"
    return """
      # Draws \(name).png and \(name).svg from \(name).dat; run it here: gnuplot \(name).gp
      reset
      set encoding utf8
      set terminal pngcairo \(size) background rgb 'white' font 'Sans,14' linewidth 1.3
      set output '\(name).png'
      set datafile missing 'NaN'
      scale = 1.0
      set title \(Self.quoted(figure.title)) noenhanced font ',\(titleSize)'
      set border 3 linewidth 1 linecolor rgb '#404040'
      set tics nomirror out scale 0.7
      set grid xtics ytics mytics linetype 1 linecolor rgb '#cfcfcf' linewidth 0.6, \
      linetype 1 linecolor rgb '#ebebeb' linewidth 0.5
      \(figure.isDotPlot ? dotPlot : linePlot)
      set terminal svg \(size) dynamic background rgb 'white' font 'Helvetica,Arial,sans-serif,16' \
      linewidth 1.3
      set output '\(name).svg'
      scale = 0.62
      replot
      set output

      """
  }

  /// Points of the title's letters: 17, fewer where so many letters would leave the picture.
  private var titleSize: Int {
    let fitting = 74
    return min(17, max(8, 17 * fitting / max(figure.title.count, 1)))
  }

  private var linePlot: String {
    let isLegendBelow = figure.curves.contains { $0.label.count > 34 }
    // gnuplot takes names for narrower than they are, the more so the longer they are
    let hasShortNames = figure.curves.allSatisfy { $0.label.count < 12 }
    let place = isLegendBelow ? "below center maxcols 3" : "outside right top vertical"
    let bands = figure.curves.enumerated().compactMap { band($0, $1) }
    let lines = figure.curves.enumerated().map { line($0, $1) }
    let bounded = figure.curves.indices.filter { index in
      figure.curves[index].points.contains { $0.bound != nil }
    }
    // Bounds of methods that saw the same draws coincide: nested triangles show them all.
    let marks = bounded.enumerated().map { bounds($1, size: 1.5 + 0.6 * Double($0)) }
    return """
      set key \(place) Left reverse samplen 5 spacing 1.35 width \(isLegendBelow || hasShortNames ? 0 : -3) noenhanced
      set pointintervalbox 0.9
      set xlabel \(Self.quoted(figure.horizontal.label)) noenhanced
      set ylabel \(Self.quoted(figure.vertical.label)) noenhanced
      \(axis("x", figure.horizontal, horizontal))
      \(axis("y", figure.vertical, vertical))
      floor = \(vertical.lower)
      inside(y) = y > floor ? y : floor
      plot \((bands + lines + marks).joined(separator: ", \\\n     "))
      """
  }

  private var source: String { "'\(figure.name).dat'" }

  private func band(_ index: Int, _ curve: Figure.Curve) -> String? {
    guard curve.points.count(where: { $0.lower != nil && $0.upper != nil }) > 1 else { return nil }
    return "\(source) index \(index) using 1:(inside($3)):(inside($4)) with filledcurves "
      + "fillcolor rgb '\(curve.style.colour)' fillstyle transparent solid 0.18 noborder notitle"
  }

  private func line(_ index: Int, _ curve: Figure.Curve) -> String {
    let stride = curve.points.count > 25 ? (curve.points.count + 11) / 12 : 1
    // A negative interval keeps the line out of open markers.
    let interval = "pointinterval \(curve.style.hasOpenMarker ? -stride : stride)"
    // A curve of nothing but bounds would vanish from the legend: it gets an entry without points.
    let hasValues = curve.points.contains { $0.value?.isFinite == true }
    let points = hasValues ? "\(source) index \(index) using 1:2" : "NaN"
    return "\(points) with linespoints \(look(curve.style)) \(interval)"
      + " title \(Self.quoted(curve.label))"
  }

  private func bounds(_ index: Int, size: Double) -> String {
    "\(source) index \(index) using 1:5 with points linecolor rgb "
      + "'\(figure.curves[index].style.colour)' pointtype 10 pointsize \(size)*scale linewidth 1.4 notitle"
  }

  private func look(_ style: CurveStyle) -> String {
    let dashes = style.dashes.map { "\($0)" }.joined(separator: ",")
    return "linecolor rgb '\(style.colour)' linewidth 2 "
      + "dashtype \(dashes.isEmpty ? "solid" : "(\(dashes))") "
      + "pointtype \(style.marker) pointsize \(style.marker < 4 ? 1.6 : 1.3)*scale"
  }

  private func axis(_ letter: String, _ axis: Figure.Axis, _ range: AxisRange) -> String {
    var lines = ["set \(letter)range [\(range.lower):\(range.upper)]"]
    if axis.isLogarithmic {
      lines.append("set logscale \(letter) 10")
      lines.append("set m\(letter)tics 10")
      if range.labels == nil { lines.append("set format \(letter) '10^{%T}'") }
    }
    if let labels = range.labels {
      let tics = range.labels(labels, on: axis).map { "\(Self.quoted($1)) \($0)" }
      lines.append("set \(letter)tics (\(tics.joined(separator: ", ")))")
    }
    return lines.joined(separator: "\n")
  }

  /// One row a method, its value to the right.
  private var dotPlot: String {
    let last = figure.curves.count - 1
    let names = figure.curves.enumerated().map { "\(Self.quoted($1.label)) \(last - $0)" }
    let marks = figure.curves.enumerated().flatMap { index, curve in
      dots(index, curve, height: last - index)
    }
    return """
      unset key
      set xlabel \(Self.quoted(figure.vertical.label)) noenhanced
      set yrange [-0.6:\(Double(last) + 0.6)]
      set ytics (\(names.joined(separator: ", "))) noenhanced
      \(axis("x", figure.vertical, .vertical(figure.heights + ends, figure.vertical)))
      plot \(marks.joined(separator: ", \\\n     "))
      """
  }

  /// The ends of intervals, which a dot plot has to hold; those at 0 or below are cut off.
  private var ends: [Double] {
    let all = figure.curves.flatMap(\.points).flatMap { [$0.lower, $0.upper].compactMap { $0 } }
    return figure.vertical.isLogarithmic ? all.filter { $0 > (vertical.lower / 10) } : all
  }

  private func dots(_ index: Int, _ curve: Figure.Curve, height: Int) -> [String] {
    var parts: [String] = []
    if curve.points.contains(where: { $0.lower != nil && $0.upper != nil }) {
      parts.append(
        "\(source) index \(index) using 2:(\(height)):3:4 with xerrorbars "
          + "linecolor rgb '\(curve.style.colour)' linewidth 2 "
          + "pointtype \(curve.style.marker) pointsize 1.8*scale"
      )
    } else {
      parts.append(
        "\(source) index \(index) using 2:(\(height)) with points "
          + "linecolor rgb '\(curve.style.colour)' linewidth 2 "
          + "pointtype \(curve.style.marker) pointsize 1.8*scale"
      )
    }
    if curve.points.contains(where: { $0.bound != nil }) {
      parts.append(
        "\(source) index \(index) using 5:(\(height)) with points "
          + "linecolor rgb '\(curve.style.colour)' pointtype 10 pointsize 1.8*scale linewidth 1.6"
      )
    }
    return parts
  }

  private static func field(_ number: Double?) -> String {
    guard let number, number.isFinite else { return "NaN" }
    return "\(number)"
  }

  static func oneLine(_ text: String) -> String {
    String(text.map { $0.isNewline ? " " : $0 })
  }

  /// Text between single quotes, inside of which gnuplot reads nothing but a doubled quote.
  static func quoted(_ text: String) -> String {
    "'" + Typography.replaced(oneLine(text), "'", by: "''") + "'"
  }
}
