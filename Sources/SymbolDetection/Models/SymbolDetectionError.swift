/// What can be wrong with a channel, a trellis or the observations given to a detector.
public enum SymbolDetectionError: Error, Equatable, Sendable, CustomStringConvertible {
  /// More states than a trellis may have.
  case tooManyStates(symbols: Int, memory: Int, limit: Int)
  /// A memory below one symbol.
  case badMemory(Int)
  /// Taps whose shape does not fit the trellis or the observations.
  case badTaps(shape: [Int], expected: String)
  /// A tap, a noise variance or a gain that is not a usable number.
  case badNumber(name: String, value: String, expected: String)
  /// Observations that are not `[time]` or `[batch, time]`.
  case badObservations(shape: [Int])
  /// An observation that the likelihood cannot take.
  case badObservation(sequence: Int, step: Int, value: String, expected: String)
  /// A likelihood that gave something else than one finite cost a state.
  case badCosts(sequence: Int, step: Int, reason: String)
  /// A symbol that the constellation does not have.
  case unknownSymbol(value: String, constellation: String)
  /// States before the first observation that do not fit the trellis or the number of sequences.
  case badInitialState(String)
  /// A constellation that the noise law cannot carry.
  case incompatible(constellation: String, noise: String, expected: String)
  /// Channels, observations or noise variances that do not fit each other or the detector.
  case badProblem(String)

  /// One sentence: what, where and how to fix it.
  public var description: String {
    switch self {
    case .tooManyStates(let symbols, let memory, let limit):
      "memory \(memory) with \(symbols) symbols needs \(symbols)^\(memory) states, "
        + "more than the \(limit) of a trellis; choose a shorter memory"
    case .badMemory(let memory): "memory \(memory) is not possible; it must be at least 1"
    case .badTaps(let shape, let expected): "taps have shape \(shape), expected \(expected)"
    case .badNumber(let name, let value, let expected):
      "\(name) is \(value), expected \(expected)"
    case .badObservations(let shape):
      "observations have shape \(shape), expected [time] or [batch, time]"
    case .badObservation(let sequence, let step, let value, let expected):
      "observation at sequence \(sequence), time \(step) is \(value), expected \(expected)"
    case .badCosts(let sequence, let step, let reason):
      "costs at sequence \(sequence), time \(step): \(reason)"
    case .unknownSymbol(let value, let constellation):
      "\(value) is not a symbol of the constellation \(constellation)"
    case .badInitialState(let sentence), .badProblem(let sentence): sentence
    case .incompatible(let constellation, let noise, let expected):
      "noise \(noise) cannot carry the constellation \(constellation); expected \(expected)"
    }
  }
}
