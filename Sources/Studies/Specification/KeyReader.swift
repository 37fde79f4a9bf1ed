/// Takes the keys of one map of a study file, each in its type, and finds the keys nobody took.
struct KeyReader {
  let map: StudyMap
  /// Whose keys they are, for messages: `study.yaml: part awgn: stop`.
  let owner: String
  private(set) var known: [String] = []

  /// A reader of a node that must be a map.
  init(_ node: StudyNode?, owner: String) throws(StudyError) {
    guard let map = (node ?? .null).asMap else {
      throw .invalid("\(owner): expected keys with values, found \((node ?? .null).flow)")
    }
    self.map = map
    self.owner = owner
  }

  /// The node of a key, nil when it is not given.
  mutating func node(_ key: String) -> StudyNode? {
    known.append(key)
    let node = map[key]
    return node == .null ? nil : node
  }

  mutating func text(_ key: String) throws(StudyError) -> String? {
    guard let node = node(key) else { return nil }
    guard case .value(let value) = node else { throw bad(key, node, "a word") }
    return value.word
  }

  mutating func requiredText(_ key: String) throws(StudyError) -> String {
    guard let text = try text(key) else { throw .missingKey(key, owner: owner) }
    return text
  }

  mutating func flag(_ key: String) throws(StudyError) -> Bool? {
    guard let node = node(key) else { return nil }
    guard case .value(.flag(let flag)) = node else { throw bad(key, node, "true or false") }
    return flag
  }

  mutating func number(_ key: String, above low: Double) throws(StudyError) -> Double? {
    guard let node = node(key) else { return nil }
    guard let number = node.asNumber, number > low else {
      throw bad(key, node, "a number above \(low)")
    }
    return number
  }

  /// A whole number, also written as `1e6`.
  mutating func integer(_ key: String, atLeast low: Int) throws(StudyError) -> Int? {
    guard let node = node(key) else { return nil }
    if case .value(.integer(let integer)) = node, integer >= low { return integer }
    guard let number = node.asNumber, let integer = Int(exactly: number), integer >= low else {
      throw bad(key, node, "a whole number of at least \(low)")
    }
    return integer
  }

  /// Whole numbers, a list.
  mutating func integers(_ key: String, atLeast low: Int) throws(StudyError) -> [Int] {
    guard let node = node(key) else { return [] }
    let expected = "a list of whole numbers, each at least \(low)"
    guard let list = node.asList else { throw bad(key, node, expected) }
    var numbers: [Int] = []
    for entry in list {
      guard let number = entry.asNumber, number >= Double(low), number < 1e9,
        number == number.rounded()
      else { throw bad(key, node, expected) }
      numbers.append(Int(number))
    }
    return numbers
  }

  /// One of the words of an enumeration.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ key: String,
    _ type: Choice.Type
  ) throws(StudyError) -> Choice? {
    guard let node = node(key) else { return nil }
    guard let word = node.asText, let choice = Choice(rawValue: word) else {
      throw bad(key, node, Choice.allCases.map(\.rawValue).joined(separator: " or "))
    }
    return choice
  }

  /// Words, written as a list or as one word.
  mutating func words(_ key: String) throws(StudyError) -> [String]? {
    guard let node = node(key) else { return nil }
    if let word = node.asText { return [word] }
    guard let words = node.asList?.compactMap(\.asText), words.count == node.asList?.count else {
      throw bad(key, node, "a list of words")
    }
    return words
  }

  /// Values by key, such as settings.
  mutating func settings(_ key: String) throws(StudyError) -> [String: SettingValue] {
    guard let node = node(key) else { return [:] }
    let reader = try KeyReader(node, owner: "\(owner): \(key)")
    return try Self.values(of: reader.map, owner: reader.owner)
  }

  static func values(of map: StudyMap, owner: String) throws(StudyError)
    -> [String: SettingValue]
  {
    var values: [String: SettingValue] = [:]
    for entry in map.entries {
      guard let value = entry.node.asSetting else {
        throw .badValue(
          key: entry.key,
          value: entry.node.flow,
          expected: "a value or a list",
          owner: owner
        )
      }
      values[entry.key] = value
    }
    return values
  }

  /// Numbers by key, in the order of the file: each a list, one number, or `{from, to, step}`.
  mutating func axes(_ key: String) throws(StudyError) -> [StudyAxis] {
    guard let node = node(key) else { return [] }
    let reader = try KeyReader(node, owner: "\(owner): \(key)")
    var axes: [StudyAxis] = []
    for entry in reader.map.entries {
      let values = try StudyAxis.values(entry.node, key: entry.key, owner: reader.owner)
      axes.append(StudyAxis(key: entry.key, values: values))
    }
    return axes
  }

  /// Throws when the map has a key that nobody asked for.
  func finish() throws(StudyError) {
    for key in map.keys where !known.contains(key) {
      throw .unknownKey(key, owner: owner, known: known)
    }
  }

  func bad(_ key: String, _ node: StudyNode, _ expected: String) -> StudyError {
    .badValue(key: key, value: node.flow, expected: expected, owner: owner)
  }
}
