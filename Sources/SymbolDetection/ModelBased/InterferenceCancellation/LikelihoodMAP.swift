// Goals in order: 1. exact for any law of independent antennas; 2. what depends on the channel alone is
// computed once where all vectors share it.
//
// Proof of safety: chunks are disjoint ranges of vectors, and each writes its own range of the outputs.

public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// The posterior by enumeration of all vectors, at most 2^12, for any ``ObservationLaw``.
///
/// `p(s | x) ~ prod_i p(x_i | (H s)_i)`; the decision is the most likely vector, or each symbol's most
/// likely level. ``ExhaustiveMAP`` is the faster way for Gaussian noise.
///
/// - Complexity: `levels^users N` a vector for N antennas, times that of the law's cost; for Poisson
///   counts and saturated amplifiers the transcendental functions are of the channel alone.
public struct LikelihoodMAP: Sendable {
  /// The most vectors that are enumerated.
  public static let hypothesisLimit = 1 << 12
  /// Vectors that are decided one after the other.
  private static let chunk = 128

  /// The values of a symbol, ascending, not centred.
  public let levels: [Double]
  /// How observations come from sums.
  public let law: ObservationLaw
  /// What is decided.
  public let decision: PosteriorDecision

  /// The detector of a law.
  public init(levels: [Double], law: ObservationLaw, decision: PosteriorDecision = .vector) {
    self.levels = levels
    self.law = law
    self.decision = decision
  }

  /// How many vectors so many users can send; nil where they are more than can be enumerated.
  public func hypotheses(users: Int) -> Int? {
    var count = 1
    for _ in 0..<users {
      count *= levels.count
      if count > Self.hypothesisLimit { return nil }
    }
    return count
  }

  /// Detects a batch, chunks of it in parallel.
  ///
  /// - Parameters:
  ///   - problems: channels, observations and noise variances (of the noise that the law names); symbols
  ///     are not centred.
  ///   - pool: the threads.
  /// - Returns: the decided levels and their posteriors.
  /// - Throws: ``SymbolDetectionError/badProblem(_:)`` for too many vectors, or an observation that the
  ///   law cannot give.
  public func detect(
    _ problems: LinearProblems<Double>,
    pool: WorkerPool = .serial
  ) throws(SymbolDetectionError) -> BatchDecision<Double> {
    let (batch, users, size) = (problems.batch, problems.users, levels.count)
    guard let count = hypotheses(users: users) else {
      throw .badProblem(
        "channel has \(users) real users of \(size) levels, more vectors than the "
          + "\(Self.hypothesisLimit) that are enumerated for this noise"
      )
    }
    try check(problems)
    let symbols = TensorStorage<Double>(uninitialised: batch * users)
    let beliefs = TensorStorage<Double>(uninitialised: batch * users * size)
    nonisolated(unsafe) let (to, likely) = (symbols.values, beliefs.values)
    pool.forEach(count: (batch + Self.chunk - 1) / Self.chunk) { number in
      let range = (number * Self.chunk)..<min((number + 1) * Self.chunk, batch)
      var table: HypothesisTable?
      for index in range {
        let known = problems.isShared ? table : nil
        let now =
          known
          ?? HypothesisTable(
            problems.matrix(index),
            noiseVariance: problems.noiseVariance(index),
            count: count,
            detector: self
          )
        table = now
        let costs = now.costs(of: problems.received(index))
        decide(costs, users, to: to + index * users, likely + index * users * size)
      }
    }
    return BatchDecision(
      symbols: Tensor(shape: [batch, users], storage: symbols),
      probabilities: Tensor(shape: [batch, users, size], storage: beliefs),
      failures: [:]
    )
  }

  private func check(_ problems: LinearProblems<Double>) throws(SymbolDetectionError) {
    let bad = problems.observations.withScalars { x in
      x.indices.lazy.compactMap { i in law.flaw(of: x[i]).map { (i, x[i], $0) } }.first
    }
    guard let (place, value, expected) = bad else { return }
    throw .badProblem(
      "observation of vector \(place / problems.receive), antenna \(place % problems.receive) is "
        + "\(value), expected \(expected)"
    )
  }

  /// Posteriors and decision of one vector.
  private func decide(
    _ costs: [Double],
    _ users: Int,
    to: UnsafeMutablePointer<Double>,
    _ likely: UnsafeMutablePointer<Double>
  ) {
    let size = levels.count
    var best = 0
    for index in costs.indices where costs[index] < costs[best] { best = index }
    likely.update(repeating: 0, count: users * size)
    for (index, cost) in costs.enumerated() {
      let weight = exp(costs[best] - cost)
      guard weight > 0 else { continue }
      var digits = index
      for k in 0..<users {
        likely[k * size + digits % size] += weight
        digits /= size
      }
    }
    var digits = best
    for k in 0..<users {
      var place = digits % size
      digits /= size
      let row = likely + k * size
      let total = (0..<size).reduce(0) { $0 + row[$1] }
      for level in 0..<size {
        row[level] /= total
        if decision == .symbol, row[level] > row[place] { place = level }
      }
      to[k] = levels[place]
    }
  }
}

/// What the costs of all vectors need of one channel.
private struct HypothesisTable {
  /// `(H s)_i`, `[hypotheses, N]`; the first user is the least significant digit of a vector's number.
  private let means: [Double]
  /// Of Poisson counts: the sum of a vector's rates; of other laws empty.
  private let offsets: [Double]
  /// Of Poisson counts the logarithms of the rates, of saturated ones the amplifier's output.
  private let derived: [Double]
  private let receive: Int
  private let noiseVariance: Double
  private let law: ObservationLaw

  init(
    _ channel: Matrix<Double>,
    noiseVariance: Double,
    count: Int,
    detector: LikelihoodMAP
  ) {
    let levels = detector.levels
    let (receive, users) = (channel.rows, channel.columns)
    var means = [Double](repeating: 0, count: count * receive)
    for index in 0..<count {
      var digits = index
      for k in 0..<users {
        let s = levels[digits % levels.count]
        digits /= levels.count
        for i in 0..<receive { means[index * receive + i] += channel[i, k] * s }
      }
    }
    self.means = means
    self.receive = receive
    self.noiseVariance = noiseVariance
    law = detector.law
    switch law {
    case .poisson(let gain):
      let rates = means.map { max(gain * $0 + 1, ObservationLaw.minimumRate) }
      derived = rates.map { log($0) }
      offsets = (0..<count).map { rates[($0 * receive)..<(($0 + 1) * receive)].reduce(0, +) }
    case .saturated(let limit):
      derived = means.map { limit * tanh($0 / limit) }
      offsets = []
    case .gaussian, .quantised:
      derived = []
      offsets = []
    }
  }

  /// `-log p(x | s)` of every vector, up to a number of its own for x.
  func costs(of x: [Double]) -> [Double] {
    let count = means.count / receive
    switch law {
    case .poisson:
      return (0..<count).map { index in
        var cost = offsets[index]
        for i in 0..<receive { cost -= x[i] * derived[index * receive + i] }
        return cost
      }
    case .saturated: return squares(x, derived, count)
    case .gaussian: return squares(x, means, count)
    case .quantised:
      return (0..<count).map { index in
        (0..<receive).reduce(0.0) { cost, i in
          let mean = means[index * receive + i]
          return cost + law.cost(x[i], mean: mean, noiseVariance: noiseVariance)
        }
      }
    }
  }

  private func squares(_ x: [Double], _ means: [Double], _ count: Int) -> [Double] {
    (0..<count).map { index in
      var sum = 0.0
      for i in 0..<receive {
        let gap = x[i] - means[index * receive + i]
        sum += gap * gap
      }
      return sum / (2 * noiseVariance)
    }
  }
}
