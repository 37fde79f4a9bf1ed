// Goals in order: the algorithm as published for large MIMO detection; no allocation in an iteration.

public import Tensors

#if canImport(Glibc)
internal import Glibc
#else
internal import Darwin
#endif

/// Approximate message passing with the posterior mean of the symbols (LAMA).
///
/// With H scaled so that its columns have unit norm on average, K users and N antennas, from
/// `s = E s`, `r = y - H s`, `tau = (K / N) Var s`:
/// `z = s + H' r`, `v = sigma^2 + tau`, `s = E[S | S + sqrt(v) e = z]`,
/// `tau' = (K / N) mean_k Var[S | z_k]`, `r = y - H s + r tau' / v`.
/// For BPSK the mean is `tanh(z / v)`. The theory is for independent Gaussian entries of H, where
/// state evolution gives v; on other channels it may not converge.
///
/// - SeeAlso: `jeon2015lama`, `bayati2011`.
public struct ApproximateMessagePassing<Scalar: RealTensorScalar>: VectorDetector {
  /// A channel with columns of unit norm on average, its scale and the noise.
  public struct Prepared {
    let channel: Matrix<Scalar>
    let scale: Scalar
    let noiseVariance: Scalar
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// The iterations; nil for three times the users.
  public let iterations: Int?

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, iterations: Int? = nil) {
    self.levels = levels
    self.iterations = iterations
  }

  /// Scales the channel.
  public func prepared(
    _ channel: Matrix<Scalar>,
    noiseVariance: Scalar
  ) throws(LinearAlgebraError) -> Prepared {
    let energy = channel.scalars.reduce(0) { $0 + $1 * $1 }
    guard energy > 0 else { throw .rankDeficient(column: 0) }
    let scale = (Scalar(channel.columns) / energy).squareRoot()
    var scaled = channel
    for k in scaled.scalars.indices { scaled.scalars[k] *= scale }
    return Prepared(
      channel: scaled,
      scale: scale,
      noiseVariance: noiseVariance * scale * scale
    )
  }

  /// Iterates and decides.
  public func detect(_ received: [Scalar], _ prepared: Prepared) -> VectorDecision<Scalar> {
    let state = trace(received, prepared) { _ in }
    let limit = max(state.variance, .leastNormalMagnitude)
    return VectorDecision(
      symbols: levels.nearest(state.matched),
      probabilities: state.matched.flatMap { levels.posterior(of: $0, variance: limit) },
      failure: state.matched.allSatisfy(\.isFinite) ? nil : .iterationLimit
    )
  }

  /// What one iteration hands to the next.
  package struct State {
    /// `s`: posterior means.
    package var means: [Scalar]
    /// `r`: the residual with its Onsager term.
    package var residual: [Scalar]
    /// `tau`.
    package var spread: Scalar
    /// `z` of the last iteration.
    package var matched: [Scalar]
    /// `v` of the last iteration.
    package var variance: Scalar
  }

  /// Runs all iterations, showing each state.
  package func trace(_ received: [Scalar], _ prepared: Prepared, _ show: (State) -> Void) -> State {
    let users = prepared.channel.columns
    let y = received.map { $0 * prepared.scale }
    let load = Scalar(users) / Scalar(prepared.channel.rows)
    var state = State(
      means: [Scalar](repeating: 0, count: users),
      residual: y,
      spread: load * levels.energy,
      matched: [Scalar](repeating: 0, count: users),
      variance: 1
    )
    for _ in 0..<(iterations ?? 3 * users) {
      step(&state, y, prepared, load)
      show(state)
    }
    return state
  }

  /// One iteration.
  func step(_ state: inout State, _ y: [Scalar], _ prepared: Prepared, _ load: Scalar) {
    let h = prepared.channel
    let (m, n) = (h.rows, h.columns)
    let v = max(prepared.noiseVariance + state.spread, .leastNormalMagnitude)
    var sum: Scalar = 0
    h.scalars.withUnsafeBufferPointer { h in
      state.matched.withUnsafeMutableBufferPointer { z in
        for k in 0..<n { z[k] = state.means[k] }
        for i in 0..<m { addMultiple(z, 0, state.residual[i], h, i * n, n) }
        for k in 0..<n {
          let (mean, variance) = levels.moments(of: z[k], variance: v)
          state.means[k] = mean
          sum += variance
        }
      }
      let spread = load * sum / Scalar(n)
      let memory = spread / v
      state.means.withUnsafeBufferPointer { s in
        for i in 0..<m {
          state.residual[i] = y[i] - dotProduct(h, i * n, s, 0, n) + memory * state.residual[i]
        }
      }
      state.spread = spread
    }
    state.variance = v
  }
}

extension Levels {
  /// Mean and variance of `p(s | z)` for `z = s + e`, e normal.
  func moments(of z: Scalar, variance: Scalar) -> (mean: Scalar, variance: Scalar) {
    if values.count == 2 {
      let a = values[1]
      let mean = a * Scalar(tanh(Double(a * z / variance)))
      return (mean, a * a - mean * mean)
    }
    let best = nearest(z)
    let floor = (z - best) * (z - best)
    var total: Scalar = 0
    var first: Scalar = 0
    var second: Scalar = 0
    for value in values {
      let gap = ((z - value) * (z - value) - floor) / (2 * variance)
      let weight = Scalar(exp(Double(-gap)))
      total += weight
      first += weight * value
      second += weight * value * value
    }
    let mean = first / total
    return (mean, max(second / total - mean * mean, 0))
  }
}
