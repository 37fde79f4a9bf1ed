#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The table of one panel and metric: a row a method, a column a value of the axis.
struct ResultTableHTML {
  private let results: PanelResults
  private let styles: [String: CurveStyle]
  private let columns: [Double]

  /// A table of at most twelve columns; of more values it shows some, evenly chosen.
  init(_ results: PanelResults, styles: [String: CurveStyle]) {
    self.results = results
    self.styles = styles
    let positions = results.positions
    let most = 10
    if positions.count <= 12 {
      columns = positions
    } else {
      columns = (0..<most).map { positions[$0 * (positions.count - 1) / (most - 1)] }
    }
  }

  private var isThinned: Bool { columns.count < results.positions.count }

  /// The table in HTML.
  var table: String {
    let axis = Figure.Axis(title: results.panel.axisTitle, unit: results.panel.axisUnit).label
    let heads = columns.map { "<th scope=\"col\">\(HTML.text(Typography.plain($0)))</th>" }
    let total = isThinned ? "<th scope=\"col\">all \(results.positions.count)</th>" : ""
    let rows = results.methods.map { method in
      let sample = styles[method.name].map { HTML.sample($0) } ?? ""
      let cells = columns.map { cell(method.name, $0) }
      let mean = isThinned ? "<td>\(pooled(method.name))</td>" : ""
      return "<tr><th scope=\"row\">\(sample)\(HTML.text(method.name))</th>"
        + "\(cells.joined())\(mean)</tr>"
    }
    return """
      <div class="scroll"><table\(columns.count < 4 ? " class=\"narrow\"" : "")>
      <caption>\(HTML.text(caption))</caption>
      <thead><tr><th scope="col">\(HTML.text(axis))</th>\(heads.joined())\(total)</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      """
  }

  private var caption: String {
    let unit = results.metric.unit.isEmpty ? "" : " (\(results.metric.unit))"
    var words = Typography.capitalised(results.metric.title) + unit
    if results.hasReplicates {
      words += ": medians over replicates with quartiles"
    } else if results.all.contains(where: { $0.lower != nil }) {
      words += " with 95\u{a0}% intervals"
    }
    if isThinned {
      words += "; \(columns.count) of \(results.positions.count) values, all are in results.csv"
    }
    return words + "."
  }

  private func cell(_ method: String, _ position: Double) -> String {
    guard let cell = results.cell(method, position) else { return "<td>–</td>" }
    if let failed = cell.rows.first(where: { $0.status != "ok" }) {
      return "<td class=\"failed\">\(HTML.text(number(cell.value)))"
        + "<small>\(HTML.text(failed.status))</small></td>"
    }
    if let bound = cell.bound {
      let trials = Typography.grouped(cell.rows.map(\.trials).min() ?? 0)
      return "<td>&lt; \(Typography.rounded(bound, digits: 2))<small>0 in \(trials)</small></td>"
    }
    let interval = Interval(value: cell.value, lower: cell.lower, upper: cell.upper)
    return "<td>\(Self.interval(interval, number))</td>"
  }

  /// The ratio of all sums, as the mean over the axis.
  private func pooled(_ method: String) -> String {
    let rows = results.positions.flatMap { results.cell(method, $0)?.rows ?? [] }
    let reference = rows.reduce(0) { $0 + $1.referenceSum }
    guard reference > 0 else { return "–" }
    let mean = rows.reduce(0) { $0 + $1.sum } / reference
    return HTML.text(number(results.metric.unit == "dB" ? 10 * log10(mean) : mean))
  }

  /// A number of the table: hundredths of a decibel, else three digits.
  private func number(_ value: Double) -> String {
    results.metric.unit == "dB" ? Typography.decimals(value, 2) : Typography.rounded(value)
  }

  /// A value with its interval below it.
  static func interval(
    _ interval: Interval,
    _ number: (Double) -> String = { Typography.rounded($0) }
  ) -> String {
    let value = HTML.text(number(interval.value))
    guard let lower = interval.lower, let upper = interval.upper else { return value }
    return "\(value)<small>\(HTML.text(number(lower)))<br>\(HTML.text(number(upper)))</small>"
  }
}
