/// One row of `results.csv`: one metric of one method at one point of one scenario.
///
/// A missing optional is an empty field. Numbers are written by their shortest description that
/// reads back to the same bits; `nan` and `inf` are allowed.
public struct ResultRow: Sendable, Hashable {
  /// The study's id.
  public var study: String
  /// The scenario's id and secondary axes: `isi-channel;noise=poisson`.
  public var scenario: String
  /// The method's name in this study: the label of its entry, or its id.
  public var method: String
  /// `model-based`, `hybrid` or `data-driven`.
  public var family: String
  /// The key of the axis that this point lies on: `snr`, `train_size`.
  public var axis: String
  /// Where on the axis.
  public var axisValue: Double
  /// The axis's unit with its convention: `dB`; empty for a number.
  public var axisUnit: String
  /// Items trained on; nil for a method that learns nothing.
  public var trainSize: Int?
  /// How wrong the known model was; nil where the study has no such axis.
  public var mismatch: Double?
  /// The training seed's number, from 0.
  public var replicate: Int
  /// The metric's id: `symbol_error_rate`.
  public var metric: String
  /// The metric's unit; empty for a rate.
  public var unit: String
  /// The metric.
  public var value: Double
  /// The lower end of its 95 % interval; nil when there are too few blocks for one.
  public var lower: Double?
  /// The upper end of its 95 % interval.
  public var upper: Double?
  /// Independent blocks.
  public var blocks: Int
  /// Items judged.
  public var trials: Int
  /// Wrong items; 0 for a metric that counts no errors.
  public var errors: Int
  /// The numerator's sum.
  public var sum: Double
  /// The sum of squares that belongs to `sum`.
  public var sumOfSquares: Double
  /// The denominator's sum.
  public var referenceSum: Double
  /// `ok`, or what did not succeed in a few words.
  public var status: String
  /// Why the point ended: `target-errors`, `maximum-trials`, `relative-width`.
  public var stopReason: String
  /// Seconds of inference; measured, so exempt from equality of runs.
  public var seconds: Double
  /// The study's root seed.
  public var seed: UInt64
  /// The hash of the resolved settings.
  public var config: String

  /// One row of results.
  public init(
    study: String,
    scenario: String,
    method: String,
    family: String,
    axis: String,
    axisValue: Double,
    axisUnit: String,
    trainSize: Int? = nil,
    mismatch: Double? = nil,
    replicate: Int = 0,
    metric: String,
    unit: String = "",
    value: Double,
    lower: Double? = nil,
    upper: Double? = nil,
    blocks: Int,
    trials: Int,
    errors: Int,
    sum: Double,
    sumOfSquares: Double,
    referenceSum: Double,
    status: String = "ok",
    stopReason: String = "",
    seconds: Double = 0,
    seed: UInt64,
    config: String
  ) {
    self.study = study
    self.scenario = scenario
    self.method = method
    self.family = family
    self.axis = axis
    self.axisValue = axisValue
    self.axisUnit = axisUnit
    self.trainSize = trainSize
    self.mismatch = mismatch
    self.replicate = replicate
    self.metric = metric
    self.unit = unit
    self.value = value
    self.lower = lower
    self.upper = upper
    self.blocks = blocks
    self.trials = trials
    self.errors = errors
    self.sum = sum
    self.sumOfSquares = sumOfSquares
    self.referenceSum = referenceSum
    self.status = status
    self.stopReason = stopReason
    self.seconds = seconds
    self.seed = seed
    self.config = config
  }
}

extension ResultRow {
  /// The columns of `results.csv`, in order.
  public static let columns = [
    "study", "scenario", "method", "family", "axis", "axis_value", "axis_unit", "train_size",
    "mismatch", "replicate", "metric", "unit", "value", "ci_low", "ci_high", "blocks", "trials",
    "errors", "sum", "sum_squares", "reference_sum", "status", "stop_reason", "seconds", "seed",
    "config",
  ]

  /// The fields in the order of ``columns``.
  package var fields: [String] {
    [
      study, scenario, method, family, axis, "\(axisValue)", axisUnit,
      trainSize.map { "\($0)" } ?? "", mismatch.map { "\($0)" } ?? "", "\(replicate)", metric,
      unit, "\(value)", lower.map { "\($0)" } ?? "", upper.map { "\($0)" } ?? "", "\(blocks)",
      "\(trials)", "\(errors)", "\(sum)", "\(sumOfSquares)", "\(referenceSum)", status,
      stopReason, "\(seconds)", "\(seed)", config,
    ]
  }

  /// The row as a line of CSV, line feed included.
  public var line: String { CSV.line(fields) }

  /// Reads the fields of one record.
  ///
  /// - Throws: ``CSV/Mistake`` naming the column and what stands there.
  package init(_ record: CSV.Record) throws(CSV.Mistake) {
    var reader = try FieldReader(record, columns: Self.columns)
    self.init(
      study: reader.text(),
      scenario: reader.text(),
      method: reader.text(),
      family: reader.text(),
      axis: reader.text(),
      axisValue: try reader.number(),
      axisUnit: reader.text(),
      trainSize: try reader.optionalInteger(),
      mismatch: try reader.optionalNumber(),
      replicate: try reader.integer(),
      metric: reader.text(),
      unit: reader.text(),
      value: try reader.number(),
      lower: try reader.optionalNumber(),
      upper: try reader.optionalNumber(),
      blocks: try reader.integer(),
      trials: try reader.integer(),
      errors: try reader.integer(),
      sum: try reader.number(),
      sumOfSquares: try reader.number(),
      referenceSum: try reader.number(),
      status: reader.text(),
      stopReason: reader.text(),
      seconds: try reader.number(),
      seed: try reader.unsigned(),
      config: reader.text()
    )
  }
}
