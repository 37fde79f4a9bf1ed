/// How large gradients may be.
public enum GradientClip: Sendable, Hashable {
  /// Any size.
  case none
  /// Each number is limited to `±limit`.
  case value(Double)
  /// All gradients are scaled by `limit / norm` where their common Euclidean norm exceeds the limit.
  case globalNorm(Double)

  /// The limit, or nil.
  var limit: Double? {
    switch self {
    case .none: nil
    case .value(let limit), .globalNorm(let limit): limit
    }
  }
}
