import Autodiff
import Hybridization
import SparseRecovery
import Studies
import Tensors
import Testing

/// Sequences for the tests.
func ultrasound(
  frames: Int = 6,
  height: Int = 8,
  width: Int = 8,
  rank: Int = 2,
  tissueDecibels: Double = 10,
  noiseDeviation: Double = 0.05,
  count: Int = 2,
  seed: UInt64
) -> UltrasoundSequence.Draw {
  UltrasoundSequence(
    frames: frames,
    height: height,
    width: width,
    rank: rank,
    tissueDecibels: tissueDecibels,
    vessels: 2,
    bubbles: 3,
    noiseDeviation: noiseDeviation
  ).drawn(count: count, from: RandomStream(seed: seed))
}

@Suite struct RobustPCATests {
  private func classical(_ penalty: Double, _ sparse: Double, _ pattern: SparsePattern = .entries)
    -> RobustPCA<StepMixing<Double>>
  {
    RobustPCA(
      lowRankPenalty: penalty,
      sparsePenalty: sparse,
      pattern: pattern,
      hasMomentum: true
    )
  }

  /// The eigenvalues of `X X'` of each item's frames, square roots, largest first.
  private func singularValues(_ x: Tensor<Double>) -> [[Double]] {
    let (batch, frames) = (x.shape[0], x.shape[1])
    let rows = x.reshaped([batch, frames, -1])
    let gram = matmul(rows, rows, transposeB: true)
    return (0..<batch).map { item in
      let matrix = Matrix(rows: frames, columns: frames, gram.picked(axis: 0, item).scalars)
      return SymmetricEigen(matrix, vectors: false).values.map { max($0, 0).squareRoot() }
        .reversed()
    }
  }

  private func inner(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    (a * b).sum().scalar
  }

  @Test("with a penalty that no singular value exceeds, the entries are shrunk, and no more")
  func handWorked() {
    let d = Tensor<Double>([3, -0.5, 1, 2, 0, -4], shape: [1, 2, 1, 3])
    let outcome = classical(100, 0.75).solve(d, until: .tolerance(1e-14))
    #expect(outcome.status == .converged)
    let expected: [Double] = [0, 0, 0, 0, 0, 0, 2.25, 0, 0.25, 1.25, 0, -3.25]
    #expect(worst(outcome.value, Tensor(expected, shape: [1, 2, 2, 1, 3])) < 1e-12)
  }

  @Test(
    "both algorithms meet the optimality conditions, and so each other",
    arguments: 0..<4 as Range<UInt64>
  )
  func optimality(seed: UInt64) {
    let d = ultrasound(count: 1, seed: seed).observations.converted(to: Double.self)
    let (lambda, rho) = (1.5, 0.2)
    let gradient = classical(lambda, rho).solve(d, until: .tolerance(1e-12))
    let split = RobustPCAADMM<Double>(lowRankPenalty: lambda, sparsePenalty: rho, coupling: 0.7)
      .solve(d, until: .tolerance(1e-12))
    #expect(gradient.status == .converged && split.status == .converged)
    for parts in [gradient.value, split.value] {
      let l = parts.picked(axis: 1, 0)
      let s = parts.picked(axis: 1, 1)
      let residual = d - l - s
      // The residual is in lambda times the subdifferential of |L|_*, and in rho times that of |S|_1.
      let largest = singularValues(residual)[0][0]
      #expect(largest <= lambda * (1 + 1e-6))
      let nuclear = singularValues(l)[0].reduce(0, +)
      #expect((inner(residual, l) - lambda * nuclear).magnitude < 1e-6 * lambda * nuclear)
      #expect(abs(residual).reshaped([-1]).maximum(axis: 0).scalar <= rho * (1 + 1e-6))
      let sum = abs(s).sum().scalar
      #expect((inner(residual, s) - rho * sum).magnitude < 1e-6 * max(rho * sum, 1))
    }
    #expect(worst(gradient.value, split.value) < 1e-6)
  }

  @Test("pixels are kept or left as a whole", arguments: 0..<3 as Range<UInt64>)
  func pixelPattern(seed: UInt64) {
    let d = ultrasound(count: 1, seed: seed).observations.converted(to: Double.self)
    let (lambda, rho) = (2.0, 0.8)
    let parts = classical(lambda, rho, .pixels).solve(d, until: .tolerance(1e-12)).value
    let s = parts.picked(axis: 1, 1)
    let residual = d - parts.picked(axis: 1, 0) - s
    let norms = euclideanNorm(s, axis: 1).scalars
    let forces = euclideanNorm(residual, axis: 1).scalars
    #expect(norms.contains(0) && norms.contains { $0 > 0 })
    for (norm, force) in zip(norms, forces) {
      #expect(norm > 0 ? (force - rho).magnitude < 1e-6 : force <= rho * (1 + 1e-6))
    }
  }

  @Test("layers are iterations, to the bit", arguments: [true, false])
  func unfoldingLaw(hasMomentum: Bool) {
    let d = ultrasound(seed: 4).observations
    let method = RobustPCA<StepMixing<Float>>(
      lowRankPenalty: 1,
      sparsePenalty: 0.2,
      hasMomentum: hasMomentum
    )
    let network = method.unfolded(layers: 5)
    #expect(network.learnedCount == 15)
    #expect(network.estimate(d) == method.solve(d, until: .iterations(5)).value)
    let split = RobustPCAADMM<Float>(lowRankPenalty: 1, sparsePenalty: 0.2)
    let splitNetwork = split.unfolded(layers: 5)
    #expect(splitNetwork.estimate(d) == split.solve(d, until: .iterations(5)).value)
  }

  @Test("gradients reach every layer's step and thresholds", arguments: 0..<2 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    let draw = ultrasound(count: 1, seed: seed)
    let d = draw.observations.converted(to: Double.self)
    let network = RobustPCA<StepMixing<Double>>(
      lowRankPenalty: 1,
      sparsePenalty: 0.2,
      hasMomentum: true
    ).unfolded(layers: 3)
    let check = try checkGradients(
      at: [d],
      parameters: network.learnedParameters,
      from: RandomStream(seed: seed)
    ) { network.estimate($0[0]) }
    // Some of the 768 shrunk entries may change sides within a difference of 1e-5.
    #expect(check.worstRelativeError < 1e-4)
  }
}

@Suite struct UltrasoundTests {
  @Test("the tissue has its rank, and the observations add up", arguments: 1...4)
  func rank(rank: Int) {
    let draw = ultrasound(
      frames: 8,
      height: 12,
      width: 10,
      rank: rank,
      noiseDeviation: 0.3,
      count: 3,
      seed: 7
    )
    #expect(draw.observations.shape == [3, 8, 12, 10])
    #expect(draw.parts.shape == [3, 2, 8, 12, 10])
    let tissue = draw.parts.converted(to: Double.self).picked(axis: 1, 0)
    for item in 0..<3 {
      let rows = tissue.picked(axis: 0, item).reshaped([8, 120])
      let gram = matmul(rows, rows, transposeB: true)
      let values = SymmetricEigen(Matrix(rows: 8, columns: 8, gram.scalars), vectors: false).values
      let kept = values.filter { $0 > 1e-9 * (values.last ?? 0) }
      #expect(kept.count == rank)
    }
    let noise = (draw.observations - draw.parts.sum(axis: 1)).converted(to: Double.self)
    let power = square(noise).mean().scalar
    // 2,880 squares of normal numbers: five standard errors of 0.09 sqrt(2 / 2880).
    #expect((power - 0.09).magnitude < 5 * 0.09 * (2.0 / 2880).squareRoot())
  }

  @Test("the first sequences do not depend on how many are drawn")
  func prefix() {
    let few = ultrasound(count: 2, seed: 5).parts
    let many = ultrasound(count: 5, seed: 5).parts
    #expect(few == many.sliced(axis: 0, 0..<2))
  }

  @Test("bubbles move: most of their energy is elsewhere some frames later")
  func motion() {
    let parts = ultrasound(frames: 20, height: 32, width: 32, count: 8, seed: 9).parts
    let bubbles = parts.picked(axis: 1, 1).converted(to: Double.self)
    let first = bubbles.sliced(axis: 1, 2..<3)
    let later = bubbles.sliced(axis: 1, 17..<18)
    let overlap = (first * later).sum().scalar
    #expect(square(first).sum().scalar > 0)
    #expect(overlap.magnitude < 0.5 * square(first).sum().scalar)
  }
}
