// Goals: right to full double precision wherever an interval is computed; short; no tables.
// Source: the distribution functions are textbook (`abramowitz1964`, 26.2 and 26.7); both quantiles
// invert them numerically, so that their precision is that of `erfc` and of the incomplete beta.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Quantiles of the distributions that intervals are made from.
public enum Quantiles {
  /// The standard normal quantile: `z` with `P(Z <= z) = probability`.
  ///
  /// A rational approximation (`abramowitz1964`, 26.2.23, absolute error below 4.5e-4) refined by
  /// Halley steps on `erfc`.
  ///
  /// - Parameter probability: between 0 and 1; at the ends the result is infinite.
  /// - Returns: the quantile; NaN outside of 0...1.
  public static func normal(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else {
      return probability == 0 ? -.infinity : probability == 1 ? .infinity : .nan
    }
    if probability == 0.5 { return 0 }
    let tail = min(probability, 1 - probability)
    let t = (-2 * log(tail)).squareRoot()
    let numerator = 2.515517 + t * (0.802853 + t * 0.010328)
    let denominator = 1 + t * (1.432788 + t * (0.189269 + t * 0.001308))
    var z = t - numerator / denominator
    for _ in 0..<4 {
      let density = exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
      guard density > 0 else { break }
      let step = (0.5 * erfc(z / 2.0.squareRoot()) - tail) / density
      z += step / (1 - 0.5 * z * step)
    }
    return probability < 0.5 ? -z : z
  }

  /// Student's quantile: `t` with `P(T <= t) = probability` for the given degrees of freedom.
  ///
  /// Bisection on `P(T > t) = I(v / (v + t^2); v/2, 1/2) / 2`, `I` the regularised incomplete beta.
  ///
  /// - Parameters:
  ///   - probability: between 0 and 1; at the ends the result is infinite.
  ///   - degreesOfFreedom: `v`, positive, need not be whole; the normal quantile when infinite.
  /// - Returns: the quantile; NaN for parameters outside of their range.
  public static func student(_ probability: Double, degreesOfFreedom: Double) -> Double {
    guard degreesOfFreedom > 0, probability >= 0, probability <= 1 else { return .nan }
    if degreesOfFreedom == .infinity { return normal(probability) }
    if probability == 0.5 { return 0 }
    let tail = min(probability, 1 - probability)
    guard tail > 0 else { return probability < 0.5 ? -.infinity : .infinity }
    var low = 0.0
    var high = 1.0
    while studentTail(high, degreesOfFreedom) > tail {
      low = high
      high *= 2
      if high == .infinity { break }
    }
    for _ in 0..<100 {
      let middle = 0.5 * (low + high)
      if middle <= low || middle >= high { break }
      if studentTail(middle, degreesOfFreedom) > tail { low = middle } else { high = middle }
    }
    let t = 0.5 * (low + high)
    return probability < 0.5 ? -t : t
  }

  /// `P(T > t)` for `t >= 0`.
  private static func studentTail(_ t: Double, _ degreesOfFreedom: Double) -> Double {
    let square = t * t
    let x = degreesOfFreedom / (degreesOfFreedom + square)
    let complement = square / (degreesOfFreedom + square)
    return 0.5
      * incompleteBeta(x, complement: complement, a: degreesOfFreedom / 2, b: 0.5)
  }

  /// The regularised incomplete beta function `I(x; a, b)`, by Lentz's continued fraction.
  ///
  /// - Parameters:
  ///   - x: between 0 and 1.
  ///   - complement: `1 - x`, given apart so that it keeps its digits near `x = 1`.
  ///   - a: positive.
  ///   - b: positive.
  /// - Returns: the probability that a beta variable is at most `x`.
  package static func incompleteBeta(
    _ x: Double,
    complement: Double,
    a: Double,
    b: Double
  ) -> Double {
    if x <= 0 { return 0 }
    if complement <= 0 { return 1 }
    let logBeta = logGamma(a) + logGamma(b) - logGamma(a + b)
    let front = exp(a * log(x) + b * log(complement) - logBeta)
    if x < (a + 1) / (a + b + 2) { return front * betaFraction(x, a, b) / a }
    return 1 - front * betaFraction(complement, b, a) / b
  }

  private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func guarded(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / guarded(1 - (a + b) * x / (a + 1))
    var fraction = d
    for step in 1...10_000 {
      let m = Double(step)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / guarded(1 + even * d)
      c = guarded(1 + even / c)
      fraction *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / guarded(1 + odd * d)
      c = guarded(1 + odd / c)
      fraction *= d * c
      if abs(d * c - 1) < 1e-16 { break }
    }
    return fraction
  }

  /// `log Gamma(x)` for positive `x`.
  private static func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
  }
}
