internal import SymbolDetection
internal import Tensors
internal import Testing

/// A likelihood whose costs are given, for sweeps that no channel would make.
struct GivenCosts<Scalar: RealTensorScalar>: LikelihoodModel {
  let trellis: Trellis
  /// From time and state to a cost.
  let cost: @Sendable (_ time: Int, _ state: Int) -> Double

  func costs(of observations: Tensor<Scalar>) throws -> Tensor<Scalar> {
    try costsByPlace(of: observations)
  }

  func costs(
    of observations: Tensor<Scalar>,
    at place: ObservationPlace
  ) throws -> Tensor<Scalar> {
    let numbers = (0..<observations.count).flatMap { step in
      (0..<trellis.states).map { Scalar(cost(place.start + step, $0)) }
    }
    return Tensor(numbers, shape: [1, observations.count, trellis.states])
  }
}

@Suite struct SweepTests {
  struct Shape: Sendable, CustomTestStringConvertible {
    let constellation: Constellation
    let memory: Int
    var testDescription: String { "\(constellation.rawValue), memory \(memory)" }

    static let all: [Shape] =
      (1...8).map { Shape(constellation: .bpsk, memory: $0) }
      + (1...4).map { Shape(constellation: .fourPAM, memory: $0) }

    func likelihood<Scalar: RealTensorScalar>(
      _ kernels: TrellisKernels? = nil,
      as scalar: Scalar.Type
    ) throws -> GaussianLikelihood<Scalar> {
      let taps = Tensor(ChannelTaps.exponential(decay: 0.3, memory: memory)).converted(to: scalar)
      return try GaussianLikelihood(
        constellation: constellation,
        taps: taps,
        noiseVariance: 0.3,
        kernels: kernels ?? .current(scalar)
      )
    }

    func observations<Scalar: RealTensorScalar>(
      _ shape: [Int],
      seed: UInt64,
      as scalar: Scalar.Type
    ) -> Tensor<Scalar> {
      var stream = RandomStream(seed: seed)
      let normal: Tensor<Double> = stream.normal(shape)
      return Tensor(normal.scalars.map { 1.5 * $0 }, shape: shape).converted(to: scalar)
    }
  }

  @Test("chunks of any size give the bits of one chunk", arguments: Shape.all, [1, 3, 7, 40])
  func chunked(shape: Shape, chunk: Int) throws {
    let observations = shape.observations([2, 333], seed: 5, as: Float.self)
    let likelihood = try shape.likelihood(as: Float.self)
    func viterbi(_ steps: Int, _ decision: ViterbiDetector<GaussianLikelihood<Float>>.Decision)
      throws -> Tensor<Float>
    {
      try ViterbiDetector(
        likelihood: likelihood,
        constellation: shape.constellation,
        decision: decision,
        chunkSteps: steps
      ).detect(observations)
    }
    #expect(try viterbi(chunk, .traceback) == viterbi(1000, .traceback))
    #expect(try viterbi(chunk, .fixedLag) == viterbi(1000, .fixedLag))
    func bcjr(_ steps: Int) throws -> SymbolPosteriors<Float> {
      try BCJRDetector(
        likelihood: likelihood,
        constellation: shape.constellation,
        chunkSteps: steps
      ).detect(observations)
    }
    let (cut, whole) = (try bcjr(chunk), try bcjr(1000))
    #expect(cut.probabilities == whole.probabilities)
    #expect(cut.estimates == whole.estimates)
  }

  @Test("every instruction set decides alike", arguments: Shape.all, [1, 2])
  func variants(shape: Shape, variant: Int) throws {
    try compareVariants(shape, variant, as: Float.self)
    try compareVariants(shape, variant, as: Double.self)
  }

  private func compareVariants<Scalar: RealTensorScalar>(
    _ shape: Shape,
    _ variant: Int,
    as scalar: Scalar.Type
  ) throws {
    guard let kernels = TrellisKernels.variant(variant, scalar) else { return }
    let baseline = try #require(TrellisKernels.variant(0, scalar))
    let observations = shape.observations([1, 500], seed: 9, as: scalar)
    func results(_ kernels: TrellisKernels) throws -> [Tensor<Scalar>?] {
      let likelihood = try shape.likelihood(kernels, as: scalar)
      let posteriors = try BCJRDetector(
        likelihood: likelihood,
        constellation: shape.constellation,
        kernels: kernels
      ).detect(observations)
      return [
        try likelihood.costs(of: observations), posteriors.estimates, posteriors.probabilities,
        try ViterbiDetector(
          likelihood: likelihood,
          constellation: shape.constellation,
          kernels: kernels
        ).detect(observations),
        try ViterbiDetector(
          likelihood: likelihood,
          constellation: shape.constellation,
          decision: .fixedLag,
          kernels: kernels
        ).detect(observations),
      ]
    }
    #expect(try results(kernels) == results(baseline))
  }

  @Test("a batch is its sequences one by one, for any number of threads", arguments: Shape.all)
  func batched(shape: Shape) throws {
    let observations = shape.observations([5, 60], seed: 3, as: Float.self)
    let likelihood = try shape.likelihood(as: Float.self)
    let viterbi = ViterbiDetector(likelihood: likelihood, constellation: shape.constellation)
    let bcjr = BCJRDetector(likelihood: likelihood, constellation: shape.constellation)
    let together = try viterbi.detect(observations)
    let posteriors = try bcjr.detect(observations)
    let pool = WorkerPool(threads: 3)
    #expect(try viterbi.detect(observations, pool: pool) == together)
    #expect(try bcjr.detect(observations, pool: pool).probabilities == posteriors.probabilities)
    for row in 0..<5 {
      let one = Tensor(Array(observations.scalars[(row * 60)..<(row * 60 + 60)]))
      #expect(
        try viterbi.detect(one).scalars
          == Array(together.scalars[(row * 60)..<(row * 60 + 60)])
      )
      #expect(
        try bcjr.detect(one).estimates.scalars
          == Array(posteriors.estimates.scalars[(row * 60)..<(row * 60 + 60)])
      )
    }
  }

  @Test("single and double precision decide alike where costs differ", arguments: Shape.all)
  func precisions(shape: Shape) throws {
    let observations = shape.observations([400], seed: 11, as: Float.self)
    let single = try ViterbiDetector(
      likelihood: shape.likelihood(as: Float.self),
      constellation: shape.constellation
    ).detect(observations)
    let double = try ViterbiDetector(
      likelihood: shape.likelihood(as: Double.self),
      constellation: shape.constellation
    ).detect(observations.converted(to: Double.self))
    #expect(single == double.converted(to: Float.self))
  }

  @Test("the fixed-lag decision is the oldest symbol of the best state", arguments: Shape.all)
  func fixedLag(shape: Shape) throws {
    let observations = shape.observations([90], seed: 21, as: Double.self)
    let likelihood = try shape.likelihood(as: Double.self)
    let estimates = try ViterbiDetector(
      likelihood: likelihood,
      constellation: shape.constellation,
      decision: .fixedLag
    ).detect(observations)
    #expect(estimates.scalars == plainFixedLag(observations.scalars, likelihood, shape))
  }

  private func plainFixedLag(
    _ observations: [Double],
    _ likelihood: GaussianLikelihood<Double>,
    _ shape: Shape
  ) -> [Double] {
    let trellis = likelihood.trellis
    let symbols = shape.constellation.symbols
    let taps = ChannelTaps.exponential(decay: 0.3, memory: shape.memory)
    var metrics = [Double](repeating: 0, count: trellis.states)
    var decided: [Double] = []
    var best = 0
    for observation in observations {
      var next = [Double](repeating: .infinity, count: trellis.states)
      for state in 0..<trellis.states {
        for symbol in symbols.indices {
          let to = trellis.successor(of: state, symbol: symbol)
          next[to] = min(next[to], metrics[state])
        }
      }
      for state in 0..<trellis.states {
        let mean = taps.indices.reduce(0) { $0 + taps[$1] * symbols[trellis.digit($1, of: state)] }
        next[state] += (observation - mean) * (observation - mean) / 0.6
      }
      metrics = next
      best = metrics.indices.reduce(0) { metrics[$1] < metrics[$0] ? $1 : $0 }
      decided.append(symbols[trellis.digit(trellis.memory - 1, of: best)])
    }
    let last = (0..<trellis.memory - 1).reversed().map { symbols[trellis.digit($0, of: best)] }
    return Array(decided.dropFirst(trellis.memory - 1)) + last
  }

  @Test("survivors that never meet are kept to the end")
  func survivorsApart() throws {
    // Costs that allow only constant sequences: all -1 or all +1, told apart by the last step.
    let trellis = try Trellis(constellation: .bpsk, memory: 3)
    for (last, symbol) in [(0, Float(1)), (7, -1)] {
      let likelihood = GivenCosts<Float>(trellis: trellis) { time, state in
        guard state == 0 || state == 7 else { return 100 }
        return time == 4999 && state == last ? 10 : 0
      }
      let estimates = try ViterbiDetector(
        likelihood: likelihood,
        constellation: .bpsk,
        chunkSteps: 8
      ).detect(Tensor<Float>.zeros([5000]))
      #expect(estimates == Tensor.full([5000], symbol))
    }
  }

  @Test("large costs common to all states change nothing over a long time")
  func commonCosts() throws {
    let trellis = try Trellis(constellation: .bpsk, memory: 4)
    // Small whole numbers, so that sums are exact and ties stay ties.
    let cost: @Sendable (Int, Int) -> Double = { time, state in
      Double((time &* 7919 &+ state &* 104_729 &+ (time &* state) % 31) % 13)
    }
    let plain = GivenCosts<Float>(trellis: trellis, cost: cost)
    let raised = GivenCosts<Float>(trellis: trellis) { cost($0, $1) + 2048 }
    let observations = Tensor<Float>.zeros([100_000])
    func viterbi(_ likelihood: GivenCosts<Float>) throws -> Tensor<Float> {
      try ViterbiDetector(likelihood: likelihood, constellation: .bpsk).detect(observations)
    }
    #expect(try viterbi(raised) == viterbi(plain))
  }

  @Test(
    "an observation that is not finite is an error naming its place",
    arguments: [Float.nan, .infinity]
  )
  func notFinite(value: Float) throws {
    var numbers = [Float](repeating: 0, count: 3 * 400)
    numbers[1 * 400 + 321] = value
    numbers[2 * 400 + 5] = value
    let observations = Tensor(numbers, shape: [3, 400])
    let likelihood = try GaussianLikelihood(
      constellation: .bpsk,
      taps: Tensor<Float>([1, 0.5]),
      noiseVariance: 1
    )
    let expected = SymbolDetectionError.badObservation(
      sequence: 1,
      step: 321,
      value: "\(value)",
      expected: "a finite number"
    )
    let pool = WorkerPool(threads: 2)
    #expect(throws: expected) {
      try ViterbiDetector(likelihood: likelihood, constellation: .bpsk, chunkSteps: 100)
        .detect(observations, pool: pool)
    }
    #expect(throws: expected) {
      try BCJRDetector(likelihood: likelihood, constellation: .bpsk, chunkSteps: 100)
        .detect(observations, pool: pool)
    }
  }

  @Test("costs that are not finite are an error naming their place")
  func badCosts() throws {
    let trellis = try Trellis(constellation: .bpsk, memory: 2)
    let likelihood = GivenCosts<Double>(trellis: trellis) { time, state in
      time == 70 && state == 2 ? .infinity : 1
    }
    #expect(
      throws: SymbolDetectionError.badCosts(
        sequence: 0,
        step: 70,
        reason: "state 2 has cost inf for observation 0.0"
      )
    ) {
      try ViterbiDetector(likelihood: likelihood, constellation: .bpsk, chunkSteps: 32)
        .detect(Tensor<Double>.zeros([100]))
    }
    let huge = GivenCosts<Float>(trellis: trellis) { _, _ in 3e38 }
    #expect(throws: SymbolDetectionError.self) {
      try ViterbiDetector(likelihood: huge, constellation: .bpsk)
        .detect(Tensor<Float>.zeros([100]))
    }
  }

  @Test("no observations give no estimates")
  func empty() throws {
    let likelihood = try Shape.all[3].likelihood(as: Float.self)
    for shape in [[0], [3, 0], [0, 5]] {
      let none = Tensor<Float>.zeros(shape)
      #expect(
        try ViterbiDetector(likelihood: likelihood, constellation: .bpsk).detect(none).shape
          == shape
      )
      #expect(
        try BCJRDetector(likelihood: likelihood, constellation: .bpsk).detect(none)
          .probabilities?.shape == shape + [2]
      )
    }
  }

  @Test("taps per frame act on their frame alone", arguments: [1, 2, 3] as [UInt64])
  func frames(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let taps: Tensor<Double> = stream.normal([2, 3, 2])
    let observations: Tensor<Double> = stream.normal([2, 10])
    let likelihood = try GaussianLikelihood(
      constellation: .bpsk,
      taps: taps,
      noiseVariance: 0.7
    )
    let costs = try likelihood.costs(of: observations)
    #expect(costs.shape == [2, 10, 4])
    for row in 0..<2 {
      for time in 0..<10 {
        for state in 0..<4 {
          let frame = time / 4  // ten steps in three frames: 4, 4, 2
          let newest = Double(2 * (state % 2) - 1)
          let older = Double(2 * (state / 2) - 1)
          let mean = taps[row, frame, 0] * newest + taps[row, frame, 1] * older
          let distance = observations[row, time] - mean
          #expect(abs(costs[row, time, state] - distance * distance / 1.4) < 1e-12)
        }
      }
    }
    let whole = try ViterbiDetector(likelihood: likelihood, constellation: .bpsk)
      .detect(observations)
    let cut = try ViterbiDetector(likelihood: likelihood, constellation: .bpsk, chunkSteps: 3)
      .detect(observations)
    #expect(whole == cut)
  }

  @Test("says how taps and initial states do not fit")
  func misfits() throws {
    let likelihood = try GaussianLikelihood(
      constellation: .bpsk,
      taps: Tensor<Float>.ones([2, 2]),
      noiseVariance: 1
    )
    let detector = ViterbiDetector(likelihood: likelihood, constellation: .bpsk)
    #expect(throws: SymbolDetectionError.self) { try detector.detect(Tensor<Float>.ones([3, 4])) }
    #expect(
      throws: SymbolDetectionError.badInitialState(
        "initial state 4 is not one of the 4 states of the trellis"
      )
    ) {
      try detector.detect(Tensor<Float>.ones([2, 4]), initialState: .states([4]))
    }
    #expect(
      throws: SymbolDetectionError.badInitialState(
        "3 initial states for 2 sequences; give one, or one each"
      )
    ) {
      try detector.detect(Tensor<Float>.ones([2, 4]), initialState: .states([0, 1, 2]))
    }
    #expect(throws: SymbolDetectionError.badObservations(shape: [1, 2, 2])) {
      try detector.detect(Tensor<Float>.ones([1, 2, 2]))
    }
    #expect(
      throws: SymbolDetectionError.badObservation(
        sequence: 0,
        step: 1,
        value: "-1.0",
        expected: "a count >= 0"
      )
    ) {
      let poisson = try PoissonLikelihood(
        constellation: .ook,
        taps: Tensor<Float>([1]),
        gain: 2
      )
      _ = try poisson.costs(of: Tensor<Float>([1, -1], shape: [1, 2]))
    }
  }
}
