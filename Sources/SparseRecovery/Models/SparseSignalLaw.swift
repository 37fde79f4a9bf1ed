public import Tensors

/// How sparse signals are drawn.
public enum SparseSignalLaw: Sendable, Hashable {
  /// Each entry is not zero with probability `sparsity`, then normal with that variance.
  case bernoulliGaussian(sparsity: Double, variance: Double)
  /// Exactly so many entries, at places that are all equally likely, are normal with that variance.
  case exactlySparse(nonzeros: Int, variance: Double)

  /// `E s_j^2` for signals of `n` entries.
  public func power(unknowns: Int) -> Double {
    switch self {
    case .bernoulliGaussian(let sparsity, let variance): sparsity * variance
    case .exactlySparse(let nonzeros, let variance):
      Double(nonzeros) * variance / Double(max(unknowns, 1))
    }
  }

  /// Draws signals.
  ///
  /// - Parameters:
  ///   - count: how many.
  ///   - unknowns: `n`, at least as many as the non-zeros.
  ///   - stream: places and values have streams of their own below it.
  /// - Returns: `s`, `[count, n]`.
  public func drawn(count: Int, unknowns: Int, from stream: RandomStream) -> Tensor<Float> {
    var places = stream.derived("places")
    var values = stream.derived("values")
    switch self {
    case .bernoulliGaussian(let sparsity, let variance):
      let deviation = Float(variance.squareRoot())
      let chance: Tensor<Float> = places.uniform([count, unknowns])
      let normals: Tensor<Float> = values.normal([count, unknowns])
      return Tensor(shape: [count, unknowns]) { target in
        chance.withScalars { chance in
          normals.withScalars { normals in
            for i in 0..<target.count {
              target[i] = Double(chance[i]) < sparsity ? deviation * normals[i] : 0
            }
          }
        }
      }
    case .exactlySparse(let nonzeros, let variance):
      precondition(nonzeros <= unknowns, "SparseSignalLaw: \(nonzeros) of \(unknowns) entries")
      let deviation = Float(variance.squareRoot())
      let words = places.words(count * nonzeros)
      let normals: Tensor<Float> = values.normal([count, nonzeros])
      return Tensor(shape: [count, unknowns]) { target in
        target.update(repeating: 0)
        normals.withScalars { normals in
          var order = Array(0..<unknowns)
          for row in 0..<count {
            for k in 0..<nonzeros {
              let word = UInt64(words[row * nonzeros + k])
              let other = k + Int((word &* UInt64(unknowns - k)) >> 32)
              order.swapAt(k, other)
              target[row * unknowns + order[k]] = deviation * normals[row * nonzeros + k]
            }
          }
        }
      }
    }
  }
}
