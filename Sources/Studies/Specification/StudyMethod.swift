/// One method of a part, with its settings.
public struct StudyMethod: Sendable, Hashable {
  /// The id in the catalogue.
  public var id: String
  /// The name in tables and legends, unique in its part.
  public var label: String
  /// All settings, resolved.
  public var settings: Settings
  /// Arrays of the source that the method reads under other names: its name, the source's name.
  public var arrays: [String: String]
  /// What differs from the part's training.
  public var training: TrainingOverride
  /// The values of axes and averaged settings at which it runs; others are left out.
  public var only: [StudyAxis]
  /// A search over settings before the study, if any.
  public var search: SearchPlan?

  /// What differs from the part's training for one method.
  public struct TrainingOverride: Sendable, Hashable {
    /// Items to learn from, also on an axis of training sizes.
    public var size: Int?
    /// Items drawn for validation.
    public var validation: Int?
    /// Settings of the scenario that differ in training.
    public var scenario: [String: SettingValue]
    /// Whether a tracking method starts each block from the one before.
    public var carries: Bool
  }
}

/// A search: every combination is trained once and judged on validation draws.
public struct SearchPlan: Sendable, Hashable {
  /// What decides.
  public enum Judge: String, Sendable, CaseIterable {
    /// The best validation loss of training; not for methods that learn nothing.
    case loss
    /// The task's first metric on validation draws.
    case metric
  }

  /// One searched setting and its candidates.
  public struct Choice: Sendable, Hashable {
    /// The setting of the method.
    public var key: String
    /// Its candidates.
    public var values: [SettingValue]
  }

  /// The searched settings; all combinations are tried, the last one varying fastest.
  public var grid: [Choice]
  /// What decides.
  public var judge: Judge
  /// Items of the validation draw.
  public var items: Int
  /// The values of axes and averaged settings at which it is held; the middle one where not given.
  public var at: [StudyAxis]
  /// Whether the study uses the best settings, or only records the search.
  public var usesBest: Bool

  /// All combinations, in order.
  package var combinations: [[String: SettingValue]] {
    grid.reduce([[:]]) { combinations, choice in
      combinations.flatMap { combination in
        choice.values.map { value in
          var extended = combination
          extended[choice.key] = value
          return extended
        }
      }
    }
  }
}
