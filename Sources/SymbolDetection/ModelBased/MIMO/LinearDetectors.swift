public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Zero forcing: the nearest symbols to the least-squares solution.
///
/// `s~ = (H' H)^-1 H' y`, by a Cholesky solve.
///
/// - Complexity: `N K^2 / 2 + K^3 / 6` multiply-accumulates for N antennas and K users.
/// - SeeAlso: `verdu1998`, 5.
public struct ZeroForcing<Scalar: RealTensorScalar>: VectorDetector {
  /// The channel and the factor of its Gram matrix.
  public struct Prepared {
    let channel: Matrix<Scalar>
    let factor: CholeskyFactor<Scalar>
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>) { self.levels = levels }

  /// Factors `H' H`.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    Prepared(channel: channel, factor: try CholeskyFactor(channel.gram()))
  }

  /// Solves and decides.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let s = prepared.factor.solve(prepared.channel.transposedTimes(received))
    return VectorDecision(symbols: levels.nearest(s))
  }
}

/// Linear minimum mean-square error: the nearest symbols to the unbiased LMMSE estimate.
///
/// `s~ = (H' H + lambda I)^-1 H' y`, `lambda = sigma^2 / E s^2`, by a Cholesky solve. With
/// `mu_k = 1 - lambda [(H' H + lambda I)^-1]_kk`, `s~_k = mu_k s_k + e`, where e is taken as normal with
/// variance `mu_k (1 - mu_k) E s^2`: the decision is that of `s~_k / mu_k`, and the probabilities follow.
///
/// - SeeAlso: `verdu1998`, 6; `kay1993`, 12.
public struct LinearMMSE<Scalar: RealTensorScalar>: VectorDetector {
  /// The channel, the factor of its loaded Gram matrix and the bias of each user.
  public struct Prepared {
    let channel: Matrix<Scalar>
    let factor: CholeskyFactor<Scalar>
    let biases: [Scalar]
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>) { self.levels = levels }

  /// Factors `H' H + lambda I`.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    let loading = noiseVariance / levels.energy
    var gram = channel.gram()
    for k in 0..<gram.rows { gram[k, k] += loading }
    let factor = try CholeskyFactor(gram)
    let biases = factor.inverseDiagonal().map { 1 - loading * $0 }
    return Prepared(channel: channel, factor: factor, biases: biases)
  }

  /// Solves, takes the bias away and decides.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let s = prepared.factor.solve(prepared.channel.transposedTimes(received))
    var symbols: [Scalar] = []
    var probabilities: [Scalar] = []
    for (estimate, bias) in zip(s, prepared.biases) {
      // A bias at or below zero is rounding at vanishing signal: nothing is known of that user.
      let mu = max(bias, .leastNormalMagnitude)
      symbols.append(levels.nearest(estimate / mu))
      let variance = max(1 - mu, Scalar.ulpOfOne) / mu * levels.energy
      probabilities += levels.posterior(of: estimate / mu, variance: variance)
    }
    return VectorDecision(symbols: symbols, probabilities: probabilities)
  }
}

extension Levels {
  /// `p(s | z)` of each level for `z = s + e`, e normal.
  ///
  /// - Parameters:
  ///   - z: what was observed.
  ///   - variance: of e.
  /// - Returns: as many numbers as there are levels, of sum 1.
  func posterior(of z: Scalar, variance: Scalar) -> [Scalar] {
    let best = nearest(z)
    let weights = values.map { value in
      let gap = ((z - value) * (z - value) - (z - best) * (z - best)) / (2 * variance)
      return Scalar(exp(Double(-gap)))
    }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}
