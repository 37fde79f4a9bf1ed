internal import CKernels
public import Tensors

/// Zero forcing: the nearest symbols to the least-squares solution.
///
/// `s~ = (H' H)^-1 H' y`, by a Cholesky solve.
///
/// - Complexity: `N K^2 + K^3 / 6` multiply-accumulates for N antennas and K users.
/// - SeeAlso: `verdu1998`, 5.
public struct ZeroForcing<Scalar: RealTensorScalar>: VectorDetector {
  /// The factor of the Gram matrix.
  public struct Workspace {
    var equations: NormalEquationSolver<Scalar>
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>) { self.levels = levels }

  /// Memory of a Gram matrix.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    Workspace(equations: NormalEquationSolver(shape))
  }

  /// Factors `H' H`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    workspace.equations.form(channel)
    try workspace.equations.factor()
  }

  /// Solves and decides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let equations = workspace.equations
    equations.solve(received)
    levels.decide(equations.users, equations.solution, output.symbols)
    return nil
  }
}

/// Linear minimum mean-square error: the nearest symbols to the unbiased LMMSE estimate.
///
/// `s~ = (H' H + lambda I)^-1 H' y`, `lambda = sigma^2 / E s^2`, by a Cholesky solve. With
/// `mu_k = 1 - lambda [(H' H + lambda I)^-1]_kk`, `s~_k = mu_k s_k + e`, where e is taken as normal with
/// variance `mu_k (1 - mu_k) E s^2`: the decision is that of `s~_k / mu_k`, and the probabilities follow.
/// Between two levels the bias changes no decision, and is not computed when nobody asks for
/// probabilities.
///
/// - Complexity: `N K^2 + K^3 / 3` multiply-accumulates for N antennas and K users.
/// - SeeAlso: `verdu1998`, 6; `kay1993`, 12.
public struct LinearMMSE<Scalar: RealTensorScalar>: VectorDetector {
  /// The factor of the loaded Gram matrix and the bias of each user.
  public struct Workspace {
    var equations: NormalEquationSolver<Scalar>
    let scratch: VectorScratch<Scalar>
    let inverse: UnsafeMutablePointer<Scalar>?
    let biases: UnsafeMutablePointer<Scalar>
    let weights: UnsafeMutablePointer<Scalar>
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>) { self.levels = levels }

  /// It has them.
  public var hasProbabilities: Bool { true }

  /// Memory of a Gram matrix and of the inverse of its factor.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    let equations = NormalEquationSolver<Scalar>(shape)
    let scratch = VectorScratch<Scalar>()
    let needsBiases = shape.keepsProbabilities || levels.values.count > 2
    return Workspace(
      equations: equations,
      scratch: scratch,
      inverse: needsBiases ? scratch.take(shape.users * equations.stride) : nil,
      biases: scratch.take(shape.users),
      weights: scratch.take(shape.users * levels.values.count)
    )
  }

  /// Factors `H' H + lambda I`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    let loading = noiseVariance / levels.energy
    workspace.equations.form(channel)
    try workspace.equations.factor(loading: loading)
    let (n, stride) = (workspace.equations.users, workspace.equations.stride)
    guard let inverse = workspace.inverse else {
      for k in 0..<n { workspace.biases[k] = 1 }
      return
    }
    Scalar.kernels.pointee.cholesky_inverse(n, stride, workspace.equations.gram, inverse)
    for k in 0..<n {
      let energy = Scalar(Scalar.kernels.pointee.sum_squares(n, inverse + k * stride))
      // A bias at or below zero is rounding at vanishing signal: nothing is known of that user.
      workspace.biases[k] = max(1 - loading * energy, .leastNormalMagnitude)
    }
  }

  /// Solves, takes the bias away and decides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let equations = workspace.equations
    equations.solve(received)
    let (n, s, mu) = (equations.users, equations.solution, workspace.biases)
    for k in 0..<n { s[k] /= mu[k] }
    levels.decide(n, s, output.symbols)
    guard let probabilities = output.probabilities else { return nil }
    let energy = levels.energy
    levels.posteriors(n, s, workspace.weights, probabilities) { k in
      max(1 - mu[k], Scalar.ulpOfOne) / mu[k] * energy
    }
    return nil
  }
}
