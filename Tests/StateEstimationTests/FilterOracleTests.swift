import StateEstimation
import Tensors
import Testing

@Suite struct FilterOracleTests {
  /// Sums of some tens of products of numbers of order one, in double precision.
  private let rounding = 1e-9

  @Test(
    "filters agree with the dense joint Gaussian",
    arguments: [1, 2, 7],
    0..<5 as Range<UInt64>
  )
  func denseFilter(steps: Int, seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let drawn = system.drawn(2, time: steps, seed: seed)
    let input = system.input(drawn.observations)
    let dense = DenseGaussian(system, time: steps)
    let unscented = SigmaPointGain(
      model: system.model,
      noise: system.noise,
      rule: .unscented(states: 3, alpha: 0.7, beta: 2, kappa: 0.5)
    )
    let cubature = SigmaPointGain(
      model: system.model,
      noise: system.noise,
      rule: .cubature(states: 3)
    )
    let outputs = [
      try system.kalman.estimated(input, pool: .serial),
      try GaussianFilter(gain: unscented).estimated(input, pool: .serial),
      try GaussianFilter(gain: cubature).estimated(input, pool: .serial),
    ]
    for k in 0..<2 {
      let y = Array(drawn.observations.scalars[(k * steps * 2)..<((k + 1) * steps * 2)])
      for t in 0..<steps {
        let expected = dense.posterior(of: t, observations: y, until: t + 1)
        for output in outputs {
          #expect(worst(row(output.estimates, k, t), expected.mean) < rounding)
          #expect(worst(row(output.covariances, k, t), expected.covariance.scalars) < rounding)
        }
      }
      let likelihood = dense.posterior(of: 0, observations: y, until: steps).logLikelihood
      for output in outputs {
        #expect(worst([output.logLikelihoods[k]], [likelihood]) < rounding)
      }
    }
  }

  @Test(
    "smoothers agree with the dense joint Gaussian",
    arguments: [1, 2, 7],
    0..<5 as Range<UInt64>
  )
  func denseSmoother(steps: Int, seed: UInt64) throws {
    let system = try LinearSystem(seed: seed)
    let drawn = system.drawn(1, time: steps, seed: seed)
    let input = system.input(drawn.observations)
    let dense = DenseGaussian(system, time: steps)
    let cubature = GaussianFilter(
      gain: SigmaPointGain(
        model: system.model,
        noise: system.noise,
        rule: .cubature(states: 3)
      )
    )
    let outputs = [
      try RauchTungStriebelSmoother(filter: system.kalman).estimated(input, pool: .serial),
      try RauchTungStriebelSmoother(filter: cubature).estimated(input, pool: .serial),
    ]
    for t in 0..<steps {
      let expected = dense.posterior(
        of: t,
        observations: drawn.observations.scalars,
        until: steps
      )
      for output in outputs {
        #expect(worst(row(output.estimates, 0, t), expected.mean) < rounding)
        #expect(worst(row(output.covariances, 0, t), expected.covariance.scalars) < rounding)
      }
    }
  }

  @Test("missing entries and missing observations are left out", arguments: 0..<5 as Range<UInt64>)
  func missing(seed: UInt64) throws {
    let steps = 8
    let system = try LinearSystem(seed: seed)
    var y = system.drawn(1, time: steps, seed: seed).observations.scalars
    (y[2], y[6], y[7], y[11]) = (.nan, .nan, .nan, .nan)
    let input = system.input(Tensor(y, shape: [1, steps, 2]))
    let dense = DenseGaussian(system, time: steps)
    let cubature = SigmaPointGain(
      model: system.model,
      noise: system.noise,
      rule: .cubature(states: 3)
    )
    for output in [
      try system.kalman.estimated(input, pool: .serial),
      try GaussianFilter(gain: cubature).estimated(input, pool: .serial),
    ] {
      for t in 0..<steps {
        let expected = dense.posterior(of: t, observations: y, until: t + 1)
        #expect(worst(row(output.estimates, 0, t), expected.mean) < rounding)
        #expect(worst(row(output.covariances, 0, t), expected.covariance.scalars) < rounding)
      }
      let likelihood = dense.posterior(of: 0, observations: y, until: steps).logLikelihood
      #expect(worst([output.logLikelihoods[0]], [likelihood]) < rounding)
      #expect(output.innovationsSquared[0, 3].isNaN)
    }
    let smoothed = try RauchTungStriebelSmoother(filter: system.kalman)
      .estimated(input, pool: .serial)
    let expected = dense.posterior(of: 3, observations: y, until: steps)
    #expect(worst(row(smoothed.estimates, 0, 3), expected.mean) < rounding)
  }

  @Test(
    "with the Riccati gain the filter is the textbook's",
    arguments: [(1, 1), (2, 1), (2, 2), (3, 3), (4, 2), (7, 5)]
  )
  func textbook(states: Int, observed: Int) throws {
    let system = try LinearSystem(seed: 11, states: states, observed: observed)
    let steps = 12
    let drawn = system.drawn(1, time: steps, seed: 3)
    let output = try system.kalman.estimated(system.input(drawn.observations), pool: .serial)
    let (f, h) = (system.transition, system.emission)
    var (x, p) = (system.mean, system.covariance)
    for t in 0..<steps {
      x = f.times(x)
      p = f.times(p).times(f.transposed()).plus(system.process)
      let inverse = h.times(p).times(h.transposed()).plus(system.observation).inverse
      let gain = p.times(h.transposed()).times(inverse)
      let expected = h.times(x)
      let innovation = (0..<observed).map { drawn.observations[0, t, $0] - expected[$0] }
      let correction = gain.times(innovation)
      for i in 0..<states { x[i] += correction[i] }
      p = p.plus(gain.times(h).times(p), times: -1)
      #expect(worst(row(output.estimates, 0, t), x) < rounding)
      #expect(worst(row(output.covariances, 0, t), p.scalars) < rounding)
      let nis = zip(innovation, inverse.times(innovation)).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(worst([output.innovationsSquared[0, t]], [nis]) < rounding)
    }
  }

  @Test("a control moves the prediction by what it adds", arguments: 0..<3 as Range<UInt64>)
  func controls(seed: UInt64) throws {
    // Shifting all states by the response to the input shifts estimates by it and nothing else.
    let system = try LinearSystem(seed: seed)
    let steps = 9
    let drawn = system.drawn(1, time: steps, seed: seed)
    var stream = RandomStream(seed: seed).derived("inputs")
    let inputs: Tensor<Double> = stream.normal([steps, 3])
    var response = [Double](repeating: 0, count: 3)
    var responses: [[Double]] = []
    var y = drawn.observations.scalars
    for t in 0..<steps {
      response = system.transition.times(response)
      for i in 0..<3 { response[i] += inputs[t, i] }
      responses.append(response)
      let seen = system.emission.times(response)
      for i in 0..<2 { y[t * 2 + i] += seen[i] }
    }
    var shifted = system.input(Tensor(y, shape: [1, steps, 2]))
    shifted.inputs = inputs
    let plain = try system.kalman.estimated(system.input(drawn.observations), pool: .serial)
    let moved = try system.kalman.estimated(shifted, pool: .serial)
    for t in 0..<steps {
      let expected = (0..<3).map { plain.estimates[0, t, $0] + responses[t][$0] }
      #expect(worst(row(moved.estimates, 0, t), expected) < rounding)
    }
    #expect(worst(moved.covariances.scalars, plain.covariances.scalars) < rounding)
  }

  @Test("an initial state at the first observation is the one a transition before it leads to")
  func priorAtFirst() throws {
    let system = try LinearSystem(seed: 5)
    let drawn = system.drawn(1, time: 6, seed: 5)
    let before = system.input(drawn.observations)
    let f = system.transition
    let p = f.times(system.covariance).times(f.transposed()).plus(system.process)
    let at = FilterInput(
      observations: drawn.observations,
      initialMean: Tensor(f.times(system.mean)),
      initialCovariance: Tensor(p.scalars, shape: [3, 3]),
      prior: .atFirst
    )
    let a = try system.kalman.estimated(before, pool: .serial)
    let b = try system.kalman.estimated(at, pool: .serial)
    #expect(worst(a.estimates.scalars, b.estimates.scalars) < rounding)
    #expect(worst(a.covariances.scalars, b.covariances.scalars) < rounding)
    let c = try RauchTungStriebelSmoother(filter: system.kalman).estimated(at, pool: .serial)
    let d = try RauchTungStriebelSmoother(filter: system.kalman).estimated(before, pool: .serial)
    #expect(worst(c.estimates.scalars, d.estimates.scalars) < rounding)
  }
}

/// The numbers of one step of one sequence.
func row(_ tensor: Tensor<Double>, _ sequence: Int, _ t: Int) -> [Double] {
  let width = tensor.count / (tensor.shape[0] * tensor.shape[1])
  let first = (sequence * tensor.shape[1] + t) * width
  return Array(tensor.scalars[first..<(first + width)])
}
