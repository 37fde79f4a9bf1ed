internal import Synchronization

/// Shows a running study: rows as they come, and the time left.
///
/// On a terminal the last line is redrawn with every event. Elsewhere a line is written for the
/// plan, for each part, and for the state of things at most twice a minute.
public final class StudyDisplay: Sendable {
  private struct State {
    var part = ""
    var points = 0
    var donePoints = 0
    var fraction: Double?
    var secondsLeft: Double?
    var trained = 0
    var lastLine: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let isTerminal: Bool
  private let write: @Sendable (String) -> Void
  /// Seconds between two lines where there is no terminal.
  private static let quietSeconds = 30.0

  /// A display.
  ///
  /// - Parameters:
  ///   - isTerminal: whether lines can be redrawn.
  ///   - write: takes text, such as to standard error.
  public init(isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  /// Takes an event, from any thread.
  public func show(_ event: StudyEvent) {
    state.withLock { state in
      let lines = Self.take(event, into: &state)
      if isTerminal {
        let erase = "\r\u{1B}[K"
        write(erase + lines.map { $0 + "\n" }.joined() + Self.status(state))
      } else {
        writeRarely(lines, event, &state)
      }
    }
  }

  /// Ends the display: what follows begins on a line of its own.
  public func finish() {
    if isTerminal { write("\r\u{1B}[K") }
  }

  private func writeRarely(_ lines: [String], _ event: StudyEvent, _ state: inout State) {
    switch event {
    case .planned, .part:
      write(lines.map { $0 + "\n" }.joined())
    case .trained, .searched, .point, .progress:
      let now = ContinuousClock().now
      let last = state.lastLine ?? now
      if state.lastLine == nil { state.lastLine = now }
      guard (now - last).inSeconds >= Self.quietSeconds else { return }
      state.lastLine = now
      write(Self.status(state) + "\n")
    }
  }

  /// Updates the state; the lines that stay on the screen.
  private static func take(_ event: StudyEvent, into state: inout State) -> [String] {
    switch event {
    case .planned(let seconds, let training):
      return [
        "planned time: at most \(duration(seconds)), of which training \(duration(training))"
      ]
    case .part(_, let title, let points):
      (state.part, state.points, state.donePoints) = (title, points, 0)
      return [title]
    case .trained: state.trained += 1
    case .searched(let words): return ["  searched \(words)"]
    case .point(let rows):
      state.donePoints += 1
      return lines(of: rows)
    case .progress(let fraction, let left): (state.fraction, state.secondsLeft) = (fraction, left)
    }
    return []
  }

  /// One line a method for the first metric; of blocks in time, only all together.
  private static func lines(of rows: [ResultRow]) -> [String] {
    guard let metric = rows.first?.metric else { return [] }
    let width = rows.map(\.method.count).max() ?? 0
    return rows.filter { $0.metric == metric && $0.axis != "block" }.map { row in
      let place = row.axis.isEmpty ? "" : "\(row.axis) \(short(row.axisValue)) \(row.axisUnit)"
      let pad = String(repeating: " ", count: width - row.method.count)
      let interval =
        row.lower.flatMap { low in row.upper.map { " (\(short(low)) to \(short($0)))" } } ?? ""
      let status = row.status == "ok" ? "" : "  \(row.status)"
      return "  \(place)  \(row.method)\(pad)  \(short(row.value))\(interval)\(status)"
    }
  }

  private static func status(_ state: State) -> String {
    var words = ["\(state.part): point \(state.donePoints) of \(state.points)"]
    if state.trained > 0 { words.append("\(state.trained) trained") }
    if let fraction = state.fraction { words.append("\(Int(100 * fraction)) %") }
    if let left = state.secondsLeft { words.append("\(duration(left)) left") }
    return words.joined(separator: ", ")
  }

  /// Seconds in words: `3 min 20 s`.
  package static func duration(_ seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 1 else { return "under 1 s" }
    let whole = Int(min(seconds, 1e9).rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3600) h \(whole % 3600 / 60) min"
  }
}
