extension StudySpecification {
  /// Reads a study file.
  ///
  /// - Parameters:
  ///   - yaml: the text of the file.
  ///   - source: its name, for messages.
  ///   - preset: the preset to lay over it; nil for the file as it is.
  ///   - assignments: `key=value` with a dotted key, laid over the preset, as after `--set`.
  ///   - seed: the seed in place of the file's.
  ///   - catalogue: the methods and scenarios that the file may name.
  /// - Throws: ``StudyError`` naming the place and the key, with the known keys where it is unknown.
  public init(
    yaml: String,
    source: String,
    preset: String? = nil,
    assignments: [String] = [],
    seed: UInt64? = nil,
    catalogue: Catalogue
  ) throws(StudyError) {
    var document = try StudyNode(yaml: yaml, source: source)
    if let preset { document = try Self.applied(preset, to: document, source: source) }
    for assignment in assignments {
      document = try Self.applied(assignment: assignment, to: document, source: source)
    }
    if let preset, var map = document.asMap {
      map["preset"] = .text(preset)
      document = .map(map)
    }
    try self.init(document, source: source, seed: seed, catalogue: catalogue)
  }

  private static func applied(
    _ preset: String,
    to document: StudyNode,
    source: String
  ) throws(StudyError) -> StudyNode {
    let presets = document.asMap?["presets"]?.asMap ?? StudyMap()
    guard let patch = presets[preset] else {
      throw .unknownKey(preset, owner: "\(source): presets", known: presets.keys)
    }
    return try document.merged(with: patch, path: "\(source): preset \(preset)")
  }

  /// Lays `a.b=value` over the file, and over each part that says something else in that place.
  private static func applied(
    assignment: String,
    to document: StudyNode,
    source: String
  ) throws(StudyError) -> StudyNode {
    let patch = try StudyNode.patch(setting: assignment)
    let owner = "\(source): --set \(assignment)"
    let key = patch.asMap?.keys.first ?? ""
    let parts = document.asMap?["parts"]?.asList ?? []
    let partsSayIt = parts.contains { $0.asMap?[key] != nil }
    guard StudyPart.keys.contains(key), partsSayIt, var map = document.asMap else {
      return try document.merged(with: patch, path: owner)
    }
    if map[key] != nil {
      map = try StudyNode.map(map).merged(with: patch, path: owner).asMap ?? map
    }
    var changed: [StudyNode] = []
    for part in parts {
      let applies = part.asMap?[key] != nil
      changed.append(applies ? try part.merged(with: patch, path: owner) : part)
    }
    map["parts"] = .list(changed)
    return .map(map)
  }

  private init(
    _ document: StudyNode,
    source: String,
    seed: UInt64?,
    catalogue: Catalogue
  ) throws(StudyError) {
    var reader = try KeyReader(document, owner: source)
    study = try reader.requiredText("study")
    guard Self.isWord(study) else {
      throw reader.bad("study", .text(study), "letters, digits, '-', '_' and '.'")
    }
    title = try reader.text("title") ?? study
    card = try reader.text("claim") ?? ""
    references = try reader.words("references") ?? []
    preset = try reader.text("preset")
    let written = try reader.integer("seed", atLeast: 0)
    self.seed = seed ?? UInt64(written ?? 1)
    guard self.seed <= UInt64(Int.max) else {
      throw .invalid("\(source): the seed \(self.seed) is above \(Int.max)")
    }
    let share = try reader.text("shard")
    shard = try share.map { text throws(StudyError) in try StudyShard(text) }
    let partNodes = try Self.parts(&reader)
    let claimNodes = reader.node("claims")
    _ = reader.node("presets")
    for key in StudyPart.keys { _ = reader.node(key) }
    try reader.finish()
    parts = []
    for node in partNodes {
      parts.append(try StudyPart(node, source: source, catalogue: catalogue))
    }
    guard Set(parts.map(\.id)).count == parts.count else {
      throw .invalid("\(source): two parts have the same id")
    }
    claims = []
    guard let list = (claimNodes ?? .list([])).asList else {
      throw .invalid("\(source): claims: expected a list")
    }
    for (index, node) in list.enumerated() {
      let owner = "\(source): claim \(index)"
      claims.append(try StudyClaim(node, owner: owner, parts: parts, hasPreset: preset != nil))
    }
  }

  /// Each part with what it inherits from the top.
  private static func parts(_ reader: inout KeyReader) throws(StudyError) -> [StudyNode] {
    let inherited = reader.map.entries.filter { StudyPart.keys.contains($0.key) }
    guard let node = reader.node("parts") else {
      return [.map(StudyMap(inherited.map { ($0.key, $0.node) }))]
    }
    guard let list = node.asList, !list.isEmpty else {
      throw .invalid("\(reader.owner): parts: expected a list with at least one part")
    }
    var parts: [StudyNode] = []
    for (index, part) in list.enumerated() {
      let owner = "\(reader.owner): part \(part.asMap?["id"]?.asText ?? "\(index)")"
      guard let own = part.asMap else { throw .invalid("\(owner): expected keys with values") }
      guard own["id"] != nil else { throw .missingKey("id", owner: owner) }
      var base = StudyMap(inherited.map { ($0.key, $0.node) })
      // What is swept or averaged is a part's own: it replaces, where other maps merge.
      for key in ["axes", "average"] where own[key] != nil { base[key] = nil }
      if own["data"] != nil { base["scenario"] = nil }
      if own["scenario"] != nil { base["data"] = nil }
      parts.append(try StudyNode.map(base).merged(with: part, path: owner))
    }
    return parts
  }
}
