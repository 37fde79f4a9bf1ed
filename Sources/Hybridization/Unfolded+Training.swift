public import NeuralNetworks
public import Tensors

extension Unfolded {
  /// How much faster than the schedule's rate a group is trained, where not 1.
  ///
  /// Adam moves every number by about the rate: a step size of 1 and an entry of a matrix of 0.05 ask for
  /// different ones.
  public typealias RateFactors = [Method.Parameters.Group: Double]

  /// What is learned and what stays, as the training loop takes it.
  public func parameterGroups(_ factors: RateFactors = [:]) -> [ParameterGroup<Scalar>] {
    groups(moving: layers, times: 1, factors)
  }

  /// The learned groups of some layers; everything else in `self` is frozen.
  private func groups(
    moving some: [Method.Parameters],
    times factor: Double,
    _ factors: RateFactors
  ) -> [ParameterGroup<Scalar>] {
    var seen: Set<ObjectIdentifier> = []
    var groups: [ParameterGroup<Scalar>] = []
    for group in Method.Parameters.Group.allCases where learning.contains(group) {
      let members = some.flatMap { $0.members(of: group) }
        .filter { seen.insert(ObjectIdentifier($0)).inserted }
      groups.append(ParameterGroup(members, rateFactor: factor * (factors[group] ?? 1)))
    }
    let rest = parameters.filter { !seen.contains(ObjectIdentifier($0)) }
    return groups + [ParameterGroup(rest, isFrozen: true)]
  }

  /// Trains all layers together.
  ///
  /// - Parameters:
  ///   - dataset: named arrays; the loss gets a batch of each.
  ///   - settings: how long, how large, how fast.
  ///   - context: stream, validation set, threads, checkpoint, watchers; its groups are not used.
  ///   - weighting: which layers' losses count.
  ///   - rateFactors: how much faster some groups are trained.
  ///   - problem: from the arrays of a batch to the problem.
  ///   - loss: from the arrays of a batch and a layer's estimate to one number.
  /// - Returns: how it ended and the histories.
  /// - Throws: what ``train(_:on:settings:context:loss:)`` throws.
  @discardableResult
  public func trainTogether(
    on dataset: Dataset<Scalar>,
    settings: TrainingSettings,
    context: TrainingContext<Scalar>,
    weighting: LayerWeighting,
    rateFactors: RateFactors = [:],
    problem: @escaping ([String: Tensor<Scalar>]) throws -> Method.Problem,
    loss: @escaping ([String: Tensor<Scalar>], Tensor<Scalar>) throws -> Tensor<Scalar>
  ) throws -> TrainingOutcome {
    var context = context
    context.groups = parameterGroups(rateFactors)
    return try train(self, on: dataset, settings: settings, context: context) { inputs, _ in
      try weighting.loss(trace(try problem(inputs))) { try loss(inputs, $0) }
    }
  }

  /// Trains layer by layer: layer k alone on the k-th estimate, then the first k layers together with
  /// each rate factor in turn.
  ///
  /// Groups that all layers share are trained in every stage. Early stopping, patience and checkpoints
  /// are those of each stage; the file of stage `s` of layer `k` is the checkpoint's path with
  /// `.k-s` behind it. Where samples are drawn anew for each pass, passes are counted over all stages.
  ///
  /// - Parameters:
  ///   - dataset: named arrays; the loss gets a batch of each.
  ///   - settings: of each stage.
  ///   - context: stream, validation set, threads, checkpoint, watchers; its groups are not used.
  ///   - refinements: the rate factors of the stages in which the first k layers move together.
  ///   - rateFactors: how much faster some groups are trained, in every stage.
  ///   - problem: from the arrays of a batch to the problem.
  ///   - loss: from the arrays of a batch and the k-th estimate to one number.
  /// - Returns: the outcome of each stage, in order; the last one tells of an interruption.
  /// - Throws: what ``train(_:on:settings:context:loss:)`` throws.
  @discardableResult
  public func trainLayerByLayer(
    on dataset: Dataset<Scalar>,
    settings: TrainingSettings,
    context: TrainingContext<Scalar>,
    refinements: [Double],
    rateFactors: RateFactors = [:],
    problem: @escaping ([String: Tensor<Scalar>]) throws -> Method.Problem,
    loss: @escaping ([String: Tensor<Scalar>], Tensor<Scalar>) throws -> Tensor<Scalar>
  ) throws -> [TrainingOutcome] {
    var outcomes: [TrainingOutcome] = []
    var passes = 0
    for depth in 1...layers.count {
      let network = prefix(depth)
      for (stage, factor) in ([nil] + refinements.map { Optional($0) }).enumerated() {
        let moving = factor == nil ? [layers[depth - 1]] : network.layers
        if moving.allSatisfy({ $0.members(of: learning).isEmpty }) { continue }
        var context = context
        context.stream = context.stream.derived("layer \(depth)", index: stage)
        context.groups = network.groups(moving: moving, times: factor ?? 1, rateFactors)
        context.checkpoint?.path += ".\(depth)-\(stage)"
        var samples = dataset
        if let redraw = context.redraw {
          if passes > 0 { samples = try redraw(passes) }
          context.redraw = { [passes] in try redraw(passes + $0) }
        }
        let outcome = try train(network, on: samples, settings: settings, context: context) {
          inputs,
          _ in try loss(inputs, network.estimate(try problem(inputs)))
        }
        outcomes.append(outcome)
        passes += outcome.trainingLosses.count
        switch outcome.status {
        case .completed, .stoppedEarly: break
        case .cancelled, .diverged: return outcomes
        }
      }
    }
    return outcomes
  }
}
