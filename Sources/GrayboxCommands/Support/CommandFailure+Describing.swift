internal import NeuralNetworks
internal import Studies
internal import Tensors

extension CommandFailure {
  /// The exit code and sentence of any error that a library threw.
  init(describing error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case let error as ArrayFileError:
      if case .cannotWrite = error {
        self.init(.cannotWrite, "\(error)")
      } else {
        self.init(.badData, "\(error)")
      }
    case let error as ModelFileError:
      if case .file(.cannotWrite) = error {
        self.init(.cannotWrite, "\(error)")
      } else {
        self.init(.badData, "\(error)")
      }
    case let error as ResultFileError:
      if case .cannotWrite = error {
        self.init(.cannotWrite, "\(error)")
      } else {
        self.init(.badData, "\(error)")
      }
    case let error as StudyError: self.init(.badData, "\(error)")
    case let error as NetworkError: self.init(.badData, "\(error)")
    default: self.init(.notSucceeded, "\(error)")
    }
  }
}

extension CommandFailure {
  /// Runs the closure and turns what it throws into a failure with an exit code.
  static func describing<Result>(
    _ body: () throws -> Result
  ) throws(CommandFailure) -> Result {
    do {
      return try body()
    } catch {
      throw CommandFailure(describing: error)
    }
  }
}
