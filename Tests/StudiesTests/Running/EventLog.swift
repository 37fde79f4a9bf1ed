import Studies
import Synchronization

/// Remembers what a study told.
final class EventLog: Sendable {
  private let log = Mutex<[StudyEvent]>([])
  var events: [StudyEvent] { log.withLock { $0 } }
  func append(_ event: StudyEvent) { log.withLock { $0.append(event) } }
}
