#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension ClaimCheck {
  /// How far a curve lies to the right of another's, judged by the other's value so many decibels before.
  ///
  /// Between points of the reference the logarithm of the metric is taken as linear.
  func distance(_ claim: StudyClaim, _ context: ClaimContext) -> Answer {
    let mine = context.points(of: context.method, in: table)
    if let missing = context.missing(among: mine) { return (.notTestable, missing) }
    let curve = context.curve(of: context.reference ?? "", in: table)
    let shift = claim.value ?? 0
    var items: [Bounded] = []
    for point in mine {
      let line = curve.filter { $0.scenario == point.scenario }
      guard let bound = Self.value(of: line, at: point.axisValue - shift) else {
        return (
          .notTestable,
          "no points of \(context.reference ?? "") around \(short(shift)) dB before \(point.words)"
        )
      }
      let interval = point.interval.map { ($0.lowerBound / bound)...($0.upperBound / bound) }
      items.append(
        Bounded(
          value: point.value / bound,
          interval: interval,
          words: "\(short(point.value)) at \(point.words), against \(short(bound)) "
            + "\(short(shift)) dB before"
        )
      )
    }
    return judged(claim, items, bound: 1)
  }

  /// The metric of a curve at an axis value, log-linear between its points; nil outside them.
  private static func value(of curve: [ClaimContext.Point], at place: Double) -> Double? {
    let line = curve.filter { $0.value > 0 }.sorted { $0.axisValue < $1.axisValue }
    if let exact = line.first(where: { StudyCell.same($0.axisValue, place) }) { return exact.value }
    for (a, b) in zip(line, line.dropFirst()) where (a.axisValue...b.axisValue).contains(place) {
      let share = (place - a.axisValue) / (b.axisValue - a.axisValue)
      return exp(log(a.value) + share * (log(b.value) - log(a.value)))
    }
    return nil
  }
}
