// Weights are kept as logarithms, so that observations far from every particle do not end a sequence. Each
// sequence draws from a stream of its own, so that results depend neither on threads nor on the batch.

internal import CKernels
public import Tensors

/// The bootstrap particle filter: systematic resampling when the effective number of particles is small.
///
/// Particles move by the transition and process noise and are weighed by the likelihood of the observation.
/// The estimate is their weighted mean, before resampling.
///
/// - SeeAlso: `gordon1993`, `doucet2009tutorial`.
public struct ParticleFilter<Transition: VectorFunction, Emission: VectorFunction>: StateEstimator
where Emission.Scalar == Transition.Scalar {
  /// The precision.
  public typealias Scalar = Transition.Scalar

  /// The first moments of the system.
  public let model: StateSpaceModel<Transition, Emission>
  /// How many particles.
  public let particles: Int
  /// They are drawn anew when the effective number, `1 / sum w^2`, is below this share of them.
  public let resamplingShare: Double
  let noise: NoiseCovariances<Scalar>
  let processFactor: Matrix<Scalar>
  private let stream: RandomStream

  /// A particle filter.
  ///
  /// - Parameters:
  ///   - model: the first moments of the system.
  ///   - noise: `Q` and `R`, of which `R` must be positive definite.
  ///   - particles: at least 1.
  ///   - resamplingShare: 0 never to resample, 1 to do it at every step.
  ///   - stream: sequences draw from streams derived from it.
  /// - Throws: ``StateEstimationError/notACovariance(name:reason:)`` for a singular `R`.
  public init(
    model: StateSpaceModel<Transition, Emission>,
    noise: NoiseCovariances<Scalar>,
    particles: Int,
    resamplingShare: Double = 0.5,
    stream: RandomStream
  ) throws(StateEstimationError) {
    precondition(particles >= 1, "ParticleFilter: \(particles) particles")
    noise.checkFits(states: model.states, observed: model.observed)
    let factor = Covariance.factor(noise.observation.matrix)
    guard (0..<factor.rows).allSatisfy({ factor[$0, $0] > 0 }) else {
      throw .notACovariance(
        name: "observation_noise",
        reason: "it is singular; a particle filter needs every observation to be noisy"
      )
    }
    self.model = model
    self.noise = noise
    self.particles = particles
    self.resamplingShare = resamplingShare
    self.stream = stream
    processFactor = Covariance.factor(noise.process.matrix)
  }

  /// Filters a batch of sequences.
  ///
  /// - Parameters:
  ///   - input: observations and initial states.
  ///   - pool: sequences are shared out among its threads.
  /// - Returns: weighted means and covariances, and the estimated likelihoods and innovations.
  /// - Throws: ``StateEstimationError`` for arrays that do not fit the model.
  public func estimated(
    _ input: FilterInput<Scalar>,
    pool: WorkerPool
  ) throws(StateEstimationError) -> FilterOutput<Scalar> {
    try input.check(states: model.states, observed: model.observed)
    let output = FilterBuffers(input, states: model.states)
    pool.forEach(count: input.batch) { sequence in
      var cloud = ParticleCloud(
        filter: self,
        stream: stream.derived("sequence", index: sequence)
      )
      input.withSequence(sequence) { given in
        run(&cloud, given, input.prior, sequence, output)
      }
    }
    return output.result
  }

  @specialized(
    where
      Transition == SystemTransition<Float>,
      Emission == SystemEmission<Float>
  )
  private func run(
    _ cloud: inout ParticleCloud<Transition, Emission>,
    _ given: FilterInput<Scalar>.Sequence,
    _ prior: PriorTime,
    _ sequence: Int,
    _ output: FilterBuffers<Scalar>
  ) {
    let (m, n) = (model.states, model.observed)
    cloud.start(mean: given.mean, covariance: given.covariance)
    for t in 0..<given.duration {
      if t > 0 || prior == .beforeFirst { cloud.move(input: given.input.map { $0 + t * m }) }
      let seen = cloud.weigh(given.observations + t * n)
      guard seen.logLikelihood.isFinite else { return output.fail(sequence, from: t) }
      output.write(logLikelihood: seen.logLikelihood, sequence)
      output.write(innovationSquared: seen.innovationSquared, sequence, t)
      let place = output.place(sequence, t)
      cloud.moments(mean: place.mean, covariance: place.covariance)
      if cloud.effectiveNumber < resamplingShare * Double(particles) { cloud.resample() }
    }
    output.finish(sequence, duration: given.duration)
  }
}
