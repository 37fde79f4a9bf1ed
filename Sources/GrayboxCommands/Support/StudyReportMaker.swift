internal import Studies

/// Gathers what a study's report says: results, costs, words for axes, and this machine.
struct StudyReportMaker {
  /// The study.
  let specification: StudySpecification
  /// What it gave.
  let outcome: StudyOutcome
  /// The methods and scenarios.
  let catalogue: Catalogue
  /// The output folder.
  let folder: String
  /// The command that repeats the run.
  let command: String

  /// The report.
  ///
  /// - Throws: ``ResultFileError`` when the study's block or search file cannot be read.
  func report() throws -> StudyReport {
    StudyReport(
      study: specification.study,
      title: specification.title,
      claim: specification.card,
      table: outcome.table,
      claims: outcome.claims,
      methods: try records(),
      timings: outcome.timings,
      panels: panels,
      comparisons: try comparisons(),
      paths: PathPicture.all(in: specification),
      notes: notes,
      item: scenarios.first?.item ?? "item",
      costUnit: specification.parts.lazy.compactMap { task(of: $0)?.costUnit }.first,
      settings: specification.yaml,
      command: command,
      facts: facts
    )
  }

  /// The results and claims as text, for the terminal.
  var summary: String {
    // Blocks in order of time are too many for a terminal; all together have a table of their own.
    let tables = panels.filter { $0.axis != "block" }.flatMap { panel in
      panel.metrics.map { table(panel, $0) }
    }
    let claims = outcome.claims.map { claim in
      "\(claim.verdict.rawValue): \(claim.sentence)"
        + (claim.detail.isEmpty ? "" : " (\(claim.detail))")
    }
    return (tables + [claims.joined(separator: "\n")]).filter { !$0.isEmpty }
      .joined(separator: "\n\n")
  }

  private func table(_ panel: PanelDescription, _ metric: PanelDescription.Metric) -> String {
    let rows = outcome.table.rows.filter {
      $0.scenario == panel.scenario && $0.axis == panel.axis && $0.metric == metric.id
    }
    var places: [Double] = []
    var methods: [String] = []
    for row in rows {
      if !places.contains(row.axisValue) { places.append(row.axisValue) }
      if !methods.contains(row.method) { methods.append(row.method) }
    }
    let unit = panel.axisUnit.isEmpty ? "" : " \(panel.axisUnit)"
    let headings = places.map { NumberWords.short($0) + unit }
    var table = TextTable(
      [panel.axis.isEmpty ? "method" : panel.axisTitle] + headings,
      rightAligned: Set(1...max(1, places.count))
    )
    for method in methods {
      table.append(
        [method]
          + places.map { place in
            let values = rows.filter { $0.method == method && $0.axisValue == place }.map(\.value)
            return values.isEmpty ? "-" : NumberWords.short(Self.median(values))
          }
      )
    }
    let median = rows.contains { $0.replicate > 0 } ? ", medians of the replicates" : ""
    return "\(panel.title): \(metric.title)\(median)\n\(table.text)"
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }

  private var scenarios: [ScenarioDescription] {
    specification.parts.compactMap { $0.scenario(in: catalogue) }
  }

  /// What each method costs, in the order of its first appearance.
  private func records() throws -> [MethodRecord] {
    let searches = try SearchRow.read("\(folder)/search.csv")
    var records: [MethodRecord] = []
    for part in specification.parts {
      for method in part.methods where !records.contains(where: { $0.name == method.label }) {
        guard let description = catalogue.methods.first(where: { $0.id == method.id }) else {
          continue
        }
        // the largest number of items at once is what the method costs in bulk
        let timing = outcome.timings.filter { $0.method == method.label }
          .max { $0.items < $1.items }
        let cost = try? description.cost(method.settings)
        let best = searches.first { $0.method == method.label && $0.isBest }
        let tried = searches.count { $0.method == method.label && $0.part == best?.part }
        records.append(
          MethodRecord(
            name: method.label,
            family: description.family.rawValue,
            parameters: timing?.parameters ?? cost?.parameters,
            multiplyAccumulates: timing?.multiplyAccumulates ?? cost?.multiplyAccumulates,
            nanosecondsPerItem: timing?.nanosecondsPerItem,
            trainingItems: outcome.table.rows.first { $0.method == method.label }?.trainSize,
            trainingSeconds: outcome.trainingSeconds[method.label],
            remark: best.map { "\($0.settings), the best of \(tried) searched" } ?? ""
          )
        )
      }
    }
    return records
  }

  /// The panels with the words of their parts, scenarios and tasks.
  private var panels: [PanelDescription] {
    PanelDescription.all(in: outcome.table).map { panel in
      let words = panel.scenario.split(separator: ";").map(String.init)
      guard let part = specification.parts.first(where: { $0.id == words.first }) else {
        return panel
      }
      var panel = panel
      panel.title = ([part.title] + words.dropFirst()).joined(separator: ", ")
      if let scenario = part.scenario(in: catalogue) {
        panel.item = scenario.item
        if let label = scenario.axisLabels[panel.axis] {
          panel.axisTitle = label.title
          panel.axisUnit = label.unit
        }
      }
      if let (key, _) = StudyAxis.methodSetting(panel.axis),
        let setting = part.methodSetting(key, in: catalogue)
      {
        // what comes before the first stop says what it is, the rest how to set it
        panel.axisTitle = String(setting.summary.prefix { $0 != ";" && $0 != "," })
        panel.axisUnit = setting.unit
      }
      panel.metrics = panel.metrics.map { worded($0, of: part) }
      if !part.average.isEmpty {
        panel.note =
          "Averaged over "
          + part.average.map { "\($0.values.count) values of \($0.key)" }.joined(separator: ", ")
          + "."
      }
      return panel
    }
  }

  private func task(of part: StudyPart) -> TaskDescription? {
    let method = catalogue.methods.first { $0.id == part.methods.first?.id }
    return catalogue.tasks.first { $0.id == method?.task }
  }

  /// The metric with the words of its task.
  private func worded(
    _ metric: PanelDescription.Metric,
    of part: StudyPart
  ) -> PanelDescription.Metric {
    guard let known = task(of: part)?.metrics.first(where: { $0.id == metric.id }) else {
      return metric
    }
    return PanelDescription.Metric(
      id: known.id,
      title: known.title,
      unit: known.unit,
      isLogarithmic: known.isLogarithmic,
      countsErrors: known.countsErrors
    )
  }

  private var notes: [String] {
    var notes = outcome.failures
    if outcome.wasInterrupted {
      notes.append("The study was interrupted: the table holds what was done.")
    }
    return notes
  }

  private var facts: [ReportFact] {
    let machine = MachineReport()
    var facts = [
      ReportFact("program", "graybox \(GrayboxProgram.version)"),
      ReportFact("seed", "\(specification.seed)"),
      ReportFact("settings", specification.config),
      ReportFact("processor", machine.processor),
      ReportFact("threads", "\(machine.threads)"),
      ReportFact("kernels", machine.kernels),
      ReportFact("BLAS", machine.blasWords),
    ]
    if let preset = specification.preset { facts.insert(ReportFact("preset", preset), at: 1) }
    if let warning = machine.pinWarning { facts.append(ReportFact("warning", warning)) }
    return facts
  }
}
