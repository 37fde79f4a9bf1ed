extension StudyClaim {
  /// Reads one claim.
  ///
  /// A preset may leave out parts and methods of which the card speaks: with one, names that are
  /// not there are no mistake, and the claim cannot be tested.
  init(_ node: StudyNode, owner: String, parts: [StudyPart], hasPreset: Bool) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    guard let kind = try reader.choice("kind", Kind.self) else {
      throw .missingKey("kind", owner: owner)
    }
    self.kind = kind
    sentence = try reader.text("sentence")
    part = try reader.text("part")
    method = try reader.requiredText("method")
    reference = try reader.text("reference")
    metric = try reader.text("metric")
    at = try reader.axes("at")
    over = try reader.choice("over", Reduction.self)
    value = try reader.number("value", above: -.infinity)
    axis = try reader.text("axis")
    relative = try reader.number("relative", above: 0)
    within = try reader.number("within", above: 0)
    trials = try reader.integer("trials", atLeast: 1)
    presets = try reader.words("presets") ?? []
    row = try Self.row(reader.node("values"), owner: "\(owner): values")
    try reader.finish()
    try checkKeys(owner: owner)
    if !hasPreset { try checkNames(owner: owner, parts: parts) }
  }

  private static func row(_ node: StudyNode?, owner: String) throws(StudyError) -> [Reference] {
    let reader = try KeyReader(node, owner: owner)
    var row: [Reference] = []
    for entry in reader.map.entries {
      guard let axisValue = Double(entry.key) else {
        throw .invalid("\(owner): '\(entry.key)' is not a value of the axis")
      }
      guard let written = entry.node.asText, Double(written) != nil else {
        throw reader.bad(
          entry.key,
          entry.node,
          "a number in quotes, so that its last digit is known"
        )
      }
      row.append(Reference(axisValue: axisValue, written: written))
    }
    return row
  }

  private func checkKeys(owner: String) throws(StudyError) {
    let needsReference = [
      Kind.ratioAtMost, .ratioAtLeast, .below, .withinDecibels, .withFewer,
    ].contains(kind)
    let needsValue = [
      Kind.ratioAtMost, .ratioAtLeast, .valueAtMost, .valueAtLeast, .withinDecibels, .withFewer,
      .flatWithin,
    ].contains(kind)
    if needsReference, reference == nil { throw .missingKey("reference", owner: owner) }
    if needsValue, value == nil { throw .missingKey("value", owner: owner) }
    if kind == .matchesRow, row.isEmpty { throw .missingKey("values", owner: owner) }
  }

  private func checkNames(owner: String, parts: [StudyPart]) throws(StudyError) {
    let chosen = part.map { id in parts.filter { $0.id == id } } ?? parts
    guard chosen.count == 1, let part = chosen.first else {
      throw .badValue(
        key: "part",
        value: part ?? "nothing",
        expected: "one of \(parts.map(\.id).joined(separator: ", "))",
        owner: owner
      )
    }
    for name in [method, reference].compactMap({ $0 }) {
      let fits = part.methods.filter { $0.label == name || $0.id == name }
      let exact = part.methods.filter { $0.label == name }
      guard fits.count == 1 || exact.count == 1 else {
        throw .unknownKey(name, owner: "\(owner): method", known: part.methods.map(\.label))
      }
    }
  }
}
