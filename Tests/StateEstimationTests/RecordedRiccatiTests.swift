import Autodiff
import StateEstimation
import Tensors
import Testing

@Suite struct RecordedRiccatiTests {
  /// `Q = G G'` from any square matrix.
  private func covariance(_ root: Tensor<Double>) -> Tensor<Double> {
    matmul(root, root, transposeB: true)
  }

  private func tensor(_ matrix: Matrix<Double>) -> Tensor<Double> {
    Tensor(matrix.scalars, shape: [matrix.rows, matrix.columns])
  }

  /// The estimates and the likelihoods of the recorded filter.
  private func filtered<Transition: VectorFunction, Emission: VectorFunction>(
    _ gain: RecordedRiccatiGain<Transition, Emission>,
    _ observations: Tensor<Double>,
    mean: Tensor<Double>
  ) -> (estimates: [Tensor<Double>], likelihood: Tensor<Double>)
  where Transition.Scalar == Double, Emission.Scalar == Double {
    let filter = RecordedFilter(model: gain.model)
    let (batch, n) = (observations.shape[0], observations.shape[2])
    var state = filter.start(mean: mean, gain: gain)
    let estimates = (0..<observations.shape[1]).map { t in
      filter.advance(
        &state,
        observations.sliced(axis: 1, t..<(t + 1)).reshaped([batch, n]),
        gain: gain
      )
    }
    return (estimates, state.carry.logLikelihood ?? .zeros([batch]))
  }

  @Test("the recorded Riccati gain is the streaming one", arguments: 0..<3 as Range<UInt64>)
  func linear(seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let drawn = system.drawn(2, time: 6, seed: seed)
    let expected = try system.kalman.estimated(system.input(drawn.observations), pool: .serial)
    let gain = RecordedRiccatiGain(
      model: system.model,
      process: tensor(system.process),
      observation: tensor(system.observation),
      initialCovariance: tensor(system.covariance)
    )
    let found = filtered(
      gain,
      drawn.observations,
      mean: Tensor(system.mean + system.mean, shape: [2, 3])
    )
    let stack = stacked(found.estimates, axis: 1)
    #expect(worst(stack.scalars, expected.estimates.scalars) < 1e-10)
    #expect(worst(found.likelihood.scalars, expected.logLikelihoods.scalars) < 1e-10)
  }

  @Test("and so it is on the Lorenz attractor, with spherical observations")
  func extended() throws {
    let model = StateSpaceModel(
      transition: LorenzTransition<Double>(),
      emission: SphericalEmission<Double>()
    )
    let noise = try NoiseCovariances<Double>(process: .identity(3), observation: .identity(3))
    let drawn = Trajectories.drawn(
      model,
      noise: noise,
      starts: .ones([2, 3]),
      time: 5,
      from: RandomStream(seed: 1)
    )
    let expected = try GaussianFilter(gain: RiccatiGain(model: model, noise: noise)).estimated(
      FilterInput(
        observations: drawn.observations,
        initialMean: .ones([3]),
        initialCovariance: tensor(.identity(3))
      ),
      pool: .serial
    )
    let identity = tensor(.identity(3))
    let gain = RecordedRiccatiGain(
      model: model,
      process: identity,
      observation: identity,
      initialCovariance: identity
    )
    let found = filtered(gain, drawn.observations, mean: .ones([2, 3]))
    let stack = stacked(found.estimates, axis: 1)
    #expect(worst(stack.scalars, expected.estimates.scalars) < 1e-9)
    #expect(worst(found.likelihood.scalars, expected.logLikelihoods.scalars) < 1e-9)
  }

  @Test(
    "the gradient of the likelihood with respect to Q and R agrees with finite differences",
    arguments: 0..<3 as Range<UInt64>
  )
  func gradient(seed: UInt64) throws {
    var stream = RandomStream(seed: seed).derived("roots")
    let roots: Tensor<Double> = stream.normal([2, 3, 3])
    let observations: Tensor<Double> = stream.normal([2, 4, 3])
    let identity = tensor(.identity(3))
    let (q, r) = (
      roots.sliced(axis: 0, 0..<1).reshaped([3, 3]) + identity * 2,
      roots.sliced(axis: 0, 1..<2).reshaped([3, 3]) + identity * 2
    )
    let lorenz = StateSpaceModel(
      transition: LorenzTransition<Double>(order: 3),
      emission: LinearFunction<Double>(.identity(3))
    )
    let check = try checkGradients(at: [q, r], from: RandomStream(seed: 7)) { inputs in
      let gain = RecordedRiccatiGain(
        model: lorenz,
        process: covariance(inputs[0]),
        observation: covariance(inputs[1]),
        initialCovariance: identity
      )
      return filtered(gain, observations, mean: .ones([2, 3])).likelihood.sum()
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}
