/// The median and the quartiles of a few numbers.
///
/// Definition: the quantile of order `p` of sorted `x_0 ... x_(n-1)` lies at `p (n - 1)`, linear
/// between neighbours (definition 7 of `hyndman1996`, the standard one of NumPy and R). One number
/// is all three; NaN anywhere makes all three NaN.
public struct Quartiles: Sendable, Hashable {
  /// The quantile of order 1/4.
  public let lower: Double
  /// The quantile of order 1/2.
  public let median: Double
  /// The quantile of order 3/4.
  public let upper: Double

  /// The quartiles of at least one number.
  public init(_ numbers: [Double]) {
    precondition(!numbers.isEmpty, "Quartiles: no numbers")
    let hasNaN = numbers.contains { $0.isNaN }
    let sorted = hasNaN ? [.nan] : numbers.sorted()
    lower = Self.quantile(0.25, sorted)
    median = Self.quantile(0.5, sorted)
    upper = Self.quantile(0.75, sorted)
  }

  private static func quantile(_ order: Double, _ sorted: [Double]) -> Double {
    let position = order * Double(sorted.count - 1)
    let index = Int(position)
    guard index + 1 < sorted.count, sorted[index] != sorted[index + 1] else {
      return sorted[index]
    }
    let part = position - Double(index)
    return sorted[index] * (1 - part) + sorted[index + 1] * part
  }
}
