/// One panel of a study: its own source, axes and methods.
public struct StudyPart: Sendable, Hashable {
  /// The id, unique in the study; the first word of the column `scenario`.
  public var id: String
  /// The words above its figure.
  public var title: String
  /// Where its arrays come from.
  public var source: StudySource
  /// Settings that a row averages over, each combination with its own draws and trainings.
  public var average: [StudyAxis]
  /// What is swept: the first is the column `axis`, the others stand in the column `scenario`.
  public var axes: [StudyAxis]
  /// Items a block, for each combination of averaged values.
  public var itemBlock: Int
  /// Items at once at which inference is timed; empty to time a block.
  public var timedItems: [Int]
  /// When a point ends.
  public var stop: StopRule
  /// Training seeds.
  public var replicates: Int
  /// What methods that learn are given.
  public var training: TrainingPlan
  /// The setting of the scenario that the column `mismatch` reports, if any.
  public var mismatch: String?
  /// Set when blocks follow each other in time and methods carry what they learned.
  public var tracking: TrackingPlan?
  /// The item to draw as a path in space, if any.
  public var paths: PathPlan?
  /// The methods in the order of tables and legends.
  public var methods: [StudyMethod]
}

/// When a point ends; decided over blocks in order, the same blocks for all methods.
public struct StopRule: Sendable, Hashable {
  /// A point may end when every method has made so many errors.
  public var errors: Int?
  /// A point may end when every method's 95 % interval is at most this wide, relative to its value.
  public var relativeWidth: Double?
  /// A point ends when a row holds this many items, averaged values together.
  public var maximumTrials: Int
  /// No point ends by ``errors`` or ``relativeWidth`` before so many blocks.
  public var minimumBlocks: Int
}

/// What a method that learns is given.
public struct TrainingPlan: Sendable, Hashable {
  /// Items to learn from; nil for a study without training, or all of the user's file.
  public var size: Int?
  /// Items drawn for validation; nil lets the method split some off.
  public var validation: Int?
  /// Whether each pass of a training draws its items anew.
  public var redraws: Bool
  /// Settings of the scenario that differ in training.
  public var scenario: [String: SettingValue]
}

/// Blocks in order, each with pilots to learn from and a payload to judge on.
///
/// The scenario's setting `block` is the block's number. A method that learns starts each block
/// from what it knew after the one before.
public struct TrackingPlan: Sendable, Hashable {
  /// How many blocks.
  public var blocks: Int
  /// Items to learn from in each block.
  public var pilots: Int
  /// Items to judge on in each block.
  public var payload: Int
}
