/// Whether a network is being trained or used; an argument where it matters.
public enum Mode: Sendable, Hashable {
  /// Random parts draw, statistics move.
  case training
  /// Nothing is random.
  case inference
}
