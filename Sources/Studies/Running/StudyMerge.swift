/// Puts the shares of a study together that several machines ran.
public enum StudyMerge {
  /// Merges folders of one study into a new folder.
  ///
  /// Each row is computed anew from the blocks of all folders, in order of their numbers: with a
  /// stop rule of trials alone the result is that of a single run, to the bit. Models stay where
  /// they are.
  ///
  /// - Parameters:
  ///   - folders: at least one, each complete.
  ///   - output: the new folder.
  ///   - catalogue: the methods and scenarios.
  /// - Returns: the whole table and its claims.
  /// - Throws: ``StudyError`` for different settings, a block that comes twice, or a folder that is
  ///   not complete.
  public static func merge(
    _ folders: [String],
    into output: String,
    catalogue: Catalogue
  ) throws -> StudyOutcome {
    try merge(folders, into: output, catalogue: catalogue, storage: .files)
  }

  /// Merges folders with its own way to read arrays.
  package static func merge(
    _ folders: [String],
    into output: String,
    catalogue: Catalogue,
    storage: StudyStorage
  ) throws -> StudyOutcome {
    let specification = try commonSpecification(folders, catalogue: catalogue)
    let worlds = try specification.parts.map {
      try StudyWorld(
        $0,
        catalogue: catalogue,
        seed: specification.seed,
        readArrays: storage.readArrays
      )
    }
    let shares = try folders.map { try Share($0) }
    let chunks = try specification.chunks(worlds)
    let folder = try StudyFolder(
      path: output,
      specification: specification,
      shard: .whole,
      chunks: chunks,
      resumes: false
    )
    for chunk in chunks {
      let world = worlds[chunk.part]
      let maker = RowMaker(specification: specification, part: world.part, world: world)
      try append(chunk, shares, maker, to: folder)
    }
    try folder.table.writeSummary(to: "\(output)/summary.csv")
    let timings = try shares.first.map { try $0.timings() } ?? []
    try TimingRow.write(timings, to: "\(output)/timings.csv")
    let claims = try ClaimCheck(
      specification: specification,
      catalogue: catalogue,
      table: folder.table,
      blocks: BlockRow.read("\(output)/blocks.csv")
    ).verdicts()
    let names = ["study.yaml", "results.csv", "blocks.csv", "summary.csv", "timings.csv"]
    return StudyOutcome(
      table: folder.table,
      claims: claims,
      timings: timings,
      trainingSeconds: [:],
      files: names.map { "\(output)/\($0)" },
      wasInterrupted: false,
      failures: folder.table.failures
    )
  }

  private static func commonSpecification(_ folders: [String], catalogue: Catalogue) throws
    -> StudySpecification
  {
    var common: StudySpecification?
    for folder in folders {
      let path = "\(folder)/study.yaml"
      let bytes = try FileAccess.contents(of: path)
      let one = try StudySpecification(
        yaml: String(decoding: bytes, as: UTF8.self),
        source: path,
        catalogue: catalogue
      )
      if let first = common, let found = first.decisive.firstDifference(from: one.decisive) {
        throw StudyError.invalid(
          "\(path): '\(found.path)' is \(found.other), but \(found.mine) in \(folders[0])"
        )
      }
      common = common ?? one
    }
    guard var common else { throw StudyError.invalid("merge: needs at least one folder") }
    common.shard = nil
    return common
  }

  /// What one folder holds.
  private struct Share {
    let folder: String
    let rows: [BlockRow.Key: ResultRow]
    let blocks: [BlockRow.Key: [BlockRow]]

    init(_ folder: String) throws {
      self.folder = folder
      let table = try ResultTable.read("\(folder)/results.csv")
      rows = Dictionary(table.rows.map { ($0.key, $0) }) { first, _ in first }
      blocks = Dictionary(grouping: try BlockRow.read("\(folder)/blocks.csv"), by: \.key)
    }

    func timings() throws -> [TimingRow] {
      let path = "\(folder)/timings.csv"
      return FileAccess.exists(path) ? try TimingRow.read(path) : []
    }
  }

  private static func append(
    _ chunk: StudyChunk,
    _ shares: [Share],
    _ maker: RowMaker,
    to folder: StudyFolder
  ) throws {
    let place = maker.place(of: chunk.point)
    let metrics = maker.world.task.metrics
    var rows: [ResultRow] = []
    var blocks: [BlockRow] = []
    for start in stride(from: 0, to: chunk.rows.count, by: metrics.count) {
      let own = Array(chunk.rows[start..<(start + metrics.count)])
      guard let method = maker.part.methods.first(where: { $0.label == own[0].key.method }) else {
        continue
      }
      let (tally, numbers, reason) = try merged(own, shares)
      let made = try maker.rows(
        tally,
        of: method,
        at: place,
        point: chunk.point,
        replicate: chunk.replicate,
        reason: reason
      )
      rows += made
      blocks += maker.blocks(tally, of: made, numbers: numbers)
    }
    try folder.append(rows, blocks)
  }

  private static func merged(_ identities: [StudyChunk.Identity], _ shares: [Share]) throws
    -> (BlockTally, [Int], StopReason)
  {
    var counts: [Int: [MetricDescription.Count]] = [:]
    var seconds = 0.0
    var failure: String?
    var reason = StopReason.maximumTrials
    for (index, share) in shares.enumerated() {
      for identity in identities {
        guard let row = share.rows[identity.key], row.config == identity.config else {
          throw StudyError.invalid(
            "\(share.folder): has no row of \(identity.key.method) at "
              + "\(identity.key.scenario) \(identity.key.axis)=\(identity.key.axisValue) "
              + "with these settings; finish it with --resume first"
          )
        }
        if identity == identities[0] {
          seconds += row.seconds
          if failure == nil, row.status != "ok" { failure = row.status }
          if index == 0 { reason = StopReason(rawValue: row.stopReason) ?? reason }
        }
        for block in share.blocks[identity.key] ?? [] {
          counts[block.block, default: []].append(block.count)
        }
      }
    }
    let numbers = counts.keys.sorted()
    if let twice = numbers.first(where: { counts[$0]?.count != identities.count }) {
      throw StudyError.invalid(
        "merge: block \(twice) of \(identities[0].key.method) at "
          + "\(identities[0].key.scenario) does not come exactly once"
      )
    }
    var tally = BlockTally()
    for (place, number) in numbers.enumerated() {
      tally.append([
        BlockResult(
          counts: counts[number] ?? [],
          seconds: place == 0 ? seconds : 0,
          failure: place == 0 ? failure : nil
        )
      ])
    }
    return (tally, numbers, reason)
  }
}
