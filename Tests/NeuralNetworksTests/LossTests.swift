import Autodiff
import NeuralNetworks
import Tensors
import Testing

/// Formulas of a few operations in Double.
private let rounding = 1e-14

@Suite struct LossTests {
  private let p = Tensor<Double>([1, 2, 3, 4], shape: [2, 2])
  private let t = Tensor<Double>([1, 0, 6, 4], shape: [2, 2])

  @Test("squared, absolute and Huber errors by hand")
  func byHand() {
    #expect(meanSquaredError(p, t).scalar == 13.0 / 4)
    #expect(absoluteError(p, t).scalar == 5.0 / 4)
    // |d| = 0, 2, 3, 0 with threshold 1: 0, 1.5, 2.5, 0.
    #expect(huber(p, t).scalar == 1)
    // With threshold 2.5: 0, 2, 2.5 (3 - 1.25), 0.
    #expect(huber(p, t, threshold: 2.5).scalar == 6.375 / 4)
  }

  @Test("weights count rows, and a mask leaves rows out")
  func weights() {
    let first = Tensor<Double>([1, 0])
    #expect(meanSquaredError(p, t, weights: first).scalar == 2)
    #expect(absoluteError(p, t, weights: Tensor([1, 3])).scalar == 11.0 / 8)
    let each = Tensor<Double>([0, 1, 0, 0], shape: [2, 2])
    #expect(meanSquaredError(p, t, weights: each).scalar == 4)
    #expect(meanSquaredError(p, t, weights: Tensor([0, 0])).scalar.isNaN)
  }

  @Test("cross-entropy equals the plain formula, with and without weights")
  func crossEntropies() {
    let logits: Tensor<Double> = normal([2, 3, 4], 5)
    let labels = Tensor<Double>([0, 1, 2, 3, 0, 1], shape: [2, 3])
    let rows = logits.reshaped([6, 4]).scalars
    let losses = (0..<6).map { row -> Double in
      let z = rows[row * 4..<row * 4 + 4]
      let sum = z.reduce(0) { $0 + exponential($1) }
      return logarithm(sum) - z[row * 4 + Int(labels.scalars[row])]
    }
    #expect(Swift.abs(crossEntropy(logits, labels).scalar - losses.reduce(0, +) / 6) < rounding)
    let mask = Tensor<Double>([1, 1, 0, 1, 0, 0], shape: [2, 3])
    let masked = (losses[0] + losses[1] + losses[3]) / 3
    #expect(Swift.abs(crossEntropy(logits, labels, weights: mask).scalar - masked) < rounding)
  }

  @Test("binary cross-entropy equals the plain formula and survives large logits")
  func binaryCrossEntropies() {
    let logits = Tensor<Double>([-2, 0.5, 3])
    let targets = Tensor<Double>([0, 1, 0.25])
    let expected =
      zip(logits.scalars, targets.scalars).reduce(0.0) { total, pair in
        let s = 1 / (1 + exponential(-pair.0))
        return total - pair.1 * logarithm(s) - (1 - pair.1) * logarithm(1 - s)
      } / 3
    #expect(Swift.abs(binaryCrossEntropy(logits, targets).scalar - expected) < rounding)
    let extreme = binaryCrossEntropy(Tensor<Float>([1000, -1000]), Tensor([0, 0]))
    #expect(extreme.scalar == 500)
  }

  @Test("the penalty is the strength times the sum of squares")
  func penalty() {
    let parameters = [Parameter(Tensor<Double>([1, 2])), Parameter(Tensor<Double>(3))]
    #expect(squaredNormPenalty(parameters, strength: 0.5).scalar == 7)
  }

  @Test("every loss has the right gradient", arguments: 0..<5 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    let a: Tensor<Double> = normal([3, 4], seed, "a")
    let b: Tensor<Double> = normal([3, 4], seed, "b")
    let w = Tensor<Double>([0.5, 0, 2])
    let labels = Tensor<Double>([3, 0, 1])
    let losses: [(Tensor<Double>) -> Tensor<Double>] = [
      { meanSquaredError($0, b, weights: w) }, { absoluteError($0, b, weights: w) },
      { huber($0, b, threshold: 0.7) }, { crossEntropy($0, labels, weights: w) },
      { binaryCrossEntropy($0, sigmoid(b), weights: w) },
    ]
    for loss in losses {
      let check = try checkGradients(at: [a], from: RandomStream(seed: seed)) { loss($0[0]) }
      #expect(check.worstRelativeError < gradientTolerance)
    }
    let parameter = Parameter(a)
    let check = try checkGradients(
      at: [],
      parameters: [parameter],
      from: RandomStream(seed: seed)
    ) { _ in squaredNormPenalty([parameter], strength: 0.3) }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  private func exponential(_ x: Double) -> Double { exp(Tensor<Double>(x)).scalar }
  private func logarithm(_ x: Double) -> Double { log(Tensor<Double>(x)).scalar }
}
