/// What can be wrong with what a caller gives to a network, its files or its training.
public enum NetworkError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A tensor that the module needs is not in the file.
  case missingTensor(name: String, source: String)
  /// The file holds a tensor that the module does not have.
  case unexpectedTensor(name: String, source: String)
  /// A tensor of the file has another shape than the module's.
  case wrongShape(name: String, expected: [Int], actual: [Int], source: String)
  /// A tensor of the file is complex where the module needs real numbers.
  case notReal(name: String, source: String)
  /// The loss asked for an input that the dataset does not have.
  case missingInput(name: String, known: [String])
  /// A dataset has no samples or no arrays.
  case emptyDataset(name: String)
  /// The arrays of a dataset disagree about the number of samples or time steps.
  case unequalCounts(name: String, expected: Int, actual: Int)
  /// An array of a dataset does not have the axes that it needs.
  case wrongAxes(name: String, shape: [Int], requirement: String)
  /// A dataset uses a name that the loop fills itself.
  case reservedName(String)
  /// A setting is out of range.
  case invalidSetting(name: String, value: String, requirement: String)
  /// The loss is not a single number.
  case lossNotScalar(shape: [Int])
  /// A checkpoint cannot be read or written.
  case checkpointFile(path: String, reason: String)
  /// A checkpoint belongs to another training.
  case checkpointMismatch(path: String, what: String, expected: String, actual: String)

  /// One sentence: what is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .missingTensor(let name, let source):
      "\(source) has no tensor '\(name)', which the model needs"
    case .unexpectedTensor(let name, let source):
      "\(source) has a tensor '\(name)', which the model does not have"
    case .wrongShape(let name, let expected, let actual, let source):
      "tensor '\(name)' of \(source) has shape \(actual), the model needs \(expected)"
    case .notReal(let name, let source):
      "tensor '\(name)' of \(source) is complex, the model needs real numbers"
    case .missingInput(let name, let known):
      "the training set has no array '\(name)'; it has \(known.joined(separator: ", "))"
    case .emptyDataset(let name):
      "the \(name) has no samples"
    case .unequalCounts(let name, let expected, let actual):
      "array '\(name)' has \(actual) entries where the others have \(expected)"
    case .wrongAxes(let name, let shape, let requirement):
      "array '\(name)' has shape \(shape), but \(requirement)"
    case .reservedName(let name):
      "an array may not be called '\(name)': the training loop fills that input"
    case .invalidSetting(let name, let value, let requirement):
      "setting '\(name)' is \(value), but it must be \(requirement)"
    case .lossNotScalar(let shape):
      "the loss has shape \(shape), but it must be a single number; take its mean"
    case .checkpointFile(let path, let reason):
      "checkpoint \(path): \(reason)"
    case .checkpointMismatch(let path, let what, let expected, let actual):
      "checkpoint \(path) belongs to another training: \(what) is \(actual) there and \(expected)"
        + " here; delete it or give the same settings"
    }
  }
}
