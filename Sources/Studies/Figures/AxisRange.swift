#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The ends of an axis and where its labels stand.
package struct AxisRange: Equatable {
  /// The lower end.
  package var lower: Double
  /// The upper end.
  package var upper: Double
  /// Where labels stand; nil to leave it to the drawing tool.
  package var labels: [Double]?

  /// A range.
  package init(lower: Double, upper: Double, labels: [Double]?) {
    self.lower = lower
    self.upper = upper
    self.labels = labels
  }

  /// A range for values: the 1-2-5 steps around them where logarithmic, a margin where not.
  package static func vertical(_ values: [Double], _ axis: Figure.Axis) -> AxisRange {
    guard axis.isLogarithmic else { return linear(values, margin: 0.05, labels: nil) }
    let positive = values.filter { $0 > 0 }
    guard let low = positive.min(), let high = positive.max() else {
      return AxisRange(lower: 0.1, upper: 1, labels: [0.1, 1])
    }
    var lower = steps(from: low / 10, to: low).last { $0 <= 0.9 * low } ?? low / 2
    var upper = steps(from: high, to: 20 * high).first { $0 >= 1.1 * high } ?? 2 * high
    if let limit = axis.limit, high <= limit { upper = min(upper, limit) }
    if upper <= 1.5 * lower { (lower, upper) = (lower / 2, 2 * upper) }
    let isShort = upper / lower < 30
    return AxisRange(
      lower: lower,
      upper: upper,
      labels: isShort ? steps(from: lower, to: upper) : nil
    )
  }

  /// A range for the horizontal axis, with a label at each value where there is room.
  package static func horizontal(_ values: [Double], _ axis: Figure.Axis) -> AxisRange {
    let labels = values.count <= 12 ? values : nil
    guard axis.isLogarithmic, let low = values.min(), let high = values.max(), low > 0 else {
      return linear(values, margin: 0.03, labels: labels)
    }
    let margin = max(pow(high / low, 0.03), 1.05)
    return AxisRange(lower: low / margin, upper: high * margin, labels: labels)
  }

  /// The words at each label; empty where there is no room beside the ones before and after.
  package func labels(
    _ labels: [Double],
    on axis: Figure.Axis
  ) -> [(position: Double, text: String)] {
    func place(_ value: Double) -> Double {
      guard axis.isLogarithmic else { return (value - lower) / (upper - lower) }
      return log(value / lower) / log(upper / lower)
    }
    // A letter takes about 1/70 of the axis; the last label always stands.
    func halfWidth(_ text: String) -> Double { Double(text.count + 1) / 140 }
    let words = labels.map { Typography.plain($0) }
    guard let last = labels.last, let lastWord = words.last else { return [] }
    let stop = place(last) - halfWidth(lastWord)
    var end = -Double.infinity
    return zip(labels, words).map { value, word in
      let start = place(value) - halfWidth(word)
      let fits = start >= end && (value == last || place(value) + halfWidth(word) <= stop)
      if fits || value == last { end = place(value) + halfWidth(word) }
      return (value, fits || value == last ? word : "")
    }
  }

  private static func linear(
    _ values: [Double],
    margin: Double,
    labels: [Double]?
  ) -> AxisRange {
    let low = values.min() ?? 0
    let high = values.max() ?? 1
    let reach = high > low ? margin * (high - low) : max(abs(low) * 0.1, 0.5)
    return AxisRange(lower: low - reach, upper: high + reach, labels: labels)
  }

  /// The numbers 1, 2 and 5 times a power of ten from one end to the other.
  private static func steps(from low: Double, to high: Double) -> [Double] {
    let first = Int(floor(log10(low)))
    let last = max(first, Int(ceil(log10(high))))
    var all: [Double] = []
    for exponent in first...last {
      let power = pow(10, Double(abs(exponent)))
      // Dividing keeps 0.1 and its like exact, where multiplying by a rounded power does not.
      for digit in [1.0, 2, 5] { all.append(exponent < 0 ? digit / power : digit * power) }
    }
    return all.filter { low <= $0 && $0 <= high }
  }
}
