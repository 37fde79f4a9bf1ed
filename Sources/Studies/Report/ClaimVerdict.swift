/// What a run says of one claim of a study's card.
public struct ClaimVerdict: Sendable, Hashable {
  /// The three answers.
  public enum Verdict: String, Sendable, CaseIterable {
    /// The numbers agree with the claim.
    case held
    /// The numbers contradict the claim.
    case notHeld = "not held"
    /// This run cannot tell: too few errors, a missing method, a preset without that point.
    case notTestable = "not testable"
  }

  /// The claim in words: `ViterbiNet is within a factor 2 of Viterbi at 10 dB`.
  public var sentence: String
  /// The answer.
  public var verdict: Verdict
  /// The numbers behind it: `ratio 1.31, 95 % interval 1.22 to 1.40`.
  public var detail: String

  /// One judged claim.
  public init(sentence: String, verdict: Verdict, detail: String) {
    self.sentence = sentence
    self.verdict = verdict
    self.detail = detail
  }
}
