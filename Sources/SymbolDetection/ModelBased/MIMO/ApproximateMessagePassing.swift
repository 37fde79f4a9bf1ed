// Goals in order: the algorithm as published for large MIMO detection; no allocation in an iteration.
// Deviation: the residual appears only as `q = H' r`, so that an iteration costs a product with the
// Gram matrix instead of two with the channel.

internal import CKernels
public import Tensors

/// Approximate message passing with the posterior mean of the symbols (LAMA).
///
/// With H scaled so that its columns have unit norm on average, K users and N antennas, from
/// `s = E s`, `r = y - H s`, `tau = (K / N) Var s`:
/// `z = s + H' r`, `v = sigma^2 + tau`, `s = E[S | S + sqrt(v) e = z]`,
/// `tau' = (K / N) mean_k Var[S | z_k]`, `r = y - H s + r tau' / v`.
/// For BPSK the mean is `tanh(z / v)`. The theory is for independent Gaussian entries of H, where
/// state evolution gives v; on other channels it may not converge.
///
/// - Complexity: `N K^2` multiply-accumulates and `K^2` an iteration.
/// - SeeAlso: `jeon2015lama`, `bayati2011`.
public struct ApproximateMessagePassing<Scalar: RealTensorScalar>: VectorDetector {
  /// The Gram matrix of the scaled channel and what iterations hand on.
  public struct Workspace {
    var equations: NormalEquationSolver<Scalar>
    let scratch: VectorScratch<Scalar>
    // The scale of the channel, and the noise variance with it.
    var scale: Scalar = 1
    var noiseVariance: Scalar = 1
    // `s`, `q`, `z`, and room for the posterior's weights twice.
    let means: UnsafeMutablePointer<Scalar>
    let residual: UnsafeMutablePointer<Scalar>
    let estimates: UnsafeMutablePointer<Scalar>
    let exponents: UnsafeMutablePointer<Scalar>
    let weights: UnsafeMutablePointer<Scalar>
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// The iterations; nil for three times the users.
  public let iterations: Int?
  /// The assumed noise variance over the given one; above 1 symbols are trusted less.
  public let noiseFactor: Scalar

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, iterations: Int? = nil, noiseFactor: Scalar = 1) {
    self.levels = levels
    self.iterations = iterations
    self.noiseFactor = noiseFactor
  }

  /// It has them.
  public var hasProbabilities: Bool { true }

  /// Memory of a Gram matrix and of some vectors.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    let scratch = VectorScratch<Scalar>()
    let wide = shape.users * levels.values.count
    return Workspace(
      equations: NormalEquationSolver(shape),
      scratch: scratch,
      means: scratch.take(shape.users),
      residual: scratch.take(shape.users),
      estimates: scratch.take(shape.users),
      exponents: scratch.take(wide),
      weights: scratch.take(wide)
    )
  }

  /// Scales the channel.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    let (m, n) = (workspace.equations.receive, workspace.equations.users)
    let energy = Scalar(Scalar.kernels.pointee.sum_squares(m * n, channel))
    guard energy > 0 else { throw .rankDeficient(column: 0) }
    let squared = Scalar(n) / energy
    workspace.scale = squared.squareRoot()
    workspace.noiseVariance = noiseFactor * noiseVariance * squared
    workspace.equations.form(channel, scale: Double(workspace.scale))
  }

  /// Iterates and decides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let n = workspace.equations.users
    let variance = max(iterate(received, workspace) { _ in }, .leastNormalMagnitude)
    levels.decide(n, workspace.estimates, output.symbols)
    if let probabilities = output.probabilities {
      levels.posteriors(n, workspace.estimates, workspace.exponents, probabilities) { _ in
        variance
      }
    }
    let isFinite = Scalar.kernels.pointee.all_finite(n, workspace.estimates) != 0
    return isFinite ? nil : .iterationLimit
  }

  /// Runs all iterations, showing `tau'` of each; `v` of the last.
  package func iterate(
    _ received: UnsafePointer<Scalar>,
    _ workspace: Workspace,
    _ show: (Scalar) -> Void
  ) -> Scalar {
    let equations = workspace.equations
    let (n, stride) = (equations.users, equations.stride)
    let (s, q, z, matched) = (
      workspace.means, workspace.residual, workspace.estimates, equations.matched
    )
    let kernels = Scalar.kernels
    let load = Scalar(n) / Scalar(equations.receive)
    equations.match(received, scale: Double(workspace.scale))
    for k in 0..<n {
      s[k] = 0
      q[k] = matched[k]
      z[k] = 0
    }
    var tau = load * levels.energy
    var v: Scalar = 1
    for _ in 0..<(iterations ?? 3 * n) {
      v = max(workspace.noiseVariance + tau, .leastNormalMagnitude)
      for k in 0..<n { z[k] = s[k] + q[k] }
      let sum = levels.means(n, z, variance: v, workspace.exponents, workspace.weights, s)
      tau = load * sum / Scalar(n)
      show(tau)
      // q = H' y - G s + q tau / v; G is symmetric, and its rows end in zeros.
      kernels.pointee.gemm(
        0,
        0,
        1,
        stride,
        n,
        -1,
        s,
        n,
        equations.gram,
        stride,
        Double(tau / v),
        q,
        stride
      )
      for k in 0..<n { q[k] += matched[k] }
    }
    return v
  }
}
