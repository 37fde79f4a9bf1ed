/// A setting and the numbers that it takes in turn.
public struct StudyAxis: Sendable, Hashable {
  /// A setting of the scenario, `train_size`, `training.KEY` for a setting of the scenario that
  /// changes in training only, `method.KEY` for a setting of the methods, or `inference.KEY` for one
  /// that changes after training only.
  public var key: String
  /// The numbers in order; no number comes twice.
  public var values: [Double]

  /// An axis.
  public init(key: String, values: [Double]) {
    self.key = key
    self.values = values
  }

  /// The setting of the methods that an axis changes, and whether training sees it; nil for another
  /// axis.
  package static func methodSetting(_ key: String) -> (key: String, isTrained: Bool)? {
    for (prefix, isTrained) in [("method.", true), ("inference.", false)]
    where key.hasPrefix(prefix) {
      return (String(key.dropFirst(prefix.count)), isTrained)
    }
    return nil
  }

  /// The most values of one axis.
  private static let mostValues = 10_000

  /// Reads a list, one number, or `{from, to, step}`.
  static func values(_ node: StudyNode, key: String, owner: String) throws(StudyError) -> [Double] {
    let values = try listed(node, key: key, owner: owner)
    guard !values.isEmpty, Set(values).count == values.count else {
      throw .badValue(
        key: key,
        value: node.flow,
        expected: "at least one number, none of them twice",
        owner: owner
      )
    }
    return values
  }

  private static func listed(_ node: StudyNode, key: String, owner: String) throws(StudyError)
    -> [Double]
  {
    let expected = "a list of numbers or {from, to, step}"
    if let number = node.asNumber { return [number] }
    if let list = node.asList {
      let numbers = list.compactMap(\.asNumber)
      guard numbers.count == list.count, numbers.allSatisfy(\.isFinite) else {
        throw .badValue(key: key, value: node.flow, expected: expected, owner: owner)
      }
      return numbers
    }
    guard node.asMap != nil else {
      throw .badValue(key: key, value: node.flow, expected: expected, owner: owner)
    }
    var reader = try KeyReader(node, owner: "\(owner): \(key)")
    let from = try reader.number("from", above: -.infinity)
    let to = try reader.number("to", above: -.infinity)
    let step = try reader.number("step", above: 0)
    try reader.finish()
    guard let from, let to, let step, from <= to, (to - from) / step < Double(mostValues) else {
      throw .badValue(key: key, value: node.flow, expected: expected, owner: owner)
    }
    // Rounded to 12 digits after the decimal point of the step, so that 0.1 + 2 * 0.1 is 0.3.
    let count = Int(((to - from) / step + 1e-9).rounded(.down)) + 1
    return (0..<count).map { index in
      let value = from + Double(index) * step
      return (value * 1e12).rounded() / 1e12
    }
  }

  /// The axis as it is written in a study file.
  var node: StudyNode { .list(values.map(StudyNode.number)) }
}
