internal import SymbolDetection
internal import Tensors
internal import Testing

@Suite struct SemidefiniteRelaxationTests {
  /// `tr(A B)` of symmetric matrices.
  private func inner(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// The relaxation's value at V scaled to a diagonal of ones: a point that is feasible exactly.
  private func feasibleValue(_ cost: Matrix<Double>, _ v: Matrix<Double>) -> Double {
    var unit = v
    for i in 0..<v.rows {
      for j in 0..<v.rows { unit[i, j] /= (v[i, i] * v[j, j]).squareRoot() }
    }
    return inner(cost, unit)
  }

  /// A bound from below: the multipliers, shifted until `Q - Diag` is semidefinite exactly.
  private func dualBound(_ cost: Matrix<Double>, _ multipliers: [Double]) -> Double {
    var slack = cost
    for i in 0..<cost.rows { slack[i, i] -= multipliers[i] }
    let shift = SymmetricEigen(slack, vectors: false).values[0]
    return multipliers.reduce(0, +) + Double(cost.rows) * shift
  }

  @Test("one user: the relaxation is tight", arguments: [2.5, -0.5])
  func handWorked(y: Double) throws {
    // H = [2], Q = [[4, -2 y], [-2 y, y^2]]: V_12 is the sign of y, the value (|y| - 2)^2.
    let detector = SemidefiniteRelaxation(levels: Levels<Double>(.bpsk), tolerance: 1e-9)
    let problems = try LinearProblems(
      channel: Tensor<Double>([2], shape: [1, 1]),
      observations: Tensor([y], shape: [1, 1]),
      noiseVariances: [1]
    )
    let cost = Matrix([[4, -2 * y], [-2 * y, y * y]])
    var program = UnitDiagonalProgram(size: 2)
    let isConverged = program.solve(cost, iterations: 100, tolerance: 1e-9)
    #expect(isConverged)
    // The gap of 1e-9 of the entries off the diagonal.
    let least = (y.magnitude - 2) * (y.magnitude - 2)
    #expect(abs(inner(cost, program.solution) - least) < 1e-9 * 4 * y.magnitude + 1e-14)
    #expect(detector.detect(problems).symbols.scalars == [y < 0 ? -1 : 1])
  }

  @Test(
    "its value lies between the dual bound and the least cost",
    arguments: [0.5, 4.0],
    0..<20 as Range<UInt64>
  )
  func bounds(noise: Double, seed: UInt64) throws {
    let levels = Levels<Double>(.qpsk)
    let f = try MIMOFixture(seed, receive: 9, users: 8, levels: levels, noiseVariance: noise)
    let detector = SemidefiniteRelaxation(levels: levels)
    var cost = Matrix<Double>(rows: 9, columns: 9)
    try f.prepare(detector) { received, workspace in
      detector.fillCost(received, &workspace)
      cost = workspace.cost
    }
    // From its definition: |y - a H x|^2 of x = (1, -1, ..).
    let signs = (0..<8).map { $0 % 2 == 0 ? 1.0 : -1.0 } + [1]
    let quadratic = zip(signs, cost.times(signs)).reduce(0) { $0 + $1.0 * $1.1 }
    let direct = f.cost(signs.dropLast().map { $0 * levels.limit })
    #expect(abs(quadratic - direct) < 1e-12 * direct)
    var program = UnitDiagonalProgram(size: 9)
    let isConverged = program.solve(cost, iterations: 100, tolerance: 1e-8)
    #expect(isConverged)
    #expect(program.iterations < 30)
    let value = feasibleValue(cost, program.solution)
    let bound = dualBound(cost, program.dual(cost))
    let least = f.exhaustive(levels).cost
    // Both points are feasible exactly, so rounding alone can break the first; the second closes as
    // the tolerance does, 1e-8 of the sum of magnitudes, which is at most 9 times the norm of Q.
    let norm = inner(cost, cost).squareRoot()
    #expect(bound <= value + 1e-12 * norm)
    #expect(value <= bound + 1e-7 * norm)
    #expect(bound <= least + 1e-12 * norm)
    #expect(value <= least + 1e-7 * norm)
  }

  @Test("a looser solution has the same decisions in single precision", arguments: [1, 2, 3])
  func precision(seed: UInt64) throws {
    let f = try MIMOFixture(
      seed,
      receive: 16,
      users: 8,
      levels: Levels(.bpsk),
      noiseVariance: 1
    )
    let single = try LinearProblems(
      channel: f.problems.channel.converted(to: Float.self),
      observations: f.problems.observations.converted(to: Float.self),
      noiseVariances: [1]
    )
    let rough = SemidefiniteRelaxation(levels: Levels<Float>(.bpsk)).detect(single)
    let exact = SemidefiniteRelaxation(
      levels: Levels<Double>(.bpsk),
      tolerance: 1e-9
    ).detect(f.problems)
    #expect(rough.failures.isEmpty && exact.failures.isEmpty)
    #expect(rough.symbols.scalars.map { Double($0) } == exact.symbols.scalars)
  }

  @Test("an iteration that ends early decides and says so")
  func iterationLimit() throws {
    let levels = Levels<Double>(.bpsk)
    let f = try MIMOFixture(1, receive: 6, users: 6, levels: levels, noiseVariance: 4)
    let decision = SemidefiniteRelaxation(levels: levels, iterations: 1).detect(f.problems)
    #expect(decision.failures == [0: .iterationLimit])
    #expect(decision.symbols.scalars.allSatisfy { $0.magnitude == 1 })
  }

  @Test("nothing received over orthogonal columns decides for one value, and finishes")
  func nothing() throws {
    let problems = try LinearProblems(
      channel: Tensor<Double>([1, 0, 0, 1], shape: [2, 2]),
      observations: Tensor([0, 0], shape: [1, 2]),
      noiseVariances: [1]
    )
    let decision = SemidefiniteRelaxation(levels: Levels(.bpsk)).detect(problems)
    #expect(decision.symbols.scalars == [1, 1] && decision.failures.isEmpty)
  }
}
