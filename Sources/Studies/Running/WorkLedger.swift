internal import Synchronization

/// What a study has to do, what of it is done, and how long the rest will take.
final class WorkLedger: Sendable {
  /// A piece of work.
  enum Item: Hashable {
    /// A training, by the name of its model.
    case training(String)
    /// A point with its replicate.
    case evaluation(String)
    /// The search of one method.
    case search(part: String, method: String)
  }

  private struct State {
    var open: [Item: Double] = [:]
    var total = 0.0
    var done = 0.0
    var start: ContinuousClock.Instant?
  }

  private let state = Mutex(State())
  private let threads: Int
  private let report: @Sendable (StudyEvent) -> Void

  init(threads: Int, report: @escaping @Sendable (StudyEvent) -> Void) {
    self.threads = threads
    self.report = report
  }

  /// Plans a piece of work of so many seconds on one thread.
  func expect(_ item: Item, seconds: Double) {
    state.withLock { state in
      guard state.open[item] == nil else { return }
      state.open[item] = seconds
      state.total += seconds
    }
  }

  /// Says what was planned, and starts the clock.
  func begin() {
    let (total, training) = state.withLock { state in
      state.start = ContinuousClock().now
      let training = state.open.filter { item, _ in
        if case .evaluation = item { false } else { true }
      }
      return (state.total, training.values.reduce(0, +))
    }
    let threads = Double(threads)
    report(.planned(seconds: total / threads, training: training / threads))
  }

  /// Says that a piece of work is done; one that was not planned is passed over.
  func finish(_ item: Item) {
    let event = state.withLock { state -> StudyEvent? in
      guard let seconds = state.open.removeValue(forKey: item), let start = state.start else {
        return nil
      }
      state.done += seconds
      guard state.total > 0 else { return nil }
      let elapsed = (ContinuousClock().now - start).inSeconds
      let left = state.done > 0 ? elapsed * (state.total - state.done) / state.done : nil
      return .progress(fraction: state.done / state.total, secondsLeft: left)
    }
    if let event { report(event) }
  }
}
