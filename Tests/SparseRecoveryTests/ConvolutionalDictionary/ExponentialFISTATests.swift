import Autodiff
import Hybridization
import SparseRecovery
import Tensors
import Testing

@Suite struct ExponentialFISTATests {
  private func world(_ law: ObservationLaw) -> SpikeCounts {
    SpikeCounts(
      law: law,
      baseline: -1,
      length: 60,
      filters: 2,
      taps: 9,
      events: 2,
      amplitudes: 2...4
    )
  }

  private func coding(
    _ law: ObservationLaw,
    penalty: Double,
    isNonnegative: Bool,
    seed: UInt64
  ) -> (ExponentialFISTA<Double>, Tensor<Double>) {
    let world = world(law)
    let shapes = world.shapes(from: RandomStream(seed: seed))
    let draw = world.drawn(shapes, count: 3, from: RandomStream(seed: seed))
    let coding = ExponentialFISTA<Double>(
      law: law,
      baseline: -1,
      filters: shapes,
      penalty: penalty,
      largest: 2 * (draw.observations.scalars.map(Double.init).max() ?? 1),
      isNonnegative: isNonnegative
    )
    return (coding, draw.observations.converted(to: Double.self))
  }

  @Test(
    "coding meets the optimality conditions",
    arguments: [ObservationLaw.binomial(trials: 12), .poisson, .gaussian(variance: 0.5)],
    [true, false]
  )
  func optimality(law: ObservationLaw, isNonnegative: Bool) {
    let penalty = 1.5
    let (coding, x) = coding(law, penalty: penalty, isNonnegative: isNonnegative, seed: 3)
    let outcome = coding.solve(x, until: .tolerance(1e-11, maximumIterations: 200_000))
    #expect(outcome.status == .converged)
    let natural = coding.naturalParameters(outcome.value, coding.filters, of: x)
    var residual = x - law.mean(natural)
    if case .gaussian(let variance) = law { residual = residual * (1 / variance) }
    let slopes = correlatedFilters(residual, unitRows(coding.filters)).scalars
    var nonzeros = 0
    for (code, slope) in zip(outcome.value.scalars, slopes) {
      if code != 0 {
        nonzeros += 1
        #expect((slope - (code > 0 ? penalty : -penalty)).magnitude < 1e-6)
        #expect(code > 0 || !isNonnegative)
      } else {
        #expect(slope <= penalty + 1e-6 && (isNonnegative || slope >= -penalty - 1e-6))
      }
    }
    #expect(nonzeros > 1)
  }

  @Test(
    "for normal noise it is the Lasso of the dense dictionary",
    arguments: 0..<3 as Range<UInt64>
  )
  func denseLasso(seed: UInt64) {
    let (coding, x) = coding(.gaussian(variance: 1), penalty: 0.7, isNonnegative: false, seed: seed)
    let (channels, taps) = (2, 9)
    let places = 60 - taps + 1
    let unit = unitRows(coding.filters)
    var dense = [Double](repeating: 0, count: 60 * channels * places)
    for c in 0..<channels {
      for n in 0..<places {
        for k in 0..<taps { dense[(n + k) * channels * places + c * places + n] = unit[c, k] }
      }
    }
    let operators = Tensor(dense, shape: [60, channels * places])
    let rule = StoppingRule.tolerance(1e-11, maximumIterations: 100_000)
    let lasso = FISTA(operators: operators, penalty: 0.7).solve(x + 1, until: rule).value
    let codes = coding.solve(x, until: rule).value.reshaped([3, channels * places])
    func objective(_ s: Tensor<Double>) -> Double {
      let residual = x + 1 - matmul(s, operators, transposeB: true)
      return 0.5 * square(residual).sum().scalar + 0.7 * abs(s).sum().scalar
    }
    // The minimum is unique, its place need not be to the last digit.
    #expect((objective(lasso) - objective(codes)).magnitude < 1e-8 * objective(lasso))
  }

  @Test(
    "a refit ends at the most likely codes of the largest of each neighbourhood",
    arguments: [0, 2]
  )
  func refit(distance: Int) throws {
    let law = ObservationLaw.binomial(trials: 12)
    let (plain, x) = coding(law, penalty: 1.5, isNonnegative: false, seed: 3)
    let refitted = ExponentialFISTA<Double>(
      law: law,
      baseline: -1,
      filters: plain.filters,
      penalty: 1.5,
      stepSize: plain.stepSize,
      isNonnegative: false,
      refit: .init(after: 200, distance: distance)
    )
    let before = plain.solve(x, until: .iterations(200)).value
    let outcome = refitted.solve(x, until: .iterations(20_000))
    let natural = refitted.naturalParameters(outcome.value, refitted.filters, of: x)
    let slopes = correlatedFilters(x - law.mean(natural), unitRows(refitted.filters)).scalars
    let (sizes, after) = (abs(before).scalars, outcome.value.scalars)
    let places = before.shape[2]
    var moved = 0
    for index in sizes.indices {
      let (row, place) = (index / places, index % places)
      let near = max(0, place - distance)...min(places - 1, place + distance)
      let isLargest =
        sizes[index] > 0 && near.allSatisfy { sizes[row * places + $0] <= sizes[index] }
      #expect((after[index] != 0) == isLargest)
      // No slope is left where codes may move.
      if isLargest {
        moved += 1
        #expect(slopes[index].magnitude < 1e-6)
      }
    }
    #expect(moved > 1)
    #expect(distance == 0 || moved < sizes.filter { $0 > 0 }.count)
  }

  @Test("the step is below one over the largest curvature, and not by much")
  func norm() {
    let (coding, _) = coding(.gaussian(variance: 1), penalty: 1, isNonnegative: true, seed: 8)
    var stream = RandomStream(seed: 1)
    var v: Tensor<Double> = stream.normal([1, 2, 2000])
    var eigenvalue = 0.0
    for _ in 0..<300 {
      let next = correlatedFilters(
        placedFilters(v, unitRows(coding.filters)),
        unitRows(coding.filters)
      )
      eigenvalue = square(next).sum().scalar.squareRoot()
      v = next * (1 / eigenvalue)
    }
    #expect(1 / coding.stepSize >= eigenvalue)
    #expect(1 / coding.stepSize < 1.05 * eigenvalue)
  }

  @Test(
    "layers are iterations, to the bit; three numbers of filters where they are not tied",
    arguments: [true, false]
  )
  func unfoldingLaw(isTied: Bool) {
    let world = world(.binomial(trials: 20))
    let shapes = world.shapes(from: RandomStream(seed: 2)).converted(to: Float.self)
    let x = world.drawn(shapes.converted(to: Double.self), count: 4, from: RandomStream(seed: 2))
      .observations
    let coding = ExponentialFISTA<Float>(
      law: world.law,
      baseline: -1,
      filters: shapes,
      penalty: 2,
      isNonnegative: true,
      isTied: isTied
    )
    let network = coding.unfolded(layers: 25, learning: [.filters, .thresholds], sharing: .tied)
    #expect(network.estimate(x) == coding.solve(x, until: .iterations(25)).value)
    #expect(network.learnedCount == (isTied ? 1 : 2) * 18 + 2)
  }

  @Test(
    "a loss differentiates through all layers, to the filters of both directions",
    arguments: 0..<3 as Range<UInt64>
  )
  func gradients(seed: UInt64) throws {
    // Without a penalty, so that no code crosses its threshold within a difference.
    let (coding, x) = coding(.binomial(trials: 12), penalty: 0, isNonnegative: false, seed: seed)
    let network = coding.unfolded(layers: 6, learning: [.filters], sharing: .tied)
    let check = try checkGradients(
      at: [],
      parameters: network.learnedParameters,
      from: RandomStream(seed: seed)
    ) { _ in
      let filters = network.layers[0].synthesis.value
      let natural = coding.naturalParameters(network.estimate(x), filters, of: x)
      return coding.law.loss(x, natural).mean(axis: 1)
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}
