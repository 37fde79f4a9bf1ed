extension StudyMethod {
  init(_ node: StudyNode, owner: String, catalogue: Catalogue) throws(StudyError) {
    let name = node.asText ?? node.asMap?["label"]?.asText ?? node.asMap?["id"]?.asText ?? "?"
    let place = "\(owner): method \(name)"
    let written = node.asText.map { StudyNode.map(StudyMap([("id", .text($0))])) } ?? node
    var reader = try KeyReader(written, owner: place)
    let id = try reader.requiredText("id")
    guard let description = catalogue.methods.first(where: { $0.id == id }) else {
      throw .unknownKey(id, owner: "\(owner): methods", known: catalogue.methods.map(\.id))
    }
    self.id = id
    label = try reader.text("label") ?? id
    settings = try Settings(
      reader.settings("settings"),
      for: description.settings,
      owner: "\(place): settings"
    )
    arrays = [:]
    for (array, value) in try reader.settings("arrays") {
      guard case .text(let source) = value else {
        throw .badValue(
          key: array,
          value: value.word,
          expected: "the name of an array",
          owner: "\(place): arrays"
        )
      }
      guard description.arrays.contains(where: { $0.name == array }) else {
        throw .unknownKey(
          array,
          owner: "\(place): arrays",
          known: description.arrays.map(\.name)
        )
      }
      arrays[array] = source
    }
    training = try TrainingOverride(reader.node("training"), owner: "\(place): training")
    only = try reader.axes("only")
    let searchNode = reader.node("search")
    search = try searchNode.map { node throws(StudyError) in
      try SearchPlan(node, owner: "\(place): search", description: description)
    }
    try reader.finish()
  }
}

extension StudyMethod.TrainingOverride {
  init(_ node: StudyNode?, owner: String) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    size = try reader.integer("size", atLeast: 1)
    validation = try reader.integer("validation", atLeast: 1)
    scenario = try reader.settings("scenario")
    carries = try reader.flag("carries") ?? true
    try reader.finish()
  }
}

extension SearchPlan {
  /// The most combinations of one search.
  private static let mostCombinations = 10_000

  init(_ node: StudyNode, owner: String, description: MethodDescription) throws(StudyError) {
    var reader = try KeyReader(node, owner: owner)
    let settings = try KeyReader(reader.node("settings"), owner: "\(owner): settings")
    grid = []
    for entry in settings.map.entries {
      guard let values = entry.node.asList?.compactMap(\.asSetting), !values.isEmpty else {
        throw settings.bad(entry.key, entry.node, "a list of values to try")
      }
      var checked: [SettingValue] = []
      for value in values {
        let known = description.settings.first { $0.key == entry.key }
        guard let known else {
          throw .unknownKey(
            entry.key,
            owner: settings.owner,
            known: description.settings.map(\.key)
          )
        }
        checked.append(try known.checked(value, owner: settings.owner))
      }
      grid.append(Choice(key: entry.key, values: checked))
    }
    judge = try reader.choice("judge", Judge.self) ?? .metric
    items = try reader.integer("items", atLeast: 1) ?? 10_000
    at = try reader.axes("at")
    usesBest = try reader.flag("use") ?? true
    try reader.finish()
    let count = grid.reduce(1) { min(Self.mostCombinations + 1, $0 * $1.values.count) }
    guard !grid.isEmpty, count <= Self.mostCombinations else {
      throw .invalid("\(owner): expected 1 to \(Self.mostCombinations) combinations of settings")
    }
    guard judge == .metric || description.train != nil else {
      throw .invalid("\(owner): judge: loss needs a method that learns")
    }
  }
}
