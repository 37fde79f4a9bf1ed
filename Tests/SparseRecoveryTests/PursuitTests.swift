import Autodiff
import SparseRecovery
import Tensors
import Testing

@Suite struct PursuitTests {
  private func rows(_ tensor: Tensor<Double>) -> [[Double]] {
    let width = tensor.shape[1]
    let numbers = tensor.scalars
    return stride(from: 0, to: numbers.count, by: width).map { Array(numbers[$0..<$0 + width]) }
  }

  @Test("recovers signals far sparser than the measurements", arguments: 0..<20 as Range<UInt64>)
  func exact(seed: UInt64) {
    let problem = Problem(seed: seed, measurements: 40, unknowns: 60, nonzeros: 3, batch: 2)
    let pursuit = OrthogonalMatchingPursuit(operators: problem.operators, maximumNonzeros: 10)
    for (x, s) in zip(rows(problem.observations), rows(problem.signals)) {
      let (signal, ending) = pursuit.recovered(x, untilResidual: 1e-10)
      #expect(ending == .fitted)
      #expect(zip(signal, s).allSatisfy { ($0 - $1).magnitude < 1e-9 })
    }
  }

  @Test("with two non-zeros finds what a search over all supports finds", arguments: 0..<5)
  func bruteForce(seed: Int) {
    // Columns of a small angle to the axes: greedy and exhaustive search agree.
    let problem = Problem(
      seed: UInt64(seed),
      measurements: 12,
      unknowns: 8,
      nonzeros: 2,
      batch: 3,
      noiseDeviation: 1e-3
    )
    let pursuit = OrthogonalMatchingPursuit(operators: problem.operators, maximumNonzeros: 2)
    let columns = rows(problem.operators.transposed())
    for x in rows(problem.observations) {
      let (signal, _) = pursuit.recovered(x, untilResidual: 0)
      let found = signal.indices.filter { signal[$0] != 0 }
      var best: (cost: Double, support: [Int]) = (.infinity, [])
      for i in 0..<8 {
        for j in (i + 1)..<8 {
          let cost = Self.cost(x, columns[i], columns[j])
          if cost < best.cost { best = (cost, [i, j]) }
        }
      }
      #expect(found == best.support)
    }
  }

  /// The squared residual of least squares on two columns, by the two normal equations.
  private static func cost(_ x: [Double], _ a: [Double], _ b: [Double]) -> Double {
    func dot(_ u: [Double], _ v: [Double]) -> Double { zip(u, v).reduce(0) { $0 + $1.0 * $1.1 } }
    let (aa, ab, bb, ax, bx) = (dot(a, a), dot(a, b), dot(b, b), dot(a, x), dot(b, x))
    let determinant = aa * bb - ab * ab
    let (p, q) = ((ax * bb - bx * ab) / determinant, (bx * aa - ax * ab) / determinant)
    let residual = x.indices.map { x[$0] - p * a[$0] - q * b[$0] }
    return dot(residual, residual)
  }

  @Test("says why it ended")
  func endings() {
    let a = Tensor<Double>([1, 0, 2, 0, 1, 0], shape: [2, 3])
    let pursuit = OrthogonalMatchingPursuit(operators: a, maximumNonzeros: 2)
    #expect(pursuit.recovered([0, 0], untilResidual: 0).ending == .fitted)
    #expect(pursuit.recovered([3, 1], untilResidual: 0).ending == .fitted)
    let short = OrthogonalMatchingPursuit(operators: a, maximumNonzeros: 1)
    let (signal, ending) = short.recovered([3, 1], untilResidual: 0.1)
    #expect(ending == .full)
    #expect(signal == [3, 0, 0], "of equal columns the first")
    let line = Tensor<Double>([1, 2, 0, 0], shape: [2, 2])
    let dependent = OrthogonalMatchingPursuit(operators: line, maximumNonzeros: 2)
    #expect(dependent.recovered([1, 1], untilResidual: 0.1).ending == .dependent)
  }

  @Test("the residual is orthogonal to the chosen columns", arguments: 0..<5 as Range<UInt64>)
  func orthogonality(seed: UInt64) {
    let problem = Problem(seed: seed, batch: 1, noiseDeviation: 0.2)
    let pursuit = OrthogonalMatchingPursuit(operators: problem.operators, maximumNonzeros: 7)
    let (signal, _) = pursuit.recovered(rows(problem.observations)[0], untilResidual: 0)
    let estimate = Tensor(signal, shape: [1, signal.count])
    let residual =
      problem.observations - matmul(estimate, problem.operators, transposeB: true)
    let correlations = matmul(residual, problem.operators).scalars
    for (value, correlation) in zip(signal, correlations) where value != 0 {
      #expect(correlation.magnitude < 1e-12)
    }
    #expect(signal.count { $0 != 0 } == 7)
  }
}
