internal import NeuralNetworks
internal import Studies
internal import Tensors

/// The problems that a learned method is trained on, checked and cut.
struct TrainingProblems {
  let knowledge: SparseKnowledge?
  let training: Dataset<Float>
  let validation: Dataset<Float>?
  /// Reads the problems of a later pass, drawn anew.
  let redraw: (ArrayBundle) throws -> Dataset<Float>
  /// The mean energy of a training signal, by which losses are divided.
  let energy: Float
  /// Extents of a problem.
  let measurements: Int
  let unknowns: Int

  /// Reads the arrays of a request.
  ///
  /// - Parameters:
  ///   - request: data, and validation data when there is some.
  ///   - needsOperator: whether the bundle must hold the operator.
  /// - Throws: ``StudyError`` for arrays that are missing or do not fit.
  init(_ request: TrainingRequest, needsOperator: Bool) throws {
    let data = request.data
    let operators = needsOperator ? try SparseArrays.operators(in: data) : nil
    let own = try Pairs(data, operators: operators)
    let statistics = SparseKnowledge.statistics(of: own.targets)
    if let operators {
      knowledge = SparseKnowledge(
        operators: operators,
        noiseVariance: try SparseArrays.noiseVariance(in: data) ?? 0,
        sparsity: statistics.sparsity,
        variance: statistics.variance
      )
    } else {
      knowledge = nil
    }
    measurements = own.observations.shape[1]
    unknowns = own.targets.shape[1]
    let mean = statistics.sparsity * statistics.variance * Double(unknowns)
    energy = mean > 0 ? Float(mean) : 1
    let (learned, heldOut) = request.parts(of: own.count)
    training = try own.dataset(learned)
    let (measurements, unknowns) = (measurements, unknowns)
    let held = try request.validation.map { given in
      let held = try Pairs(given, operators: operators)
      guard held.observations.shape[1] == measurements, held.targets.shape[1] == unknowns else {
        throw StudyError.badShape(
          array: "observations",
          source: given.source,
          expected: "[batch, \(measurements)], as the training problems",
          actual: held.observations.shape
        )
      }
      return held
    }
    validation =
      try held.map { try $0.dataset(0..<$0.count) } ?? heldOut.map { try own.dataset($0) }
    redraw = { try Pairs($0, operators: operators).dataset(learned) }
  }

  /// Observations and targets of one bundle.
  private struct Pairs {
    let observations: Tensor<Float>
    let targets: Tensor<Float>
    var count: Int { observations.shape[0] }

    init(_ bundle: ArrayBundle, operators: Tensor<Double>?) throws(StudyError) {
      observations = try SparseArrays.rows(
        "observations",
        in: bundle,
        width: operators?.shape[0],
        as: Float.self
      ).rows
      targets = try SparseArrays.rows(
        "targets",
        in: bundle,
        width: operators?.shape[1],
        as: Float.self
      ).rows
      guard targets.shape[0] == observations.shape[0] else {
        throw .badShape(
          array: "targets",
          source: bundle.source,
          expected: "[\(observations.shape[0]), \(targets.shape[1])], a signal an observation",
          actual: targets.shape
        )
      }
    }

    func dataset(_ range: Range<Int>) throws -> Dataset<Float> {
      try Dataset(["observations": cut(observations, range), "targets": cut(targets, range)])
    }

    private func cut(_ tensor: Tensor<Float>, _ range: Range<Int>) -> Tensor<Float> {
      guard range.count < tensor.shape[0] else { return tensor }
      let width = tensor.shape[1]
      return tensor.withScalars { source in
        Tensor(
          Array(source[range.lowerBound * width..<range.upperBound * width]),
          shape: [range.count, width]
        )
      }
    }
  }
}

/// What a training told on its way: the request's watchers around the loop's context.
struct TrainingWatch {
  let request: TrainingRequest
  /// What a pass costs in each stage of the training, in any unit.
  let stageCosts: [Double]
  let epochsAStage: Int

  /// A training in one stage.
  init(request: TrainingRequest, epochs: Int) {
    self.init(request: request, stageCosts: [1], epochsAStage: epochs)
  }

  /// A training layer by layer: each layer alone, behind those before it, then all so far by each refinement.
  init(request: TrainingRequest, layers: Int, refinements: Int, epochsAStage: Int) {
    // A layer costs once forward and twice back, and back only where something moves.
    var costs: [Double] = []
    for depth in 1...max(layers, 1) {
      costs.append(Double(depth + 2))
      costs += Array(repeating: Double(3 * depth), count: refinements)
    }
    self.init(request: request, stageCosts: costs, epochsAStage: epochsAStage)
  }

  private init(request: TrainingRequest, stageCosts: [Double], epochsAStage: Int) {
    self.request = request
    self.stageCosts = stageCosts
    self.epochsAStage = epochsAStage
  }

  /// The loop's context; a step that does not follow the last one begins a new stage.
  func context(_ problems: TrainingProblems) -> TrainingContext<Float> {
    var context = request.context(validation: problems.validation, redraw: problems.redraw)
    let (costs, epochsAStage, report) = (stageCosts, epochsAStage, request.progress)
    let (stages, total) = (costs.count, costs.reduce(0, +))
    var (stage, lastStep, made) = (0, 0, 0.0)
    context.onProgress = { progress in
      if progress.step <= lastStep, stage + 1 < stages {
        made += costs[stage]
        stage += 1
      }
      lastStep = progress.step
      let stageSeconds =
        progress.secondsUsed / Double(max(progress.step, 1)) * Double(progress.plannedSteps)
      let part = costs[stage] * progress.passes / Double(max(epochsAStage, 1))
      report(
        Studies.TrainingProgress(
          epoch: stage * epochsAStage + progress.epoch,
          epochs: stages * epochsAStage,
          passes: Double(stages * epochsAStage) * (made + part) / total,
          trainingLoss: progress.trainingLoss,
          validationLoss: progress.validationLoss,
          secondsLeft: progress.secondsLeft
            + stageSeconds * (total - made - costs[stage]) / costs[stage]
        )
      )
    }
    return context
  }

  /// The result of the stages, with the trained tensors.
  func result(
    _ outcomes: [TrainingOutcome],
    method: String,
    version: Int,
    tensors: [String: NumericArray]
  ) -> TrainingResult {
    request.result(
      of: outcomes,
      method: method,
      version: version,
      tensors: tensors,
      axes: ["batch", "measurements"]
    )
  }
}
