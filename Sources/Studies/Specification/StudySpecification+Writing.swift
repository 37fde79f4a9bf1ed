extension StudySpecification {
  /// The specification as a study file without presets, which reads back to the same.
  public var yaml: String { node.yaml }

  /// What changes no number: left out of comparisons and hashes.
  package static let wording = ["title", "claim", "references", "preset", "claims"]

  /// The specification as it is written.
  package var node: StudyNode {
    .map(
      StudyMap([
        ("study", .text(study)), ("title", .text(title)),
        ("claim", card.isEmpty ? .null : .text(card)),
        ("references", references.isEmpty ? .null : .list(references.map(StudyNode.text))),
        ("preset", StudyNode(word: preset)),
        ("seed", .value(.integer(Int(truncatingIfNeeded: seed)))),
        ("shard", StudyNode(word: shard?.text)),
        ("parts", .list(parts.map(\.node))),
        ("claims", claims.isEmpty ? .null : .list(claims.map(\.node))),
      ])
    )
  }

  /// What decides the numbers of the study.
  package var decisive: StudyNode {
    guard var map = node.asMap else { return node }
    for key in Self.wording + ["shard"] { map[key] = nil }
    return .map(map)
  }

  /// The hash of everything that decides a number.
  public var config: String { StudyHash.of(decisive.flow) }
}

extension StudyNode {
  /// Settings in alphabetical order, or null when there are none.
  init(_ values: [String: SettingValue]) {
    self =
      values.isEmpty
      ? .null
      : .map(StudyMap(values.sorted { $0.key < $1.key }.map { ($0.key, StudyNode($0.value)) }))
  }

  init(_ axes: [StudyAxis]) {
    self = axes.isEmpty ? .null : .map(StudyMap(axes.map { ($0.key, $0.node) }))
  }

  /// A whole number, or null.
  init(_ integer: Int?) {
    self = integer.map(StudyNode.integer) ?? .null
  }

  /// A word, or null.
  init(word: String?) {
    self = word.map(StudyNode.text) ?? .null
  }

  /// A number, or null.
  init(number: Double?) {
    self = number.map(StudyNode.number) ?? .null
  }

  /// The map, or null when it is empty.
  static func optional(_ pairs: [(String, StudyNode)]) -> StudyNode {
    let map = StudyMap(pairs)
    return map.entries.isEmpty ? .null : .map(map)
  }
}

extension StudyPart {
  /// The part as it is written.
  package var node: StudyNode {
    .map(
      StudyMap([
        ("id", .text(id)), ("title", .text(title)), source.entry, ("average", StudyNode(average)),
        ("axes", StudyNode(axes)), ("item_block", .integer(itemBlock)),
        ("timed_items", timedItems.isEmpty ? .null : .list(timedItems.map { .integer($0) })),
        ("stop", stop.node),
        ("replicates", .integer(replicates)), ("training", training.node),
        ("mismatch", StudyNode(word: mismatch)),
        ("tracking", tracking?.node ?? .null), ("paths", paths?.node ?? .null),
        ("methods", .list(methods.map(\.node))),
      ])
    )
  }
}

extension StudySource {
  /// The key and the node of the source.
  package var entry: (String, StudyNode) {
    switch self {
    case .scenario(let id, let settings):
      let values = StudyNode(settings.values).asMap ?? StudyMap()
      return (
        "scenario", .map(StudyMap([("id", .text(id))] + values.entries.map { ($0.key, $0.node) }))
      )
    case .files(let files):
      return (
        "data",
        .optional([
          ("train", StudyNode(word: files.train)),
          ("validation", StudyNode(word: files.validation)),
          ("test", .text(files.test)),
        ])
      )
    }
  }
}

extension StopRule {
  var node: StudyNode {
    .optional([
      ("errors", StudyNode(errors)),
      ("relative_width", StudyNode(number: relativeWidth)),
      ("maximum_trials", .integer(maximumTrials)), ("minimum_blocks", .integer(minimumBlocks)),
    ])
  }
}

extension TrainingPlan {
  var node: StudyNode {
    .optional([
      ("size", StudyNode(size)), ("validation", StudyNode(validation)),
      ("redraw", redraws ? StudyNode(SettingValue.flag(true)) : .null),
      ("scenario", StudyNode(scenario)),
    ])
  }
}

extension TrackingPlan {
  var node: StudyNode {
    .optional([
      ("blocks", .integer(blocks)), ("pilots", .integer(pilots)), ("payload", .integer(payload)),
    ])
  }
}

extension StudyMethod {
  /// The method as it is written.
  package var node: StudyNode {
    .map(
      StudyMap([
        ("id", .text(id)), ("label", .text(label)), ("settings", StudyNode(settings.values)),
        ("arrays", StudyNode(arrays.mapValues(SettingValue.text))),
        (
          "training",
          .optional([
            ("size", StudyNode(training.size)), ("validation", StudyNode(training.validation)),
            ("scenario", StudyNode(training.scenario)),
            ("carries", training.carries ? .null : .value(.flag(false))),
          ])
        ), ("only", StudyNode(only)), ("search", search?.node ?? .null),
      ])
    )
  }
}

extension SearchPlan {
  var node: StudyNode {
    .optional([
      (
        "settings",
        .map(StudyMap(grid.map { ($0.key, .list($0.values.map { StudyNode($0) })) }))
      ), ("judge", .text(judge.rawValue)), ("items", .integer(items)), ("at", StudyNode(at)),
      ("use", .value(.flag(usesBest))),
    ])
  }
}

extension StudyClaim {
  var node: StudyNode {
    var map = StudyMap()
    func put(_ key: String, _ node: StudyNode) { map[key] = node == .null ? nil : node }
    put("kind", .text(kind.rawValue))
    put("sentence", StudyNode(word: sentence))
    put("part", StudyNode(word: part))
    put("method", .text(method))
    put("reference", StudyNode(word: reference))
    put("metric", StudyNode(word: metric))
    put("at", StudyNode(at))
    put("over", StudyNode(word: over?.rawValue))
    put("value", StudyNode(number: value))
    put("axis", StudyNode(word: axis))
    put("relative", StudyNode(number: relative))
    put("within", StudyNode(number: within))
    put("trials", trials.map { .integer($0) } ?? .null)
    let written = row.map { (StudyNode.number($0.axisValue).flow, StudyNode.text($0.written)) }
    put("values", .optional(written))
    put("presets", presets.isEmpty ? .null : .list(presets.map(StudyNode.text)))
    return .map(map)
  }
}
