internal import Autodiff
package import Tensors

/// The extended Kalman filter whose `Q` and `R` are learned through its own recursion.
///
/// - SeeAlso: `shlezinger2023monograph`, chapter 5.
package struct LearnedNoiseFilter: LearnedFilter {
  /// What is made small.
  package enum Criterion: String, Sendable, CaseIterable {
    /// The squared error of the states.
    case error
    /// Minus the logarithm of the density of the observations, which needs no true states.
    case likelihood
  }

  package let model: SystemModel<Float>
  package let network: NoiseRoots
  /// `P_0`, `[m, m]`.
  let initialCovariance: Tensor<Float>
  let criterion: Criterion

  package init(
    model: SystemModel<Float>,
    network: NoiseRoots,
    initialCovariance: Tensor<Float>,
    criterion: Criterion
  ) {
    self.model = model
    self.network = network
    self.initialCovariance = initialCovariance
    self.criterion = criterion
  }

  private var gain: RecordedRiccatiGain<SystemTransition<Float>, SystemEmission<Float>> {
    let (process, observation) = network.covariances
    return RecordedRiccatiGain(
      model: model,
      process: process,
      observation: observation,
      initialCovariance: initialCovariance
    )
  }

  package func estimates(_ sequences: RecordedSequences<Float>) -> Tensor<Float> {
    RecordedFilter(model: model).estimates(sequences, gain: gain)
  }

  package func loss(_ inputs: [String: Tensor<Float>], _ choice: FilterLoss) throws
    -> Tensor<Float>
  {
    guard criterion == .likelihood else { return try errorLoss(inputs, choice) }
    let sequences = try RecordedSequences(inputs, segment: choice.segment)
    var sum = Tensor<Float>.zeros([sequences.batch])
    var (before, t) = (sum, 0)
    _ = RecordedFilter(model: model).steps(sequences, gain: gain) { state in
      let now = state.carry.logLikelihood ?? before
      let step = now - before
      sum = sum + (sequences.inside(t).map { step * $0.reshaped([sequences.batch]) } ?? step)
      (before, t) = (now, t + 1)
    }
    return sum.mean() * (-1 / Float(sequences.time))
  }
}
