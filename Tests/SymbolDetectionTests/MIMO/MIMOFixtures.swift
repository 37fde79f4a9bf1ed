internal import Studies
internal import SymbolDetection
internal import Tensors

/// Channels with what was sent over them, in double precision.
struct MIMOFixture {
  let problems: LinearProblems<Double>
  let channel: Matrix<Double>
  let received: [Double]
  let sent: [Double]
  let noiseVariance: Double

  init(
    _ seed: UInt64,
    receive: Int,
    users: Int,
    levels: Levels<Double>,
    noiseVariance: Double
  ) throws {
    var stream = RandomStream(seed: seed)
    let h: Tensor<Double> = stream.normal([receive, users])
    channel = Matrix(rows: receive, columns: users, h.scalars)
    sent = stream.integers(users, below: levels.values.count).map { levels.values[$0] }
    let w: Tensor<Double> = stream.normal([receive])
    received = zip(channel.times(sent), w.scalars).map { $0 + noiseVariance.squareRoot() * $1 }
    self.noiseVariance = noiseVariance
    problems = try LinearProblems(
      channel: h,
      observations: Tensor(received, shape: [1, receive]),
      noiseVariances: [noiseVariance]
    )
  }

  /// Lends a detector's workspace prepared for the channel, and the observation.
  func prepare<Detector: VectorDetector<Double>>(
    _ detector: Detector,
    _ body: (UnsafePointer<Double>, inout Detector.Workspace) throws -> Void
  ) throws {
    var workspace = detector.workspace(
      VectorShape(receive: channel.rows, users: channel.columns, keepsProbabilities: false)
    )
    try channel.scalars.withUnsafeBufferPointer { h in
      try received.withUnsafeBufferPointer { y in
        guard let h = h.baseAddress, let y = y.baseAddress else { return }
        try detector.prepare(h, noiseVariance: noiseVariance, &workspace)
        try body(y, &workspace)
      }
    }
  }

  /// `|y - H s|^2`.
  func cost(_ s: [Double]) -> Double {
    zip(received, channel.times(s)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// The least cost of all vectors, and its vector, by trying each.
  func exhaustive(_ levels: Levels<Double>) -> (symbols: [Double], cost: Double) {
    var best: [Double] = []
    var least = Double.infinity
    let size = levels.values.count
    var count = 1
    for _ in sent { count *= size }
    for number in 0..<count {
      var digits = number
      let s = sent.map { _ in
        defer { digits /= size }
        return levels.values[digits % size]
      }
      let value = cost(s)
      if value < least { (best, least) = (s, value) }
    }
    return (best, least)
  }
}

/// Every detector of vectors that decides one vector at a time.
enum DetectorCase: String, CaseIterable {
  case zf, lmmse, sorted, sortedMMSE, bestFirst, bestFirstMMSE, amp, sdr, sphere, map

  func decide(
    _ channel: Matrix<Double>,
    _ received: [Double],
    _ noise: Double,
    _ levels: Levels<Double>
  ) throws -> [Double] {
    func run(_ detector: some VectorDetector<Double>) throws -> [Double] {
      let h = Tensor(channel.scalars, shape: [channel.rows, channel.columns])
      let problems = try LinearProblems(
        channel: h,
        observations: Tensor(received, shape: [1, received.count]),
        noiseVariances: [noise]
      )
      return detector.detect(problems).symbols.scalars
    }
    switch self {
    case .zf: return try run(ZeroForcing(levels: levels))
    case .lmmse: return try run(LinearMMSE(levels: levels))
    case .sorted: return try run(DecisionFeedback(levels: levels, ordering: .sorted))
    case .sortedMMSE:
      return try run(
        DecisionFeedback(levels: levels, ordering: .sorted, criterion: .minimumError)
      )
    case .bestFirst: return try run(DecisionFeedback(levels: levels, ordering: .bestFirst))
    case .bestFirstMMSE:
      return try run(
        DecisionFeedback(levels: levels, ordering: .bestFirst, criterion: .minimumError)
      )
    case .amp: return try run(ApproximateMessagePassing(levels: levels, iterations: 10))
    case .sdr: return try run(SemidefiniteRelaxation(levels: levels))
    case .sphere: return try run(SphereDecoder(levels: levels))
    case .map: return try run(ExhaustiveMAP(levels: levels))
    }
  }
}
