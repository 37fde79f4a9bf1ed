import NeuralNetworks
import Studies
import SymbolDetection
import Tensors

/// The black boxes with networks small enough for tests.
enum BlackBox: String, CaseIterable, Sendable {
  case dense = "dense-detector"
  case lstm = "lstm-detector"
  case sbrnn
  case sbrnnLSTM = "sbrnn with LSTM"

  var method: MethodDescription {
    switch self {
    case .dense: .denseDetector
    case .lstm: .lstmDetector
    case .sbrnn, .sbrnnLSTM: .slidingBRNN
    }
  }

  /// Settings of a small network, changed by the given ones.
  func settings(_ given: [String: SettingValue] = [:]) throws -> Settings {
    var values: [String: SettingValue] =
      switch self {
      case .dense: ["hidden": .list([.integer(16), .integer(16)]), "epochs": .integer(10)]
      case .lstm: ["hidden": .integer(12), "epochs": .integer(6), "rate": .number(1e-2)]
      case .sbrnn: ["hidden": .integer(10), "epochs": .integer(3), "rate": .number(1e-2)]
      case .sbrnnLSTM:
        [
          "hidden": .integer(8), "epochs": .integer(3), "rate": .number(1e-2),
          "cell": .text("lstm"), "layers": .integer(2), "block": .integer(6),
        ]
      }
    values.merge(given) { $1 }
    return try Settings(values, for: method.settings, owner: rawValue)
  }

  /// Trains a small network.
  func trained(
    on data: ArrayBundle,
    seed: UInt64,
    _ given: [String: SettingValue] = [:],
    pool: WorkerPool = .serial
  ) throws -> (settings: Settings, result: TrainingResult) {
    let settings = try settings(given)
    guard let train = method.train else { throw StudyError.invalid("\(rawValue) learns nothing") }
    let request = TrainingRequest(
      data: data,
      settings: settings,
      stream: RandomStream(seed: seed),
      pool: pool
    )
    return (settings, try train(request))
  }
}

/// Random symbols through a channel of exponentially decaying taps with Gaussian noise.
enum SmallChannel {
  /// Observations and targets, `[time]`; the first tap multiplies the newest symbol.
  static func draw(
    _ count: Int,
    taps: [Float] = [1, 0.367_879_44, 0.135_335_28, 0.049_787_07],
    noiseDeviation: Float = 0.316_227_77,
    symbols: [Float] = [-1, 1],
    seed: UInt64
  ) -> ArrayBundle {
    var stream = RandomStream(seed: seed)
    let sent = stream.integers(count, below: symbols.count).map { symbols[$0] }
    let noise: Tensor<Float> = stream.normal([count])
    let received = noise.withScalars { noise in
      sent.indices.map { i in
        var sum = noiseDeviation * noise[i]
        for k in taps.indices { sum += taps[k] * (i >= k ? sent[i - k] : symbols[0]) }
        return sum
      }
    }
    var bundle = ArrayBundle(source: "test channel")
    bundle["observations"] = .float(Tensor(received))
    bundle["targets"] = .float(Tensor(sent))
    return bundle
  }

  /// The share of wrong estimates.
  static func errorRate(_ estimates: Tensor<Float>, _ bundle: ArrayBundle) -> Double {
    let targets = bundle["targets"]?.float?.scalars ?? []
    let wrong = zip(estimates.scalars, targets).filter { Swift.abs($0 - $1) > 1e-3 }.count
    return Double(wrong) / Double(max(targets.count, 1))
  }

  /// The error rate of the best threshold on single observations: what a detector without memory
  /// reaches.
  static func slicerErrorRate(_ bundle: ArrayBundle) -> Double {
    let observations = bundle["observations"]?.float?.scalars ?? []
    let targets = bundle["targets"]?.float?.scalars ?? []
    // Sweeping the threshold upwards: symbols above it are taken for +1.
    let order = observations.indices.sorted { observations[$0] < observations[$1] }
    var errors = targets.filter { $0 < 0 }.count
    var fewest = errors
    for place in order {
      errors += targets[place] < 0 ? -1 : 1
      fewest = min(fewest, errors)
    }
    return Double(fewest) / Double(max(targets.count, 1))
  }
}
