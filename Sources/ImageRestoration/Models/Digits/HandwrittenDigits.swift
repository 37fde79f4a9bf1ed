public import Tensors

/// Procedural handwritten figures: gray images of 28 by 28 pixels, 0 the paper and 1 the ink.
///
/// A figure is a few strokes. Each image has its own figure and way of writing it, its own slant, turn, width, height and
/// place, a pen of its own thickness, and every point of its strokes is a little off. An image depends on its
/// number and the stream, not on how many are drawn.
public enum HandwrittenDigits {
  /// Rows and columns of an image.
  public static let extent = 28
  /// Numbers of an image.
  public static let pixels = extent * extent

  /// Draws images.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - stream: where they come from.
  /// - Returns: `[count, 784]` in `0...1`, row by row, and the figure that each one shows.
  public static func drawn(count: Int, from stream: RandomStream)
    -> (images: Tensor<Float>, labels: [Int])
  {
    var labels: [Int] = []
    let images = Tensor<Float>(shape: [count, pixels]) { target in
      target.update(repeating: 0)
      for index in 0..<count {
        var own = stream.derived("figure", index: index)
        let figure = own.integers(1, below: 10)[0]
        labels.append(figure)
        var paper = Paper(
          UnsafeMutableBufferPointer(rebasing: target[index * pixels..<(index + 1) * pixels])
        )
        write(figure, on: &paper, &own)
      }
    }
    return (images, labels)
  }

  /// How far points are off, as a share of the box.
  private static let wobble = 0.025

  private static func write(_ figure: Int, on paper: inout Paper, _ stream: inout RandomStream) {
    let variants = DigitStrokes.variants[figure]
    let strokes = variants[stream.integers(1, below: variants.count)[0]]
    let hand = Hand(&stream)
    for stroke in strokes {
      let off: Tensor<Double> = stream.normal([2 * stroke.count])
      let moved = stroke.enumerated()
        .map { index, point in
          (
            x: point.x + wobble * off.scalars[2 * index],
            y: point.y + wobble * off.scalars[2 * index + 1]
          )
        }
      let curve = DigitStrokes.curve(through: moved, stepsASection: 6).map { hand.placed($0) }
      for (from, to) in zip(curve, curve.dropFirst()) {
        paper.drawLine(from, to, radius: hand.radius)
      }
    }
  }
}

/// How one image is written.
private struct Hand {
  /// Half the thickness of the line, in pixels.
  let radius: Double
  private let rows: (x: Double, y: Double)
  private let columns: (x: Double, y: Double)
  private let centre: (x: Double, y: Double)

  init(_ stream: inout RandomStream) {
    let draw: Tensor<Double> = stream.uniform([7], low: -1, high: 1)
    let u = draw.scalars
    let (turn, slant) = (0.12 * u[0], 0.2 + 0.3 * u[1])
    let (width, height) = (14 + 3 * u[2], 19 + 1.5 * u[3])
    radius = 1.25 + 0.45 * u[4]
    centre = (13.5 + 1.5 * u[5], 13.5 + 1.5 * u[6])
    // Slanted to the right as it goes up, then turned.
    let (c, s) = cosineAndSine(turn)
    columns = (width * c, width * s)
    let sheared = -slant * height * 0.6
    rows = (sheared * c - height * s, sheared * s + height * c)
  }

  func placed(_ point: DigitStrokes.Point) -> DigitStrokes.Point {
    let (x, y) = (point.x - 0.5, point.y - 0.5)
    return (centre.x + columns.x * x + rows.x * y, centre.y + columns.y * x + rows.y * y)
  }
}

/// The pixels of one image.
private struct Paper {
  private let pixels: UnsafeMutableBufferPointer<Float>

  init(_ pixels: UnsafeMutableBufferPointer<Float>) { self.pixels = pixels }

  /// Inks what lies within a radius of a line, with an edge one pixel wide.
  mutating func drawLine(
    _ from: DigitStrokes.Point,
    _ to: DigitStrokes.Point,
    radius: Double
  ) {
    let reach = radius + 0.5
    let extent = HandwrittenDigits.extent
    func range(_ a: Double, _ b: Double) -> ClosedRange<Int>? {
      let low = max(Int((min(a, b) - reach).rounded(.up)), 0)
      let high = min(Int((max(a, b) + reach).rounded(.down)), extent - 1)
      return low <= high ? low...high : nil
    }
    guard let rows = range(from.y, to.y), let columns = range(from.x, to.x) else { return }
    let (dx, dy) = (to.x - from.x, to.y - from.y)
    let length = max(dx * dx + dy * dy, 1e-12)
    for row in rows {
      for column in columns {
        let (x, y) = (Double(column) - from.x, Double(row) - from.y)
        let along = min(max((x * dx + y * dy) / length, 0), 1)
        let (offX, offY) = (x - along * dx, y - along * dy)
        let distance = (offX * offX + offY * offY).squareRoot()
        let ink = Float(min(max(reach - distance, 0), 1))
        let place = row * extent + column
        if ink > pixels[place] { pixels[place] = ink }
      }
    }
  }
}
