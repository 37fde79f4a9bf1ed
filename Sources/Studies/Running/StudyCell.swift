/// A swept or averaged setting and its value at one place of a study.
package struct StudyCoordinate: Sendable, Hashable {
  /// The axis's key.
  package var key: String
  /// Its value here.
  package var value: Double

  /// The coordinate as it stands in the column `scenario`.
  package var word: String { "\(key)=\(SettingValue.number(value).word)" }
}

/// One combination of averaged values at one point: what test arrays are drawn for.
package struct StudyCell: Sendable {
  /// Axes first, averaged settings after them.
  package let coordinates: [StudyCoordinate]
  /// The scenario's settings here; nil for the user's files.
  package let settings: Settings?
  /// The point without its methods, as the random streams know it.
  package let key: String

  /// Whether the values of a method's `only` hold here.
  package func isIn(_ subsets: [StudyAxis]) -> Bool {
    subsets.allSatisfy { subset in
      coordinates.allSatisfy { coordinate in
        coordinate.key != subset.key || subset.values.contains { Self.same($0, coordinate.value) }
      }
    }
  }

  /// A method's settings here: its own, and those that axes change.
  ///
  /// - Parameters:
  ///   - method: the entry of the study file.
  ///   - description: of the method; a setting that it does not have changes nothing.
  ///   - inTraining: whether axes of inference are left out.
  /// - Returns: the settings to train or to prepare it with.
  /// - Throws: ``StudyError`` for a value out of range.
  package func settings(
    of method: StudyMethod,
    _ description: MethodDescription,
    inTraining: Bool = false
  ) throws(StudyError) -> Settings {
    var values = method.settings.values
    for coordinate in coordinates {
      guard let (key, isTrained) = StudyAxis.methodSetting(coordinate.key),
        isTrained || !inTraining,
        let setting = description.settings.first(where: { $0.key == key })
      else { continue }
      values[key] = try setting.checked(number: coordinate.value, owner: method.label)
    }
    return try Settings(values, for: description.settings, owner: method.label)
  }

  /// Whether two numbers of a study file mean the same value.
  package static func same(_ a: Double, _ b: Double) -> Bool {
    abs(a - b) <= 1e-9 * max(abs(a), abs(b), 1e-300)
  }
}

/// One point of a part: the values of its axes.
package struct StudyPoint: Sendable {
  /// One coordinate an axis; none for a part that sweeps nothing.
  package let coordinates: [StudyCoordinate]
  /// One cell each combination of averaged values, the last varying fastest.
  package let cells: [StudyCell]

  /// The value of an axis here.
  package func value(of key: String) -> Double? {
    coordinates.first { $0.key == key }?.value
  }
}

extension StudyPart {
  /// The points in the order in which they run, the last axis varying fastest.
  package func points(in catalogue: Catalogue) throws(StudyError) -> [StudyPoint] {
    var points: [StudyPoint] = []
    for axisValues in Self.combinations(axes) {
      var cells: [StudyCell] = []
      for averaged in Self.combinations(average) {
        cells.append(try cell(axisValues + averaged, in: catalogue))
      }
      points.append(StudyPoint(coordinates: axisValues, cells: cells))
    }
    return points
  }

  /// Every combination of values.
  static func combinations(_ axes: [StudyAxis]) -> [[StudyCoordinate]] {
    axes.reduce([[]]) { combinations, axis in
      combinations.flatMap { combination in
        axis.values.map { combination + [StudyCoordinate(key: axis.key, value: $0)] }
      }
    }
  }

  private func cell(_ coordinates: [StudyCoordinate], in catalogue: Catalogue) throws(StudyError)
    -> StudyCell
  {
    let learning = coordinates.filter { Self.changesLearning($0.key) }
    let suffix = learning.map { ";" + $0.word }.joined()
    guard let scenario = scenario(in: catalogue), case .scenario(_, let base) = source else {
      return StudyCell(coordinates: coordinates, settings: nil, key: "data" + suffix)
    }
    var values = base.values
    for coordinate in coordinates where Self.changesScenario(coordinate.key) {
      values[coordinate.key] = try scenario.value(coordinate.value, of: coordinate.key)
    }
    let settings = try Settings(
      values,
      for: scenario.settings,
      owner: "scenario \(scenario.id)"
    )
    return StudyCell(
      coordinates: coordinates,
      settings: settings,
      key: scenario.key(settings) + suffix
    )
  }

  /// Whether an axis changes what is drawn.
  static func changesScenario(_ key: String) -> Bool {
    !changesLearning(key) && StudyAxis.methodSetting(key) == nil
  }

  /// Whether an axis changes what is learned and not what is judged on.
  static func changesLearning(_ key: String) -> Bool {
    key == "train_size" || key.hasPrefix("training.")
  }
}

extension ScenarioDescription {
  /// The number as the value of a setting.
  func value(_ number: Double, of key: String) throws(StudyError) -> SettingValue {
    guard let description = settings.first(where: { $0.key == key }) else {
      throw .unknownKey(key, owner: "scenario \(id)", known: settings.map(\.key))
    }
    return try description.checked(number: number, owner: "scenario \(id)")
  }

  /// The scenario and its settings as one word: what random streams are derived from.
  func key(_ settings: Settings) -> String {
    let words = settings.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.word)" }
    return ([id] + words).joined(separator: ";")
  }
}
