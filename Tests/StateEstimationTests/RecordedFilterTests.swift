import Autodiff
import StateEstimation
import Tensors
import Testing

/// A gain of one matrix for all steps, in both forms of the slot.
private struct FixedGain: RecordedGain {
  let matrix: Tensor<Double>

  func start(batch: Int) -> Int { batch }

  func detached(_ carry: Int) -> Int { carry }

  func gain(_ step: RecordedStep<Double>, _ carry: inout Int) -> Tensor<Double> {
    matrix.reshaped([1] + matrix.shape).broadcast(to: [carry] + matrix.shape)
  }
}

@Suite struct RecordedFilterTests {
  @Test(
    "the recorded filter agrees with the streaming one, missing entries included",
    arguments: 0..<3 as Range<UInt64>
  )
  func agrees(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let gain = try SteadyStateGain(model: system.model, noise: system.noise)
    let drawn = system.drawn(2, time: 7, seed: seed)
    var y = drawn.observations.scalars
    var mask = [Double](repeating: 1, count: y.count)
    for place in [3, 10, 11] {
      y[place] = .nan
      mask[place] = 0
    }
    let streamed = try GaussianFilter(gain: gain).estimated(
      system.input(Tensor(y, shape: [2, 7, 2])),
      pool: .serial
    )
    let recorded = RecordedFilter(model: system.model).estimates(
      Tensor(y.map { $0.isNaN ? 0 : $0 }, shape: [2, 7, 2]),
      mean: Tensor(system.mean + system.mean, shape: [2, 3]),
      mask: Tensor(mask, shape: [2, 7, 2]),
      gain: FixedGain(matrix: Tensor(gain.matrix.matrix.scalars, shape: [3, 2]))
    )
    #expect(recorded.shape == [2, 7, 3])
    #expect(worst(recorded.scalars, streamed.estimates.scalars) < 1e-12)
  }

  @Test("a loss differentiates through the filter with respect to its gain")
  func gradient() throws {
    let system = try LinearSystem(seed: 1)
    let drawn = system.drawn(2, time: 4, seed: 1)
    let mean = Tensor(system.mean + system.mean, shape: [2, 3])
    let check = try checkGradients(at: [.full([3, 2], 0.1)], from: RandomStream(seed: 7)) {
      inputs in
      let estimates = RecordedFilter(model: system.model).estimates(
        drawn.observations,
        mean: mean,
        gain: FixedGain(matrix: inputs[0])
      )
      return square(estimates - drawn.states).mean()
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}
