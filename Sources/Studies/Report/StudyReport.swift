/// A study's report: one HTML file that needs no network and no script, with its figures beside it.
///
/// ```swift
/// let report = StudyReport(
///   study: "viterbinet", title: "ViterbiNet against its rivals", claim: "...",
///   table: try ResultTable.read("out/results.csv"), claims: verdicts)
/// let written = try report.write(to: "out")
/// ```
public struct StudyReport: Sendable {
  /// What ``write(to:gnuplot:)`` made.
  public struct Written: Sendable, Equatable {
    /// The path of the report.
    public let path: String
    /// The figures whose pictures were drawn; their files lie in `figures/`.
    public let figures: [String]
    /// A sentence where pictures are missing; nil when all were drawn.
    public let problem: String?
  }

  /// The study's id.
  public var study: String
  /// The heading.
  public var title: String
  /// The study's card: what the paper claims and what is expected; empty lines part paragraphs.
  public var claim: String
  /// The rows.
  public var table: ResultTable
  /// The judged claims.
  public var claims: [ClaimVerdict]
  /// What the methods cost; methods of the table that are missing here get a line without numbers.
  public var methods: [MethodRecord]
  /// What to show and how to call it; empty to show all panels of the table under its own ids.
  public var panels: [PanelDescription]
  /// What inference took; shown where a method was timed for several numbers of items at once.
  public var timings: [TimingRow]
  /// Paired comparisons of methods; may be empty.
  public var comparisons: [PairedComparison]
  /// Paths in space whose data and scripts lie in `figures/` already.
  public var paths: [PathPicture]
  /// Sentences for the reader: what was cut short, what did not succeed.
  public var notes: [String]
  /// What one judged item is called, in the table of methods: `symbol`.
  public var item: String
  /// What operations are counted for, where it is not an item: `step`.
  public var costUnit: String?
  /// The resolved settings as YAML.
  public var settings: String
  /// The command that repeats the run.
  public var command: String
  /// CPU, kernels, BLAS core, threads, program version, date, seed and the like.
  public var facts: [ReportFact]

  /// A report of a study.
  public init(
    study: String,
    title: String,
    claim: String,
    table: ResultTable,
    claims: [ClaimVerdict],
    methods: [MethodRecord] = [],
    timings: [TimingRow] = [],
    panels: [PanelDescription] = [],
    comparisons: [PairedComparison] = [],
    paths: [PathPicture] = [],
    notes: [String] = [],
    item: String = "item",
    costUnit: String? = nil,
    settings: String = "",
    command: String = "",
    facts: [ReportFact] = []
  ) {
    self.study = study
    self.title = title
    self.claim = claim
    self.table = table
    self.claims = claims
    self.methods = methods
    self.timings = timings
    self.panels = panels
    self.comparisons = comparisons
    self.paths = paths
    self.notes = notes
    self.item = item
    self.costUnit = costUnit
    self.settings = settings
    self.command = command
    self.facts = facts
  }

  /// Writes `report.html` and `figures/` into a folder.
  ///
  /// - Parameters:
  ///   - directory: made where it is missing.
  ///   - gnuplot: the tool that draws; without it the report says so in the figures' places.
  /// - Returns: what was made.
  /// - Throws: ``ResultFileError`` when a file cannot be written.
  public func write(
    to directory: String,
    gnuplot: Gnuplot = .found
  ) throws(ResultFileError) -> Written {
    let sections = sections
    let outcome = try FigureFolder.write(
      sections.compactMap(\.figure),
      to: "\(directory)/figures",
      gnuplot: gnuplot
    )
    var pictures: [String: String] = [:]
    for name in outcome.drawn {
      let bytes = try FileAccess.contents(of: "\(directory)/figures/\(name).svg")
      pictures[name] = "data:image/svg+xml;base64,\(HTML.base64(bytes))"
    }
    var drawn = outcome.drawn
    for path in paths where FileAccess.exists("\(directory)/figures/\(path.name).gp") {
      guard gnuplot.path != nil,
        gnuplot.run("\(path.name).gp", in: "\(directory)/figures") == nil
      else { continue }
      let bytes = try FileAccess.contents(of: "\(directory)/figures/\(path.name).svg")
      pictures[path.name] = "data:image/svg+xml;base64,\(HTML.base64(bytes))"
      drawn.append(path.name)
    }
    let rows = try imageRows(in: "\(directory)/figures")
    let page = page(sections, pictures: pictures, images: rows, problem: outcome.problem)
    let path = "\(directory)/report.html"
    try FileAccess.replace(path, with: page)
    return Written(path: path, figures: drawn, problem: outcome.problem)
  }

  /// One panel and metric with its figure.
  struct Section {
    var results: PanelResults
    var figure: Figure?
  }

  /// The style of each method, the same in all figures.
  var styles: [String: CurveStyle] {
    CurveStyle.assigned(to: table.rows.map { ($0.method, $0.family) })
  }

  /// What there is to show, figures under names that differ.
  private var sections: [Section] {
    let styles = styles
    var used: [String: Int] = [:]
    var sections: [Section] = []
    for panel in panels.isEmpty ? PanelDescription.all(in: table) : panels {
      for metric in panel.metrics {
        let results = PanelResults(table, panel: panel, metric: metric)
        guard !results.methods.isEmpty else { continue }
        var figure = results.figure(study: study, styles: styles)
        if let name = figure?.name {
          used[name, default: 0] += 1
          if let count = used[name], count > 1 { figure?.name = "\(name)-\(count)" }
        }
        sections.append(Section(results: results, figure: figure))
      }
    }
    return sections
  }
}
