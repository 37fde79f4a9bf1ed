/// A checkable sentence of a study's card.
public struct StudyClaim: Sendable, Hashable {
  /// What is compared with what.
  public enum Kind: String, Sendable, CaseIterable {
    /// Metric of the method over metric of the reference, at most the value.
    case ratioAtMost = "ratio-at-most"
    /// The same, at least the value.
    case ratioAtLeast = "ratio-at-least"
    /// The method's metric is below the reference's.
    case below
    /// The method's metric is at most the value.
    case valueAtMost = "value-at-most"
    /// The method's metric is at least the value.
    case valueAtLeast = "value-at-least"
    /// The method's metric agrees with published numbers.
    case matchesRow = "matches-row"
    /// The method's metric is at most the reference's at an axis value that is so many decibels less.
    case withinDecibels = "within-decibels"
    /// The method's metric is at most the reference's at so many times the axis value.
    case withFewer = "with-fewer"
    /// The largest of the method's values is at most so many times the smallest.
    case flatWithin = "flat-within"
    /// The method's metric falls from each value of the axis to the next.
    case fallsWith = "falls-with"
  }

  /// How several points become one number.
  public enum Reduction: String, Sendable, CaseIterable {
    /// The largest.
    case maximum
    /// The smallest.
    case minimum
    /// The mean of the metric, before any ratio.
    case mean
  }

  /// One published number.
  public struct Reference: Sendable, Hashable {
    /// Where on the axis.
    public var axisValue: Double
    /// The number as it was printed; its last digit says how far it was rounded.
    public var written: String
  }

  /// What is claimed.
  public var kind: Kind
  /// The claim in words; nil makes a sentence.
  public var sentence: String?
  /// The part; nil when the study has one.
  public var part: String?
  /// The method's label or id.
  public var method: String
  /// The reference's label or id, for ratios.
  public var reference: String?
  /// The metric's id; nil for the task's first.
  public var metric: String?
  /// Where it is claimed, by axis; every point of the part where not given.
  public var at: [StudyAxis]
  /// How several points become one; nil asks it of every point.
  public var over: Reduction?
  /// The bound.
  public var value: Double?
  /// Published numbers.
  public var row: [Reference]
  /// The axis of `row`, or along which the metric falls.
  public var axis: String?
  /// For `matches-row`: a relative tolerance in place of five standard errors.
  public var relative: Double?
  /// For `matches-row`: an absolute tolerance in place of five standard errors, in the metric's unit.
  public var within: Double?
  /// For `matches-row`: the trials behind each published number, whose own sampling error then counts.
  public var trials: Int?
  /// The presets at which it can be tested; empty for all.
  public var presets: [String]
}
