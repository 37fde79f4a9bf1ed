internal import Studies
internal import Tensors

/// How arrays of files and scenarios become what detectors take.
enum SymbolDetectionArrays {
  /// The shape of the observations of a bundle.
  struct Sequences {
    let shape: [Int]
    let batch: Int
    let duration: Int
    var count: Int { batch * duration }
  }

  /// The shape of `observations`: `[time]` or `[batch, time]`, with at least one step.
  static func sequences(of bundle: ArrayBundle) throws(StudyError) -> Sequences {
    guard let array = bundle["observations"] else {
      throw .missingArray("observations", source: bundle.source, expected: expectedSequences)
    }
    let shape = array.shape
    guard shape.count == 1 || shape.count == 2, shape.allSatisfy({ $0 > 0 }) else {
      throw .badShape(
        array: "observations",
        source: bundle.source,
        expected: expectedSequences,
        actual: shape
      )
    }
    return Sequences(
      shape: shape,
      batch: shape.count == 2 ? shape[0] : 1,
      duration: shape[shape.count - 1]
    )
  }

  static var expectedSequences: String { "[time] or [batch, time], not empty" }

  /// A real array in double precision.
  static func real(_ name: String, in bundle: ArrayBundle) throws(StudyError) -> Tensor<Double> {
    guard let array = bundle[name] else {
      throw .missingArray(name, source: bundle.source, expected: "real numbers")
    }
    guard let tensor = array.double else {
      throw .badNumbers(array: name, source: bundle.source, reason: "is complex, expected real")
    }
    return tensor
  }

  /// A single number above zero, or the standard one when the array is absent; without a standard
  /// one the array must be there.
  static func number(
    _ name: String,
    in bundle: ArrayBundle,
    standard: Double?
  ) throws(StudyError) -> Double {
    if bundle[name] == nil, let standard { return standard }
    let tensor = try real(name, in: bundle)
    guard tensor.count == 1 else {
      throw .badShape(
        array: name,
        source: bundle.source,
        expected: "a single number",
        actual: tensor.shape
      )
    }
    guard tensor.scalar.isFinite, tensor.scalar > 0 else {
      throw .badNumbers(
        array: name,
        source: bundle.source,
        reason: "is \(tensor.scalar), expected a number > 0"
      )
    }
    return tensor.scalar
  }

  /// The constellation of the settings.
  static func constellation(_ settings: Settings) -> Constellation {
    guard let constellation = Constellation(rawValue: settings.text("constellation")) else {
      preconditionFailure("no constellation '\(settings.text("constellation"))'")
    }
    return constellation
  }

  /// The taps, checked against the memory and the observations.
  static func taps(
    in bundle: ArrayBundle,
    memory: Int,
    sequences: Sequences
  ) throws(StudyError) -> Tensor<Double> {
    let taps = try real("taps", in: bundle)
    let shape = taps.shape
    let batches = shape.count < 2 || shape[0] == sequences.batch || shape[0] == 1
    let frames = shape.count < 3 || (1...sequences.duration).contains(shape[1])
    guard (1...3).contains(shape.count), shape[shape.count - 1] == memory, batches, frames else {
      throw .badShape(
        array: "taps",
        source: bundle.source,
        expected: "[\(memory)], [\(sequences.batch), \(memory)] or [\(sequences.batch), frames, "
          + "\(memory)] for memory \(memory)",
        actual: shape
      )
    }
    return taps
  }

  /// The state before the first observation from `initial_state`: one symbol that was sent at all
  /// times before, `[]`, or the last `memory` symbols, the newest first, `[memory]` or
  /// `[batch, memory]`.
  static func initialState(
    in bundle: ArrayBundle,
    trellis: Trellis,
    constellation: Constellation,
    batch: Int
  ) throws(StudyError) -> InitialState {
    guard bundle["initial_state"] != nil else { return .unknown }
    let given = try real("initial_state", in: bundle)
    let memory = trellis.memory
    var symbols: [Int] = []
    for value in given.scalars {
      do { symbols.append(try constellation.index(of: value)) } catch {
        throw .badNumbers(array: "initial_state", source: bundle.source, reason: "\(error)")
      }
    }
    switch given.shape {
    case [], [1]:
      return .states([trellis.state(newestFirst: .init(repeating: symbols[0], count: memory))])
    case [memory], [batch, memory]:
      return .states(
        stride(from: 0, to: symbols.count, by: memory).map {
          trellis.state(newestFirst: Array(symbols[$0..<$0 + memory]))
        }
      )
    default:
      throw .badShape(
        array: "initial_state",
        source: bundle.source,
        expected: "[], [\(memory)] or [\(batch), \(memory)]",
        actual: given.shape
      )
    }
  }

  /// Detectors' errors in the words of arrays.
  static func asStudyError(_ error: any Error, source: String) -> any Error {
    guard let error = error as? SymbolDetectionError else { return error }
    return switch error {
    case .badObservation(let sequence, let step, let value, let expected):
      StudyError.badNumbers(
        array: "observations",
        source: source,
        reason: "has \(value) at sequence \(sequence), time \(step); expected \(expected)"
      )
    case .badTaps(let shape, let expected):
      StudyError.badShape(array: "taps", source: source, expected: expected, actual: shape)
    default: StudyError.invalid("\(source): \(error)")
    }
  }
}
