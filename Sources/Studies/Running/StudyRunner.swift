internal import Tensors

/// Runs a study: trains, evaluates, and writes everything but figures and the report.
///
/// Files in the folder: `study.yaml`, `results.csv`, `blocks.csv`, `summary.csv`, `timings.csv`,
/// `search.csv` where there is a search, and `models/`.
public struct StudyRunner: Sendable {
  /// The study.
  public let specification: StudySpecification
  /// The methods and scenarios.
  public let catalogue: Catalogue
  /// How it is run.
  public let options: StudyOptions
  private let storage: StudyStorage

  /// A runner of a study.
  public init(specification: StudySpecification, catalogue: Catalogue, options: StudyOptions) {
    self.init(
      specification: specification,
      catalogue: catalogue,
      options: options,
      storage: .files
    )
  }

  /// A runner with its own ways to read and write arrays and models.
  package init(
    specification: StudySpecification,
    catalogue: Catalogue,
    options: StudyOptions,
    storage: StudyStorage
  ) {
    self.specification = specification
    self.catalogue = catalogue
    self.options = options
    self.storage = storage
  }

  /// Runs the study to its end, or until it is stopped.
  ///
  /// - Returns: the whole table, the claims, and whether it was stopped.
  /// - Throws: ``StudyError`` for settings and arrays that do not fit, ``ResultFileError`` for
  ///   files that cannot be read or written, or what a method throws.
  public func run() throws -> StudyOutcome {
    let worlds = try specification.parts.map {
      try StudyWorld(
        $0,
        catalogue: catalogue,
        seed: specification.seed,
        readArrays: storage.readArrays
      )
    }
    let shard = options.shard ?? specification.shard ?? .whole
    if shard != .whole, let part = specification.parts.first(where: { $0.tracking != nil }) {
      throw StudyError.invalid("part \(part.id): blocks in order of time cannot be shared out")
    }
    let chunks = try specification.chunks(worlds)
    let folder = try StudyFolder(
      path: options.folder,
      specification: specification,
      shard: shard,
      chunks: chunks,
      resumes: options.resumes
    )
    let session = StudySession(
      specification: specification,
      options: options,
      shard: shard,
      folder: folder,
      storage: storage
    )
    let wasInterrupted: Bool
    do {
      try session.run(worlds: worlds, chunks: Array(chunks.dropFirst(folder.finishedChunks)))
      wasInterrupted = false
    } catch is StudyInterruption {
      wasInterrupted = true
    }
    return try outcome(folder, session: session, wasInterrupted: wasInterrupted)
  }

  private func outcome(
    _ folder: StudyFolder,
    session: StudySession,
    wasInterrupted: Bool
  ) throws -> StudyOutcome {
    let table = folder.table
    try table.writeSummary(to: "\(folder.path)/summary.csv")
    let names = [
      "study.yaml", "results.csv", "blocks.csv", "summary.csv", "timings.csv", "search.csv",
    ]
    let files = names.map { "\(folder.path)/\($0)" }.filter(FileAccess.exists)
    return StudyOutcome(
      table: table,
      claims: try ClaimCheck(
        specification: specification,
        catalogue: catalogue,
        table: table,
        blocks: BlockRow.read("\(folder.path)/blocks.csv")
      ).verdicts(),
      timings: session.timings,
      trainingSeconds: session.trainingSeconds,
      files: files,
      wasInterrupted: wasInterrupted,
      failures: table.failures
    )
  }
}

extension StudySpecification {
  /// All rows that the study writes, in order.
  func chunks(_ worlds: [StudyWorld]) throws -> [StudyChunk] {
    var chunks: [StudyChunk] = []
    for (index, part) in parts.enumerated() {
      let maker = RowMaker(specification: self, part: part, world: worlds[index])
      for point in try part.points(in: worlds[index].catalogue) {
        for replicate in 0..<part.replicates {
          let rows = try maker.identities(at: point, replicate: replicate)
          if rows.isEmpty { continue }
          chunks.append(
            StudyChunk(part: index, point: point, replicate: replicate, rows: rows)
          )
        }
      }
    }
    return chunks
  }
}
