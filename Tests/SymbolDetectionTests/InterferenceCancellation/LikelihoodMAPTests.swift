import Foundation
import Studies
import SymbolDetection
import Tensors
import Testing

@Suite struct LikelihoodMAPTests {
  static let laws: [ObservationLaw] = [
    .gaussian, .saturated(limit: 1.5), .quantised(bits: 3, range: 4), .poisson(gain: 4),
  ]

  private func levels(_ law: ObservationLaw) -> [Double] {
    if case .poisson = law { [0, 1] } else { [-1, 1] }
  }

  @Test("a law's probabilities of all observations sum to 1", arguments: [-3.0, -0.4, 0, 0.7, 6])
  func normalised(mean: Double) {
    let quantiser = ObservationLaw.quantised(bits: 3, range: 4)
    let cells = (0..<8)
      .reduce(0.0) { sum, cell in
        sum + exp(-quantiser.cost(-3.5 + Double(cell), mean: mean, noiseVariance: 0.3))
      }
    #expect(abs(cells - 1) < 1e-12)
    let counts = ObservationLaw.poisson(gain: 5)
    let rate = max(5 * mean + 1, ObservationLaw.minimumRate)
    let total = (0..<200)
      .reduce(0.0) { sum, count in
        let cost = counts.cost(Double(count), mean: mean, noiseVariance: 1)
        return sum + exp(-cost - lgamma(Double(count) + 1))
      }
    #expect(abs(total - 1) < 1e-12, "rate \(rate)")
  }

  @Test("far cells of the quantiser keep a finite cost that grows with the distance")
  func tails() {
    let law = ObservationLaw.quantised(bits: 3, range: 4)
    // Distances of up to 70 deviations, where the probability has no floating-point number.
    let costs = [0.0, -1, -2, -3].map { law.cost(3.5, mean: $0, noiseVariance: 0.01) }
    #expect(costs.allSatisfy { $0.isFinite })
    #expect(costs == costs.sorted())
    // -log Q(t) = t^2 / 2 + log(t sqrt(2 pi)) + 1/t^2 + ..., t = 30.
    #expect(abs(costs[0] - (450 + log(30 * (2 * Double.pi).squareRoot()) + 1.0 / 900)) < 1e-5)
  }

  @Test(
    "posteriors and decisions are those of enumeration by hand",
    arguments: laws,
    0..<10 as Range<UInt64>
  )
  func enumeration(law: ObservationLaw, seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let drawn: Tensor<Float> = stream.uniform([3, 2], low: 0.2, high: 1.2)
    let h = drawn.scalars.map { Double($0) }
    let levels = levels(law)
    let sent = stream.integers(2, below: 2).map { levels[$0] }
    let sums = (0..<3).map { Float(h[2 * $0] * sent[0] + h[2 * $0 + 1] * sent[1]) }
    let x = law.observations(of: Tensor(sums, shape: [1, 3]), noiseVariance: 0.4, from: &stream)
    let problems = try LinearProblems<Double>(
      channel: Tensor(h, shape: [3, 2]),
      observations: x.converted(to: Double.self),
      noiseVariances: [0.4]
    )
    // By hand: four vectors, three antennas each.
    var weights: [[Double]: Double] = [:]
    for a in levels {
      for b in levels {
        let costs = (0..<3)
          .map {
            law.cost(Double(x[0, $0]), mean: h[2 * $0] * a + h[2 * $0 + 1] * b, noiseVariance: 0.4)
          }
        weights[[a, b]] = exp(-costs[0] - costs[1] - costs[2])
      }
    }
    let total = weights.values.reduce(0, +)
    let found = try LikelihoodMAP(levels: levels, law: law).detect(problems)
    let p = try #require(found.probabilities)
    for (user, _) in sent.enumerated() {
      for (place, level) in levels.enumerated() {
        let expected = weights.filter { $0.key[user] == level }.values.reduce(0, +) / total
        #expect(abs(p[0, user, place] - expected) < 1e-12)
      }
    }
    let best = weights.max { $0.value < $1.value }?.key
    #expect(found.symbols.scalars == best)
  }

  @Test("for Gaussian noise it is the enumeration by costs", arguments: 0..<10 as Range<UInt64>)
  func agreesWithExhaustive(seed: UInt64) throws {
    let fixture = try MIMOFixture(
      seed,
      receive: 4,
      users: 3,
      levels: Levels(.fourPAM),
      noiseVariance: 0.3
    )
    let slow = try LikelihoodMAP(levels: VectorConstellation.fourPAM.levels, law: .gaussian)
      .detect(fixture.problems)
    let fast = ExhaustiveMAP<Double>(levels: Levels(.fourPAM)).detect(fixture.problems)
    #expect(slow.symbols.scalars == fast.symbols.scalars)
    let (a, b) = (try #require(slow.probabilities), try #require(fast.probabilities))
    for (a, b) in zip(a.scalars, b.scalars) { #expect(abs(a - b) < 1e-10) }
  }

  @Test("too many vectors and impossible observations are errors")
  func errors() throws {
    let many = try LinearProblems<Double>(
      channel: .ones([1, 13]),
      observations: .ones([1, 1]),
      noiseVariances: [1]
    )
    #expect(throws: SymbolDetectionError.self) {
      try LikelihoodMAP(levels: [0, 1], law: .poisson(gain: 1)).detect(many)
    }
    let negative = try LinearProblems<Double>(
      channel: .ones([2, 1]),
      observations: Tensor([1, -1], shape: [1, 2]),
      noiseVariances: [1]
    )
    #expect(
      throws: SymbolDetectionError.badProblem(
        "observation of vector 0, antenna 1 is -1.0, expected a count >= 0"
      )
    ) { try LikelihoodMAP(levels: [0, 1], law: .poisson(gain: 1)).detect(negative) }
    #expect(throws: SymbolDetectionError.self) {
      try LikelihoodMAP(levels: [-1, 1], law: .quantised(bits: 3, range: 4)).detect(negative)
    }
  }
}
