internal import CKernels
package import Tensors

/// Minimises `tr(Q V)` over positive semidefinite V with `V_ii = 1`, one Q after the other in the same
/// memory.
///
/// With `S = Q - Diag(u)` both V and S stay positive definite. Each iteration aims at `V = mu S^-1`:
/// `(S^-1 o V) du = 1 - mu diag(S^-1)`, o by elements, `dV = mu S^-1 - V + S^-1 Diag(du) V`, symmetrised,
/// and goes as far along each as Cholesky's factorisation exists, and a little less.
///
/// - SeeAlso: `helmberg1996`.
package struct UnitDiagonalProgram {
  /// Rows of Q.
  package let size: Int
  /// How many iterations the last solution took.
  package private(set) var iterations = 0
  private let stride: Int
  // The largest sum of magnitudes in a row of Q off its diagonal, to which Q is scaled.
  private var scale = 0.0
  private let scratch = VectorScratch<Double>()
  // V and S; their directions; the inverse of S; a factor; what is left of each.
  private let primal: UnsafeMutablePointer<Double>
  private let slack: UnsafeMutablePointer<Double>
  private let move: UnsafeMutablePointer<Double>
  private let inverse: UnsafeMutablePointer<Double>
  private let factor: UnsafeMutablePointer<Double>
  private let product: UnsafeMutablePointer<Double>
  private let multipliers: UnsafeMutablePointer<Double>
  private let change: UnsafeMutablePointer<Double>
  private let right: UnsafeMutablePointer<Double>

  /// Memory for programs of one size.
  package init(size: Int) {
    self.size = size
    stride = VectorScratch<Double>.padded(size)
    let count = size * stride
    (primal, slack, move) = (scratch.take(count), scratch.take(count), scratch.take(count))
    (inverse, factor, product) = (scratch.take(count), scratch.take(count), scratch.take(count))
    (multipliers, change, right) = (scratch.take(size), scratch.take(size), scratch.take(size))
  }

  /// `V_ij` of the last solution.
  package func value(_ i: Int, _ j: Int) -> Double { primal[i * stride + j] }

  /// `V` of the last solution.
  package var solution: Matrix<Double> {
    var matrix = Matrix<Double>(rows: size, columns: size)
    for i in 0..<size { for j in 0..<size { matrix[i, j] = value(i, j) } }
    return matrix
  }

  /// `u` of the last solution: `Q - Diag(u)` is positive semidefinite, and the sum of u a bound from
  /// below.
  package func dual(_ cost: Matrix<Double>) -> [Double] {
    (0..<size).map { cost[$0, $0] + scale * multipliers[$0] }
  }

  /// Solves for a symmetric Q.
  ///
  /// - Parameters:
  ///   - cost: Q.
  ///   - iterations: the most.
  ///   - tolerance: of `tr(S V)`, relative to the sum of magnitudes of Q off its diagonal.
  /// - Returns: whether the gap came below the tolerance.
  package mutating func solve(_ cost: Matrix<Double>, iterations: Int, tolerance: Double) -> Bool {
    let kernels = Double.kernels
    self.iterations = 0
    let total = start(cost)
    guard total > 0 else { return total == 0 }
    var gap = kernels.pointee.dot(size * stride, primal, slack)
    var target = gap / Double(2 * size)
    while gap > tolerance * total {
      guard self.iterations < iterations, findDirection(target) else { return false }
      self.iterations += 1
      let primalStep = advance(primal) { factor, step in
        kernels.pointee.accumulate_scaled(size * stride, step, move, factor)
      }
      let dualStep = advance(slack) { factor, step in
        for k in 0..<size { factor[k * stride + k] -= step * change[k] }
      }
      for k in 0..<size { multipliers[k] += dualStep * change[k] }
      gap = kernels.pointee.dot(size * stride, primal, slack)
      guard gap.isFinite else { return false }
      // Long steps allow a bolder aim.
      target = gap / Double(2 * size)
      if primalStep + dualStep > 1.6 { target /= 2 }
      if primalStep + dualStep > 1.9 { target /= 5 }
    }
    return true
  }

  /// `V = I` and a u that makes S dominated by its diagonal; the sum of magnitudes of the scaled Q.
  private mutating func start(_ cost: Matrix<Double>) -> Double {
    let n = size
    var largest = 0.0
    var total = 0.0
    cost.scalars.withUnsafeBufferPointer { q in
      for i in 0..<n {
        var sum = 0.0
        for j in 0..<n where j != i { sum += q[i * n + j].magnitude }
        right[i] = sum
        largest = max(largest, sum)
        total += sum
      }
      scale = largest
      primal.clear(count: n * stride)
      slack.clear(count: n * stride)
      for i in 0..<n {
        primal[i * stride + i] = 1
        multipliers[i] = 0
        guard largest > 0 else { continue }
        // A row of zeros has a slack, too.
        multipliers[i] = -1.1 * max(right[i] / largest, 1e-3)
        for j in 0..<n { slack[i * stride + j] = i == j ? -multipliers[i] : q[i * n + j] / largest }
      }
    }
    return largest > 0 ? total / largest : largest
  }

  /// `du` and `dV` for a mu; false when rounding has made S or the system indefinite.
  private func findDirection(_ target: Double) -> Bool {
    let (n, count, kernels) = (size, size * stride, Double.kernels.pointee)
    factor.update(from: slack, count: count)
    guard kernels.cholesky(n, stride, 0, factor) == n else { return false }
    kernels.cholesky_inverse(n, stride, factor, product)
    kernels.gemm(0, 1, n, n, n, 1, product, stride, product, stride, 0, inverse, stride)
    for k in 0..<count { factor[k] = inverse[k] * primal[k] }
    for k in 0..<n { right[k] = 1 - target * inverse[k * stride + k] }
    guard kernels.cholesky(n, stride, 0, factor) == n else { return false }
    kernels.cholesky_solve(n, stride, factor, right, change)
    for i in 0..<n {
      for j in 0..<stride { factor[i * stride + j] = change[i] * primal[i * stride + j] }
    }
    kernels.gemm(0, 0, n, n, n, 1, inverse, stride, factor, stride, 0, product, stride)
    for i in 0..<n {
      for j in 0...i {
        let (below, above) = (i * stride + j, j * stride + i)
        let mean = (product[below] + product[above]) / 2
        let value = target * inverse[below] - primal[below] + mean
        move[below] = value
        move[above] = value
      }
    }
    return true
  }

  /// Moves a matrix as far as it stays positive definite, at most by one; by how much.
  private func advance(
    _ matrix: UnsafeMutablePointer<Double>,
    _ add: (_ to: UnsafeMutablePointer<Double>, _ step: Double) -> Void
  ) -> Double {
    var step = 1.0
    for _ in 0..<60 {
      factor.update(from: matrix, count: size * stride)
      add(factor, step)
      if Double.kernels.pointee.cholesky(size, stride, 0, factor) == size { break }
      step *= 0.8
    }
    if step < 1 { step *= 0.95 }
    add(matrix, step)
    return step
  }
}
