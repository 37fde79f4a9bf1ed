extension StudyReport {
  /// The whole page.
  func page(
    _ sections: [Section],
    pictures: [String: String],
    images: String = "",
    problem: String?
  ) -> String {
    let styles = styles
    let body = [
      heading, warnings(problem), verdicts,
      results(sections, pictures: pictures, styles: styles), paths(pictures), images,
      pairs,
      methodTable(styles: styles), runTimes, repetition,
    ]
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(HTML.text(title))</title>
      <style>
      \(ReportStyle.sheet)
      </style>
      </head>
      <body>
      <main>
      \(body.filter { !$0.isEmpty }.joined(separator: "\n"))
      </main>
      </body>
      </html>

      """
  }

  private var heading: String {
    let words = ["Study \(study)"] + facts.prefix(3).map { "\($0.name) \($0.value)" }
    return """
      <header>
      <h1>\(HTML.text(title))</h1>
      <p class="facts">\(HTML.text(words.joined(separator: " · ")))</p>
      <div class="card">\(HTML.paragraphs(claim))</div>
      </header>
      """
  }

  private func warnings(_ problem: String?) -> String {
    let sentences = notes + [problem].compactMap { $0 }
    guard !sentences.isEmpty else { return "" }
    let paragraphs = sentences.map { "<p>\(HTML.text($0))</p>" }.joined(separator: "\n")
    return "<div class=\"card warning\">\n\(paragraphs)\n</div>"
  }

  private var verdicts: String {
    guard !claims.isEmpty else { return "" }
    let counts = ClaimVerdict.Verdict.allCases.map { verdict in
      "\(claims.count { $0.verdict == verdict }) \(verdict.rawValue)"
    }
    let lines = claims.map { claim in
      let badge =
        switch claim.verdict {
        case .held: "held"
        case .notHeld: "failed"
        case .notTestable: "nothing"
        }
      return "<li><span class=\"verdict \(badge)\">\(claim.verdict.rawValue)</span>"
        + "<span>\(HTML.text(claim.sentence))</span>"
        + "<span class=\"detail\">\(HTML.text(claim.detail))</span></li>"
    }
    return """
      <section>
      <h2>Claims</h2>
      <p class="note">\(counts.joined(separator: ", ")).</p>
      <ul class="claims">
      \(lines.joined(separator: "\n"))
      </ul>
      </section>
      """
  }

  private func results(
    _ sections: [Section],
    pictures: [String: String],
    styles: [String: CurveStyle]
  ) -> String {
    let parts = sections.map { section in
      let results = section.results
      let metric = results.metric.title.lowercasedFirst
      let heading = "\(Typography.capitalised(results.panel.title)): \(metric)"
      return """
        <h3>\(HTML.text(heading))</h3>
        \(picture(section, pictures: pictures))
        \(ResultTableHTML(results, styles: styles).table)
        """
    }
    guard !parts.isEmpty else { return "<section>\n<p>There are no results yet.</p>\n</section>" }
    return "<section>\n<h2>Results</h2>\n\(parts.joined(separator: "\n"))\n</section>"
  }

  private func picture(_ section: Section, pictures: [String: String]) -> String {
    let caption = HTML.text(section.results.caption)
    guard let figure = section.figure else { return "<p class=\"note\">\(caption)</p>" }
    let name = HTML.text(figure.name)
    let files = "Files: figures/\(name).png, .svg, .dat, .gp."
    guard let address = pictures[figure.name] else {
      return "<p class=\"note\">\(caption) Not drawn: see figures/\(name).gp and .dat.</p>"
    }
    let alternative = HTML.text("\(figure.title): \(section.results.metric.title), as in the table")
    return """
      <figure>
      <img src="\(address)" alt="\(alternative)">
      <figcaption>\(caption) \(files)</figcaption>
      </figure>
      """
  }

  private func paths(_ pictures: [String: String]) -> String {
    let parts = paths.compactMap { path -> String? in
      guard let address = pictures[path.name] else { return nil }
      let name = HTML.text(path.name)
      return """
        <h3>\(HTML.text(Typography.capitalised(path.title)))</h3>
        <figure>
        <img src="\(address)" alt="\(HTML.text(path.title)): truth, observations and estimates">
        <figcaption>One test item: truth, observations and estimates. Files: figures/\(name).png, .svg, .dat, \
        .gp.</figcaption>
        </figure>
        """
    }
    guard !parts.isEmpty else { return "" }
    return "<section>\n<h2>Paths</h2>\n\(parts.joined(separator: "\n"))\n</section>"
  }

  private var pairs: String {
    guard !comparisons.isEmpty else { return "" }
    let rows = comparisons.map { pair in
      "<tr><th scope=\"row\">\(HTML.text(pair.method))</th>"
        + "<td class=\"words\">\(HTML.text(pair.reference))</td>"
        + "<td class=\"words\">\(HTML.text(pair.place))</td>"
        + "<td class=\"words\">\(HTML.text(Typography.words(pair.metric)))</td>"
        + "<td>\(ResultTableHTML.interval(pair.difference))</td>"
        + "<td>\(ResultTableHTML.interval(pair.quotient))</td></tr>"
    }
    return """
      <section>
      <h2>Differences on the same draws</h2>
      <p class="note">Both methods saw the same blocks, so what the blocks share cancels; 95 % \
      intervals over the paired blocks.</p>
      <div class="scroll"><table>
      <thead><tr><th scope="col">Method</th><th scope="col" class="words">Compared with</th>
      <th scope="col" class="words">At</th><th scope="col" class="words">Metric</th>
      <th scope="col">Difference</th><th scope="col">Ratio</th></tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }

  private var repetition: String {
    let lines = facts.map { "<dt>\(HTML.text($0.name))</dt><dd>\(HTML.text($0.value))</dd>" }
    var parts: [String] = []
    if !command.isEmpty { parts.append("<pre>\(HTML.text(command))</pre>") }
    if !lines.isEmpty { parts.append("<dl>\n\(lines.joined(separator: "\n"))\n</dl>") }
    if !settings.isEmpty {
      parts.append("<h3>Settings</h3>\n<pre>\(HTML.text(settings))</pre>")
    }
    guard !parts.isEmpty else { return "" }
    return """
      <section>
      <h2>How to repeat it</h2>
      \(parts.joined(separator: "\n"))
      <p class="note">All rows are in results.csv; medians and quartiles over replicates in \
      summary.csv; measured times in timings.csv.</p>
      </section>
      """
  }
}

extension StudyReport {
  /// The table of what each method is and costs.
  func methodTable(styles: [String: CurveStyle]) -> String {
    let records = allMethods
    guard !records.isEmpty else { return "" }
    let hasRemarks = records.contains { !$0.remark.isEmpty }
    let rows = records.map { record in
      let sample = styles[record.name].map { HTML.sample($0) } ?? ""
      return "<tr><th scope=\"row\">\(sample)\(HTML.text(record.name))</th>"
        + "<td class=\"words\">\(HTML.text(record.family))</td>"
        + cell(record.parameters.map { Typography.grouped($0) })
        + cell(record.multiplyAccumulates.map { Typography.grouped($0) })
        + cell(record.nanosecondsPerItem.map { Typography.rounded($0) })
        + cell(record.trainingItems.map { Typography.grouped($0) })
        + cell(record.trainingSeconds.map { Typography.duration($0) })
        + (hasRemarks
          ? "<td class=\"words remark\"><small>\(HTML.text(record.remark))</small></td>" : "")
        + "</tr>"
    }
    let items = HTML.text(Typography.plural(item))
    let unit = HTML.text(costUnit ?? item)
    let item = HTML.text(item)
    return """
      <section>
      <h2>Methods</h2>
      <div class="scroll"><table>
      <thead><tr><th scope="col">Method</th><th scope="col" class="words">Family</th>
      <th scope="col">Parameters</th><th scope="col">Multiply-<br>accumulates<br>per \(unit)</th>
      <th scope="col">Measured<br>ns per \(item)</th><th scope="col">Trained on<br>\(items)</th>
      <th scope="col">Training<br>time</th>\
      \(hasRemarks ? "<th scope=\"col\" class=\"words\">Remarks</th>" : "")</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }

  /// The table of times by items at once, where there is more than one number of them.
  var runTimes: String {
    let counts = Set(timings.map(\.items)).sorted()
    let several = timings.map(\.method).filter { name in
      timings.count { $0.method == name } > 1
    }
    guard !several.isEmpty else { return "" }
    var names: [String] = []
    for name in several where !names.contains(name) { names.append(name) }
    let used = counts.filter { count in
      timings.contains { $0.items == count && names.contains($0.method) }
    }
    let rows = names.map { name in
      "<tr><th scope=\"row\">\(HTML.text(name))</th>"
        + used.map { count in
          let row = timings.first { $0.method == name && $0.items == count }
          return cell(row.map { Typography.rounded($0.nanosecondsPerItem / 1000) })
        }.joined() + "</tr>"
    }
    let headings = used.map { "<th scope=\"col\">\(Typography.grouped($0)) at once</th>" }
    return """
      <section>
      <h2>Run time</h2>
      <p class="note">Microseconds per \(HTML.text(item)) on one thread, the median of repeated calls, measured \
      beside the study.</p>
      <div class="scroll"><table>
      <thead><tr><th scope="col">Method</th>\(headings.joined())</tr></thead>
      <tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table></div>
      </section>
      """
  }

  /// The given records, then the table's methods that have none.
  private var allMethods: [MethodRecord] {
    var records = methods
    for row in table.rows where !records.contains(where: { $0.name == row.method }) {
      records.append(MethodRecord(name: row.method, family: row.family))
    }
    return records
  }

  private func cell(_ words: String?) -> String { "<td>\(words.map(HTML.text) ?? "–")</td>" }
}

extension String {
  /// The text with a small first letter, unless it begins an abbreviation.
  fileprivate var lowercasedFirst: String {
    guard let first, !dropFirst().prefix(1).allSatisfy(\.isUppercase) else { return self }
    return first.lowercased() + dropFirst()
  }
}
