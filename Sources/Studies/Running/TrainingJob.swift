/// One training: what is learned, from what, with which seed.
///
/// Rows that need the same training share it.
package struct TrainingJob: Sendable {
  /// The method with the settings to train with.
  package let method: StudyMethod
  /// Its description.
  package let description: MethodDescription
  /// The scenario's settings in training; nil for the user's files.
  package let scenario: Settings?
  /// Items to learn from; nil for all of the user's file.
  package private(set) var size: Int?
  /// Items to choose by; nil lets the method split some off.
  package let validation: Int?
  /// The number of the training seed.
  package let replicate: Int
  /// What is trained on, as the random streams know it: the same for all methods.
  package let key: String
  /// The name of its model file, without folder and ending; a digest at its end tells jobs apart.
  package let name: String

  /// The training on fewer items, for measuring what it costs.
  func withSize(atMost most: Int) -> TrainingJob {
    var job = self
    job.size = size.map { min($0, most) }
    return job
  }
}

extension StudyPart {
  /// The training that a method needs for a cell, or nil when it learns nothing.
  package func training(
    of method: StudyMethod,
    in cell: StudyCell,
    replicate: Int,
    seed: UInt64,
    world: StudyWorld
  ) throws(StudyError) -> TrainingJob? {
    let description = try world.description(of: method)
    guard description.train != nil else { return nil }
    let settings = try trainingSettings(of: method, in: cell, scenario: world.scenario)
    var method = method
    let own = try cell.settings(of: method, description, inTraining: true)
    let isSwept = own != method.settings
    method.settings = own
    let axisSize = cell.coordinates.first { $0.key == "train_size" }.map { Int($0.value) }
    let size = method.training.size ?? axisSize ?? training.size
    let validation = method.training.validation ?? training.validation
    let place =
      settings.flatMap { settings in world.scenario.map { $0.key(settings) } }
      ?? "data;\(world.digest)"
    let key =
      "\(place);size=\(size.map { "\($0)" } ?? "all")" + (training.redraws ? ";redrawn" : "")
    var decisive = method.node.asMap ?? StudyMap()
    for word in ["label", "only", "search", "training"] { decisive[word] = nil }
    if var settings = decisive["settings"]?.asMap {
      for setting in description.settings where setting.isForInference {
        settings[setting.key] = nil
      }
      decisive["settings"] = settings.entries.isEmpty ? nil : .map(settings)
    }
    let text =
      "\(key);validation=\(validation ?? 0);replicate=\(replicate);seed=\(seed)"
      + ";version=\(description.version);\(StudyNode.map(decisive).flow)"
      + (isSwept ? StudyNode(own.values).flow : "")
    let digest = StudyHash.of(text).prefix(10)
    let words = world.scenario.map { Self.telling(settings, of: $0) } ?? []
    let parts = [method.id] + words + ["n\(size.map { "\($0)" } ?? "all")", "r\(replicate)"]
    let readable = parts.joined(separator: "_").prefix(120)
    return TrainingJob(
      method: method,
      description: description,
      scenario: settings,
      size: size,
      validation: validation,
      replicate: replicate,
      key: key,
      name: "\(readable)_\(digest)"
    )
  }

  private func trainingSettings(
    of method: StudyMethod,
    in cell: StudyCell,
    scenario: ScenarioDescription?
  ) throws(StudyError) -> Settings? {
    guard let scenario, let settings = cell.settings else { return nil }
    var values = settings.values
    values.merge(training.scenario) { $1 }
    for coordinate in cell.coordinates where coordinate.key.hasPrefix("training.") {
      let key = String(coordinate.key.dropFirst("training.".count))
      values[key] = try scenario.value(coordinate.value, of: key)
    }
    values.merge(method.training.scenario) { $1 }
    return try Settings(values, for: scenario.settings, owner: "training: scenario \(scenario.id)")
  }

  /// The settings that a file name tells: real numbers, and what is not the standard value.
  private static func telling(_ settings: Settings?, of scenario: ScenarioDescription) -> [String] {
    guard let settings else { return [] }
    return scenario.settings.compactMap { description in
      guard let value = settings.values[description.key] else { return nil }
      var isTold = value != description.standard
      if case .number = description.kind { isTold = true }
      guard isTold else { return nil }
      let allowed = value.word.filter { $0.isLetter || $0.isNumber || "-.+".contains($0) }
      return "\(description.key)=\(allowed)"
    }
  }
}
