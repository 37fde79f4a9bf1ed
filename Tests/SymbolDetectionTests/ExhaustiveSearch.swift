internal import SymbolDetection
internal import Tensors
internal import Testing

/// Every sequence of symbols with its joint cost, computed from the channel's equation alone.
///
/// The sequences include the `memory - 1` symbols before the first observation; those are free, or
/// fixed to one symbol.
struct ExhaustiveSearch {
  /// The cost of an observation given its mean.
  typealias Cost = (_ observation: Double, _ signal: Double) -> Double

  let symbols: [Double]
  let taps: [Double]
  let observations: [Double]
  let before: Double?
  let cost: Cost

  /// The least joint cost.
  private(set) var leastCost = Double.infinity
  /// The symbols of least cost.
  private(set) var best: [Double] = []
  /// The distance to the next sequence that differs in a decided symbol.
  private(set) var margin = Double.infinity
  /// The posterior of each symbol, `[time][symbol]`.
  private(set) var posteriors: [[Double]] = []

  init(
    symbols: [Double],
    taps: [Double],
    observations: [Double],
    before: Double?,
    cost: @escaping Cost
  ) {
    self.symbols = symbols
    self.taps = taps
    self.observations = observations
    self.before = before
    self.cost = cost
    run()
  }

  private mutating func run() {
    var costs: [[Int]: Double] = [:]
    enumerate { sequence, cost in
      let decided = Array(sequence.suffix(observations.count))
      costs[decided] = min(costs[decided] ?? .infinity, cost)
    }
    leastCost = costs.values.min() ?? .infinity
    for (sequence, cost) in costs where cost == leastCost { best = sequence.map { symbols[$0] } }
    margin = costs.values.sorted().dropFirst().first.map { $0 - leastCost } ?? .infinity
    var weights = [[Double]](
      repeating: .init(repeating: 0, count: symbols.count),
      count: observations.count
    )
    enumerate { sequence, cost in
      let weight = Double.exponential(leastCost - cost)
      for (time, symbol) in sequence.suffix(observations.count).enumerated() {
        weights[time][symbol] += weight
      }
    }
    posteriors = weights.map { row in row.map { $0 / row.reduce(0, +) } }
  }

  private func enumerate(_ body: ([Int], Double) -> Void) {
    let free = taps.count - 1
    let length = observations.count + (before == nil ? free : 0)
    var count = 1
    for _ in 0..<length { count *= symbols.count }
    for number in 0..<count {
      var rest = number
      let drawn = (0..<length).map { _ in
        let digit = rest % symbols.count
        rest /= symbols.count
        return digit
      }
      let fixed = before.flatMap { symbols.firstIndex(of: $0) }
      let sequence = fixed.map { [Int](repeating: $0, count: free) + drawn } ?? drawn
      body(sequence, jointCost(sequence))
    }
  }

  private func jointCost(_ sequence: [Int]) -> Double {
    observations.indices.reduce(0) { sum, i in
      var signal = 0.0
      for k in taps.indices { signal += taps[k] * symbols[sequence[i + taps.count - 1 - k]] }
      return sum + cost(observations[i], signal)
    }
  }
}

/// A channel, a noise law and what they gave: the arguments of the oracle tests.
struct OracleCase: Sendable, CustomTestStringConvertible {
  let constellation: Constellation
  let memory: Int
  let length: Int
  let isPoisson: Bool
  let knowsStart: Bool

  var testDescription: String {
    "\(constellation.rawValue), memory \(memory), length \(length), "
      + (isPoisson ? "Poisson" : "Gaussian") + (knowsStart ? ", known start" : "")
  }

  static let all: [OracleCase] = {
    var cases: [OracleCase] = []
    for knowsStart in [false, true] {
      for memory in 1...3 {
        for length in [1, 2, 5, 10] {
          for poisson in [false, true] {
            cases.append(
              OracleCase(
                constellation: poisson ? .ook : .bpsk,
                memory: memory,
                length: length,
                isPoisson: poisson,
                knowsStart: knowsStart
              )
            )
          }
        }
        for length in [1, 3, 4] {
          cases.append(
            OracleCase(
              constellation: .fourPAM,
              memory: memory,
              length: length,
              isPoisson: false,
              knowsStart: knowsStart
            )
          )
        }
      }
    }
    return cases
  }()

  /// Taps and observations of one seed.
  func draw(seed: UInt64) throws -> (taps: [Double], observations: [Double]) {
    let root = RandomStream(seed: seed)
    var tapStream = root.derived("taps")
    var symbolStream = root.derived("symbols")
    var noiseStream = root.derived("noise")
    let taps: Tensor<Double> = tapStream.uniform([memory], low: 0.2, high: 1)
    let values = constellation.symbols
    let symbols = symbolStream.integers(length, below: values.count).map { values[$0] }
    let channel = try InterSymbolInterferenceChannel(
      constellation: constellation,
      taps: taps.scalars,
      noise: noise
    )
    let observations = channel.observations(
      of: symbols,
      before: constellation.idleSymbol,
      from: &noiseStream
    )
    return (taps.scalars, observations.converted(to: Double.self).scalars)
  }

  var noise: ChannelNoise { isPoisson ? .poisson(gain: 3) : .gaussian(variance: 0.5) }

  func search(taps: [Double], observations: [Double]) -> ExhaustiveSearch {
    ExhaustiveSearch(
      symbols: constellation.symbols,
      taps: taps,
      observations: observations,
      before: knowsStart ? constellation.idleSymbol : nil
    ) { observation, signal in
      guard isPoisson else { return (observation - signal) * (observation - signal) / (2 * 0.5) }
      let rate = 3 * signal + 1
      return rate - observation * Double.naturalLogarithm(rate)
    }
  }

  func initialState(_ trellis: Trellis) throws -> InitialState {
    guard knowsStart else { return .unknown }
    let index = try constellation.index(of: constellation.idleSymbol)
    return .states([trellis.state(newestFirst: .init(repeating: index, count: memory))])
  }
}
