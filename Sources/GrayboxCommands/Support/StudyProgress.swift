internal import Studies
internal import Synchronization

/// A study's progress on the error output: the plan, a line a point, and the time left.
final class StudyProgress: Sendable {
  private struct State {
    var isOpen = false
    var shown: ContinuousClock.Instant?
    var last = ""
  }

  private let console: Console
  private let state = Mutex(State())

  /// Progress on a console.
  init(_ console: Console) { self.console = console }

  /// Shows an event.
  func show(_ event: StudyEvent) {
    switch event {
    case .planning(let title): status("planning: \(title)")
    case .planned(let seconds, let training):
      line(
        "planned: at most \(NumberWords.duration(seconds)), of which "
          + "\(NumberWords.duration(training)) training"
      )
    case .part(_, let title, let points): line("\(title): \(points) points")
    case .trained, .searched: break
    case .point(let rows): if let words = Self.words(rows) { line(words) }
    case .progress(let fraction, let secondsLeft):
      var words = "\(Int((fraction * 100).rounded(.down))) % done"
      if let secondsLeft { words += ", \(NumberWords.duration(secondsLeft)) left" }
      status(words)
    }
  }

  /// Ends a rewritten line.
  func finish() {
    state.withLock { state in
      if state.isOpen { console.progress("\r\u{1B}[K") }
      state.isOpen = false
    }
  }

  /// A line that stays; a status line below it moves down.
  private func line(_ words: String) {
    state.withLock { state in
      let erased = state.isOpen ? "\r\u{1B}[K" : ""
      console.progress(erased + words + "\n" + (state.isOpen ? state.last : ""))
    }
  }

  /// A line that is rewritten on a terminal, and shown every half minute elsewhere.
  private func status(_ words: String) {
    state.withLock { state in
      let now = ContinuousClock.now
      let pause: Duration = console.rewritesLines ? .milliseconds(100) : .seconds(30)
      if let shown = state.shown, now - shown < pause { return }
      state.shown = now
      if console.rewritesLines {
        console.progress("\r\u{1B}[K" + words)
        state.isOpen = true
        state.last = words
      } else {
        console.progress(words + "\n")
      }
    }
  }

  /// `snr 6: Viterbi 0.0203, ViterbiNet 0.0211`: the first metric of each method of a point; of
  /// blocks in order of time, only all together.
  private static func words(_ rows: [ResultRow]) -> String? {
    let rows = rows.filter { $0.axis != "block" }
    guard let first = rows.first else { return nil }
    let own = rows.filter { $0.metric == first.metric }
    var place = first.scenario
    if !first.axis.isEmpty {
      place += "  \(first.axis) \(NumberWords.short(first.axisValue))"
      if !first.axisUnit.isEmpty { place += " \(first.axisUnit)" }
    }
    let values = own.map { "\($0.method) \(NumberWords.short($0.value))" }
    return "  \(place):  " + values.joined(separator: ",  ")
  }
}
