internal import Studies

/// The settings that a command line gives: a file's, then `--set`, which wins.
struct GivenSettings {
  private let fromFile: [String: SettingValue]
  private let file: String
  private let fromLine: [String: SettingValue]

  /// Reads the file, if any, and the `key=value` words.
  ///
  /// - Throws: ``CommandFailure``: 65 for the file, 64 for a word that is not `key=value`.
  init(config: String?, assignments: [String]) throws(CommandFailure) {
    file = config ?? ""
    fromFile = try config.map(Self.read(_:)) ?? [:]
    var values: [String: SettingValue] = [:]
    for assignment in assignments {
      let (key, value) = try Self.parsed(assignment)
      values[key] = value
    }
    fromLine = values
  }

  /// The method's resolved settings.
  ///
  /// - Parameters:
  ///   - descriptions: what the method can be told.
  ///   - base: the settings of a trained model, which the given ones change.
  ///   - owner: whose settings they are, for messages.
  /// - Returns: every setting of the method.
  /// - Throws: ``CommandFailure`` with 65 for what the file says and 64 for what `--set` says.
  func resolved(
    for descriptions: [SettingDescription],
    over base: [String: SettingValue] = [:],
    owner: String
  ) throws(CommandFailure) -> Settings {
    try Self.check(fromFile, descriptions, owner: "\(file): \(owner)", .badData)
    try Self.check(fromLine, descriptions, owner: "--set: \(owner)", .usage)
    let given = base.merging(fromFile) { $1 }.merging(fromLine) { $1 }
    do {
      return try Settings(given, for: descriptions, owner: owner)
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
  }

  /// Checks each value by itself, so that a mistake is blamed on where it was written.
  private static func check(
    _ given: [String: SettingValue],
    _ descriptions: [SettingDescription],
    owner: String,
    _ code: CommandFailure.Code
  ) throws(CommandFailure) {
    for key in given.keys.sorted() {
      let known = descriptions.filter { $0.key == key }
      do {
        if known.isEmpty {
          throw StudyError.unknownKey(key, owner: owner, known: descriptions.map(\.key))
        }
        _ = try Settings(given.filter { $0.key == key }, for: known, owner: owner)
      } catch {
        throw CommandFailure(code, "\(error)")
      }
    }
  }

  private static func read(_ path: String) throws(CommandFailure) -> [String: SettingValue] {
    do {
      let bytes = try FileAccess.contents(of: path)
      let node = try StudyNode(yaml: String(decoding: bytes, as: UTF8.self), source: path)
      return try values(of: node, source: path)
    } catch {
      throw CommandFailure(.badData, "\(error)")
    }
  }

  /// The settings in a YAML or JSON object.
  ///
  /// - Throws: ``StudyError`` when it is not an object of values and lists.
  static func values(of node: StudyNode, source: String) throws(StudyError)
    -> [String: SettingValue]
  {
    guard let map = node.asMap else {
      throw .invalid("\(source): expected lines of 'key: value'")
    }
    var values: [String: SettingValue] = [:]
    for entry in map.entries {
      guard let value = entry.node.asSetting else {
        throw .invalid("\(source): key '\(entry.key)' must be a value or a list of values")
      }
      values[entry.key] = value
    }
    return values
  }

  private static func parsed(
    _ assignment: String
  ) throws(CommandFailure) -> (key: String, value: SettingValue) {
    guard let equals = assignment.firstIndex(of: "="), equals > assignment.startIndex else {
      throw CommandFailure(.usage, "--set \(assignment): expected key=value")
    }
    let text = String(assignment[assignment.index(after: equals)...])
    let value: SettingValue?
    do {
      value = try StudyNode(yaml: text, source: "--set \(assignment)").asSetting
    } catch {
      throw CommandFailure(.usage, "\(error)")
    }
    guard let value else {
      throw CommandFailure(.usage, "--set \(assignment): expected a value or a [list, of, values]")
    }
    return (String(assignment[..<equals]), value)
  }
}
