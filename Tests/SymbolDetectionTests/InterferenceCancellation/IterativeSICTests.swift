import Foundation
import Hybridization
import SymbolDetection
import Tensors
import Testing

/// A random channel with what was received over it, in double precision.
private struct Case {
  let channel: [[Double]]
  let received: [[Double]]
  let problems: LinearProblems<Double>

  init(
    seed: UInt64,
    receive: Int,
    users: Int,
    levels: [Double],
    noiseVariance: Double,
    gain: Double?,
    batch: Int = 6
  ) throws {
    var stream = RandomStream(seed: seed)
    let normal: Tensor<Double> = stream.normal([receive, users])
    // Rates of counts are not negative.
    let h = gain == nil ? normal.scalars : normal.scalars.map { abs($0) }
    channel = (0..<receive).map { Array(h[($0 * users)..<(($0 + 1) * users)]) }
    let places = stream.integers(batch * users, below: levels.count)
    var rows: [[Double]] = []
    for b in 0..<batch {
      let sums = channel.map { row in
        (0..<users).reduce(0) { $0 + row[$1] * levels[places[b * users + $1]] }
      }
      if let gain {
        rows.append(stream.poisson(Tensor(sums.map { gain * $0 + 1 })).scalars)
      } else {
        let noise: Tensor<Double> = stream.normal([receive])
        rows.append(zip(sums, noise.scalars).map { $0 + noiseVariance.squareRoot() * $1 })
      }
    }
    received = rows
    problems = try LinearProblems(
      channel: Tensor(h, shape: [receive, users]),
      observations: Tensor(rows.flatMap { $0 }, shape: [batch, receive]),
      noiseVariances: [noiseVariance]
    )
  }
}

@Suite struct IterativeSICTests {
  struct Setting: Sendable, CustomTestStringConvertible {
    let receive: Int
    let users: Int
    let levels: [Double]
    let noiseVariance: Double
    var gain: Double?
    var testDescription: String {
      "\(receive)x\(users), \(levels.count) levels, \(gain.map { "gain \($0)" } ?? "gaussian")"
    }
  }

  static let settings = [
    Setting(receive: 4, users: 4, levels: [-1, 1], noiseVariance: 0.1),
    Setting(receive: 6, users: 6, levels: [-1, 1], noiseVariance: 0.5),
    Setting(receive: 5, users: 3, levels: [-3, -1, 1, 3], noiseVariance: 0.2),
    Setting(receive: 2, users: 4, levels: [-1, 1], noiseVariance: 0.3),
    Setting(receive: 1, users: 1, levels: [0, 1], noiseVariance: 0.3),
    Setting(receive: 4, users: 4, levels: [0, 1], noiseVariance: 1, gain: 10),
    Setting(receive: 3, users: 2, levels: [0, 1], noiseVariance: 1, gain: 1.5),
  ]

  @Test(
    "Gaussian blocks in the diagram are the textbook algorithm",
    arguments: settings,
    0..<10 as Range<UInt64>
  )
  func matchesTextbook(setting: Setting, seed: UInt64) throws {
    let given = try Case(
      seed: seed,
      receive: setting.receive,
      users: setting.users,
      levels: setting.levels,
      noiseVariance: setting.noiseVariance,
      gain: setting.gain
    )
    let detector = IterativeSIC(levels: setting.levels, iterations: 5, gain: setting.gain)
    let found = detector.detect(given.problems)
    let beliefs = try #require(found.probabilities)
    let textbook = TextbookSIC(
      channel: given.channel,
      levels: setting.levels,
      iterations: 5,
      noiseVariance: setting.gain == nil ? setting.noiseVariance : nil,
      gain: setting.gain ?? 1
    )
    let (users, size) = (setting.users, setting.levels.count)
    #expect(beliefs.shape == [6, users, size])
    for (b, received) in given.received.enumerated() {
      for (k, expected) in textbook.beliefs(received).enumerated() {
        let mine = (0..<size).map { beliefs[b, k, $0] }
        #expect(abs(mine.reduce(0, +) - 1) < 1e-14)
        // Exponents reach 1e3 and pass five times through beliefs: eight digits stay.
        for (a, b) in zip(mine, expected) { #expect(abs(a - b) < 1e-8, "\(mine) \(expected)") }
        let top = expected.sorted()
        if top[size - 1] - top[size - 2] > 1e-6 {
          let place = expected.indices.max { expected[$0] < expected[$1] } ?? 0
          #expect(found.symbols[b, k] == setting.levels[place])
        }
      }
    }
  }

  @Test("the beliefs of two BPSK users by hand")
  func byHand() throws {
    // H = [[1, 0.5]], sigma^2 = 1, x = 1. First iteration: e = 0, v = 1, so C_1 = 1 + 0.25 and
    // C_2 = 1 + 1: LLR_1 = 2 / 1.25 = 1.6, LLR_2 = 2 0.5 / 2 = 0.5. Second iteration:
    // e_1 = tanh 0.8, e_2 = tanh 0.25.
    let problems = try LinearProblems<Double>(
      channel: Tensor([1, 0.5], shape: [1, 2]),
      observations: Tensor([1], shape: [1, 1]),
      noiseVariances: [1]
    )
    func ratio(_ iterations: Int, _ user: Int) throws -> Double {
      let p = try #require(
        IterativeSIC<Double>(levels: [-1, 1], iterations: iterations).detect(problems)
          .probabilities
      )
      return log(p[0, user, 1] / p[0, user, 0])
    }
    #expect(try abs(ratio(1, 0) - 1.6) < 1e-13)
    #expect(try abs(ratio(1, 1) - 0.5) < 1e-13)
    let (first, second) = (tanh(0.8), tanh(0.25))
    let one = 2 * (1 - 0.5 * second) / (1 + 0.25 * (1 - second * second))
    let two = 2 * 0.5 * (1 - first) / (1 + 1 - first * first)
    #expect(try abs(ratio(2, 0) - one) < 1e-13)
    #expect(try abs(ratio(2, 1) - two) < 1e-13)
  }

  @Test(
    "users in another order give their beliefs in that order",
    arguments: [nil, 6.0] as [Double?],
    0..<20 as Range<UInt64>
  )
  func permutation(gain: Double?, seed: UInt64) throws {
    let levels: [Double] = gain == nil ? [-1, 1] : [0, 1]
    let given = try Case(
      seed: seed,
      receive: 4,
      users: 5,
      levels: levels,
      noiseVariance: 0.2,
      gain: gain
    )
    var stream = RandomStream(seed: seed).derived("order")
    let order = stream.permutation(5)
    let permuted = try LinearProblems(
      channel: Tensor(given.channel.flatMap { row in order.map { row[$0] } }, shape: [4, 5]),
      observations: given.problems.observations,
      noiseVariances: given.problems.noiseVariances
    )
    let detector = IterativeSIC(levels: levels, gain: gain)
    let before = try #require(detector.detect(given.problems).probabilities)
    let after = try #require(detector.detect(permuted).probabilities)
    for b in 0..<6 {
      for k in 0..<5 {
        for level in 0..<2 {
          #expect(abs(after[b, k, level] - before[b, order[k], level]) < 1e-9)
        }
      }
    }
  }

  @Test("antennas in another order change nothing; a rotation neither, for Gaussian noise")
  func rotation() throws {
    let given = try Case(
      seed: 3,
      receive: 4,
      users: 4,
      levels: [-1, 1],
      noiseVariance: 0.2,
      gain: nil
    )
    var stream = RandomStream(seed: 4)
    let gaussian: Tensor<Double> = stream.normal([4, 4])
    let q = QRFactor(Matrix(rows: 4, columns: 4, gaussian.scalars)).orthonormalColumns()
    let h = Matrix(rows: 4, columns: 4, given.channel.flatMap { $0 })
    let rotated = try LinearProblems(
      channel: Tensor(q.times(h).scalars, shape: [4, 4]),
      observations: Tensor(given.received.flatMap { q.times($0) }, shape: [6, 4]),
      noiseVariances: [0.2]
    )
    let detector = IterativeSIC<Double>(levels: [-1, 1])
    let before = try #require(detector.detect(given.problems).probabilities)
    let after = try #require(detector.detect(rotated).probabilities)
    for (a, b) in zip(before.scalars, after.scalars) { #expect(abs(a - b) < 1e-9) }
  }

  @Test("a channel for each vector, chunks and threads give what single vectors give")
  func batches() throws {
    var stream = RandomStream(seed: 8)
    let h: Tensor<Float> = stream.normal([600, 3, 3])
    let x: Tensor<Float> = stream.normal([600, 3])
    let variances = (0..<600).map { 0.1 + Float($0) / 600 }
    let problems = try LinearProblems(channel: h, observations: x, noiseVariances: variances)
    let detector = IterativeSIC<Float>(levels: [-1, 1])
    let all = detector.detect(problems)
    let threaded = detector.detect(problems, pool: WorkerPool(threads: 3))
    #expect(all.probabilities?.scalars == threaded.probabilities?.scalars)
    for b in [0, 255, 256, 599] {
      let single = try LinearProblems(
        channel: Tensor(Array(h.scalars[(b * 9)..<(b * 9 + 9)]), shape: [3, 3]),
        observations: Tensor(Array(x.scalars[(b * 3)..<(b * 3 + 3)]), shape: [1, 3]),
        noiseVariances: [variances[b]]
      )
      let one = detector.detect(single)
      #expect(one.symbols.scalars == (0..<3).map { all.symbols[b, $0] })
    }
  }

  @Test("users that are heard alike keep finite, equal beliefs; little noise decides as sent")
  func degenerate() throws {
    let alike = try LinearProblems<Float>(
      channel: Tensor([1, 1, 1, 1], shape: [2, 2]),
      observations: Tensor([2, 2, 0, 0], shape: [2, 2]),
      noiseVariances: [1e-6]
    )
    let p = try #require(IterativeSIC<Float>(levels: [-1, 1]).detect(alike).probabilities)
    #expect(p.scalars.allSatisfy { $0.isFinite })
    #expect(p[0, 0, 1] == p[0, 1, 1] && p[0, 0, 1] > 0.99)
    #expect(p[1, 0, 1] == p[1, 1, 1] && abs(p[1, 0, 1] - 0.5) < 1e-3)
  }
}
