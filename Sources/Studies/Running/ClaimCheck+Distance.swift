#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

extension ClaimCheck {
  /// How far a curve lies to the right of another's, judged by the other's value so many decibels before, or how
  /// far to the left, by its value at so many times the axis value.
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
      let isBefore = claim.kind == .withinDecibels
      let place = isBefore ? point.axisValue - shift : point.axisValue * shift
      let away = isBefore ? "\(short(shift)) dB before" : "at \(short(place))"
      guard let bound = Self.value(of: line, at: place) else {
        return (
          .notTestable,
          isBefore
            ? "no points of \(context.reference ?? "") around \(away) \(point.words)"
            : "no points of \(context.reference ?? "") around \(short(place))"
        )
      }
      let interval = point.interval.map { ($0.lowerBound / bound)...($0.upperBound / bound) }
      items.append(
        Bounded(
          value: point.value / bound,
          interval: interval,
          words: "\(short(point.value)) at \(point.words), against \(short(bound)) \(away)"
        )
      )
    }
    return judged(claim, items, bound: 1)
  }

  /// How far the values of a curve lie apart: the largest over the smallest.
  func spread(_ claim: StudyClaim, _ context: ClaimContext) -> Answer {
    let points = context.points(of: context.method, in: table)
    if let missing = context.missing(among: points) { return (.notTestable, missing) }
    guard let largest = points.max(by: { $0.value < $1.value }),
      let smallest = points.min(by: { $0.value < $1.value }), points.count > 1
    else { return (.notTestable, "fewer than two points") }
    let item = Bounded(
      value: largest.value / smallest.value,
      interval: nil,
      words: "\(short(largest.value)) at \(largest.words), \(short(smallest.value)) at "
        + smallest.words
    )
    return judged(claim, [item])
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
