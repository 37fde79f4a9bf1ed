#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// A pattern over the plane with values about -1 to 1; lengths are in pixels.
struct ImageTexture {
  enum Kind {
    /// Nothing.
    case plain
    /// A wave along one direction.
    case grating
    /// The sign of a wave along one direction: stripes.
    case stripes
    /// Squares of two values.
    case checks
    /// Smooth noise of several scales, each half the length and `roughness` of the height of the one before.
    case noise
  }

  let kind: Kind
  private let scale: Float
  private let cosine: Float
  private let sine: Float
  private let phase: Float
  private let roughness: Float
  private let key: UInt32

  static let plain = ImageTexture(.plain, scale: 1)

  private init(_ kind: Kind, scale: Float) {
    self.kind = kind
    self.scale = scale
    (cosine, sine, phase, roughness, key) = (1, 0, 0, 0, 0)
  }

  /// A random texture of the kind, its coarsest length between the bounds.
  init(_ kind: Kind, lengths: ClosedRange<Float>, from random: inout RandomNumbers) {
    self.kind = kind
    scale = random.length(lengths.lowerBound, lengths.upperBound)
    (cosine, sine) = random.direction()
    phase = random.uniform(0, 2 * Float.pi)
    roughness = random.uniform(0.4, 0.75)
    key = UInt32(random.integer(0...0xff_ffff))
  }

  /// One of all kinds but `plain`.
  static func any(lengths: ClosedRange<Float>, from random: inout RandomNumbers) -> ImageTexture {
    let kinds: [Kind] = [.grating, .stripes, .checks, .noise, .noise, .noise]
    let kind = kinds[random.integer(0...kinds.count - 1)]
    return ImageTexture(kind, lengths: lengths, from: &random)
  }

  func value(_ x: Float, _ y: Float) -> Float {
    let u = (cosine * x + sine * y) / scale
    let v = (cosine * y - sine * x) / scale
    switch kind {
    case .plain: return 0
    case .grating: return sinf(2 * Float.pi * u + phase)
    case .stripes: return sinf(2 * Float.pi * u + phase) > 0 ? 1 : -1
    case .checks:
      return (Int((u + phase).rounded(.down)) + Int((v + phase).rounded(.down))) & 1 == 0 ? 1 : -1
    case .noise: return fractal(u, v)
    }
  }

  /// Octaves down to two pixels.
  private func fractal(_ u: Float, _ v: Float) -> Float {
    var (sum, height, frequency, length) = (Float(0), Float(1), Float(1), scale)
    var octave: UInt32 = 0
    repeat {
      sum += height * Self.smooth(u * frequency + phase, v * frequency, key &+ octave)
      height *= roughness
      frequency *= 2
      length /= 2
      octave += 1
    } while length > 2 && octave < 6
    return sum
  }

  /// Random values at whole places, joined by cubic steps.
  private static func smooth(_ x: Float, _ y: Float, _ key: UInt32) -> Float {
    let (left, top) = (x.rounded(.down), y.rounded(.down))
    let (i, j) = (Int32(left), Int32(top))
    let (a, b) = (x - left, y - top)
    let (s, t) = (a * a * (3 - 2 * a), b * b * (3 - 2 * b))
    let upper = hashed(i, j, key) * (1 - s) + hashed(i &+ 1, j, key) * s
    let lower = hashed(i, j &+ 1, key) * (1 - s) + hashed(i &+ 1, j &+ 1, key) * s
    return upper * (1 - t) + lower * t
  }

  /// A value in -1 to 1 that depends on a place in no visible way.
  private static func hashed(_ i: Int32, _ j: Int32, _ key: UInt32) -> Float {
    var h = UInt32(bitPattern: i) &* 0x9e37_79b1 ^ UInt32(bitPattern: j) &* 0x85eb_ca77
    h = (h ^ key &* 0xc2b2_ae3d) &* 0x27d4_eb2f
    h = (h ^ (h >> 15)) &* 0x85eb_ca6b
    h ^= h >> 13
    return Float(h >> 8) / Float(1 << 23) - 1
  }
}
