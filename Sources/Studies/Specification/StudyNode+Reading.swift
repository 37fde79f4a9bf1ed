internal import Yams

extension StudyNode {
  /// The most nodes that a study file may hold, aliases counted as often as they are used.
  private static let largestFile = 200_000
  /// The deepest nesting of a study file.
  private static let deepestFile = 32

  /// Reads YAML.
  ///
  /// Only `true` and `false` are yes and no; a quoted value is a word; `50_000` is a number.
  ///
  /// - Parameters:
  ///   - yaml: the text.
  ///   - source: its name, for messages.
  /// - Throws: ``StudyError`` naming the line, a key that comes twice, or a tag that is not known.
  package init(yaml: String, source: String) throws(StudyError) {
    let root: Node?
    do {
      root = try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw .invalid("\(source): is not YAML: \(Self.sentence(of: error))")
    } catch {
      throw .invalid("\(source): is not YAML: \(error)")
    }
    guard let root else {
      self = .null
      return
    }
    var budget = Self.largestFile
    self = try Self.converted(root, depth: 0, budget: &budget, source: source)
  }

  private static func sentence(of error: YamlError) -> String {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      "line \(mark.line), column \(mark.column): \(problem)"
    default: "\(error)".split(separator: "\n").joined(separator: " ")
    }
  }

  private static func converted(
    _ node: Node,
    depth: Int,
    budget: inout Int,
    source: String
  ) throws(StudyError) -> StudyNode {
    budget -= 1
    guard budget > 0, depth <= deepestFile else {
      throw .invalid(
        "\(source): has more than \(largestFile) values or is nested deeper than \(deepestFile)"
      )
    }
    switch node {
    case .scalar(let scalar): return converted(scalar)
    case .sequence(let sequence):
      var list: [StudyNode] = []
      for item in sequence {
        list.append(try converted(item, depth: depth + 1, budget: &budget, source: source))
      }
      return .list(list)
    case .mapping(let mapping):
      var map = StudyMap()
      for (keyNode, valueNode) in mapping {
        guard let key = keyNode.scalar?.string else {
          throw .invalid("\(source): a key must be one word")
        }
        guard map[key] == nil else { throw .invalid("\(source): key '\(key)' comes twice") }
        map[key] = try converted(valueNode, depth: depth + 1, budget: &budget, source: source)
      }
      return .map(map)
    case .alias: throw .invalid("\(source): has an alias without its anchor")
    }
  }

  private static func converted(_ scalar: Node.Scalar) -> StudyNode {
    let text = scalar.string
    guard scalar.style == .plain || scalar.style == .any else { return .value(.text(text)) }
    return plain(text)
  }

  /// The value of an unquoted word.
  private static func plain(_ text: String) -> StudyNode {
    switch text {
    case "", "~", "null": return .null
    case "true": return .value(.flag(true))
    case "false": return .value(.flag(false))
    case ".inf", "inf": return .value(.number(.infinity))
    case "-.inf", "-inf": return .value(.number(-.infinity))
    default: break
    }
    let digits = text.utf8.allSatisfy { Self.numberBytes.contains($0) }
    let hasDigit = text.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard digits, hasDigit, !text.hasPrefix("_"), !text.hasSuffix("_") else {
      return .value(.text(text))
    }
    let bare = text.filter { $0 != "_" }
    if let integer = Int(bare) { return .value(.integer(integer)) }
    if let number = Double(bare) { return .value(.number(number)) }
    return .value(.text(text))
  }

  private static let numberBytes = Set("0123456789+-.eE_".utf8)
}
