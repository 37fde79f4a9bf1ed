#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Judges the claims of a study's card by its table.
package struct ClaimCheck: Sendable {
  let specification: StudySpecification
  let catalogue: Catalogue
  let table: ResultTable
  /// The blocks of the rows; without them ratios have no intervals.
  let blocks: [BlockRow.Key: [BlockRow]]

  /// The fewest errors, of the method that made more, for a ratio to say anything.
  static let fewestErrors = 10

  /// A check of a whole table.
  package init(
    specification: StudySpecification,
    catalogue: Catalogue,
    table: ResultTable,
    blocks: [BlockRow] = []
  ) {
    self.specification = specification
    self.catalogue = catalogue
    self.table = table
    self.blocks = Dictionary(grouping: blocks, by: \.key)
  }

  /// One verdict a claim, in the order of the card.
  package func verdicts() throws(StudyError) -> [ClaimVerdict] {
    var verdicts: [ClaimVerdict] = []
    for claim in specification.claims { verdicts.append(try verdict(on: claim)) }
    return verdicts
  }

  private func verdict(on claim: StudyClaim) throws(StudyError) -> ClaimVerdict {
    if let part = claim.part, !specification.parts.contains(where: { $0.id == part }) {
      return ClaimVerdict(
        sentence: claim.sentence ?? "\(claim.kind.rawValue): \(claim.method)",
        verdict: .notTestable,
        detail: "part \(part) is not in this run"
      )
    }
    let context = try ClaimContext(claim, specification: specification, catalogue: catalogue)
    let sentence = claim.sentence ?? context.sentence
    let preset = specification.preset ?? ""
    if !claim.presets.isEmpty, !claim.presets.contains(preset) {
      return ClaimVerdict(
        sentence: sentence,
        verdict: .notTestable,
        detail: "asked of preset \(claim.presets.joined(separator: ", ")) only"
      )
    }
    let (verdict, detail) =
      switch claim.kind {
      case .ratioAtMost, .ratioAtLeast, .below: ratio(claim, context)
      case .valueAtMost, .valueAtLeast: value(claim, context)
      case .matchesRow: row(claim, context)
      case .withinDecibels, .withFewer: distance(claim, context)
      case .flatWithin: spread(claim, context)
      case .fallsWith: falls(claim, context)
      }
    return ClaimVerdict(sentence: sentence, verdict: verdict, detail: detail)
  }

  typealias Answer = (ClaimVerdict.Verdict, String)

  /// A number that a claim bounds.
  struct Bounded {
    var value: Double
    var interval: ClosedRange<Double>?
    var words: String
  }

  private func ratio(_ claim: StudyClaim, _ context: ClaimContext) -> Answer {
    let mine = context.points(of: context.method, in: table)
    let other = context.points(of: context.reference ?? "", in: table)
    let pairs = mine.compactMap { point in
      other.first { $0.place == point.place }.map { (method: point, reference: $0) }
    }
    if let missing = context.missing(among: pairs.map(\.method)) {
      return (.notTestable, missing)
    }
    let few = pairs.first {
      context.countsErrors && max($0.method.errors, $0.reference.errors) < Self.fewestErrors
    }
    if let few {
      return (.notTestable, "fewer than \(Self.fewestErrors) errors at \(few.method.words)")
    }
    func item(_ a: Double, _ b: Double, _ interval: ClosedRange<Double>?, _ place: String)
      -> Bounded
    {
      let reach = interval.map { ", 95 % interval \(words($0))" } ?? ""
      let ratio = context.isInDecibels ? Self.ratio(ofDecibels: a - b) : a / b
      return Bounded(
        value: ratio,
        interval: interval,
        words: "ratio \(short(ratio)) (\(short(a)) over \(short(b)))\(reach) at \(place)"
      )
    }
    if claim.over == .mean {
      let count = Double(pairs.count)
      let a = pairs.reduce(0) { $0 + $1.method.value } / count
      let b = pairs.reduce(0) { $0 + $1.reference.value } / count
      return judged(claim, [item(a, b, nil, "the mean of \(pairs.count) points")])
    }
    return judged(
      claim,
      pairs.map { a, b in item(a.value, b.value, quotient(a, b), a.words) }
    )
  }

  private static func ratio(ofDecibels decibels: Double) -> Double { pow(10, decibels / 10) }

  /// The interval of a ratio from blocks that both methods saw.
  private func quotient(_ a: ClaimContext.Point, _ b: ClaimContext.Point) -> ClosedRange<Double>? {
    guard let mine = a.key.flatMap({ blocks[$0] }), let other = b.key.flatMap({ blocks[$0] }),
      mine.map(\.block) == other.map(\.block)
    else { return nil }
    let counts = [mine, other].map { rows in
      rows.map { BlockCount(numerator: $0.count.sum, denominator: $0.count.reference) }
    }
    let interval = RatioEstimator.pairedQuotient(counts[0], counts[1])
    return interval.lower.flatMap { low in interval.upper.map { low...max(low, $0) } }
  }

  private func value(_ claim: StudyClaim, _ context: ClaimContext) -> Answer {
    let points = context.points(of: context.method, in: table)
    if let missing = context.missing(among: points) { return (.notTestable, missing) }
    if claim.over == .mean {
      let mean = points.reduce(0) { $0 + $1.value } / Double(points.count)
      let words = "mean of \(points.count) points \(short(mean))"
      return judged(claim, [Bounded(value: mean, interval: nil, words: words)])
    }
    return judged(
      claim,
      points.map { point in
        let reach = point.interval.map { ", 95 % interval \(words($0))" } ?? ""
        return Bounded(
          value: point.value,
          interval: point.interval,
          words: "\(short(point.value))\(reach) at \(point.words)"
        )
      }
    )
  }

  private func words(_ interval: ClosedRange<Double>) -> String {
    "\(short(interval.lowerBound)) to \(short(interval.upperBound))"
  }

  /// Compares numbers with the bound, and tells the one that decides.
  ///
  /// A number beyond the bound whose interval holds the bound decides nothing.
  func judged(_ claim: StudyClaim, _ items: [Bounded], bound: Double? = nil) -> Answer {
    let isUpper = ![.ratioAtLeast, .valueAtLeast].contains(claim.kind)
    let bound = bound ?? claim.value ?? 1
    let order = items.sorted { isUpper ? $0.value > $1.value : $0.value < $1.value }
    guard let worst = order.first, let best = order.last,
      !items.contains(where: { $0.value.isNaN })
    else { return (.notTestable, "a value is not a number") }
    let asked: [Bounded]
    switch claim.over {
    case .maximum: asked = [isUpper ? worst : best]
    case .minimum: asked = [isUpper ? best : worst]
    case .mean, nil: asked = order
    }
    func holds(_ value: Double) -> Bool {
      claim.kind == .below ? value < bound : isUpper ? value <= bound : value >= bound
    }
    let beyond = asked.filter { !holds($0.value) }
    let clear = beyond.first { item in
      guard let interval = item.interval else { return true }
      return !holds(isUpper ? interval.lowerBound : interval.upperBound)
    }
    if let clear { return (.notHeld, clear.words) }
    if let unclear = beyond.first {
      return (.notTestable, unclear.words + ", which holds \(short(bound))")
    }
    return (.held, asked.first?.words ?? "")
  }

  private func row(_ claim: StudyClaim, _ context: ClaimContext) -> Answer {
    let points = context.points(of: context.method, in: table)
    var checked = 0
    var misses: [String] = []
    var worst = ""
    var worstShare = -1.0
    for reference in claim.row {
      let fits = points.filter { StudyCell.same($0.axisValue, reference.axisValue) }
      guard fits.count == 1, let point = fits.first,
        let published = Double(reference.written)
      else { continue }
      let tolerance: Double
      if let relative = claim.relative {
        tolerance = relative * abs(published)
      } else if let within = claim.within {
        tolerance = within
      } else {
        guard let error = point.standardError else { continue }
        // Both numbers are samples; the published one varies as ours would with its trials.
        let ours = Double(point.trials * point.replicates)
        let both = claim.trials.map { 1 + ours / Double($0) } ?? 1
        tolerance = 5 * error * both.squareRoot() + Self.halfUnit(of: reference.written)
      }
      checked += 1
      let difference = abs(point.value - published)
      let words =
        "\(short(point.value)) against \(reference.written) at \(point.words), "
        + "tolerance \(short(tolerance))"
      if !(difference <= tolerance) { misses.append(words) }
      if difference / tolerance > worstShare {
        (worst, worstShare) = (words, difference / tolerance)
      }
    }
    guard checked > 0 else { return (.notTestable, "no point of the published row was run") }
    let scope = "\(checked) of \(claim.row.count) points"
    return misses.isEmpty
      ? (.held, "\(scope); largest difference: \(worst)")
      : (.notHeld, "\(scope); " + misses.joined(separator: "; "))
  }

  /// Half a unit of the last digit of a printed number.
  package static func halfUnit(of written: String) -> Double {
    let lower = written.lowercased()
    let parts = lower.split(separator: "e", maxSplits: 1)
    let mantissa = parts.first.map(String.init) ?? ""
    let exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    let decimals = mantissa.firstIndex(of: ".").map {
      mantissa.distance(from: $0, to: mantissa.endIndex) - 1
    }
    return 0.5 * (Double("1e\(exponent - (decimals ?? 0))") ?? 0)
  }

  private func falls(_ claim: StudyClaim, _ context: ClaimContext) -> Answer {
    let points = context.points(of: context.method, in: table)
    let groups = Dictionary(grouping: points, by: \.scenario)
    var steps = 0
    for scenario in groups.keys.sorted() {
      let line = (groups[scenario] ?? []).sorted { $0.axisValue < $1.axisValue }
      for (a, b) in zip(line, line.dropFirst()) {
        steps += 1
        if !(b.value < a.value) {
          return (
            .notHeld, "\(short(a.value)) at \(a.words), but \(short(b.value)) at \(b.words)"
          )
        }
      }
    }
    guard steps > 0 else { return (.notTestable, "fewer than two points") }
    return (.held, "at each of \(steps) steps")
  }
}

/// A number in four digits.
func short(_ value: Double) -> String {
  if value == 0 { return "0" }
  guard value.isFinite else { return "\(value)" }
  var exponent = 0
  var scaled = abs(value)
  while scaled >= 10 {
    scaled /= 10
    exponent += 1
  }
  while scaled < 1 {
    scaled *= 10
    exponent -= 1
  }
  let places = 3 - exponent
  if (-3...5).contains(exponent) {
    let unit = Double("1e\(max(places, 0))") ?? 1
    let rounded = (value * unit).rounded() / unit
    return Int(exactly: rounded).map { "\($0)" } ?? "\(rounded)"
  }
  let rounded = (scaled * 1000).rounded() / 1000
  let digits = Int(exactly: rounded).map { "\($0)" } ?? "\(rounded)"
  return "\(value < 0 ? "-" : "")\(digits)e\(exponent)"
}
