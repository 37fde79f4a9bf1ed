import Autodiff
import Hybridization
import SparseRecovery
import Tensors
import Testing

@Suite struct LassoTests {
  @Test(
    "ISTA, FISTA and ADMM solve the Lasso",
    arguments: [0.06, 0.3],
    0..<3 as Range<UInt64>
  )
  func optimality(penalty: Double, seed: UInt64) {
    let problem = Problem(seed: seed, noiseDeviation: 0.05)
    let (a, x) = (problem.operators, problem.observations)
    let rule = StoppingRule.tolerance(1e-12, maximumIterations: 200_000)
    let outcomes = [
      ISTA(operators: a, penalty: penalty).solve(x, until: rule),
      FISTA(operators: a, penalty: penalty).solve(x, until: rule),
      ADMM(operators: a, penalty: penalty).solve(x, until: rule),
      ADMM(operators: a, penalty: penalty, coupling: 3, dualStep: 1.3).solve(x, until: rule),
    ]
    for outcome in outcomes {
      #expect(outcome.status == .converged)
      // A relative change of 1e-12 leaves, at these contraction rates, less than 1e-9 to go.
      #expect(optimalityGap(outcome.value, x, a, penalty: penalty) < 1e-8)
    }
    for outcome in outcomes.dropFirst() {
      #expect(worst(outcome.value, outcomes[0].value) < 1e-7)
    }
  }

  @Test("with one unknown the Lasso is one shrinkage")
  func scalar() {
    // min (3 - 2 s)^2 / 2 + s: 2 (3 - 2 s) = 1, s = 1.25.
    let a = Tensor<Double>([2], shape: [1, 1])
    let x = Tensor<Double>([3], shape: [1, 1])
    let outcome = ISTA(operators: a, penalty: 1).solve(x, until: .tolerance(1e-14))
    #expect((outcome.value.scalar - 1.25).magnitude < 1e-8)
  }

  @Test("a penalty above the largest correlation gives zeros; an operator of zeros too")
  func degenerate() {
    let problem = Problem(seed: 1)
    let largest = abs(matmul(problem.observations, problem.operators)).scalars.max() ?? 0
    for penalty in [largest * 1.001, largest * 100] {
      let outcome = ISTA(operators: problem.operators, penalty: penalty)
        .solve(problem.observations, until: .tolerance(1e-9))
      #expect(outcome.value.scalars.allSatisfy { $0 == 0 })
    }
    let zeros = ISTA(operators: Tensor<Double>.zeros([3, 4]), penalty: 0.1)
      .solve(Tensor<Double>.ones([2, 3]), until: .tolerance(1e-9))
    #expect(zeros.value == Tensor.zeros([2, 4]))
  }

  @Test("FISTA is ahead of ISTA after the same iterations")
  func acceleration() {
    let problem = Problem(seed: 3, measurements: 40, unknowns: 100, nonzeros: 5)
    let (a, x) = (problem.operators, problem.observations)
    let solution = FISTA(operators: a, penalty: 0.01)
      .solve(x, until: .tolerance(1e-12, maximumIterations: 100_000)).value
    let slow = ISTA(operators: a, penalty: 0.01).trace(x, iterations: 60)[59]
    let fast = FISTA(operators: a, penalty: 0.01).trace(x, iterations: 60)[59]
    #expect(square(fast - solution).sum().scalar < 0.1 * square(slow - solution).sum().scalar)
  }

  @Test("the bound of the Lipschitz constant is one, and close", arguments: 0..<20 as Range<UInt64>)
  func lipschitz(seed: UInt64) {
    let tall = seed % 2 == 1
    let a = Problem(seed: seed, measurements: tall ? 30 : 12, unknowns: 20).operators
    let bound = OperatorAnalysis.lipschitzBound(a)
    // A power iteration's Rayleigh quotient is a lower bound.
    var stream = RandomStream(seed: seed)
    var v: Tensor<Double> = stream.normal([1, 20])
    var quotient = 0.0
    for _ in 0..<5000 {
      let image = matmul(matmul(v, a, transposeB: true), a)
      quotient = (v * image).sum().scalar / square(v).sum().scalar
      v = image * (1 / square(image).sum().scalar.squareRoot())
    }
    #expect(bound >= quotient)
    #expect(bound <= quotient * 1.001)
  }

  @Test("orthogonal rows diagonalise the operator", arguments: [1, 7, 12], [5, 12])
  func rows(measurements: Int, unknowns: Int) {
    let a = Problem(
      seed: 5,
      measurements: measurements,
      unknowns: unknowns,
      nonzeros: 1
    ).operators
    let parts = OrthogonalRows(a)
    #expect(worst(matmul(parts.rotation, a, transposeA: true), parts.rows) < 1e-12)
    let gram = matmul(parts.rows, parts.rows, transposeB: true)
    for i in 0..<measurements {
      for j in 0..<measurements {
        let expected = i == j ? parts.eigenvalues[i] : 0
        #expect((gram[i, j] - expected).magnitude < 1e-12)
      }
    }
    let identity = matmul(parts.rotation, parts.rotation, transposeA: true)
    for i in 0..<measurements { #expect((identity[i, i] - 1).magnitude < 1e-12) }
  }

  @Test("the pseudo-inverse gives the least-norm or least-squares solution")
  func pseudoInverse() throws {
    for (rows, columns) in [(5, 9), (9, 5), (4, 4)] {
      let a = Problem(seed: 2, measurements: rows, unknowns: columns, nonzeros: 1).operators
      let w = try OperatorAnalysis.pseudoInverse(a)
      let product =
        rows <= columns ? matmul(a, w, transposeB: true) : matmul(w, a, transposeA: true)
      for i in 0..<min(rows, columns) {
        for j in 0..<min(rows, columns) {
          #expect((product[i, j] - (i == j ? 1 : 0)).magnitude < 1e-10)
        }
      }
    }
    #expect(throws: SparseRecoveryError.rankDeficient(rows: 2, columns: 3)) {
      try OperatorAnalysis.pseudoInverse(Tensor([1, 2, 3, 2, 4, 6], shape: [2, 3]))
    }
  }
}
