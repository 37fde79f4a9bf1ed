extension StudyNode {
  /// The node with a patch laid over it.
  ///
  /// Maps merge key by key, null removes a key, anything else replaces. A map laid over a list of
  /// maps or words reaches into its entries: each of its keys names entries by `label`, `id`, `kind` or
  /// number from 0, or all of them by `*`.
  ///
  /// - Throws: ``StudyError`` when a key names no entry of a list.
  package func merged(with patch: StudyNode, path: String) throws(StudyError) -> StudyNode {
    switch (self, patch) {
    case (.map(var map), .map(let changes)):
      for change in changes.entries {
        let inner = path.isEmpty ? change.key : "\(path).\(change.key)"
        if change.node == .null {
          map[change.key] = nil
        } else {
          map[change.key] = try (map[change.key] ?? .null).merged(with: change.node, path: inner)
        }
      }
      return .map(map)
    case (.list(let list), .map(let changes))
    where !list.isEmpty && list.allSatisfy({ $0.asText != nil || $0.asMap != nil }):
      return .list(try Self.merged(list.map(\.asEntry), with: changes, path: path))
    case (_, .map(let changes)) where self == .null:
      return try StudyNode.map(StudyMap()).merged(with: .map(changes), path: path)
    default: return patch
    }
  }

  private static func merged(
    _ list: [StudyNode],
    with changes: StudyMap,
    path: String
  ) throws(StudyError) -> [StudyNode] {
    var entries = list.map { Optional($0) }
    for change in changes.entries {
      let chosen = entries.indices.filter { entries[$0]?.answers(to: change.key, at: $0) == true }
      guard !chosen.isEmpty else {
        throw .unknownKey(change.key, owner: path, known: names(list))
      }
      for index in chosen {
        if change.node == .null {
          entries[index] = nil
        } else if let entry = entries[index] {
          entries[index] = try entry.merged(with: change.node, path: "\(path).\(change.key)")
        }
      }
    }
    return entries.compactMap { $0 }
  }

  /// A word of a list as the entry that it stands for.
  private var asEntry: StudyNode {
    asText.map { .map(StudyMap([("id", .text($0))])) } ?? self
  }

  private static func names(_ list: [StudyNode]) -> [String] {
    list.enumerated().map { $1.asMap?["label"]?.asText ?? $1.asMap?["id"]?.asText ?? "\($0)" }
  }

  private func answers(to selector: String, at index: Int) -> Bool {
    guard let map = asMap else { return false }
    let names = ["label", "id", "kind"].compactMap { map[$0]?.asText }
    return selector == "*" || names.contains(selector) || selector == "\(index)"
  }

  /// The patch that `--set a.b.c=value` means.
  ///
  /// - Throws: ``StudyError`` when there is no equals sign or an empty key.
  package static func patch(setting assignment: String) throws(StudyError) -> StudyNode {
    guard let equals = assignment.firstIndex(of: "=") else {
      throw .invalid("--set \(assignment): expected key=value")
    }
    let keys = assignment[..<equals].split(separator: ".", omittingEmptySubsequences: false)
    guard !keys.contains(where: \.isEmpty) else {
      throw .invalid("--set \(assignment): a part of the key is empty")
    }
    let text = String(assignment[assignment.index(after: equals)...])
    let value = try StudyNode(yaml: text, source: "--set \(assignment)")
    return keys.reversed().reduce(value) { node, key in
      var map = StudyMap()
      map[String(key)] = node
      return .map(map)
    }
  }

  /// The dotted path of the first difference from another node and the two values, or nil.
  package func firstDifference(
    from other: StudyNode,
    path: String = ""
  ) -> (path: String, mine: String, other: String)? {
    func joined(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    switch (self, other) {
    case (.map(let a), .map(let b)):
      let keys = a.keys + b.keys.filter { a[$0] == nil }
      for key in keys {
        let found = (a[key] ?? .null).firstDifference(from: b[key] ?? .null, path: joined(key))
        if let found { return found }
      }
      return nil
    case (.list(let a), .list(let b)) where a.count == b.count:
      for index in a.indices {
        let name = a[index].asMap?["label"]?.asText ?? a[index].asMap?["id"]?.asText ?? "\(index)"
        if let found = a[index].firstDifference(from: b[index], path: joined(name)) {
          return found
        }
      }
      return nil
    default: return self == other ? nil : (path, flow, other.flow)
    }
  }
}
