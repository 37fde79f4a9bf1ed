public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// How an antenna's observation `x` comes from the noiseless sum `m = (H s)_i` that reaches it.
///
/// | law | observation |
/// |---|---|
/// | gaussian | `x = m + n` |
/// | saturated | `x = a tanh(m / a) + n`: an amplifier that gives at most `a` |
/// | quantised | `x = q(m + n)`: the middle of the cell, of `2^bits` equal cells of `[-range, range]`; what is outside goes to the outer cells |
/// | poisson | `x ~ Poisson(gain m + 1)`: counts with one dark count on average |
///
/// `n ~ N(0, sigma^2)`, independent from antenna to antenna.
///
/// - SeeAlso: `shlezinger2021deepsic`.
public enum ObservationLaw: Sendable, Hashable {
  /// Additive Gaussian noise.
  case gaussian
  /// Gaussian noise after an amplifier that saturates.
  case saturated(limit: Double)
  /// Gaussian noise before a uniform quantiser.
  case quantised(bits: Int, range: Double)
  /// Counts; the noise variance plays no part.
  case poisson(gain: Double)

  /// The least rate of a count, where wrong knowledge gives none.
  public static var minimumRate: Double { 1e-3 }

  /// Whether the noise variance is part of the law.
  public var hasNoiseVariance: Bool {
    if case .poisson = self { false } else { true }
  }

  /// The width of a quantiser's cell; 0 for other laws.
  public var cellWidth: Double {
    if case .quantised(let bits, let range) = self { 2 * range / Double(1 << bits) } else { 0 }
  }

  /// The cell in which a quantiser puts a number.
  static func cell(of number: Double, bits: Int, range: Double) -> Int {
    let cells = 1 << bits
    let place = ((number + range) / (2 * range) * Double(cells)).rounded(.down)
    return Int(min(max(place, 0), Double(cells - 1)))
  }

  /// `-log p(x | m)` up to a number that does not depend on `m`.
  ///
  /// - Parameters:
  ///   - observation: `x`, which the law can give (``flaw(of:)``).
  ///   - mean: `m`.
  ///   - noiseVariance: `sigma^2`, above zero; not read by Poisson counts.
  /// - Returns: nats.
  public func cost(_ observation: Double, mean: Double, noiseVariance: Double) -> Double {
    switch self {
    case .gaussian:
      let gap = observation - mean
      return gap * gap / (2 * noiseVariance)
    case .saturated(let limit):
      let gap = observation - limit * tanh(mean / limit)
      return gap * gap / (2 * noiseVariance)
    case .quantised(let bits, let range):
      let width = cellWidth
      let cell = Self.cell(of: observation, bits: bits, range: range)
      let low = -range + Double(cell) * width
      let deviation = noiseVariance.squareRoot()
      return Self.intervalCost(
        from: cell == 0 ? -.infinity : (low - mean) / deviation,
        to: cell == (1 << bits) - 1 ? .infinity : (low + width - mean) / deviation
      )
    case .poisson(let gain):
      let rate = max(gain * mean + 1, Self.minimumRate)
      return rate - observation * log(rate)
    }
  }

  /// `-log P(low < N < high)` of a standard normal number.
  ///
  /// Both limits are taken to the upper side, where the complementary error function keeps its digits;
  /// beyond its smallest number the density at the nearer limit stands for the tail.
  static func intervalCost(from low: Double, to high: Double) -> Double {
    if high < 0 { return intervalCost(from: -high, to: -low) }
    let share = (erfc(low / 2.0.squareRoot()) - erfc(high / 2.0.squareRoot())) / 2
    if share > 1e-300 { return -log(share) }
    return low * low / 2 + log(max(low, 1) * (2 * Double.pi).squareRoot())
  }

  /// What is wrong with an observation, in words; nil where the law can give it.
  public func flaw(of observation: Double) -> String? {
    switch self {
    case .gaussian, .saturated: return nil
    case .poisson: return observation >= 0 ? nil : "a count >= 0"
    case .quantised(let bits, let range):
      let middle =
        -range + (Double(Self.cell(of: observation, bits: bits, range: range)) + 0.5) * cellWidth
      // Single precision of a file is enough.
      return abs(observation - middle) <= 1e-3 * cellWidth
        ? nil : "the middle of one of \(1 << bits) cells of -\(range)...\(range)"
    }
  }

  /// Draws observations.
  ///
  /// Rates below ``minimumRate``, which wrong channels can give, are taken as that.
  ///
  /// - Parameters:
  ///   - means: `m`, any shape.
  ///   - noiseVariance: `sigma^2`.
  ///   - stream: where noise and counts are drawn from.
  /// - Returns: `x`, of the same shape.
  public func observations(
    of means: Tensor<Float>,
    noiseVariance: Double,
    from stream: inout RandomStream
  ) -> Tensor<Float> {
    if case .poisson(let gain) = self {
      return stream.poisson(
        Self.map(means) { Float(max(gain * Double($0) + 1, Self.minimumRate)) }
      )
    }
    let normal: Tensor<Float> = stream.normal(means.shape)
    let deviation = Float(noiseVariance.squareRoot())
    return normal.withScalars { n in
      means.withScalars { m in
        Tensor(shape: means.shape) { x in
          for i in 0..<m.count { x[i] = value(mean: m[i], noise: deviation * n[i]) }
        }
      }
    }
  }

  private func value(mean: Float, noise: Float) -> Float {
    switch self {
    case .gaussian, .poisson: return mean + noise
    case .saturated(let limit):
      return Float(limit) * tanh(mean / Float(limit)) + noise
    case .quantised(let bits, let range):
      let cell = Self.cell(of: Double(mean + noise), bits: bits, range: range)
      return Float(-range + (Double(cell) + 0.5) * cellWidth)
    }
  }

  private static func map(_ tensor: Tensor<Float>, _ body: (Float) -> Float) -> Tensor<Float> {
    tensor.withScalars { from in
      Tensor(shape: tensor.shape) { to in for i in 0..<from.count { to[i] = body(from[i]) } }
    }
  }
}
