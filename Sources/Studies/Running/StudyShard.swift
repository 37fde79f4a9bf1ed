/// The share of a study's blocks that one machine takes.
///
/// Shard `i` of `n` takes the blocks whose number leaves the rest `i` when divided by `n`. Each
/// shard decides its stop rule on its own blocks and its share of the targets, so that a maximum of
/// trials gives exactly the blocks of a single run.
public struct StudyShard: Sendable, Hashable {
  /// Which one, from 0.
  public var index: Int
  /// Of how many.
  public var count: Int

  /// All blocks.
  public static let whole = StudyShard(index: 0, count: 1)

  private init(index: Int, count: Int) {
    self.index = index
    self.count = count
  }

  /// Reads `i/n`, with `i` from 0.
  ///
  /// - Throws: ``StudyError`` for anything else.
  public init(_ text: String) throws(StudyError) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let index = numbers[0], let count = numbers[1],
      index >= 0, index < count
    else {
      throw .badValue(
        key: "shard",
        value: text,
        expected: "i/n with i from 0 to n - 1",
        owner: "study"
      )
    }
    self.init(index: index, count: count)
  }

  /// The shard as it is written: `0/2`.
  public var text: String { "\(index)/\(count)" }

  /// The number, in the whole study, of this shard's block.
  func number(_ block: Int) -> Int { index + block * count }

  /// How many of the first blocks of the study are this shard's.
  func blocks(below limit: Int) -> Int { max(0, (limit - index + count - 1) / count) }

  /// The rule with this shard's share of the targets.
  func share(of rule: StopRule) -> StopRule {
    var share = rule
    share.errors = rule.errors.map { ($0 + count - 1) / count }
    share.minimumBlocks = max(1, (rule.minimumBlocks + count - 1) / count)
    // A shard sees 1/n of the blocks; its interval is wider by the root of n.
    share.relativeWidth = rule.relativeWidth.map { $0 * Double(count).squareRoot() }
    return share
  }
}
