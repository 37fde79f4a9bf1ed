/// Where the arrays of a part come from.
public enum StudySource: Sendable, Hashable {
  /// Drawn from a scenario with these settings, all of them resolved.
  case scenario(id: String, settings: Settings)
  /// Read from the user's files.
  case files(StudyFiles)

  /// The id of the scenario, or `data`.
  public var id: String {
    switch self {
    case .scenario(let id, _): id
    case .files: "data"
    }
  }
}

/// The user's own arrays, in files that ``ArrayFiles`` reads.
public struct StudyFiles: Sendable, Hashable {
  /// What methods learn from; nil when none does.
  public var train: String?
  /// What epochs and settings are chosen by.
  public var validation: String?
  /// What is reported on.
  public var test: String

  /// The files of a part.
  public init(train: String?, validation: String?, test: String) {
    self.train = train
    self.validation = validation
    self.test = test
  }
}
