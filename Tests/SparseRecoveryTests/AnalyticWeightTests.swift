import Autodiff
import SparseRecovery
import Tensors
import Testing

@Suite struct AnalyticWeightTests {
  private func diagonal(_ weight: AnalyticWeight) -> [Double] {
    (weight.weight * weight.operators).sum(axis: 0).scalars
  }

  @Test("the closed form meets the constraint and no feasible weight is better", arguments: 0..<20)
  func closedForm(seed: Int) throws {
    let a = Problem(seed: UInt64(seed), measurements: 10, unknowns: 24, nonzeros: 1).operators
    let weight = try AnalyticWeight(of: a)
    #expect(diagonal(weight).allSatisfy { ($0 - 1).magnitude < 1e-12 })
    let own = square(matmul(a, a, transposeA: true)).sum().scalar
    #expect(weight.objective < own)
    // Any feasible move raises the objective: w + d with d'a = 0 for each column.
    var stream = RandomStream(seed: UInt64(seed))
    for size in [1e-3, 0.1] {
      let raw: Tensor<Double> = stream.normal(a.shape)
      let move = raw - a * (raw * a).sum(axis: 0)
      let moved = weight.weight + move * size
      #expect(square(matmul(moved, a, transposeA: true)).sum().scalar > weight.objective)
    }
  }

  @Test("refining lowers the generalised coherence below the dictionary's own")
  func refined() throws {
    let a = Problem(seed: 1, measurements: 20, unknowns: 40, nonzeros: 1).operators
    let closed = try AnalyticWeight(of: a)
    let refined = closed.refined(iterations: 200)
    #expect(diagonal(refined).allSatisfy { ($0 - 1).magnitude < 1e-10 })
    #expect(refined.generalisedCoherence < 0.9 * closed.generalisedCoherence)
    #expect(refined.generalisedCoherence < 0.9 * AnalyticWeight.coherence(of: a))
    #expect(refined.objective >= closed.objective)
  }

  @Test("the refined weight reaches the optimum where it is known")
  func knownOptimum() throws {
    // Three unit vectors at 120 degrees in the plane: the closed form is optimal, coherence 1/2.
    let h = 0.75.squareRoot()
    let a = Tensor<Double>([1, -0.5, -0.5, 0, h, -h], shape: [2, 3])
    #expect((AnalyticWeight.coherence(of: a) - 0.5).magnitude < 1e-12)
    let closed = try AnalyticWeight(of: a)
    #expect((closed.generalisedCoherence - 0.5).magnitude < 1e-12)
    #expect((closed.refined(iterations: 50).generalisedCoherence - 0.5).magnitude < 1e-9)
  }

  @Test("an operator with more rows than columns has coherence zero; zero columns are refused")
  func degenerate() throws {
    let tall = Problem(seed: 3, measurements: 9, unknowns: 4, nonzeros: 1).operators
    #expect(try AnalyticWeight(of: tall).generalisedCoherence < 1e-12)
    #expect(throws: SparseRecoveryError.zeroColumn(1)) {
      try AnalyticWeight(of: Tensor([1, 0, 1, 2, 0, 1], shape: [2, 3]))
    }
  }
}
