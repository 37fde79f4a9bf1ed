extension StudyPart {
  /// The scenario of the part, or nil when it reads files.
  package func scenario(in catalogue: Catalogue) -> ScenarioDescription? {
    guard case .scenario(let id, _) = source else { return nil }
    return catalogue.scenarios.first { $0.id == id }
  }

  /// Checks what needs more than one key at a time.
  func check(owner: String, catalogue: Catalogue) throws(StudyError) {
    try checkMethods(owner: owner, catalogue: catalogue)
    try checkAxes(owner: owner, catalogue: catalogue)
    let scenario = scenario(in: catalogue)
    if let tracking {
      guard let scenario, scenario.settings.contains(where: { $0.key == "block" }) else {
        throw .invalid("\(owner): tracking needs a scenario with the setting 'block'")
      }
      guard axes.allSatisfy({ $0.key != "train_size" && $0.key != "block" }) else {
        throw .invalid("\(owner): tracking cannot sweep 'train_size' or 'block'")
      }
      precondition(tracking.blocks > 0, "StudyPart: tracking without blocks")
    }
    if let mismatch {
      let known = scenario?.settings.map(\.key) ?? []
      guard known.contains(mismatch) else {
        throw .unknownKey(mismatch, owner: "\(owner): mismatch", known: known)
      }
    }
  }

  private func checkMethods(owner: String, catalogue: Catalogue) throws(StudyError) {
    for (index, method) in methods.enumerated() {
      let isTaken = methods[..<index].contains {
        $0.label == method.label && !$0.isApart(from: method)
      }
      guard !isTaken else {
        throw .invalid(
          "\(owner): two methods are called '\(method.label)'; give each its own 'label'"
        )
      }
    }
    let scenario = scenario(in: catalogue)
    var task = scenario?.task
    for method in methods {
      guard let description = catalogue.methods.first(where: { $0.id == method.id }) else {
        continue
      }
      if let task, task != description.task {
        throw .invalid(
          "\(owner): method \(method.id) is for \(description.task), the others are for \(task)"
        )
      }
      task = description.task
      if description.train != nil { try checkTraining(of: method, owner: owner) }
      if let scenario {
        let place = "\(owner): method \(method.label): training: scenario"
        try Self.check(method.training.scenario, scenario: scenario, owner: place)
        try Self.check(
          training.scenario,
          scenario: scenario,
          owner: "\(owner): training: scenario"
        )
      }
    }
    guard let task, catalogue.tasks.contains(where: { $0.id == task }) else {
      throw .invalid("\(owner): its task is not in the catalogue")
    }
  }

  private func checkTraining(of method: StudyMethod, owner: String) throws(StudyError) {
    let place = "\(owner): method \(method.label)"
    if case .files(let files) = source {
      guard files.train != nil else {
        throw .missingKey("train", owner: "\(place) learns; \(owner): data")
      }
      guard method.training.scenario.isEmpty else {
        throw .invalid("\(place): training: scenario has no meaning with 'data'")
      }
      return
    }
    let hasSize =
      tracking != nil || training.size != nil || method.training.size != nil
      || axes.contains { $0.key == "train_size" }
    guard hasSize else { throw .missingKey("size", owner: "\(place) learns; \(owner): training") }
  }

  private static func check(
    _ values: [String: SettingValue],
    scenario: ScenarioDescription,
    owner: String
  ) throws(StudyError) {
    for key in values.keys.sorted() {
      guard let description = scenario.settings.first(where: { $0.key == key }),
        let value = values[key]
      else {
        throw .unknownKey(key, owner: owner, known: scenario.settings.map(\.key))
      }
      _ = try description.checked(value, owner: owner)
    }
  }

  private func checkAxes(owner: String, catalogue: Catalogue) throws(StudyError) {
    let scenario = scenario(in: catalogue)
    let swept = axes.map(\.key) + average.map(\.key)
    guard Set(swept).count == swept.count else {
      throw .invalid("\(owner): a setting is swept or averaged twice")
    }
    for axis in average
    where Self.changesLearning(axis.key) || StudyAxis.methodSetting(axis.key) != nil {
      throw .invalid("\(owner): average: '\(axis.key)' cannot be averaged over")
    }
    for axis in axes + average {
      if axis.key == "train_size" {
        guard axis.values.allSatisfy({ $0 >= 1 && Int(exactly: $0) != nil }) else {
          throw .badValue(
            key: axis.key,
            value: axis.node.flow,
            expected: "whole numbers of at least 1",
            owner: "\(owner): axes"
          )
        }
        continue
      }
      if let (key, _) = StudyAxis.methodSetting(axis.key) {
        try checkMethodSetting(axis, key, owner: owner, catalogue: catalogue)
        continue
      }
      let key = axis.key.hasPrefix("training.") ? String(axis.key.dropFirst(9)) : axis.key
      guard let description = scenario?.settings.first(where: { $0.key == key }) else {
        throw .unknownKey(
          axis.key,
          owner: "\(owner): axes",
          known: ["train_size"] + (scenario?.settings.map(\.key) ?? [])
        )
      }
      for value in axis.values { _ = try description.checked(number: value, owner: owner) }
    }
    try checkSubsets(owner: owner, scenario: scenario)
  }

  /// At least one method must have the setting, and those that have it must take every value.
  private func checkMethodSetting(
    _ axis: StudyAxis,
    _ key: String,
    owner: String,
    catalogue: Catalogue
  )
    throws(StudyError)
  {
    guard tracking == nil else {
      throw .invalid("\(owner): tracking cannot sweep '\(axis.key)'")
    }
    let owners = catalogue.methods.filter { method in methods.contains { $0.id == method.id } }
    var isKnown = false
    for method in owners {
      guard let setting = method.settings.first(where: { $0.key == key }) else { continue }
      isKnown = true
      for value in axis.values { _ = try setting.checked(number: value, owner: method.id) }
    }
    guard isKnown else {
      throw .unknownKey(
        axis.key,
        owner: "\(owner): axes",
        known: Set(owners.flatMap { $0.settings.map(\.key) }).sorted()
      )
    }
  }

  /// A setting that an axis changes, as the first method that has it describes it.
  package func methodSetting(_ key: String, in catalogue: Catalogue) -> SettingDescription? {
    methods.lazy.compactMap { entry in
      catalogue.methods.first { $0.id == entry.id }?.settings.first { $0.key == key }
    }.first
  }

  /// What a subset names must exist; where the part does not sweep it, it has no effect there.
  private func checkSubsets(owner: String, scenario: ScenarioDescription?) throws(StudyError) {
    let swept = (axes + average).map(\.key)
    let known = swept + (scenario?.settings.map(\.key) ?? []) + ["train_size"]
    for method in methods {
      for subset in method.only + (method.search?.at ?? []) where !known.contains(subset.key) {
        throw .unknownKey(
          subset.key,
          owner: "\(owner): method \(method.label): only",
          known: known
        )
      }
    }
  }
}

extension SettingDescription {
  /// The number as this setting's value: whole where the setting is whole.
  func checked(number: Double, owner: String) throws(StudyError) -> SettingValue {
    if let whole = Int(exactly: number) { return try checked(.integer(whole), owner: owner) }
    return try checked(.number(number), owner: owner)
  }
}
