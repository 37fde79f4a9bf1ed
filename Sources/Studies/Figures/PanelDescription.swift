/// How one panel of a study is written: the rows of one scenario along one axis.
public struct PanelDescription: Sendable, Hashable {
  /// How a metric is written.
  public struct Metric: Sendable, Hashable {
    /// The id in the table.
    public var id: String
    /// The name on an axis.
    public var title: String
    /// The unit; empty for a rate.
    public var unit: String
    /// Whether figures show it on a logarithmic axis.
    public var isLogarithmic: Bool
    /// Whether it is a rate of errors, so that a value of 0 only bounds it.
    public var countsErrors: Bool

    /// A metric's words.
    public init(
      id: String,
      title: String,
      unit: String = "",
      isLogarithmic: Bool,
      countsErrors: Bool
    ) {
      self.id = id
      self.title = title
      self.unit = unit
      self.isLogarithmic = isLogarithmic
      self.countsErrors = countsErrors
    }
  }

  /// The rows' `scenario`, exactly.
  public var scenario: String
  /// The rows' `axis`.
  public var axis: String
  /// The panel's name: `SNR, AWGN`.
  public var title: String
  /// The axis's words with their convention: `SNR 1/sigma^2`.
  public var axisTitle: String
  /// The axis's unit.
  public var axisUnit: String
  /// Whether equal factors of the axis have equal lengths.
  public var isAxisLogarithmic: Bool
  /// The metrics to show, each in a figure and a table.
  public var metrics: [Metric]
  /// What one judged item is called: `symbol`.
  public var item: String
  /// Sentences for the caption: what is averaged over, what is known.
  public var note: String

  /// A panel's words.
  public init(
    scenario: String,
    axis: String,
    title: String,
    axisTitle: String,
    axisUnit: String,
    isAxisLogarithmic: Bool = false,
    metrics: [Metric],
    item: String = "item",
    note: String = ""
  ) {
    self.scenario = scenario
    self.axis = axis
    self.title = title
    self.axisTitle = axisTitle
    self.axisUnit = axisUnit
    self.isAxisLogarithmic = isAxisLogarithmic
    self.metrics = metrics
    self.item = item
    self.note = note
  }
}

extension PanelDescription {
  /// The panels of a table, in order of appearance, with words made from its ids.
  ///
  /// An axis is logarithmic when it is positive, has no unit in dB, spans a factor of 50 and has half
  /// of its values in the lowest third; a metric when it is an error rate, or is positive and spans
  /// a factor of 30.
  public static func all(in table: ResultTable) -> [PanelDescription] {
    struct Key: Hashable {
      var scenario: String
      var axis: String
    }
    var order: [Key] = []
    var groups: [Key: [ResultRow]] = [:]
    for row in table.rows {
      let key = Key(scenario: row.scenario, axis: row.axis)
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(row)
    }
    return order.compactMap { key in
      groups[key].map { described($0, scenario: key.scenario, axis: key.axis) }
    }
  }

  private static func described(
    _ rows: [ResultRow],
    scenario: String,
    axis: String
  ) -> PanelDescription {
    let unit = rows.first?.axisUnit ?? ""
    let known = ["snr": "SNR", "train_size": "Training-set size", "mismatch": "Model mismatch"]
    let words = known[axis] ?? Typography.words(axis)
    let place = Typography.replaced(scenario, ";", by: ", ")
    let positions = Set(rows.map(\.axisValue)).sorted()
    let isGeometric =
      unit != "dB" && spans(50, positions)
      && positions[positions.count / 2] < (positions.last ?? 0) / 3
    return PanelDescription(
      scenario: scenario,
      axis: axis,
      title: axis.isEmpty ? place : "\(words), \(place)",
      axisTitle: words,
      axisUnit: unit,
      isAxisLogarithmic: isGeometric,
      metrics: metrics(rows)
    )
  }

  private static func metrics(_ rows: [ResultRow]) -> [Metric] {
    var order: [String] = []
    for row in rows where !order.contains(row.metric) { order.append(row.metric) }
    return order.map { id in
      let own = rows.filter { $0.metric == id }
      let unit = own.first?.unit ?? ""
      let countsErrors = id.hasSuffix("error_rate")
      let isLogarithmic = countsErrors || (unit != "dB" && spans(30, own.map(\.value)))
      return Metric(
        id: id,
        title: Typography.words(id),
        unit: unit,
        isLogarithmic: isLogarithmic,
        countsErrors: countsErrors
      )
    }
  }

  private static func spans(_ factor: Double, _ values: [Double]) -> Bool {
    let finite = values.filter(\.isFinite)
    guard let low = finite.min(), let high = finite.max(), low > 0 else { return false }
    return high / low >= factor
  }
}
