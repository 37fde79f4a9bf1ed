public import Tensors

/// A synthetic world that draws labelled arrays for one task.
public struct ScenarioDescription: Sendable {
  /// What a draw is for; each purpose has its own random stream.
  public enum Purpose: String, Sendable {
    /// Samples to learn from.
    case training
    /// Samples to choose epochs by, of the same kind.
    case validation
    /// Samples to choose settings by at one point, of the kind that is reported on.
    case search
    /// Samples to report on.
    case test
  }

  /// The id, such as `isi-channel`.
  public var id: String
  /// The task whose methods it can compare.
  public var task: String
  /// One sentence.
  public var summary: String
  /// What can be set; any number here can be an axis of a study.
  public var settings: [SettingDescription]
  /// What one item is called: `symbol`.
  public var item: String
  /// Draws `count` items with everything a method may need: inputs, targets, knowledge (also in
  /// wrong versions under other names, such as `taps_noisy`).
  public var draw:
    @Sendable (
      _ settings: Settings, _ purpose: Purpose, _ count: Int, _ stream: RandomStream
    ) throws -> ArrayBundle
  /// The settings of a point as words for the axis label and its unit, by key: `snr` -> (`SNR`, `dB`).
  public var axisLabels: [String: AxisLabel]

  /// How an axis is written under a figure.
  public struct AxisLabel: Sendable, Hashable {
    /// The words, with the convention: `SNR 1/sigma^2`.
    public var title: String
    /// The unit: `dB`.
    public var unit: String

    /// A label.
    public init(title: String, unit: String) {
      self.title = title
      self.unit = unit
    }
  }

  /// A scenario.
  public init(
    id: String,
    task: String,
    summary: String,
    settings: [SettingDescription],
    item: String,
    axisLabels: [String: AxisLabel],
    draw: @escaping @Sendable (Settings, Purpose, Int, RandomStream) throws -> ArrayBundle
  ) {
    self.id = id
    self.task = task
    self.summary = summary
    self.settings = settings
    self.item = item
    self.axisLabels = axisLabels
    self.draw = draw
  }
}

/// A figure of merit of a task, kept as counts or sums so that blocks and machines can be merged.
public struct MetricDescription: Sendable {
  /// What one block contributed.
  public struct Count: Sendable, Hashable {
    /// Items judged.
    public var trials: Int
    /// Wrong items; 0 for a mean.
    public var errors: Int
    /// The sum whose ratio to `reference` is the metric; equals `errors` for an error rate.
    public var sum: Double
    /// The sum of squares of the items.
    public var sumOfSquares: Double
    /// The denominator: trials, or the reference energy of a ratio of means.
    public var reference: Double

    /// What one block contributed.
    public init(
      trials: Int,
      errors: Int,
      sum: Double,
      sumOfSquares: Double,
      reference: Double
    ) {
      self.trials = trials
      self.errors = errors
      self.sum = sum
      self.sumOfSquares = sumOfSquares
      self.reference = reference
    }
  }

  /// The id in `results.csv`: `symbol_error_rate`.
  public var id: String
  /// The name on an axis.
  public var title: String
  /// The unit; empty for a rate.
  ///
  /// In `dB` the value is ten times the decadic logarithm of the ratio of the sums.
  public var unit: String
  /// Whether figures show it on a logarithmic axis.
  public var isLogarithmic: Bool
  /// Whether it counts errors, so that a stop rule on errors applies.
  public var countsErrors: Bool
  /// Compares outputs with the truth.
  public var measure: @Sendable (_ outputs: ArrayBundle, _ truth: ArrayBundle) throws -> Count

  /// Whether values are decibels of the ratio of the sums.
  public var isInDecibels: Bool { unit == "dB" }

  /// A figure of merit.
  public init(
    id: String,
    title: String,
    unit: String,
    isLogarithmic: Bool,
    countsErrors: Bool,
    measure: @escaping @Sendable (ArrayBundle, ArrayBundle) throws -> Count
  ) {
    self.id = id
    self.title = title
    self.unit = unit
    self.isLogarithmic = isLogarithmic
    self.countsErrors = countsErrors
    self.measure = measure
  }
}

/// A task: what its methods have in common.
public struct TaskDescription: Sendable {
  /// The id: `symbol-detection`.
  public var id: String
  /// One sentence.
  public var summary: String
  /// Its figures of merit, the first being the one that figures show.
  public var metrics: [MetricDescription]
  /// What an entry of a target is called where targets are vectors: `state`.
  public var component: String
  /// What the operations of a method are counted for, where it is not an item: `step`.
  public var costUnit: String?
  /// How many items a bundle holds (symbols, vectors, steps).
  public var itemCount: @Sendable (ArrayBundle) throws -> Int
  /// The items of the range as a bundle of their own, for blocks and splits of a user's arrays.
  public var slice: @Sendable (ArrayBundle, Range<Int>) throws -> ArrayBundle
  /// How an array of one item is shown as an image, `[height, width]` from 0 black to 1 white; nil where
  /// items are not images, and for an array that is none.
  public var image: (@Sendable (_ arrays: ArrayBundle, _ name: String) throws -> Tensor<Float>?)?
  /// The metric that stands under an image; the first where not given.
  public var imageMetric: String?

  /// A task.
  public init(
    id: String,
    summary: String,
    metrics: [MetricDescription],
    component: String = "component",
    costUnit: String? = nil,
    itemCount: @escaping @Sendable (ArrayBundle) throws -> Int,
    slice: @escaping @Sendable (ArrayBundle, Range<Int>) throws -> ArrayBundle,
    image: (@Sendable (ArrayBundle, String) throws -> Tensor<Float>?)? = nil,
    imageMetric: String? = nil
  ) {
    self.id = id
    self.summary = summary
    self.metrics = metrics
    self.component = component
    self.costUnit = costUnit
    self.itemCount = itemCount
    self.slice = slice
    self.image = image
    self.imageMetric = imageMetric
  }
}

/// A named study: its file and the presets that shrink it.
public struct StudyDescription: Sendable {
  /// The id: `viterbinet`.
  public var id: String
  /// The study file, YAML; see `Documentation/StudyFiles.md`.
  public var file: String

  /// A named study.
  public init(id: String, file: String) {
    self.id = id
    self.file = file
  }
}

/// Everything that a program offers, given to the study engine and to the commands.
public struct Catalogue: Sendable {
  /// The tasks.
  public var tasks: [TaskDescription]
  /// The methods.
  public var methods: [MethodDescription]
  /// The scenarios.
  public var scenarios: [ScenarioDescription]
  /// The named studies.
  public var studies: [StudyDescription]

  /// A catalogue of the given parts.
  public init(
    tasks: [TaskDescription],
    methods: [MethodDescription],
    scenarios: [ScenarioDescription],
    studies: [StudyDescription]
  ) {
    self.tasks = tasks
    self.methods = methods
    self.scenarios = scenarios
    self.studies = studies
  }
}
