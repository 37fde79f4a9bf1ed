/// The rows of one panel and one metric, replicates gathered.
package struct PanelResults {
  /// One method at one value of the axis.
  package struct Cell {
    /// The rows, one a replicate.
    package var rows: [ResultRow]
    /// The median over replicates.
    package var value: Double
    /// The 95\u{a0}% interval of one replicate, or the quartiles of several.
    package var lower: Double?
    /// The upper end.
    package var upper: Double?
    /// The upper bound where a rate of errors saw none: 3 over the items.
    package var bound: Double?
  }

  /// How the panel is written.
  package let panel: PanelDescription
  /// How the metric is written.
  package let metric: PanelDescription.Metric
  /// The methods in order of appearance, with their families.
  package let methods: [(name: String, family: String)]
  /// The values of the axis in ascending order.
  package let positions: [Double]
  /// Whether any method has more than one replicate.
  package let hasReplicates: Bool
  private let cells: [String: [Double: Cell]]

  /// The rows of a table that belong to a panel and a metric.
  package init(
    _ table: ResultTable,
    panel: PanelDescription,
    metric: PanelDescription.Metric
  ) {
    self.panel = panel
    self.metric = metric
    var order: [(name: String, family: String)] = []
    var groups: [String: [Double: [ResultRow]]] = [:]
    for row in table.rows
    where row.scenario == panel.scenario && row.axis == panel.axis && row.metric == metric.id {
      if groups[row.method] == nil { order.append((row.method, row.family)) }
      groups[row.method, default: [:]][row.axisValue, default: []].append(row)
    }
    methods = order
    positions = Set(groups.values.flatMap(\.keys)).sorted()
    cells = groups.mapValues { $0.mapValues { Self.cell($0, metric) } }
    hasReplicates = cells.values.contains { $0.values.contains { $0.rows.count > 1 } }
  }

  /// What a method has at a value of the axis.
  package func cell(_ method: String, _ position: Double) -> Cell? { cells[method]?[position] }

  /// Every cell.
  package var all: [Cell] { cells.values.flatMap { $0.values } }

  private static func cell(_ rows: [ResultRow], _ metric: PanelDescription.Metric) -> Cell {
    let quartiles = Quartiles(rows.map(\.value))
    var cell = Cell(rows: rows, value: quartiles.median)
    if rows.count > 1 {
      cell.lower = quartiles.lower
      cell.upper = quartiles.upper
    } else {
      cell.lower = rows.first?.lower
      cell.upper = rows.first?.upper
    }
    let trials = rows.map(\.trials).min() ?? 0
    if metric.countsErrors, cell.value == 0, trials > 0 { cell.bound = 3 / Double(trials) }
    return cell
  }
}

extension PanelResults {
  /// The figure of this panel and metric, or nil when nothing in it can be drawn.
  package func figure(study: String, styles: [String: CurveStyle]) -> Figure? {
    let curves = methods.map { method in
      Figure.Curve(
        label: method.name,
        style: styles[method.name] ?? CurveStyle(colour: "#000000", dashes: [], marker: 7),
        points: positions.compactMap { point(method.name, $0) }
      )
    }
    let drawn = curves.filter { !$0.points.isEmpty }
    guard !drawn.isEmpty else { return nil }
    return Figure(
      name: Typography.fileName("\(panel.title) \(metric.id)"),
      title: "\(study): \(panel.title)",
      horizontal: Figure.Axis(
        title: panel.axisTitle,
        unit: panel.axisUnit,
        isLogarithmic: panel.isAxisLogarithmic
      ),
      vertical: Figure.Axis(
        title: metric.title,
        unit: metric.unit,
        isLogarithmic: metric.isLogarithmic,
        limit: metric.countsErrors ? 1 : nil
      ),
      curves: drawn
    )
  }

  private func point(_ method: String, _ position: Double) -> Figure.Point? {
    guard let cell = cell(method, position), cell.value.isFinite else { return nil }
    guard metric.isLogarithmic, cell.value <= 0 else {
      return Figure.Point(x: position, value: cell.value, lower: cell.lower, upper: cell.upper)
    }
    guard let bound = cell.bound else { return nil }
    return Figure.Point(x: position, value: nil, bound: bound)
  }

  /// What the figure's marks mean: draws, blocks, replicates, bounds, and what is missing.
  package var caption: String {
    let rows = all.flatMap(\.rows)
    var sentences = ["\(Typography.capitalised(metric.title)) of \(methods.count) methods."]
    if !panel.note.isEmpty { sentences.append(panel.note) }
    if let items = Self.range(rows.map(\.trials)), let blocks = Self.range(rows.map(\.blocks)) {
      sentences.append(
        "Each point: \(items) \(Typography.plural(panel.item)) in \(blocks) independent "
          + "\(blocks == "1" ? "block" : "blocks"); all methods see the same draws."
      )
    }
    if hasReplicates {
      let most = all.map(\.rows.count).max() ?? 0
      sentences.append(
        "Lines: medians of up to \(most) replicates (training seeds); bands: quartiles."
      )
    } else if all.contains(where: { $0.lower != nil }) {
      let marks = positions.count == 1 ? "Bars" : "Bands"
      sentences.append("\(marks): 95\u{a0}% intervals from the blocks.")
    }
    if metric.isLogarithmic, all.contains(where: { $0.bound != nil }) {
      sentences.append(
        "Open triangles pointing down: no error was seen; the mark is the upper bound "
          + "3/\(Typography.plural(panel.item)) (95\u{a0}%)."
      )
    }
    let failed = rows.count { $0.status != "ok" }
    if failed > 0 { sentences.append("\(failed) of \(rows.count) rows did not succeed.") }
    return sentences.joined(separator: " ")
  }

  private static func range(_ numbers: [Int]) -> String? {
    guard let low = numbers.min(), let high = numbers.max() else { return nil }
    if low == high { return Typography.grouped(low) }
    return "\(Typography.grouped(low)) to \(Typography.grouped(high))"
  }
}
