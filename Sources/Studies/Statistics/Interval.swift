#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// An estimate with its interval.
public struct Interval: Sendable, Hashable {
  /// The estimate.
  public var value: Double
  /// The interval's lower end; nil when there are too few blocks for one.
  public var lower: Double?
  /// The interval's upper end.
  public var upper: Double?

  /// An estimate with its interval.
  public init(value: Double, lower: Double? = nil, upper: Double? = nil) {
    self.value = value
    self.lower = lower
    self.upper = upper
  }

  /// The same estimate with the ends moved into a range, such as 0...1 for a rate.
  public func clamped(to range: ClosedRange<Double>) -> Interval {
    func inside(_ end: Double) -> Double { min(max(end, range.lowerBound), range.upperBound) }
    return Interval(value: value, lower: lower.map(inside), upper: upper.map(inside))
  }

  /// The interval of ten times the decadic logarithm; an end at or below 0 has none.
  public var inDecibels: Interval {
    func decibels(_ ratio: Double) -> Double { 10 * log10(ratio) }
    return Interval(
      value: decibels(value),
      lower: lower.flatMap { $0 > 0 ? decibels($0) : nil },
      upper: upper.flatMap { $0 > 0 ? decibels($0) : nil }
    )
  }

  /// The width over the value; infinite where there is no interval or the value is 0.
  public var relativeWidth: Double {
    guard let lower, let upper, value != 0 else { return .infinity }
    return (upper - lower) / abs(value)
  }
}

/// What one independent block gave a metric.
public struct BlockCount: Sendable, Hashable {
  /// `y`: errors, or the sum of a metric's numerator.
  public var numerator: Double
  /// `x`: trials, or the reference energy.
  public var denominator: Double

  /// What one block gave.
  public init(numerator: Double, denominator: Double) {
    self.numerator = numerator
    self.denominator = denominator
  }
}

/// The ratio of two sums over independent blocks, with Student's interval.
///
/// Estimate: `R = sum y / sum x` over `B` blocks. Its variance, to first order:
/// `v = sum (y_b - R x_b)^2 / (B (B - 1) mean(x)^2)`. Interval: `R +- t(B - 1) sqrt(v)`.
/// Items inside of a block may depend on each other in any way; blocks may not.
///
/// - SeeAlso: `cochran1977`, chapter 6.
public enum RatioEstimator {
  /// The ratio with its interval.
  ///
  /// - Parameters:
  ///   - blocks: independent blocks with positive total denominator.
  ///   - confidence: the probability that the interval holds the ratio.
  /// - Returns: NaN without any denominator; no interval from fewer than two blocks.
  public static func estimate(
    _ blocks: [BlockCount],
    confidence: Double = 0.95
  ) -> Interval {
    let ratio = ratio(blocks)
    let influences = influences(blocks, ratio: ratio)
    return interval(around: ratio, influences, confidence)
  }

  /// The difference `R_a - R_b` of two methods that saw the same blocks, with its interval.
  ///
  /// Pairing takes what both methods share (hard and easy blocks) out of the interval.
  ///
  /// - Parameters:
  ///   - a: one method's blocks.
  ///   - b: the other's, in the same order.
  ///   - confidence: the probability that the interval holds the difference.
  /// - Returns: the difference; no interval from fewer than two blocks.
  public static func pairedDifference(
    _ a: [BlockCount],
    _ b: [BlockCount],
    confidence: Double = 0.95
  ) -> Interval {
    precondition(a.count == b.count, "pairedDifference: \(a.count) and \(b.count) blocks")
    let first = ratio(a)
    let second = ratio(b)
    let influences = zip(influences(a, ratio: first), influences(b, ratio: second)).map(-)
    return interval(around: first - second, influences, confidence)
  }

  /// The quotient `R_a / R_b` of two methods that saw the same blocks, with its interval.
  ///
  /// The interval is symmetric in the logarithm, so that its ends are positive.
  ///
  /// - Parameters:
  ///   - a: one method's blocks.
  ///   - b: the other's, in the same order.
  ///   - confidence: the probability that the interval holds the quotient.
  /// - Returns: the quotient; no interval from fewer than two blocks or where a ratio is 0.
  public static func pairedQuotient(
    _ a: [BlockCount],
    _ b: [BlockCount],
    confidence: Double = 0.95
  ) -> Interval {
    precondition(a.count == b.count, "pairedQuotient: \(a.count) and \(b.count) blocks")
    let first = ratio(a)
    let second = ratio(b)
    guard first > 0, second > 0 else { return Interval(value: first / second) }
    let influences = zip(influences(a, ratio: first), influences(b, ratio: second))
      .map { $0 / first - $1 / second }
    let logarithm = interval(around: log(first / second), influences, confidence)
    return Interval(
      value: first / second,
      lower: logarithm.lower.map { exp($0) },
      upper: logarithm.upper.map { exp($0) }
    )
  }

  private static func ratio(_ blocks: [BlockCount]) -> Double {
    let numerator = blocks.reduce(0) { $0 + $1.numerator }
    return numerator / blocks.reduce(0) { $0 + $1.denominator }
  }

  /// By how much each block pulls the ratio: `(y_b - R x_b) / mean(x)`.
  private static func influences(_ blocks: [BlockCount], ratio: Double) -> [Double] {
    let mean = blocks.reduce(0) { $0 + $1.denominator } / Double(blocks.count)
    return blocks.map { ($0.numerator - ratio * $0.denominator) / mean }
  }

  private static func interval(
    around value: Double,
    _ influences: [Double],
    _ confidence: Double
  ) -> Interval {
    let count = Double(influences.count)
    guard influences.count >= 2, value.isFinite else { return Interval(value: value) }
    let squares = influences.reduce(0) { $0 + $1 * $1 }
    let deviation = (squares / (count * (count - 1))).squareRoot()
    let reach =
      Quantiles.student(0.5 + confidence / 2, degreesOfFreedom: count - 1) * deviation
    return Interval(value: value, lower: value - reach, upper: value + reach)
  }
}

/// Wilson's interval for the rate of independent trials.
public enum WilsonInterval {
  /// The rate with Wilson's score interval.
  ///
  /// Ends: `(p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)`. Only where trials really are
  /// independent; errors of a sequence detector come in bursts, so they need blocks.
  ///
  /// - Parameters:
  ///   - errors: from 0 to `trials`.
  ///   - trials: at least 1.
  ///   - confidence: the probability that the interval holds the rate.
  /// - Returns: the rate `errors / trials` with its interval, inside of 0...1.
  /// - SeeAlso: `wilson1927`.
  public static func estimate(
    errors: Int,
    trials: Int,
    confidence: Double = 0.95
  ) -> Interval {
    precondition(trials > 0 && (0...trials).contains(errors), "Wilson: \(errors) of \(trials)")
    let n = Double(trials)
    let p = Double(errors) / n
    let z = Quantiles.normal(0.5 + confidence / 2)
    let centre = p + z * z / (2 * n)
    let reach = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    let scale = 1 + z * z / n
    // At no errors, and at nothing but errors, one end is exact; rounding must not move it.
    let lower = errors == 0 ? 0 : (centre - reach) / scale
    let upper = errors == trials ? 1 : (centre + reach) / scale
    return Interval(value: p, lower: lower, upper: upper)
  }
}
