/// How a network is trained: a value that, with the data and a stream, decides every bit.
///
/// ```swift
/// var settings = TrainingSettings(.epochs(100), batchSize: 32)
/// settings.schedule = .cosine(from: 1e-2, to: 1e-4)
/// settings.validationFraction = 0.1
/// settings.patience = 10
/// ```
public struct TrainingSettings: Sendable, Hashable {
  /// How long a training is planned to be.
  public enum Duration: Sendable, Hashable {
    /// Passes over the training set.
    case epochs(Int)
    /// Optimiser steps; the last pass may be cut short.
    case steps(Int)
  }

  /// The planned length.
  public var duration: Duration
  /// Samples a step; the whole training set when nil.
  public var batchSize: Int?
  /// Into how many parts a batch is cut, which threads compute side by side; the loss must be a mean over samples.
  ///
  /// The bits depend on it, and not on how many threads there are.
  public var batchParts: Int
  /// How parameters follow their gradients.
  public var optimiser: OptimiserRule
  /// The learning rate of each step.
  public var schedule: LearningRateSchedule
  /// How large gradients may be.
  public var clip: GradientClip
  /// The decay of groups that have none of their own.
  public var weightDecay: Double
  /// Whether each pass is in an order of its own; a full batch is never shuffled.
  public var shuffles: Bool
  /// The share of the training set held out, when no validation set is given; 0 for none.
  public var validationFraction: Double
  /// Samples a batch of the validation set.
  public var validationBatchSize: Int
  /// Training stops when the validation loss has not fallen for so many epochs; nil for never.
  public var patience: Int?

  /// Adam at rate 1e-3, shuffled, without clipping, decay, validation and early stopping.
  public init(_ duration: Duration, batchSize: Int? = nil) {
    self.duration = duration
    self.batchSize = batchSize
    batchParts = 1
    optimiser = .adam()
    schedule = .constant(1e-3)
    clip = .none
    weightDecay = 0
    shuffles = true
    validationFraction = 0
    validationBatchSize = 4096
    patience = nil
  }

  /// Throws when a setting is out of range.
  func validate(hasValidation: Bool) throws(NetworkError) {
    func require(
      _ condition: Bool,
      _ name: String,
      _ value: String,
      _ requirement: String
    ) throws(NetworkError) {
      guard condition else {
        throw .invalidSetting(name: name, value: value, requirement: requirement)
      }
    }
    switch duration {
    case .epochs(let count): try require(count >= 1, "epochs", "\(count)", "at least 1")
    case .steps(let count): try require(count >= 1, "steps", "\(count)", "at least 1")
    }
    try require((batchSize ?? 1) >= 1, "batchSize", "\(batchSize ?? 0)", "at least 1")
    try require(batchParts >= 1, "batchParts", "\(batchParts)", "at least 1")
    try require(
      validationBatchSize >= 1,
      "validationBatchSize",
      "\(validationBatchSize)",
      "at least 1"
    )
    try require(
      weightDecay >= 0 && weightDecay.isFinite,
      "weightDecay",
      "\(weightDecay)",
      "0 or more"
    )
    try require(
      0..<1 ~= validationFraction,
      "validationFraction",
      "\(validationFraction)",
      "in 0..<1"
    )
    if let limit = clip.limit { try require(limit > 0, "clip", "\(limit)", "positive") }
    if let flaw = optimiser.flaw {
      try require(false, flaw.name, "\(flaw.value)", flaw.requirement)
    }
    if let flaw = schedule.flaw { try require(false, "schedule", flaw.value, flaw.requirement) }
    if let patience {
      try require(patience >= 1, "patience", "\(patience)", "at least 1")
      try require(
        hasValidation,
        "patience",
        "\(patience)",
        "left out without a validation set; give one or a validationFraction"
      )
    }
  }
}
