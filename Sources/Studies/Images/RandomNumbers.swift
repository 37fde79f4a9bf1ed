internal import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Single random numbers from a stream, which is drawn from a block at a time.
struct RandomNumbers {
  private var stream: RandomStream
  private var numbers: [Float] = []
  private var used = 0

  init(from stream: RandomStream) { self.stream = stream }

  /// Uniform in `[0, 1)`.
  mutating func uniform() -> Float {
    if used == numbers.count {
      let drawn: Tensor<Float> = stream.uniform([512])
      numbers = drawn.scalars
      used = 0
    }
    used += 1
    return numbers[used - 1]
  }

  /// Uniform in `[low, high)`.
  mutating func uniform(_ low: Float, _ high: Float) -> Float { low + (high - low) * uniform() }

  /// A whole number of the range, each equally likely.
  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    min(range.lowerBound + Int(uniform() * Float(range.count)), range.upperBound)
  }

  /// True with the given probability.
  mutating func isTrue(_ probability: Float) -> Bool { uniform() < probability }

  /// A length whose density falls with the cube of the length between two bounds, as the sizes of
  /// leaves must for images that look alike at every scale.
  mutating func length(_ low: Float, _ high: Float) -> Float {
    let (a, b) = (1 / (low * low), 1 / (high * high))
    return 1 / (a + (b - a) * uniform()).squareRoot()
  }

  /// A direction: cosine and sine of a uniform angle.
  mutating func direction() -> (cosine: Float, sine: Float) {
    let angle = 2 * Float.pi * uniform()
    return (cosf(angle), sinf(angle))
  }
}
