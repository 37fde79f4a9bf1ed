internal import Autodiff
public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// How the losses of the layers make one.
public enum LayerWeighting: String, Sendable, Hashable, CaseIterable {
  /// The last layer's loss.
  case last
  /// The mean over the layers.
  case uniform
  /// `log k` for layer k = 1 ..., which leaves the first layer out and asks little of early ones.
  case logarithmic
  /// `k` for layer k = 1 ...: late layers count more.
  case linear

  /// The weights of the layers, first to last; they sum to 1.
  public func weights(layers: Int) -> [Double] {
    precondition(layers >= 1, "LayerWeighting: \(layers) layers")
    switch self {
    case .last: return (1...layers).map { $0 == layers ? 1 : 0 }
    case .uniform: return Array(repeating: 1 / Double(layers), count: layers)
    case .logarithmic:
      guard layers > 1 else { return [1] }
      let logarithms = (1...layers).map { log(Double($0)) }
      let total = logarithms.reduce(0, +)
      return logarithms.map { $0 / total }
    case .linear:
      let total = Double(layers) * Double(layers + 1) / 2
      return (1...layers).map { Double($0) / total }
    }
  }

  /// The weighted loss of a trace.
  ///
  /// - Parameters:
  ///   - trace: each layer's estimate.
  ///   - loss: from an estimate to one number.
  /// - Returns: one number.
  public func loss<Scalar: RealTensorScalar>(
    _ trace: [Tensor<Scalar>],
    _ loss: (Tensor<Scalar>) throws -> Tensor<Scalar>
  ) rethrows -> Tensor<Scalar> {
    var total: Tensor<Scalar>?
    for (estimate, weight) in zip(trace, weights(layers: trace.count)) where weight > 0 {
      let term = try loss(estimate) * Scalar(weight)
      total = total.map { $0 + term } ?? term
    }
    precondition(total != nil, "LayerWeighting.loss: no layer")
    return total ?? Tensor(0)
  }
}
