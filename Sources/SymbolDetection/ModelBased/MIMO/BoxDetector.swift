internal import CKernels
public import Hybridization
public import Tensors

/// Box-constrained least squares by projected gradient descent: the nearest symbols to its solution.
///
/// `s <- clamp(s - (G s - m) / lambda_max(G), -a, a)` from 0: the iterates of ``BoxProjectedGradient``
/// with the largest step that always descends. Each vector stops by itself.
///
/// - Complexity: `N K^2` multiply-accumulates, the eigenvalues of G, and `K^2` an iteration.
/// - SeeAlso: `shlezinger2023mbdl`, III-A.
public struct BoxDetector<Scalar: RealTensorScalar>: VectorDetector {
  /// The Gram matrix, its largest eigenvalue and the iterate.
  public struct Workspace {
    var equations: NormalEquationSolver<Scalar>
    var square: Matrix<Scalar>
    var stepSize: Scalar = 0
    /// `s`.
    package let estimate: UnsafeMutablePointer<Scalar>
    let move: UnsafeMutablePointer<Scalar>
    let scratch: VectorScratch<Scalar>
  }

  /// The values of a symbol.
  public let levels: Levels<Scalar>
  /// When a vector's iteration stops.
  public let rule: StoppingRule

  /// The detector of a constellation.
  public init(levels: Levels<Scalar>, until rule: StoppingRule) {
    self.levels = levels
    self.rule = rule
  }

  /// Memory of a Gram matrix and of the iterate.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    let scratch = VectorScratch<Scalar>()
    return Workspace(
      equations: NormalEquationSolver(shape),
      square: Matrix(rows: shape.users, columns: shape.users),
      estimate: scratch.take(shape.users),
      move: scratch.take(shape.users),
      scratch: scratch
    )
  }

  /// Finds the step size.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    workspace.equations.form(channel)
    let equations = workspace.equations
    let n = equations.users
    for i in 0..<n {
      for j in 0..<n { workspace.square[i, j] = equations.gram[i * equations.stride + j] }
    }
    let largest = SymmetricEigen(workspace.square, vectors: false).values[n - 1]
    workspace.stepSize = largest > 0 ? 1 / largest : 0
  }

  /// Iterates and decides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let isDone = iterate(received, workspace)
    levels.decide(workspace.equations.users, workspace.estimate, output.symbols)
    return isDone ? nil : .iterationLimit
  }

  /// Runs the iteration; whether it ended as its rule says.
  package func iterate(_ received: UnsafePointer<Scalar>, _ workspace: Workspace) -> Bool {
    let equations = workspace.equations
    let (n, stride, limit) = (equations.users, equations.stride, levels.limit)
    let (s, move, step) = (workspace.estimate, workspace.move, workspace.stepSize)
    let kernels = Scalar.kernels
    equations.match(received)
    for k in 0..<n {
      s[k] = 0
      equations.matched[k] *= step
    }
    for _ in 0..<max(rule.maximumIterations, 0) {
      // G is symmetric, and its rows end in zeros.
      kernels.pointee.gemm(
        0,
        0,
        1,
        stride,
        n,
        Double(-step),
        s,
        n,
        equations.gram,
        stride,
        0,
        move,
        stride
      )
      for k in 0..<n {
        let next = min(max(s[k] + (move[k] + equations.matched[k]), -limit), limit)
        move[k] = next - s[k]
        s[k] = next
      }
      guard let tolerance = rule.tolerance else { continue }
      // The relative change of the estimate, as solvers of iterative methods define it.
      let change = kernels.pointee.sum_squares(n, move)
      let size = max(kernels.pointee.sum_squares(n, s), .leastNormalMagnitude)
      if (change / size).squareRoot() <= tolerance { return true }
    }
    return rule.tolerance == nil
  }
}
