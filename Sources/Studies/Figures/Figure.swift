/// What a figure shows, before any tool draws it.
public struct Figure: Sendable, Hashable {
  /// One of the two axes.
  public struct Axis: Sendable, Hashable {
    /// The words with the convention: `SNR 1/sigma^2`.
    public var title: String
    /// The unit: `dB`; empty for a number.
    public var unit: String
    /// Whether equal factors have equal lengths.
    public var isLogarithmic: Bool
    /// The largest value that can exist, such as 1 for a rate; nil for none.
    public var limit: Double?

    /// An axis.
    public init(
      title: String,
      unit: String = "",
      isLogarithmic: Bool = false,
      limit: Double? = nil
    ) {
      self.title = title
      self.unit = unit
      self.isLogarithmic = isLogarithmic
      self.limit = limit
    }

    /// Title and unit as they stand beside the axis.
    package var label: String {
      let words = Typography.capitalised(Typography.mathematical(title))
      guard !unit.isEmpty else { return words }
      let unit = Typography.mathematical(unit)
      return words.hasSuffix(")") ? "\(words), \(unit)" : "\(words) (\(unit))"
    }
  }

  /// One place on a curve.
  public struct Point: Sendable, Hashable {
    /// Where on the horizontal axis.
    public var x: Double
    /// The value; nil where there is none or where only a bound is known.
    public var value: Double?
    /// The lower end of the band.
    public var lower: Double?
    /// The upper end of the band.
    public var upper: Double?
    /// An upper bound in place of a value that a logarithmic axis cannot show: no error was seen.
    public var bound: Double?

    /// A place on a curve.
    public init(
      x: Double,
      value: Double?,
      lower: Double? = nil,
      upper: Double? = nil,
      bound: Double? = nil
    ) {
      self.x = x
      self.value = value
      self.lower = lower
      self.upper = upper
      self.bound = bound
    }
  }

  /// One method's points.
  public struct Curve: Sendable, Hashable {
    /// The name in the legend.
    public var label: String
    /// Colour, dashes and marker.
    public var style: CurveStyle
    /// The points in ascending order of `x`.
    public var points: [Point]

    /// A curve.
    public init(label: String, style: CurveStyle, points: [Point]) {
      self.label = label
      self.style = style
      self.points = points
    }
  }

  /// The name of the files, without an ending.
  public var name: String
  /// The line above: study and panel.
  public var title: String
  /// The axis of `x`.
  public var horizontal: Axis
  /// The axis of the values.
  public var vertical: Axis
  /// The curves in the order of the legend.
  public var curves: [Curve]

  /// A figure.
  public init(
    name: String,
    title: String,
    horizontal: Axis,
    vertical: Axis,
    curves: [Curve]
  ) {
    self.name = name
    self.title = title
    self.horizontal = horizontal
    self.vertical = vertical
    self.curves = curves
  }

  /// Every `x` of the figure, in ascending order.
  package var positions: [Double] {
    Set(curves.flatMap { $0.points.map(\.x) }).sorted()
  }

  /// Whether there is one `x` only: the methods then stand below each other, one dot each.
  package var isDotPlot: Bool { positions.count == 1 }

  /// Every number that the vertical axis has to hold, bands not counted.
  package var heights: [Double] {
    curves.flatMap(\.points).flatMap { [$0.value, $0.bound].compactMap { $0 } }
      .filter(\.isFinite)
  }
}
