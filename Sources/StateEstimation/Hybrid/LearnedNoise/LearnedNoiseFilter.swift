internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// The extended Kalman filter whose `Q` and `R` are learned through its own recursion.
///
/// - SeeAlso: `shlezinger2023monograph`, chapter 5.
struct LearnedNoiseFilter: LearnedFilter {
  /// What is made small.
  enum Criterion: String, Sendable, CaseIterable {
    /// The squared error of the states.
    case error
    /// Minus the logarithm of the density of the observations, which needs no true states.
    case likelihood
  }

  let model: SystemModel<Float>
  let network: NoiseRoots
  /// `P_0`, `[m, m]`.
  let initialCovariance: Tensor<Float>
  let criterion: Criterion

  private var gain: RecordedRiccatiGain<SystemTransition<Float>, SystemEmission<Float>> {
    let (process, observation) = network.covariances
    return RecordedRiccatiGain(
      model: model,
      process: process,
      observation: observation,
      initialCovariance: initialCovariance
    )
  }

  func estimates(
    _ observations: Tensor<Float>,
    mean: Tensor<Float>,
    mask: Tensor<Float>?
  ) -> Tensor<Float> {
    RecordedFilter(model: model).estimates(observations, mean: mean, mask: mask, gain: gain)
  }

  func loss(_ inputs: [String: Tensor<Float>], stateWeight: Float) throws -> Tensor<Float> {
    guard criterion == .likelihood else {
      return try errorLoss(inputs, stateWeight: stateWeight)
    }
    let observations = try inputs.named("observations")
    let (batch, time, n) = (
      observations.shape[0], observations.shape[1], observations.shape[2]
    )
    let filter = RecordedFilter(model: model)
    let gain = self.gain
    var state = filter.start(mean: try inputs.named("mean"), gain: gain)
    for t in 0..<time {
      let step = observations.sliced(axis: 1, t..<(t + 1)).reshaped([batch, n])
      filter.advance(&state, step, gain: gain)
    }
    let likelihood = state.carry.logLikelihood ?? .zeros([batch])
    return likelihood.mean() * (-1 / Float(time))
  }
}
