/// Appends rows to `results.csv`, each call flushed to the disk.
///
/// A file whose last line was torn by a kill is cut back to its last whole record on opening.
/// A reference type, since it owns an open file; use it from one task at a time.
public final class ResultWriter {
  /// The file.
  public let path: String
  /// The rows that the file held on opening.
  public let existing: ResultTable
  /// Whether a torn end was cut off on opening.
  public let repairedTornEnd: Bool
  private let file: Int32

  /// Opens a result file, makes it with its header where it is missing, and repairs a torn end.
  ///
  /// - Throws: ``ResultFileError`` when it cannot be written or holds something else.
  public init(path: String) throws(ResultFileError) {
    let bytes = FileAccess.exists(path) ? try FileAccess.contents(of: path) : []
    let header = ResultTable.header + "\n"
    let isTornHeader = !bytes.contains(UInt8(ascii: "\n")) && header.utf8.starts(with: bytes)
    var wholeLength = 0
    if isTornHeader {
      existing = ResultTable()
      repairedTornEnd = !bytes.isEmpty
    } else {
      existing = try ResultTable(decoding: bytes, source: path, droppingTornEnd: true)
      wholeLength = try ResultTable.records(bytes, source: path).complete.last?.endOffset ?? 0
      repairedTornEnd = wholeLength < bytes.count
    }
    self.path = path
    file = try FileAccess.openForAppending(path)
    if repairedTornEnd { try FileAccess.truncate(file, to: wholeLength, path: path) }
    if isTornHeader { try FileAccess.append(header, to: file, path: path) }
  }

  deinit { FileAccess.closeFile(file) }

  /// Appends rows in one write and flushes them to the disk.
  ///
  /// - Throws: ``ResultFileError/cannotWrite(path:reason:)``.
  public func append(_ rows: [ResultRow]) throws(ResultFileError) {
    guard !rows.isEmpty else { return }
    try FileAccess.append(rows.map(\.line).joined(), to: file, path: path)
  }
}
