// Goals: 1. each step a maximum-likelihood fit on the chosen places; 2. as fast as the algorithm allows, since
// networks are compared with it: columns are as long as a filter, only overlaps are multiplied, a fit
// starts at the last one.
//
// Source: lozano2011omp, which has the exponential family; the rival of tolooshams2020dcea is of this kind.
// Deviation: Newton steps with halving in place of a general solver.

internal import Autodiff
internal import Tensors

/// Matching pursuit in a convolutional dictionary with a maximum-likelihood fit after each choice.
///
/// Equations: choose the place of largest `|h_c' r|`, `r = x - E[x | mu_0 + H s]` (over the variance of normal
/// observations); fit all chosen codes by Newton's method on `-log p(x | mu_0 + H s)`; repeat until so many are chosen or the next
/// one would gain less than a limit, by its score test `(h' r)^2 / (2 h' W h)`.
///
/// - SeeAlso: `lozano2011omp`, `pati1993omp`.
struct ExponentialPursuit: Sendable {
  let law: ObservationLaw
  let baseline: Double
  /// Of unit length, `[channels][taps]`.
  let filters: [[Double]]
  let maximumNonzeros: Int
  /// In nats.
  let leastGain: Double
  let isNonnegative: Bool

  private let stacked: Tensor<Double>

  init(
    law: ObservationLaw,
    baseline: Double,
    filters: Tensor<Double>,
    maximumNonzeros: Int,
    leastGain: Double,
    isNonnegative: Bool
  ) {
    self.law = law
    self.baseline = baseline
    stacked = unitRows(filters)
    let (channels, taps) = (filters.shape[0], filters.shape[1])
    let numbers = stacked.scalars
    self.filters = (0..<channels).map { Array(numbers[($0 * taps)..<(($0 + 1) * taps)]) }
    self.maximumNonzeros = maximumNonzeros
    self.leastGain = leastGain
    self.isNonnegative = isNonnegative
  }

  /// A code that is not zero.
  struct Event: Sendable, Equatable {
    var channel: Int
    var place: Int
    var value: Double
  }

  private var taps: Int { filters[0].count }

  /// The codes of one series that are not zero, in the order of their choice.
  func events(_ x: [Double]) -> [Event] {
    var events: [Event] = []
    var natural = [Double](repeating: baseline, count: x.count)
    let places = x.count - taps + 1
    while events.count < maximumNonzeros {
      let score = zip(x, natural).map { law.score($0, $1) }
      let correlation = correlatedFilters(Tensor(score, shape: [1, x.count]), stacked).scalars
      guard let best = choice(correlation, places, events) else { return events }
      let filter = filters[best.channel]
      var weight = 0.0
      for k in 0..<taps { weight += filter[k] * filter[k] * law.variance(natural[best.place + k]) }
      let slope = correlation[best.channel * places + best.place]
      guard slope * slope > 2 * leastGain * weight, weight > 0 else { return events }
      guard let fitted = fitted(events + [best], x, &natural) else { return events }
      events = fitted
    }
    return events
  }

  private func choice(_ correlation: [Double], _ places: Int, _ events: [Event]) -> Event? {
    var (best, largest) = (-1, 0.0)
    for (index, value) in correlation.enumerated() {
      let size = isNonnegative ? value : value.magnitude
      if size > largest,
        !events.contains(where: { $0.channel * places + $0.place == index })
      {
        (best, largest) = (index, size)
      }
    }
    return best < 0 ? nil : Event(channel: best / places, place: best % places, value: 0)
  }

  /// The most likely values at the chosen places; nil where their filters depend on each other.
  private func fitted(_ start: [Event], _ x: [Double], _ natural: inout [Double]) -> [Event]? {
    var events = start
    var loss = totalLoss(x, natural)
    for _ in 0..<25 {
      let (gradient, curvature) = derivatives(events, x, natural)
      guard let factor = try? CholeskyFactor(curvature) else { return nil }
      let direction = factor.solve(gradient)
      let decrement = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
      if decrement < 1e-9 { break }
      var step = 1.0
      while true {
        var moved = events
        for i in moved.indices { moved[i].value += step * direction[i] }
        let parameters = self.natural(moved, count: x.count)
        let next = totalLoss(x, parameters)
        if next <= loss - 1e-4 * step * decrement || step < 1e-6 {
          (events, natural, loss) = (moved, parameters, next)
          break
        }
        step /= 2
      }
      if step < 1e-6 || decrement < 1e-6 { break }
    }
    return events
  }

  private func totalLoss(_ x: [Double], _ natural: [Double]) -> Double {
    var sum = 0.0
    for t in x.indices { sum += law.loss(x[t], natural[t]) }
    return sum
  }

  private func natural(_ events: [Event], count: Int) -> [Double] {
    var natural = [Double](repeating: baseline, count: count)
    for event in events {
      let filter = filters[event.channel]
      for k in 0..<taps { natural[event.place + k] += event.value * filter[k] }
    }
    return natural
  }

  /// The gradient of `log p` and its negative Hessian.
  private func derivatives(_ events: [Event], _ x: [Double], _ natural: [Double])
    -> ([Double], Matrix<Double>)
  {
    let n = events.count
    var gradient = [Double](repeating: 0, count: n)
    var curvature = Matrix<Double>(rows: n, columns: n)
    for i in 0..<n {
      let (a, one) = (events[i], filters[events[i].channel])
      var weighted = [Double](repeating: 0, count: taps)
      for k in 0..<taps {
        let t = a.place + k
        gradient[i] += one[k] * law.score(x[t], natural[t])
        weighted[k] = one[k] * law.variance(natural[t])
      }
      for j in 0...i {
        let (b, other) = (events[j], filters[events[j].channel])
        let shift = a.place - b.place
        guard shift.magnitude < taps else { continue }
        var sum = 0.0
        for k in max(0, -shift)..<min(taps, taps - shift) { sum += weighted[k] * other[k + shift] }
        curvature[i, j] = sum
        curvature[j, i] = sum
      }
    }
    return (gradient, curvature)
  }
}
