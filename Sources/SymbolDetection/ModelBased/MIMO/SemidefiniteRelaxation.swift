// Goals in order: a solution whose gap to the optimum is known; few operations a vector.
// Deviation from the published comparisons, which do not say how they solve it: an interior-point method
// made for the constraint `V_ii = 1`, whose iteration is a few Cholesky factors and products. Splitting
// (ADMM) finds the same solution with an eigendecomposition in each of some 200 iterations.

internal import CKernels
public import Tensors

/// The semidefinite relaxation of the most likely vector of two-valued symbols.
///
/// With `s = a x`, `x` of signs, and `v = (x, 1)`, the cost `|y - H s|^2` is `v' Q v = tr(Q V)` with
/// `Q = [[a^2 H' H, -a H' y], [-a y' H, |y|^2]]` and `V = v v'`. Without asking for rank one that is
///
///     minimise tr(Q V)  subject to  V_ii = 1,  V positive semidefinite,
///
/// a lower bound on the least cost. The decision is the sign of V's last column. The primal-dual
/// interior-point method of Helmberg and others keeps V and the dual's slack `S = Q - Diag(u)` positive
/// definite, so that `tr(S V)` bounds what V's value is above the optimum. It works in double precision.
///
/// - Complexity: about `3 K^3` multiply-accumulates an iteration for K users, some ten iterations.
/// - SeeAlso: `luo2010sdr`; `helmberg1996`.
public struct SemidefiniteRelaxation<Scalar: RealTensorScalar>: VectorDetector {
  /// The Gram matrix and the solver's memory.
  public struct Workspace {
    var equations: NormalEquationSolver<Scalar>
    /// `Q`.
    package var cost: Matrix<Double>
    var solver: UnitDiagonalProgram
  }

  /// The two values of a symbol.
  public let levels: Levels<Scalar>
  /// The most iterations of a vector.
  public let iterations: Int
  /// What the duality gap may be at the end, relative to the sum of magnitudes of Q off its diagonal.
  public let tolerance: Double

  /// The detector of a constellation with two values in each real dimension.
  public init(levels: Levels<Scalar>, iterations: Int = 100, tolerance: Double = 1e-5) {
    precondition(levels.values.count == 2, "SemidefiniteRelaxation: \(levels.values.count) levels")
    precondition(iterations >= 1, "SemidefiniteRelaxation: \(iterations) iterations")
    self.levels = levels
    self.iterations = iterations
    self.tolerance = tolerance
  }

  /// Memory of a Gram matrix and of the solver.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func workspace(_ shape: VectorShape) -> Workspace {
    let size = shape.users + 1
    return Workspace(
      equations: NormalEquationSolver(shape),
      cost: Matrix(rows: size, columns: size),
      solver: UnitDiagonalProgram(size: size)
    )
  }

  /// Forms `H' H`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func prepare(
    _ channel: UnsafePointer<Scalar>,
    noiseVariance: Scalar,
    _ workspace: inout Workspace
  ) throws(LinearAlgebraError) {
    workspace.equations.form(channel)
  }

  /// Solves and decides.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func detect(
    _ received: UnsafePointer<Scalar>,
    _ workspace: inout Workspace,
    _ output: VectorOutput<Scalar>
  ) -> VectorFailure? {
    let users = workspace.equations.users
    fillCost(received, &workspace)
    let isConverged = workspace.solver.solve(
      workspace.cost,
      iterations: iterations,
      tolerance: tolerance
    )
    for k in 0..<users {
      output.symbols[k] = levels.values[workspace.solver.value(k, users) < 0 ? 0 : 1]
    }
    return isConverged ? nil : .iterationLimit
  }

  /// `Q`, one larger than there are users.
  package func fillCost(_ received: UnsafePointer<Scalar>, _ workspace: inout Workspace) {
    let equations = workspace.equations
    let (users, a) = (equations.users, Double(levels.limit))
    equations.match(received)
    let energy = Scalar.kernels.pointee.sum_squares(equations.receive, received)
    workspace.cost.scalars.withUnsafeMutableBufferPointer { q in
      for i in 0..<users {
        let row = equations.gram + i * equations.stride
        for j in 0..<users { q[i * (users + 1) + j] = a * a * Double(row[j]) }
        let value = -a * Double(equations.matched[i])
        q[i * (users + 1) + users] = value
        q[users * (users + 1) + i] = value
      }
      q[users * (users + 1) + users] = energy
    }
  }
}
