public import Tensors

/// Gray images that a program draws: a set without files to learn priors from and to compare on.
///
/// Each image is one of five kinds, all with random contrast and a random, slight blur:
///
/// - dead leaves: shapes of all sizes over each other, the density of sizes falling with the cube, as in
///   photographs (`lee2001leaves`), shaded and in part textured;
/// - smooth: few large, softly shaded shapes on a smooth ground;
/// - texture: noise of several scales, waves, stripes, checks;
/// - strokes: rows of signs made of lines, as in print;
/// - scene: dead leaves behind, smooth shapes before, strokes on top.
///
/// ```swift
/// let images = ProceduralImages.drawn(16, height: 64, width: 64, from: RandomStream(seed: 1))
/// ```
public enum ProceduralImages {
  /// What an image shows.
  public enum Kind: String, Sendable, CaseIterable {
    /// Shapes of all sizes over each other.
    case leaves
    /// Few large, shaded shapes.
    case smooth
    /// Patterns.
    case texture
    /// Rows of signs.
    case strokes
    /// Something of all.
    case scene
  }

  /// Images of all kinds.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - height: rows, at least 1.
  ///   - width: columns, at least 1.
  ///   - stream: image `i` depends on its place in the stream and `i` alone.
  /// - Returns: `[count, height, width]`, values from 0 to 1.
  public static func drawn(
    _ count: Int,
    height: Int,
    width: Int,
    from stream: RandomStream
  ) -> Tensor<Float> {
    precondition(
      count >= 0 && height >= 1 && width >= 1,
      "ProceduralImages: cannot draw \(count) images of \(height) x \(width)"
    )
    return Tensor(shape: [count, height, width]) { images in
      for index in 0..<count {
        let pixels = image(index, height: height, width: width, from: stream).pixels
        for (place, pixel) in pixels.enumerated() {
          images[index * height * width + place] = pixel
        }
      }
    }
  }

  /// One image of the set and its kind.
  package static func image(
    _ index: Int,
    height: Int,
    width: Int,
    from stream: RandomStream
  ) -> (kind: Kind, pixels: [Float]) {
    var random = RandomNumbers(from: stream.derived("procedural image", index: index))
    let choices: [Kind] = [.leaves, .leaves, .leaves, .smooth, .texture, .strokes, .scene, .scene]
    let kind = choices[random.integer(0...choices.count - 1)]
    var canvas = ImageCanvas(height: height, width: width)
    switch kind {
    case .leaves: paintLeaves(&canvas, &random)
    case .smooth: paintSmooth(&canvas, &random, shapes: random.integer(2...6), covers: true)
    case .texture: paintTexture(&canvas, &random)
    case .strokes: paintStrokes(&canvas, &random, covers: true)
    case .scene:
      paintLeaves(&canvas, &random)
      paintSmooth(&canvas, &random, shapes: random.integer(1...4), covers: false)
      if random.isTrue(0.5) { paintStrokes(&canvas, &random, covers: false) }
    }
    var pixels = canvas.reduced()
    if random.isTrue(0.5) {
      blur(&pixels, height, width, weight: random.uniform(0.05, 0.25))
    }
    stretch(&pixels, &random)
    return (kind, pixels)
  }

  // MARK: - Kinds

  private static func paintLeaves(_ canvas: inout ImageCanvas, _ random: inout RandomNumbers) {
    canvas.cover(.init(level: random.uniform()))
    let area = Float(canvas.height * canvas.width)
    let largest = max(Float(min(canvas.height, canvas.width)) * random.uniform(0.2, 0.8), 4)
    let smallest = random.uniform(1.5, 5)
    let textured = random.uniform(0, 0.5)
    // The mean area of a leaf, from the law of its size, and three times as many as would cover all.
    let mean = 2 * Float.pi * smallest * smallest * largest / (largest - smallest)
    for _ in 0..<min(Int(3 * area / mean), 4000) {
      let radius = random.length(smallest, largest)
      let frame = ImageCanvas.Frame(
        x: random.uniform(0, Float(canvas.width)),
        y: random.uniform(0, Float(canvas.height)),
        turn: random.direction(),
        halfWidth: radius,
        halfHeight: radius * random.uniform(0.3, 1)
      )
      canvas.paint(outline(&random), frame, fill(&random, textured: textured))
    }
  }

  private static func paintSmooth(
    _ canvas: inout ImageCanvas,
    _ random: inout RandomNumbers,
    shapes: Int,
    covers: Bool
  ) {
    let extent = Float(min(canvas.height, canvas.width))
    if covers { canvas.cover(fill(&random, textured: 0)) }
    for _ in 0..<shapes {
      let frame = ImageCanvas.Frame(
        x: random.uniform(0, Float(canvas.width)),
        y: random.uniform(0, Float(canvas.height)),
        turn: random.direction(),
        halfWidth: extent * random.uniform(0.1, 0.45),
        halfHeight: extent * random.uniform(0.1, 0.45)
      )
      canvas.paint(outline(&random), frame, fill(&random, textured: 0.15))
    }
  }

  private static func paintTexture(_ canvas: inout ImageCanvas, _ random: inout RandomNumbers) {
    let largest = max(Float(min(canvas.height, canvas.width)) / 2, 6)
    canvas.cover(
      .init(
        level: random.uniform(0.3, 0.7),
        slope: (random.uniform(-0.3, 0.3), random.uniform(-0.3, 0.3)),
        contrast: random.uniform(0.1, 0.5),
        texture: .any(lengths: 4...largest, from: &random)
      )
    )
    paintSmooth(&canvas, &random, shapes: random.integer(0...3), covers: false)
  }

  private static func paintStrokes(
    _ canvas: inout ImageCanvas,
    _ random: inout RandomNumbers,
    covers: Bool
  ) {
    let ground = random.isTrue(0.7) ? random.uniform(0.7, 1) : random.uniform(0, 0.3)
    let ink = ground > 0.5 ? random.uniform(0, 0.4) : random.uniform(0.6, 1)
    if covers { canvas.cover(.init(level: ground, slope: (random.uniform(-0.1, 0.1), 0))) }
    let size = random.uniform(7, max(Float(canvas.height) / 4, 9))
    let thickness = size * random.uniform(0.1, 0.22)
    let slant = random.uniform(-0.3, 0.3)
    var top = random.uniform(0, size)
    while top < Float(canvas.height) {
      var left = random.uniform(0, size)
      let end = Float(canvas.width) * (covers ? 1 : random.uniform(0.3, 1))
      while left < end {
        if !random.isTrue(0.15) {
          paintSign(&canvas, &random, (left, top), size, slant, thickness, ink)
        }
        left += size * random.uniform(0.75, 1)
      }
      top += size * random.uniform(1.3, 1.8)
      if !covers && random.isTrue(0.5) { return }
    }
  }

  /// Lines between corners and middles of a cell.
  private static func paintSign(
    _ canvas: inout ImageCanvas,
    _ random: inout RandomNumbers,
    _ corner: (x: Float, y: Float),
    _ size: Float,
    _ slant: Float,
    _ thickness: Float,
    _ ink: Float
  ) {
    func place() -> (x: Float, y: Float) {
      let (across, down) = (Float(random.integer(0...2)) / 2, Float(random.integer(0...2)) / 2)
      return (
        corner.x + size * (0.6 * across + slant * (0.5 - down)), corner.y + size * down
      )
    }
    var before = place()
    for _ in 0..<random.integer(2...4) {
      let next = place()
      canvas.stroke(from: before, to: next, thickness: thickness, level: ink)
      before = random.isTrue(0.7) ? next : place()
    }
  }

  // MARK: - Parts

  private static func outline(_ random: inout RandomNumbers) -> ImageCanvas.Outline {
    switch random.uniform() {
    case ..<0.4: return .ellipse
    case ..<0.65: return .rectangle
    case ..<0.93: return .polygon((0..<random.integer(3...6)).map { _ in random.direction() })
    default: return .ring(inner: random.uniform(0.5, 0.85))
    }
  }

  private static func fill(_ random: inout RandomNumbers, textured: Float) -> ImageCanvas.Fill {
    var fill = ImageCanvas.Fill(level: random.uniform())
    if random.isTrue(0.5) {
      fill.slope = (random.uniform(-0.25, 0.25), random.uniform(-0.25, 0.25))
    }
    if random.isTrue(textured) {
      fill.contrast = random.uniform(0.02, 0.2)
      fill.texture = .any(lengths: 3...24, from: &random)
    }
    return fill
  }

  /// One step of diffusion: the four neighbours with the given weight each, mirrored at the rim.
  private static func blur(_ pixels: inout [Float], _ height: Int, _ width: Int, weight: Float) {
    let before = pixels
    for row in 0..<height {
      for column in 0..<width {
        let place = row * width + column
        let up = before[row > 0 ? place - width : place]
        let down = before[row < height - 1 ? place + width : place]
        let left = before[column > 0 ? place - 1 : place]
        let right = before[column < width - 1 ? place + 1 : place]
        pixels[place] = (1 - 4 * weight) * before[place] + weight * (up + down + left + right)
      }
    }
  }

  /// A random contrast and brightness, then the range 0 to 1.
  private static func stretch(_ pixels: inout [Float], _ random: inout RandomNumbers) {
    let contrast = random.uniform(0.5, 1)
    let shift = random.uniform(0, 1 - contrast)
    for place in pixels.indices {
      pixels[place] = min(max(shift + contrast * pixels[place], 0), 1)
    }
  }
}
