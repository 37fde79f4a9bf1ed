/// One line of a report that names a thing and its value: `CPU`, `BLAS core`.
public struct ReportFact: Sendable, Hashable {
  /// What it is.
  public var name: String
  /// Its value.
  public var value: String

  /// A named value.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }
}

/// What a report says of one method beside its results.
public struct MethodRecord: Sendable, Hashable {
  /// The name in the result table.
  public var name: String
  /// `model-based`, `hybrid` or `data-driven`.
  public var family: String
  /// Trained numbers.
  public var parameters: Int?
  /// Multiply-accumulates an item at inference.
  public var multiplyAccumulates: Int?
  /// Measured inference time of an item.
  public var nanosecondsPerItem: Double?
  /// Items that one training used.
  public var trainingItems: Int?
  /// Seconds that one training took (the median where there were several).
  public var trainingSeconds: Double?
  /// The settings that a search chose, or other words on the method; may be empty.
  public var remark: String

  /// What is known of one method; nil where it is not known or does not apply.
  public init(
    name: String,
    family: String,
    parameters: Int? = nil,
    multiplyAccumulates: Int? = nil,
    nanosecondsPerItem: Double? = nil,
    trainingItems: Int? = nil,
    trainingSeconds: Double? = nil,
    remark: String = ""
  ) {
    self.name = name
    self.family = family
    self.parameters = parameters
    self.multiplyAccumulates = multiplyAccumulates
    self.nanosecondsPerItem = nanosecondsPerItem
    self.trainingItems = trainingItems
    self.trainingSeconds = trainingSeconds
    self.remark = remark
  }
}

/// Two methods compared block by block on the same draws.
public struct PairedComparison: Sendable, Hashable {
  /// Where: the panel and the point, `SNR, AWGN; 10 dB`.
  public var place: String
  /// The metric's words.
  public var metric: String
  /// The method.
  public var method: String
  /// What it is compared with.
  public var reference: String
  /// Method minus reference, with its paired interval.
  public var difference: Interval
  /// Method over reference, with its paired interval.
  public var quotient: Interval

  /// A comparison of two methods.
  public init(
    place: String,
    metric: String,
    method: String,
    reference: String,
    difference: Interval,
    quotient: Interval
  ) {
    self.place = place
    self.metric = metric
    self.method = method
    self.reference = reference
    self.difference = difference
    self.quotient = quotient
  }
}
