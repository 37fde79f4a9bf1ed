// Goals: 1. the exact minimiser in closed form; 2. on request, a lower largest coherence.
//
// Source of the problem: liu2019alista. The closed form and the minimax refinement are our own:
// column i minimises w'AA'w subject to w'a_i = 1, hence w_i is proportional to (AA')^-1 a_i; the refinement
// minimises max_{j != i} |w_i'a_j| of each column by ADMM on z = A'w.

internal import Autodiff
public import Tensors

/// The weight that ALISTA computes from the dictionary instead of learning it.
///
/// Problem: `min |W'A|_F^2` subject to `w_i'a_i = 1`. Its generalised mutual coherence
/// `max_{i != j} |w_i'a_j|` bounds how fast the network converges.
///
/// - SeeAlso: `liu2019alista`.
public struct AnalyticWeight: Sendable {
  /// `A`, `[m, n]`.
  public let operators: Tensor<Double>
  /// `W`, `[m, n]`.
  public let weight: Tensor<Double>

  /// The minimiser in closed form.
  ///
  /// - Parameter operators: `A`, `[m, n]`.
  /// - Throws: ``SparseRecoveryError`` for dependent rows (columns of a tall operator) or a column of
  ///   zeros.
  /// - Complexity: O(m^2 n) for a wide operator.
  public init(of operators: Tensor<Double>) throws(SparseRecoveryError) {
    let lengths = GaussianDictionary.columnLengths(operators)
    if let zero = lengths.firstIndex(of: 0) { throw .zeroColumn(zero) }
    let raw = try OperatorAnalysis.pseudoInverse(operators)
    self.operators = operators
    weight = Self.normalised(raw, against: operators)
  }

  private init(operators: Tensor<Double>, weight: Tensor<Double>) {
    self.operators = operators
    self.weight = weight
  }

  /// `|W'A|_F^2`, the ones of its diagonal included.
  public var objective: Double { square(matmul(weight, operators, transposeA: true)).sum().scalar }

  /// `max_{i != j} |w_i'a_j|`.
  public var generalisedCoherence: Double { Self.largestOffDiagonal(weight, operators) }

  /// The dictionary's own coherence, `max_{i != j} |a_i'a_j| / (|a_i| |a_j|)`.
  public static func coherence(of operators: Tensor<Double>) -> Double {
    let inverse = GaussianDictionary.columnLengths(operators).map { $0 > 0 ? 1 / $0 : 0 }
    let unit = operators * Tensor(inverse)
    return largestOffDiagonal(unit, unit)
  }

  /// A weight with a lower generalised coherence, of larger `|W'A|_F^2`.
  ///
  /// Each column minimises its own largest coherence; the best weight met is kept, so that the result
  /// is never worse than this one.
  ///
  /// - Parameter iterations: of ADMM; some hundred bring all but the last per cent.
  /// - Returns: the weight, with `w_i'a_i = 1` as before.
  /// - Complexity: two products O(m n^2) an iteration.
  public func refined(iterations: Int) -> AnalyticWeight {
    guard let inverse = try? OperatorAnalysis.pseudoInverse(operators) else { return self }
    // P a_i and a_i'P a_i with P = (AA')^-1: what the constraint needs.
    let own = (inverse * operators).sum(axis: 0)
    let direction = inverse / own
    var best = self
    var lowest = generalisedCoherence
    var image = matmul(operators, weight, transposeA: true)
    let budget = 0.1 * abs(image).sum().scalar / Double(operators.shape[1])
    var copy = Self.clipped(image, budget: budget)
    var dual = image - copy
    for _ in 0..<iterations {
      let free = matmul(inverse, copy - dual)
      let missing = 1 - (operators * free).sum(axis: 0)
      let next = free + direction * missing
      image = matmul(operators, next, transposeA: true)
      copy = Self.clipped(image + dual, budget: budget)
      dual = dual + image - copy
      let candidate = AnalyticWeight(operators: operators, weight: next)
      let coherence = candidate.generalisedCoherence
      if coherence < lowest { (best, lowest) = (candidate, coherence) }
    }
    return best
  }

  /// The proximal operator of `budget` times the largest off-diagonal magnitude of each column: clips each
  /// at the level above which the magnitudes sum to the budget; the diagonal is set to 1.
  private static func clipped(_ image: Tensor<Double>, budget: Double) -> Tensor<Double> {
    let count = image.shape[0]
    let columns = image.transposed()
    let clipped = Tensor<Double>(shape: [count, count]) { target in
      columns.withScalars { source in
        for i in 0..<count {
          let start = i * count
          var level = 0.0
          while true {
            var (excess, above) = (-budget, 0)
            for j in 0..<count where j != i && source[start + j].magnitude > level {
              excess += source[start + j].magnitude
              above += 1
            }
            let next = above > 0 ? excess / Double(above) : 0
            guard next > level * (1 + 1e-12) else { break }
            level = next
          }
          for j in 0..<count {
            target[start + j] = j == i ? 1 : max(-level, min(level, source[start + j]))
          }
        }
      }
    }
    return clipped.transposed()
  }

  /// Columns scaled so that `w_i'a_i = 1`.
  private static func normalised(_ weight: Tensor<Double>, against operators: Tensor<Double>)
    -> Tensor<Double>
  {
    weight / (weight * operators).sum(axis: 0)
  }

  private static func largestOffDiagonal(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    let products = matmul(a, b, transposeA: true)
    let count = products.shape[0]
    return products.withScalars { products in
      var largest = 0.0
      for (i, value) in products.enumerated() where i / count != i % count {
        largest = max(largest, value.magnitude)
      }
      return largest
    }
  }
}
