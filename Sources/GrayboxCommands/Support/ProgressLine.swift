internal import Studies
internal import Synchronization

/// A training's progress: one line that is rewritten on a terminal, or a line now and then.
final class ProgressLine: Sendable {
  private struct State {
    var shown: ContinuousClock.Instant?
    var isOpen = false
  }

  private let console: Console
  private let state = Mutex(State())

  /// Progress on a console.
  init(_ console: Console) { self.console = console }

  /// Shows how far the training has come, unless something was shown just now.
  func show(_ progress: TrainingProgress) {
    let now = ContinuousClock.now
    let pause: Duration = console.rewritesLines ? .milliseconds(100) : .seconds(5)
    state.withLock { state in
      let isLast = progress.epoch == progress.epochs
      if let shown = state.shown, now - shown < pause, !isLast { return }
      state.shown = now
      if console.rewritesLines {
        console.progress("\r\u{1B}[K" + Self.words(progress))
        state.isOpen = true
      } else {
        console.progress(Self.words(progress) + "\n")
      }
    }
  }

  /// Ends a rewritten line.
  func finish() {
    state.withLock { state in
      if state.isOpen { console.progress("\n") }
      state.isOpen = false
    }
  }

  static func words(_ progress: TrainingProgress) -> String {
    var words = "epoch \(progress.epoch)/\(progress.epochs)"
    words += "  loss \(NumberWords.short(progress.trainingLoss))"
    if let validation = progress.validationLoss {
      words += "  validation \(NumberWords.short(validation))"
    }
    return words + "  \(NumberWords.duration(progress.secondsLeft)) left"
  }
}
