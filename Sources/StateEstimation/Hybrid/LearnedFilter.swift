internal import Autodiff
package import NeuralNetworks
package import Tensors

/// A filter with a network in it, as training and inference see it.
package protocol LearnedFilter: Sendable {
  associatedtype Network: DuplicableModule where Network.Scalar == Float

  /// What is trained.
  var network: Network { get }
  /// What is known of the system.
  var model: SystemModel<Float> { get }

  /// Estimates that a loss differentiates through.
  ///
  /// - Parameter sequences: observations and what is known beside them.
  /// - Returns: `[batch, time, m]`.
  func estimates(_ sequences: RecordedSequences<Float>) -> Tensor<Float>

  /// What training makes small; the squared error where a filter does not say otherwise.
  ///
  /// - Parameters:
  ///   - inputs: the arrays of a ``TrajectorySet``.
  ///   - choice: what the loss is made of.
  /// - Returns: one number.
  /// - Throws: an error for an array that is missing.
  func loss(_ inputs: [String: Tensor<Float>], _ choice: FilterLoss) throws -> Tensor<Float>
}

/// What the loss of a learned filter is made of.
package struct FilterLoss: Sendable, Hashable {
  /// The weight of the states' error; the rest is that of the observations' prediction.
  package var stateWeight: Float = 1
  /// Steps after which the gradient stops; nil for never.
  package var segment: Int?

  /// The states' error, through whole sequences.
  package init() {}
}

extension RecordedSequences<Float> {
  /// The sequences of a training's inputs.
  init(_ inputs: [String: Tensor<Float>], segment: Int?) throws {
    self.init(
      try inputs.named("observations"),
      mean: try inputs.named("mean"),
      mask: inputs["mask"]
    )
    self.inputs = inputs["inputs"]
    inside = inputs["inside"]
    self.segment = segment
  }
}

extension LearnedFilter {
  package func loss(_ inputs: [String: Tensor<Float>], _ choice: FilterLoss) throws
    -> Tensor<Float>
  { try errorLoss(inputs, choice) }

  /// `a |x - x_t|^2 + (1 - a) |h(x) - y_t|^2`, means over trajectories, steps and entries.
  ///
  /// - Parameters:
  ///   - inputs: the arrays of a ``TrajectorySet``.
  ///   - choice: `a`, and where the gradient stops.
  /// - Returns: one number.
  /// - Throws: an error for an array that is missing.
  func errorLoss(_ inputs: [String: Tensor<Float>], _ choice: FilterLoss) throws -> Tensor<Float> {
    let sequences = try RecordedSequences(inputs, segment: choice.segment)
    let estimates = estimates(sequences)
    let squares = squaredError(estimates, try inputs.named("targets"), inputs["weight"])
    let weight = choice.stateWeight
    guard weight < 1 else { return squares }
    let rows = estimates.shape[0] * estimates.shape[1]
    let predicted = model.emission.applied(to: estimates.reshaped([rows, estimates.shape[2]]))
      .reshaped(sequences.observations.shape)
    return squares * weight
      + squaredError(predicted, sequences.observations, sequences.mask) * (1 - weight)
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
