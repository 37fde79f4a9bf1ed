internal import Studies
internal import Testing

@Suite struct StudyReportTests {
  private static func report(_ table: ResultTable) -> StudyReport {
    StudyReport(
      study: "viterbinet",
      title: "A <b>title</b> & more",
      claim: "First.\n\nSecond \"claim\".",
      table: table,
      claims: [
        ClaimVerdict(sentence: "ratio < 2", verdict: .held, detail: "1.31"),
        ClaimVerdict(sentence: "ratio < 1", verdict: .notHeld, detail: "1.31"),
        ClaimVerdict(sentence: "more data", verdict: .notTestable, detail: "quick"),
      ],
      methods: [
        MethodRecord(
          name: "ViterbiNet",
          family: "hybrid",
          parameters: 6016,
          multiplyAccumulates: 5900,
          nanosecondsPerItem: 123.4,
          trainingItems: 5000,
          trainingSeconds: 0.42
        )
      ],
      comparisons: [
        PairedComparison(
          place: "SNR; 6 dB",
          metric: "SER",
          method: "ViterbiNet",
          reference: "Viterbi",
          difference: Interval(value: 1.2e-3, lower: 9e-4, upper: 1.5e-3),
          quotient: Interval(value: 1.31, lower: 1.22, upper: 1.4)
        )
      ],
      notes: ["The study was cut short."],
      item: "symbol",
      settings: "a: [1, 2]\n",
      command: "graybox study viterbinet --set title='<x>'",
      facts: [ReportFact("BLAS", "OpenBLAS & friends")]
    )
  }

  private static func page(
    _ table: ResultTable,
    gnuplot: Gnuplot = Gnuplot(path: nil)
  ) throws -> String {
    let folder = TemporaryFolder()
    let written = try report(table).write(to: folder.file("out/deep"), gnuplot: gnuplot)
    #expect(written.path == folder.file("out/deep/report.html"))
    return try folder.text("out/deep/report.html")
  }

  @Test("every method, claim, cost, setting and fact is in it, escaped")
  func complete() throws {
    let page = try Self.page(MadeUpStudy.table)
    for method in MadeUpStudy.methods { #expect(page.contains(HTML.text(method.name))) }
    let expected = [
      "A &lt;b&gt;title&lt;/b&gt; &amp; more", "<p>First.</p>\n<p>Second &quot;claim&quot;.</p>",
      "ratio &lt; 2", "1 held, 1 not held, 1 not testable.", "LSTM &amp; &lt;dense&gt; window",
      "<td>6016</td><td>5900</td><td>123</td><td>5000</td><td>420 ms</td>",
      "<td>1.20e-3<small>9.00e-4<br>1.50e-3</small></td>", "a: [1, 2]",
      "graybox study viterbinet --set title=&#39;&lt;x&gt;&#39;", "OpenBLAS &amp; friends",
      "The study was cut short.", "5 replicates", "10 of 100 values",
    ]
    for part in expected { #expect(page.contains(part)) }
    #expect(!page.contains("<b>") && !page.contains("<dense>") && !page.contains("<x>"))
  }

  @Test("it needs no network and no script, and its tags are balanced")
  func selfContained() throws {
    let page = try Self.page(MadeUpStudy.table, gnuplot: .found)
    #expect(!page.contains("http:") && !page.contains("https:") && !page.contains("<script"))
    for tag in ["table", "tr", "th", "td", "section", "figure", "div", "ul", "li", "p", "svg"] {
      let opened = page.count(of: "<\(tag)>") + page.count(of: "<\(tag) ")
      #expect(opened == page.count(of: "</\(tag)>"), "\(tag)")
    }
  }

  @Test("pictures are inside of it", .enabled(if: Gnuplot.found.path != nil))
  func pictures() throws {
    let page = try Self.page(MadeUpStudy.table, gnuplot: .found)
    #expect(page.count(of: "<img src=\"data:image/svg+xml;base64,") == 5)
  }

  @Test("without gnuplot it says so and keeps captions and tables")
  func withoutGnuplot() throws {
    let page = try Self.page(MadeUpStudy.table)
    #expect(page.contains("gnuplot was not found, so the figures are not drawn"))
    #expect(!page.contains("<img"))
    #expect(page.count(of: "<caption>") == 5)
  }

  @Test("a table cell shows value and interval, a bound, or a failure")
  func cells() throws {
    var failed = makeRow(axisValue: 4, value: 0.5)
    failed.status = "not converged"
    let page = try Self.page(
      ResultTable([makeRow(axisValue: 0), makeRow(axisValue: 2, value: 0), failed])
    )
    #expect(page.contains("<td>0.100<small>0.0950<br>0.105</small></td>"))
    #expect(page.contains("<td>&lt; 6.0e-5<small>0 in 50\u{2009}000</small></td>"))
    #expect(page.contains("<td class=\"failed\">0.500<small>not converged</small></td>"))
  }

  @Test("an empty table still makes a report")
  func empty() throws {
    #expect(try Self.page(ResultTable()).contains("There are no results yet."))
  }

  @Test("a folder that cannot be made is an error that names it")
  func cannotWrite() {
    #expect(
      throws: ResultFileError.cannotWrite(path: "/dev/null/x/figures", reason: "not a directory")
    ) { try Self.report(ResultTable()).write(to: "/dev/null/x", gnuplot: Gnuplot(path: nil)) }
  }

  @Test(
    "base 64 agrees with the published vectors",
    arguments: [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ]
  )
  func base64(plain: String, coded: String) {
    #expect(HTML.base64(Array(plain.utf8)) == coded)
  }
}

extension String {
  fileprivate func count(of part: String) -> Int {
    var count = 0
    var rest = Substring(self)
    while let range = rest.firstRange(of: part) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
