/// A piece of a study file: a value, a list, or a map whose keys keep their order.
public enum StudyNode: Sendable, Hashable {
  /// Nothing; in a preset it removes what the file says.
  case null
  /// A number, a word, or yes or no; never a list.
  case value(SettingValue)
  /// Several nodes.
  case list([StudyNode])
  /// Named nodes.
  case map(StudyMap)

  /// The map, or an empty one for null, or nil for anything else.
  package var asMap: StudyMap? {
    switch self {
    case .map(let map): map
    case .null: StudyMap()
    default: nil
    }
  }

  /// The elements of a list, or nil for anything else.
  package var asList: [StudyNode]? {
    if case .list(let list) = self { list } else { nil }
  }

  /// The word, or nil for anything else.
  package var asText: String? {
    if case .value(.text(let text)) = self { text } else { nil }
  }

  /// The number, or nil for anything else.
  package var asNumber: Double? {
    switch self {
    case .value(.integer(let value)): Double(value)
    case .value(.number(let value)): value
    default: nil
    }
  }

  /// The value that a setting takes, or nil for maps, null, and lists that hold more than values.
  package var asSetting: SettingValue? {
    switch self {
    case .value(let value): return value
    case .list(let list):
      let values = list.compactMap(\.asSetting)
      return values.count == list.count ? .list(values) : nil
    case .null, .map: return nil
    }
  }

  /// The node of a setting's value.
  package init(_ value: SettingValue) {
    if case .list(let list) = value {
      self = .list(list.map(StudyNode.init))
    } else {
      self = .value(value)
    }
  }

  /// A word.
  package static func text(_ text: String) -> StudyNode { .value(.text(text)) }

  /// A whole number.
  package static func integer(_ number: Int) -> StudyNode { .value(.integer(number)) }

  /// A number; whole ones are written without a decimal point.
  package static func number(_ number: Double) -> StudyNode {
    if let whole = Int(exactly: number) { .value(.integer(whole)) } else { .value(.number(number)) }
  }
}

/// Named nodes in the order in which they were written.
public struct StudyMap: Sendable, Hashable {
  /// One name and its node.
  public struct Entry: Sendable, Hashable {
    /// The key.
    public var key: String
    /// What it names.
    public var node: StudyNode
  }

  /// The entries in order; no key comes twice.
  public private(set) var entries: [Entry] = []

  /// An empty map.
  public init() {}

  /// A map of pairs, of which null nodes are left out.
  package init(_ pairs: [(String, StudyNode)]) {
    for (key, node) in pairs where node != .null { self[key] = node }
  }

  /// The keys in order.
  public var keys: [String] { entries.map(\.key) }

  /// The node of a key; setting nil removes it, setting a new key appends it.
  public subscript(key: String) -> StudyNode? {
    get { entries.first { $0.key == key }?.node }
    set {
      let index = entries.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let node?): entries[index].node = node
      case (let index?, nil): entries.remove(at: index)
      case (nil, let node?): entries.append(Entry(key: key, node: node))
      case (nil, nil): break
      }
    }
  }
}

extension SettingValue {
  /// The value as one word, the same for equal values: for keys of points and for file names.
  package var word: String {
    switch self {
    case .integer(let value): "\(value)"
    case .number(let value): Int(exactly: value).map { "\($0)" } ?? "\(value)"
    case .text(let text): text
    case .flag(let flag): flag ? "true" : "false"
    case .list(let list): "[" + list.map(\.word).joined(separator: ",") + "]"
    }
  }
}
