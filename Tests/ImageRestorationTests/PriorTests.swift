import Autodiff
import ImageRestoration
import Tensors
import Testing

@Suite struct PriorTests {
  private func norm(_ x: Tensor<Double>) -> Double {
    x.scalars.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  private func priors() throws -> [any EvaluablePrior<Double>] {
    [
      EnergyPrior(), SparsePrior(PixelBasis(height: 8, width: 10)),
      SparsePrior(CosineBasis(height: 8, width: 10)),
      SparsePrior(try WaveletBasis(.daubechies4, height: 8, width: 10, levels: 2)),
      SparsePrior(try WaveletBasis(.haar, height: 8, width: 10, levels: 1), shrinksMeans: true),
      TotalVariationPrior(tolerance: 1e-13, iterations: 20_000),
    ]
  }

  @Test("a proximal operator does not expand distances", arguments: 0..<6, 0..<20 as Range<UInt64>)
  func nonExpansive(index: Int, seed: UInt64) throws {
    func check<P: Prior<Double>>(_ prior: P) {
      let (a, b) = (
        randomImages([1, 8, 10], seed: seed), randomImages([1, 8, 10], seed: seed + 100)
      )
      let strength = Tensor(0.3)
      let moved = prior.proximal(a, strength: strength) - prior.proximal(b, strength: strength)
      #expect(norm(moved) <= norm(a - b) * (1 + 1e-6))
    }
    check(try priors()[index])
  }

  /// `strength phi(z) + |z - v|^2 / 2` grows from the result by at least half the squared distance.
  @Test("the result is the minimum", arguments: 0..<6, 0..<20 as Range<UInt64>)
  func minimum(index: Int, seed: UInt64) throws {
    func check<P: EvaluablePrior<Double>>(_ prior: P) {
      let v = randomImages([1, 8, 10], seed: seed)
      let z = prior.proximal(v, strength: Tensor(0.4))
      func value(_ x: Tensor<Double>) -> Double {
        0.4 * prior.values(of: x)[0] + norm(x - v) * norm(x - v) / 2
      }
      let best = value(z)
      for scale in [1e-3, 0.1, 1] {
        let d = randomImages([1, 8, 10], seed: seed + 50) * scale
        #expect(value(z + d) >= best + norm(d) * norm(d) / 2 - 1e-5 * norm(d) - 1e-9)
      }
      // Towards v and towards a flat image, where kinks lie.
      for other in [v, Tensor.full(v.shape, v.scalars.reduce(0, +) / 80)] {
        #expect(value(z + (other - z) * 0.01) >= best - 1e-9)
      }
    }
    check(try priors()[index])
  }

  @Test("total variation moves two pixels together, as worked by hand")
  func twoPixels() {
    let prior = TotalVariationPrior<Double>(tolerance: 1e-14, iterations: 1000)
    let z = prior.proximal(Tensor([0, 3], shape: [1, 1, 2]), strength: Tensor(1))
    #expect(worst(z, Tensor([1, 2], shape: [1, 1, 2])) < 1e-6)
    let flat = prior.proximal(Tensor([0, 3], shape: [1, 2, 1]), strength: Tensor(2))
    #expect(worst(flat, Tensor([1.5, 1.5], shape: [1, 2, 1])) < 1e-6)
  }

  @Test("total variation of a step is its height times its length")
  func stepVariation() {
    let image = Tensor<Double>((0..<20).map { $0 % 5 < 2 ? 0 : 0.7 }, shape: [1, 4, 5])
    #expect(abs(TotalVariationPrior<Double>().values(of: image)[0] - 2.8) < 1e-12)
    let corner = Tensor<Double>([1, 0, 0, 0], shape: [1, 2, 2])
    #expect(abs(TotalVariationPrior<Double>().values(of: corner)[0] - 2.0.squareRoot()) < 1e-12)
  }

  @Test("the duality gap bounds the distance to the solution", arguments: 0..<20 as Range<UInt64>)
  func gap(seed: UInt64) {
    let v = randomImages([1, 12, 9], seed: seed)
    let exact = TotalVariationPrior<Double>(tolerance: 1e-15, iterations: 50_000)
      .solved(v, strength: 0.5)
    for iterations in [5, 20, 80] {
      let rough = TotalVariationPrior<Double>(tolerance: 0, iterations: iterations)
        .solved(v, strength: 0.5)
      let distance = norm(rough.images - exact.images)
      #expect(distance * distance / 2 <= rough.reports[0].gap + exact.reports[0].gap + 1e-12)
      #expect(rough.reports[0].iterations == iterations)
    }
    #expect(exact.reports[0].gap < 1e-8)
  }

  @Test("single precision reaches its gap")
  func single() {
    let v = randomImages([1, 32, 32], seed: 3).converted(to: Float.self)
    let solved = TotalVariationPrior<Float>(tolerance: 1e-5, iterations: 1000)
      .solved(v, strength: 0.2)
    let energy = v.scalars.reduce(0) { $0 + Double($1 * $1) } / 2
    #expect(solved.reports[0].gap <= 1e-5 * energy && solved.reports[0].iterations < 1000)
  }

  @Test("one shift is the prior itself, and a full turn of shifts moves with the image")
  func shifts() throws {
    let basis = try WaveletBasis<Double>(.haar, height: 8, width: 8, levels: 1)
    let v = randomImages([1, 8, 8], seed: 4)
    let strength = Tensor(0.3)
    let plain = SparsePrior(basis).proximal(v, strength: strength)
    #expect(ShiftedPrior(SparsePrior(basis), shifts: 1).proximal(v, strength: strength) == plain)
    // One level of Haar's transform is unchanged by two pixels; so two shifts are all.
    func moved(_ x: Tensor<Double>) -> Tensor<Double> {
      Tensor((0..<64).map { x[0, ($0 / 8 + 7) % 8, ($0 % 8 + 7) % 8] }, shape: [1, 8, 8])
    }
    let all = ShiftedPrior(SparsePrior(basis), shifts: 2)
    let (first, second) = (
      moved(all.proximal(v, strength: strength)), all.proximal(moved(v), strength: strength)
    )
    #expect(worst(first, second) < 1e-12)
  }
}
