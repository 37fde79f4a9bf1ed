internal import CKernels

/// A stream of random numbers that is a pure function of a seed and a path of names.
///
/// Counter-based (Philox 4x32-10, `salmon2011`): the same seed and path give the same bits on every
/// machine and kernel variant, and drawing from one stream never moves another. The seed is the
/// generator's key; path and place make its 128-bit counter.
///
/// A place is a block of 128 bits, which gives four words, four single-precision numbers, two in
/// double precision, or one Poisson count. Each call starts at a new block; so numbers drawn in
/// pieces that fill whole blocks are those of a single call.
///
/// ```swift
/// var noise = RandomStream(seed: 7).derived("noise", index: 3)
/// let w: Tensor<Float> = noise.normal([4, 100])
/// ```
public struct RandomStream: Sendable, Hashable {
  private let key: UInt64
  private let path: UInt64
  /// How many counter blocks have been used; part of a checkpoint.
  public private(set) var counter: UInt64 = 0

  /// The root stream of a seed.
  public init(seed: UInt64) {
    key = seed
    path = 0
  }

  private init(key: UInt64, path: UInt64) {
    self.key = key
    self.path = path
  }

  /// An independent stream, named by a word and a number.
  ///
  /// It starts at its beginning wherever the receiver is, and the receiver does not move.
  public func derived(_ name: String, index: Int = 0) -> RandomStream {
    var hash = path ^ 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash = Self.mixed(hash &+ 0x9e37_79b9_7f4a_7c15)
    hash = Self.mixed(hash ^ Self.mixed(UInt64(bitPattern: Int64(index)) &+ 0x9e37_79b9_7f4a_7c15))
    return RandomStream(key: key, path: hash)
  }

  /// The same stream with its counter put back to a recorded place.
  public func advanced(toCounter counter: UInt64) -> RandomStream {
    var stream = self
    stream.counter = counter
    return stream
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  private var randomKey: graybox_random_key {
    graybox_random_key(
      word: (UInt32(truncatingIfNeeded: key), UInt32(truncatingIfNeeded: key >> 32))
    )
  }

  /// Uniform numbers in `[low, high)`.
  ///
  /// - Parameters:
  ///   - shape: the extents.
  ///   - low: the smallest number that can come.
  ///   - high: above `low`; never reached.
  /// - Returns: independent numbers of the given shape.
  public mutating func uniform<Scalar: RealTensorScalar>(
    _ shape: [Int],
    low: Scalar = 0,
    high: Scalar = 1
  ) -> Tensor<Scalar> {
    precondition(
      low < high && (high - low).isFinite,
      "RandomStream.uniform: no interval [\(low), \(high))"
    )
    return Tensor(shape: shape) { buffer in
      fillUniform(buffer)
      guard low != 0 || high != 1, let base = buffer.baseAddress else { return }
      let raw = UnsafeMutableRawPointer(base)
      if Scalar.self == Float.self {
        graybox_random_between_float(
          buffer.count,
          Float(low),
          Float(high),
          raw.assumingMemoryBound(to: Float.self)
        )
      } else {
        graybox_random_between_double(
          buffer.count,
          Double(low),
          Double(high),
          raw.assumingMemoryBound(to: Double.self)
        )
      }
    }
  }

  /// Independent standard normal numbers.
  public mutating func normal<Scalar: RealTensorScalar>(_ shape: [Int]) -> Tensor<Scalar> {
    Tensor(shape: shape) { fillNormal($0) }
  }

  /// One Poisson count for each rate.
  ///
  /// Inversion below a rate of 10, else transformed rejection (PTRS, `hoermann1993`).
  ///
  /// - Parameter rates: finite and not negative.
  /// - Returns: counts of the rates' shape.
  public mutating func poisson<Scalar: RealTensorScalar>(_ rates: Tensor<Scalar>) -> Tensor<Scalar>
  {
    let valid = rates.withScalars { rates in
      rates.allSatisfy { $0.isFinite && $0 >= 0 }
    }
    precondition(valid, "RandomStream.poisson: rates must be finite and not negative")
    return Tensor(shape: rates.shape) { counts in
      rates.withScalars { rates in
        guard let to = counts.baseAddress, let from = rates.baseAddress else { return }
        let raw = (to: UnsafeMutableRawPointer(to), from: UnsafeRawPointer(from))
        counter =
          Scalar.self == Float.self
          ? graybox_random_poisson_float(
            randomKey,
            path,
            counter,
            counts.count,
            raw.from.assumingMemoryBound(to: Float.self),
            raw.to.assumingMemoryBound(to: Float.self)
          )
          : graybox_random_poisson_double(
            randomKey,
            path,
            counter,
            counts.count,
            raw.from.assumingMemoryBound(to: Double.self),
            raw.to.assumingMemoryBound(to: Double.self)
          )
      }
    }
  }

  /// Whole numbers in `0..<bound`, each equally likely (to 2^-32).
  public mutating func integers(_ count: Int, below bound: Int) -> [Int] {
    precondition(bound > 0 && bound <= 1 << 32, "RandomStream.integers: bound \(bound)")
    return words(count).map { Int((UInt64($0) &* UInt64(bound)) >> 32) }
  }

  /// A random order of `0..<count`, each equally likely (to 2^-32 a step).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    guard count > 1 else { return order }
    let random = words(count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      order.swapAt(i, Int((UInt64(random[i]) &* UInt64(i + 1)) >> 32))
    }
    return order
  }

  /// Uniform 32-bit words.
  public mutating func words(_ count: Int) -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: count) { buffer, initialised in
      if let base = buffer.baseAddress {
        counter = graybox_random_bits(randomKey, path, counter, count, base)
      }
      initialised = count
    }
  }

  /// Fills a buffer with uniform numbers in `[0, 1)`.
  package mutating func fillUniform<Scalar: RealTensorScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>
  ) {
    fill(buffer, graybox_random_uniform_float, graybox_random_uniform_double)
  }

  /// Fills a buffer with standard normal numbers.
  package mutating func fillNormal<Scalar: RealTensorScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>
  ) {
    fill(buffer, graybox_random_normal_float, graybox_random_normal_double)
  }

  private typealias Filler<Scalar> = (
    graybox_random_key, UInt64, UInt64, Int, UnsafeMutablePointer<Scalar>?
  ) -> UInt64

  /// Calls the C function of the buffer's scalar and moves on.
  private mutating func fill<Scalar: RealTensorScalar>(
    _ buffer: UnsafeMutableBufferPointer<Scalar>,
    _ float: Filler<Float>,
    _ double: Filler<Double>
  ) {
    guard let base = buffer.baseAddress else { return }
    let raw = UnsafeMutableRawPointer(base)
    counter =
      Scalar.self == Float.self
      ? float(randomKey, path, counter, buffer.count, raw.assumingMemoryBound(to: Float.self))
      : double(randomKey, path, counter, buffer.count, raw.assumingMemoryBound(to: Double.self))
  }
}
