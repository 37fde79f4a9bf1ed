public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// What is decided from posteriors.
public enum PosteriorDecision: String, Sendable, Hashable, CaseIterable {
  /// The most likely vector.
  case vector
  /// The most likely level of each symbol.
  case symbol
}

/// The posterior by enumeration of all vectors, at most 2^16.
///
/// `p(s | y) ~ exp(-|y - H s|^2 / (2 sigma^2))`; the decision is the most likely vector, or each
/// symbol's most likely level, which makes the fewest symbol errors. The cost grows user by user,
/// `s' G s - 2 m' s` with `G = H' H`, `m = H' y`.
///
/// - Complexity: `levels^users users` a vector.
public struct ExhaustiveMAP<Scalar: RealTensorScalar>: VectorDetector {
  /// What is decided.
  public typealias Decision = PosteriorDecision

  /// A channel, its Gram matrix and the noise.
  public struct Prepared {
    let channel: Matrix<Scalar>
    let gram: Matrix<Scalar>
    let noiseVariance: Scalar
  }

  /// The most vectors that are enumerated.
  public static var hypothesisLimit: Int { 1 << 16 }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// What is decided.
  public let decision: Decision

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, decision: Decision = .vector) {
    self.levels = levels
    self.decision = decision
  }

  /// Whether so many users can be enumerated.
  public func canEnumerate(users: Int) -> Bool {
    var count = 1
    for _ in 0..<users {
      count *= levels.values.count
      if count > Self.hypothesisLimit { return false }
    }
    return true
  }

  /// The Gram matrix.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    precondition(
      canEnumerate(users: channel.columns),
      "ExhaustiveMAP: more than \(Self.hypothesisLimit) vectors of \(channel.columns) users"
    )
    return Prepared(channel: channel, gram: channel.gram(), noiseVariance: noiseVariance)
  }

  /// Enumerates.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let costs = self.costs(prepared.channel.transposedTimes(received), prepared.gram)
    let size = levels.values.count
    let users = prepared.channel.columns
    var bestIndex = 0
    for index in costs.indices where costs[index] < costs[bestIndex] { bestIndex = index }
    var sums = [Double](repeating: 0, count: users * size)
    for (index, cost) in costs.enumerated() {
      let exponent = Double(cost - costs[bestIndex]) / (2 * Double(prepared.noiseVariance))
      guard exponent < 745 else { continue }
      let weight = exp(-exponent)
      var digits = index
      for k in 0..<users {
        sums[k * size + digits % size] += weight
        digits /= size
      }
    }
    let total = sums[0..<size].reduce(0, +)
    var symbols: [Scalar] = []
    var digits = bestIndex
    for k in 0..<users {
      var place = digits % size
      digits /= size
      if decision == .symbol {
        for other in 0..<size where sums[k * size + other] > sums[k * size + place] {
          place = other
        }
      }
      symbols.append(levels.values[place])
    }
    return VectorDecision(symbols: symbols, probabilities: sums.map { Scalar($0 / total) })
  }

  /// `s' G s - 2 m' s` of every vector; the first user is the least significant digit of its number.
  func costs(_ matched: [Scalar], _ gram: Matrix<Scalar>) -> [Scalar] {
    let values = levels.values
    let size = values.count
    var costs: [Scalar] = [0]
    for k in 0..<gram.rows {
      // What user k adds: G_kk s_k^2 + 2 s_k (sum_{j < k} G_kj s_j - m_k).
      let count = costs.count
      var longer = [Scalar](repeating: 0, count: count * size)
      for index in 0..<count {
        var slope = -matched[k]
        var digits = index
        for j in 0..<k {
          slope += gram[k, j] * values[digits % size]
          digits /= size
        }
        for place in 0..<size {
          let s = values[place]
          longer[place * count + index] = costs[index] + s * (gram[k, k] * s + 2 * slope)
        }
      }
      costs = longer
    }
    return costs
  }
}
