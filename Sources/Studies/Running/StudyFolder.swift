/// The files of a study: what is there on resuming, and what is appended.
///
/// `blocks.csv` is appended before `results.csv`; a point is done when all of its rows stand in
/// `results.csv`. What a kill left of a point is cut off on opening, and the point runs again.
final class StudyFolder {
  /// The folder.
  let path: String
  /// The table so far.
  private(set) var table: ResultTable
  /// How many of the study's chunks were done on opening.
  let finishedChunks: Int
  private let writer: ResultWriter

  private var blocksPath: String { "\(path)/blocks.csv" }
  /// Where models lie.
  var models: String { "\(path)/models" }

  /// Opens or makes the folder of a study.
  ///
  /// - Parameters:
  ///   - path: the folder.
  ///   - specification: the study.
  ///   - shard: the share of blocks.
  ///   - chunks: all rows that the study will write, in order.
  ///   - resumes: whether results that are there are gone on with; otherwise they are refused.
  /// - Throws: ``StudyError`` for other settings, ``ResultFileError`` for files that do not work.
  init(
    path: String,
    specification: StudySpecification,
    shard: StudyShard,
    chunks: [StudyChunk],
    resumes: Bool
  ) throws {
    self.path = path
    let results = "\(path)/results.csv"
    let study = "\(path)/study.yaml"
    var sharded = specification
    sharded.shard = shard == .whole ? nil : shard
    let written = sharded.node
    if FileAccess.exists(study) || FileAccess.exists(results) {
      guard resumes else {
        throw StudyError.invalid(
          "\(path): holds a study already; go on with --resume, or choose another folder by --out"
        )
      }
      try StudyFolder.compare(written, with: study)
    }
    try FileAccess.makeFolder("\(path)/models")
    if !FileAccess.exists(study) { try FileAccess.replace(study, with: written.yaml) }
    let existing = try ResultWriter(path: results).existing
    finishedChunks = try StudyFolder.finished(existing.rows, chunks, source: results)
    let keep = chunks.prefix(finishedChunks).reduce(0) { $0 + $1.rows.count }
    table = ResultTable(Array(existing.rows.prefix(keep)))
    if keep < existing.rows.count { try table.write(to: results) }
    writer = try ResultWriter(path: results)
    try keepBlocks(of: chunks.prefix(finishedChunks))
  }

  private static func compare(_ written: StudyNode, with study: String) throws {
    guard FileAccess.exists(study) else {
      throw StudyError.invalid(
        "\(study): is missing beside results.csv, so that its settings cannot be compared"
      )
    }
    let bytes = try FileAccess.contents(of: study)
    let old = try StudyNode(yaml: String(decoding: bytes, as: UTF8.self), source: study)
    let both = [old, written].map { node -> StudyNode in
      guard var map = node.asMap else { return node }
      for key in StudySpecification.wording { map[key] = nil }
      return .map(map)
    }
    if let found = both[0].firstDifference(from: both[1]) {
      throw StudyError.invalid(
        "\(study): '\(found.path)' is \(found.mine) in the folder and \(found.other) now; "
          + "resuming needs the same settings, so choose another folder by --out"
      )
    }
  }

  /// How many whole chunks the rows hold; what follows must be a beginning of the next one.
  private static func finished(_ rows: [ResultRow], _ chunks: [StudyChunk], source: String) throws
    -> Int
  {
    var line = 0
    for (number, chunk) in chunks.enumerated() {
      for identity in chunk.rows {
        guard line < rows.count else { return number }
        let row = rows[line]
        line += 1
        guard row.key == identity.key else {
          throw StudyError.invalid(
            "\(source): line \(line + 1) is not a row that this study writes there"
          )
        }
        guard row.config == identity.config else {
          throw StudyError.invalid(
            "\(source): line \(line + 1) was made with other settings, data or method version"
          )
        }
      }
    }
    guard line == rows.count else {
      throw StudyError.invalid("\(source): holds more rows than this study writes")
    }
    return chunks.count
  }

  /// Cuts `blocks.csv` back to the chunks that are done.
  private func keepBlocks(of chunks: ArraySlice<StudyChunk>) throws {
    let header = CSV.line(BlockRow.columns)
    let rows = try BlockRow.read(blocksPath, droppingTornEnd: true)
    let keys = Set(chunks.flatMap { $0.rows.map(\.key) })
    let kept = rows.filter { keys.contains($0.key) }
    let text = header + kept.map(\.line).joined()
    let old = FileAccess.exists(blocksPath) ? try FileAccess.contents(of: blocksPath) : []
    if old != Array(text.utf8) { try FileAccess.replace(blocksPath, with: text) }
  }

  /// Appends the rows of one chunk and flushes them to the disk.
  func append(_ rows: [ResultRow], _ blocks: [BlockRow]) throws {
    try FileAccess.append(blocks.map(\.line).joined(), to: blocksPath)
    try writer.append(rows)
    table.rows += rows
  }
}
