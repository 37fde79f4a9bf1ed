/// What can be wrong with the use of a recording.
public enum RecordingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The host read a recorded number while recording, so that the record holds for those numbers
  /// only; the operation that made the number is named.
  case notReplayable(operation: String)
  /// An input of that name was not recorded.
  case unknownInput(String, known: [String])
  /// An output of that name was not returned.
  case unknownOutput(String, known: [String])
  /// An input came with another shape than was recorded.
  case shapeMismatch(input: String, expected: [Int], actual: [Int])
  /// Only a single number can be differentiated.
  case notScalar(output: String, shape: [Int])
  /// The output depends on no parameter and on no differentiated input.
  case notDifferentiable(output: String)

  /// One sentence: what is wrong and what to do.
  public var description: String {
    switch self {
    case .notReplayable(let operation):
      "the recording cannot be replayed: the host read the result of '\(operation)' while recording;"
        + " use an operation (select, topKMask, a mask) for choices that depend on data"
    case .unknownInput(let name, let known):
      "the recording has no input '\(name)'; its inputs are \(known.joined(separator: ", "))"
    case .unknownOutput(let name, let known):
      "the recording has no output '\(name)'; its outputs are \(known.joined(separator: ", "))"
    case .shapeMismatch(let input, let expected, let actual):
      "input '\(input)' has shape \(actual), the recording was made for \(expected);"
        + " make one recording for each shape"
    case .notScalar(let output, let shape):
      "output '\(output)' has shape \(shape); only a single number can be differentiated"
    case .notDifferentiable(let output):
      "output '\(output)' depends on no parameter and on no differentiated input"
    }
  }
}
