/// How a study is run; nothing here changes a number of `results.csv`.
public struct StudyOptions: Sendable {
  /// The folder of all files.
  public var folder: String
  /// Threads, the calling one included.
  public var threads: Int
  /// Whether to go on with what the folder holds.
  public var resumes: Bool
  /// The share of blocks that this run takes; nil for what the study file says, or all.
  public var shard: StudyShard?
  /// Seconds after which the study stops, to be resumed; nil for no limit.
  public var timeLimit: Double?
  /// Whether to measure first how long it will take.
  public var plansTime: Bool
  /// Told of everything that happens, from any thread.
  public var report: @Sendable (StudyEvent) -> Void
  /// Asked between units and steps; true stops the study, to be resumed.
  public var isCancelled: @Sendable () -> Bool

  /// The options of a run.
  public init(
    folder: String,
    threads: Int = 1,
    resumes: Bool = false,
    shard: StudyShard? = nil,
    timeLimit: Double? = nil,
    plansTime: Bool = true,
    report: @escaping @Sendable (StudyEvent) -> Void = { _ in },
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) {
    self.folder = folder
    self.threads = threads
    self.resumes = resumes
    self.shard = shard
    self.timeLimit = timeLimit
    self.plansTime = plansTime
    self.report = report
    self.isCancelled = isCancelled
  }
}

/// What happens while a study runs.
public enum StudyEvent: Sendable {
  /// The time of a part, by its title, is being planned.
  case planning(String)
  /// The seconds that the study will take at most, of which so many for training.
  case planned(seconds: Double, training: Double)
  /// A part begins.
  case part(id: String, title: String, points: Int)
  /// A training is done.
  case trained(String)
  /// One combination of a search is done.
  case searched(String)
  /// The rows of a point were written.
  case point([ResultRow])
  /// How much of the planned work is done, and the seconds left, where they are known.
  case progress(fraction: Double, secondsLeft: Double?)
}

/// What a study gave.
public struct StudyOutcome: Sendable {
  /// All rows, those of earlier runs included.
  public var table: ResultTable
  /// The claims of the card.
  public var claims: [ClaimVerdict]
  /// What each method costs on this machine.
  public var timings: [TimingRow]
  /// Seconds of one training, by the method's name: the median of those that this run made.
  public var trainingSeconds: [String: Double]
  /// The files that were written, in the study's folder.
  public var files: [String]
  /// Whether the study was stopped and can be resumed.
  public var wasInterrupted: Bool
  /// What did not succeed, a sentence each.
  public var failures: [String]
}
