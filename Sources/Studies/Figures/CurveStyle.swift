/// How a curve is told apart, in colour and in black and white.
///
/// Classical methods are black and grey with open markers, hybrids have strong colours with filled
/// markers, black boxes are dashed. The colours are those of Okabe and Ito with three of Tol's, which
/// stay apart for colour-blind readers.
public struct CurveStyle: Sendable, Hashable {
  /// The colour as `#rrggbb`.
  public var colour: String
  /// Lengths of dashes and gaps in turn; empty for a solid line.
  public var dashes: [Int]
  /// gnuplot's number of the marker.
  public var marker: Int

  /// A style.
  public init(colour: String, dashes: [Int], marker: Int) {
    self.colour = colour
    self.dashes = dashes
    self.marker = marker
  }

  /// Whether the marker's inside is empty.
  package var hasOpenMarker: Bool { marker >= 4 && marker.isMultiple(of: 2) }

  /// Whether the marker is filled.
  package var isFilled: Bool { marker >= 4 && !marker.isMultiple(of: 2) }

  /// The styles of methods, so that each looks the same in all figures of a study.
  ///
  /// - Parameter methods: names with families (`model-based`, `hybrid`, `data-driven`), in the
  ///   order of the legend; a repeated name counts once.
  /// - Returns: a style for each name; within a family they repeat after four colours and four
  ///   markers with other dashes.
  public static func assigned(
    to methods: [(name: String, family: String)]
  ) -> [String: CurveStyle] {
    var styles: [String: CurveStyle] = [:]
    var counts: [String: Int] = [:]
    for method in methods where styles[method.name] == nil {
      let count = counts[method.family, default: 0]
      counts[method.family] = count + 1
      styles[method.name] = style(family: method.family, number: count)
    }
    return styles
  }

  private static func style(family: String, number: Int) -> CurveStyle {
    let place = number % 4
    let lap = number / 4
    switch family {
    case "model-based":
      let dashes = lap == 0 ? [] : [2 + 2 * lap, 3]
      return CurveStyle(
        colour: ["#000000", "#5a5a5a", "#8c8c8c", "#3a3a3a"][place],
        dashes: dashes,
        marker: [6, 4, 8, 12][place]
      )
    case "hybrid":
      let dashes = lap == 0 ? [] : [12 + 4 * lap, 3]
      return CurveStyle(
        colour: ["#0072b2", "#d55e00", "#009e73", "#cc79a7"][place],
        dashes: dashes,
        marker: [7, 5, 9, 13][place]
      )
    default:
      let dashes = [[8, 4], [2, 3], [8, 3, 2, 3], [14, 5]][(place + lap) % 4]
      return CurveStyle(
        colour: ["#e69f00", "#882255", "#56b4e9", "#999933"][place],
        dashes: dashes,
        marker: [1, 2, 3, 14][place]
      )
    }
  }
}
