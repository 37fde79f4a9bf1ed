/// A gray picture that shapes are painted on, at twice the resolution of the image that comes out.
///
/// Lengths and places are in pixels of the final image.
struct ImageCanvas {
  /// A filled outline.
  enum Outline {
    case ellipse
    case rectangle
    /// A convex polygon: the half-planes `x cos + y sin < 1` of these directions.
    case polygon([(cosine: Float, sine: Float)])
    case ring(inner: Float)
  }

  /// How the inside is filled: `level + slope . (u, v) + contrast texture(x, y)`.
  struct Fill {
    var level: Float
    /// Change from the middle to the rim in the shape's own directions.
    var slope: (Float, Float) = (0, 0)
    var contrast: Float = 0
    var texture = ImageTexture.plain
  }

  /// A place, a turn and the half-axes of a shape.
  struct Frame {
    var x: Float
    var y: Float
    var turn: (cosine: Float, sine: Float) = (1, 0)
    var halfWidth: Float
    var halfHeight: Float
  }

  let height: Int
  let width: Int
  private var pixels: [Float]
  private static let fineness = 2

  init(height: Int, width: Int) {
    self.height = height
    self.width = width
    pixels = .init(repeating: 0, count: Self.fineness * height * Self.fineness * width)
  }

  /// Paints over everything.
  mutating func cover(_ fill: Fill) {
    let frame = Frame(
      x: Float(width) / 2,
      y: Float(height) / 2,
      halfWidth: Float(width),
      halfHeight: Float(height)
    )
    paint(.rectangle, frame, fill)
  }

  /// Paints a shape over what is there.
  mutating func paint(_ outline: Outline, _ frame: Frame, _ fill: Fill) {
    // Polygons of unit inner radius reach out to twice of it.
    var reach = (frame.halfWidth * frame.halfWidth + frame.halfHeight * frame.halfHeight)
      .squareRoot()
    if case .polygon = outline { reach *= 2 }
    let (cosine, sine) = frame.turn
    forEachPixel(near: (frame.x, frame.y), within: reach) { x, y, pixel in
      let (dx, dy) = (x - frame.x, y - frame.y)
      let u = (cosine * dx + sine * dy) / frame.halfWidth
      let v = (cosine * dy - sine * dx) / frame.halfHeight
      guard Self.contains(outline, u, v) else { return }
      pixel = fill.level + fill.slope.0 * u + fill.slope.1 * v
      if fill.contrast != 0 { pixel += fill.contrast * fill.texture.value(x, y) }
    }
  }

  /// Paints a line with round ends.
  mutating func stroke(
    from start: (x: Float, y: Float),
    to end: (x: Float, y: Float),
    thickness: Float,
    level: Float
  ) {
    let middle = ((start.x + end.x) / 2, (start.y + end.y) / 2)
    let (ax, ay) = (end.x - start.x, end.y - start.y)
    let square = max(ax * ax + ay * ay, 1e-6)
    let radius = thickness / 2
    forEachPixel(near: middle, within: square.squareRoot() / 2 + radius) { x, y, pixel in
      let along = min(max(((x - start.x) * ax + (y - start.y) * ay) / square, 0), 1)
      let (dx, dy) = (x - start.x - along * ax, y - start.y - along * ay)
      if dx * dx + dy * dy < radius * radius { pixel = level }
    }
  }

  /// Means of 2 x 2 pixels: the final image, row by row.
  func reduced() -> [Float] {
    let (fine, row) = (Self.fineness, Self.fineness * width)
    return (0..<height * width).map { place in
      let corner = fine * (place / width) * row + fine * (place % width)
      return 0.25
        * (pixels[corner] + pixels[corner + 1] + pixels[corner + row] + pixels[corner + row + 1])
    }
  }

  private static func contains(_ outline: Outline, _ u: Float, _ v: Float) -> Bool {
    switch outline {
    case .ellipse: return u * u + v * v < 1
    case .rectangle: return abs(u) < 1 && abs(v) < 1
    case .ring(let inner):
      let square = u * u + v * v
      return square < 1 && square > inner * inner
    case .polygon(let sides):
      guard u * u + v * v < 4 else { return false }
      return sides.allSatisfy { u * $0.cosine + v * $0.sine < 1 }
    }
  }

  /// Calls the body with the middle of each pixel of a square.
  private mutating func forEachPixel(
    near middle: (Float, Float),
    within reach: Float,
    _ body: (_ x: Float, _ y: Float, _ pixel: inout Float) -> Void
  ) {
    let (columns, rows) = (Self.fineness * width, Self.fineness * height)
    func bounds(_ centre: Float, _ limit: Int) -> Range<Int> {
      let low = max((Float(Self.fineness) * (centre - reach)).rounded(.down), 0)
      let high = min((Float(Self.fineness) * (centre + reach)).rounded(.up), Float(limit))
      return low < high ? Int(low)..<Int(high) : 0..<0
    }
    let across = bounds(middle.0, columns)
    for row in bounds(middle.1, rows) {
      let y = (Float(row) + 0.5) / Float(Self.fineness)
      for column in across {
        body((Float(column) + 0.5) / Float(Self.fineness), y, &pixels[row * columns + column])
      }
    }
  }
}
