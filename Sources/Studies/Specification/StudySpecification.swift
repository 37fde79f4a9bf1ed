/// A study, resolved: every key of its file checked, every setting of every method filled in.
///
/// It is read from a study file (see `Documentation/StudyFiles.md`), a preset and `--set` laid over
/// it, and is written back as `study.yaml`, which gives the same specification again.
public struct StudySpecification: Sendable, Hashable {
  /// The id, a word.
  public var study: String
  /// The words above the report.
  public var title: String
  /// The card: what the paper claims and the band that is expected.
  public var card: String
  /// Keys in `Documentation/References.bib`.
  public var references: [String]
  /// The preset that was laid over the file, if any.
  public var preset: String?
  /// All random streams derive from it.
  public var seed: UInt64
  /// The share of blocks that the file asks for; nil for all.
  public var shard: StudyShard?
  /// The panels, in order.
  public var parts: [StudyPart]
  /// What the run checks.
  public var claims: [StudyClaim]

  /// The most useful part of an id: a letter or digit first, then also `-`, `_` and `.`.
  static func isWord(_ text: String) -> Bool {
    func isPlain(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }
    return text.utf8.first.map(isPlain) == true
      && text.utf8.allSatisfy { isPlain($0) || "-_.".utf8.contains($0) }
  }
}
