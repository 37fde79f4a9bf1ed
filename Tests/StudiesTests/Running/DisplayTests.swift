import Studies
import Synchronization
import Testing

@Suite struct StudyDisplayTests {
  private final class Screen: Sendable {
    private let written = Mutex("")
    var text: String { written.withLock { $0 } }
    func write(_ text: String) { written.withLock { $0 += text } }
  }

  private func show(isTerminal: Bool) throws -> String {
    let screen = Screen()
    let display = StudyDisplay(isTerminal: isTerminal) { screen.write($0) }
    _ = try ToyFiles.withFolder { folder in
      try ToyStudy.run(in: folder) {
        $0.plansTime = true
        $0.report = { display.show($0) }
      }
    }
    display.finish()
    return screen.text
  }

  @Test("elsewhere than on a terminal a short study is two lines without escapes")
  func plain() throws {
    let lines = try show(isTerminal: false).split(separator: "\n")
    #expect(lines.count == 2 && lines[1] == "noise")
    #expect(lines[0].hasPrefix("planned time: at most "))
    #expect(!lines.joined().contains("\u{1B}"))
  }

  @Test("a terminal shows a line a method and point, and redraws the last line")
  func live() throws {
    let text = try show(isTerminal: true)
    #expect(text.contains("  snr 6 dB  Learned        "))
    #expect(text.contains("noise: point 4 of 4, 8 trained, 100 %, under 1 s left"))
    #expect(text.hasSuffix("\r\u{1B}[K"))
  }

  @Test(
    "durations in words",
    arguments: [(0.2, "under 1 s"), (59, "59 s"), (200, "3 min 20 s"), (7260, "2 h 1 min")]
  )
  func durations(seconds: Double, words: String) {
    #expect(StudyDisplay.duration(seconds) == words)
  }
}
