internal import Autodiff
internal import NeuralNetworks
internal import Tensors

/// A filter with a network in it, as training and inference see it.
protocol LearnedFilter: Sendable {
  associatedtype Network: DuplicableModule where Network.Scalar == Float

  /// What is trained.
  var network: Network { get }
  /// What is known of the system.
  var model: SystemModel<Float> { get }

  /// Estimates that a loss differentiates through.
  ///
  /// - Parameters:
  ///   - observations: `[batch, time, n]`, any finite number where missing.
  ///   - mean: of the initial states, `[batch, m]`.
  ///   - mask: 1 where an observation is there, else 0, `[batch, time, n]`; nil for all there.
  /// - Returns: `[batch, time, m]`.
  func estimates(
    _ observations: Tensor<Float>,
    mean: Tensor<Float>,
    mask: Tensor<Float>?
  ) -> Tensor<Float>

  /// What training makes small; the squared error where a filter does not say otherwise.
  ///
  /// - Parameters:
  ///   - inputs: the arrays of a ``TrajectorySet``.
  ///   - stateWeight: the weight of the states' error.
  /// - Returns: one number.
  /// - Throws: an error for an array that is missing.
  func loss(_ inputs: [String: Tensor<Float>], stateWeight: Float) throws -> Tensor<Float>
}

extension LearnedFilter {
  func loss(_ inputs: [String: Tensor<Float>], stateWeight: Float) throws -> Tensor<Float> {
    try errorLoss(inputs, stateWeight: stateWeight)
  }

  /// `a |x - x_t|^2 + (1 - a) |h(x) - y_t|^2`, means over trajectories, steps and entries.
  ///
  /// - Parameters:
  ///   - inputs: the arrays of a ``TrajectorySet``.
  ///   - stateWeight: `a`.
  /// - Returns: one number.
  /// - Throws: an error for an array that is missing.
  func errorLoss(_ inputs: [String: Tensor<Float>], stateWeight: Float) throws -> Tensor<Float> {
    let observations = try inputs.named("observations")
    let mask = inputs["mask"]
    let estimates = estimates(observations, mean: try inputs.named("mean"), mask: mask)
    let squares = squaredError(estimates, try inputs.named("targets"), inputs["weight"])
    guard stateWeight < 1 else { return squares }
    let rows = estimates.shape[0] * estimates.shape[1]
    let predicted = model.emission.applied(to: estimates.reshaped([rows, estimates.shape[2]]))
      .reshaped(observations.shape)
    return squares * stateWeight + squaredError(predicted, observations, mask) * (1 - stateWeight)
  }

  private func squaredError(
    _ estimates: Tensor<Float>,
    _ targets: Tensor<Float>,
    _ weight: Tensor<Float>?
  ) -> Tensor<Float> {
    guard let weight else { return meanSquaredError(estimates, targets) }
    // Entries that are not there count as right.
    return (square(estimates - targets) * weight).mean()
  }
}
