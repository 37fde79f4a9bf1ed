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
  /// Passes that are made together.
  struct Stage {
    /// What a pass costs, in any unit.
    var cost: Double
    var epochs: Int
  }

  let request: TrainingRequest
  private let stages: [Stage]
  private let position = Position()

  /// Where a training is: all contexts of a watch move it on.
  private final class Position {
    var stage = 0
    var lastStep = 0
    /// The cost and the passes of the stages that are over.
    var made = 0.0
    var epochs = 0
  }

  /// A training in stages.
  init(request: TrainingRequest, stages: [Stage]) {
    self.request = request
    self.stages = stages.filter { $0.epochs > 0 }
  }

  /// The loop's context; a step that does not follow the last one begins a new stage.
  func context(_ problems: TrainingProblems) -> TrainingContext<Float> {
    var context = request.context(validation: problems.validation, redraw: problems.redraw)
    guard !stages.isEmpty else { return context }
    let (stages, position, report) = (stages, position, request.progress)
    let total = stages.reduce(0) { $0 + $1.cost * Double($1.epochs) }
    let epochs = stages.reduce(0) { $0 + $1.epochs }
    context.onProgress = { progress in
      if progress.step <= position.lastStep, position.stage + 1 < stages.count {
        let over = stages[position.stage]
        position.made += over.cost * Double(over.epochs)
        position.epochs += over.epochs
        position.stage += 1
      }
      position.lastStep = progress.step
      let stage = stages[position.stage]
      let whole = stage.cost * Double(stage.epochs)
      let seconds =
        progress.secondsUsed / Double(max(progress.step, 1)) * Double(progress.plannedSteps)
      report(
        Studies.TrainingProgress(
          epoch: position.epochs + progress.epoch,
          epochs: epochs,
          passes: Double(epochs) * (position.made + stage.cost * progress.passes) / total,
          trainingLoss: progress.trainingLoss,
          validationLoss: progress.validationLoss,
          secondsLeft: progress.secondsLeft + seconds * (total - position.made - whole) / whole
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

extension [TrainingWatch.Stage] {
  /// The only stage of a training in one.
  static func whole(epochs: Int) -> Self { [.init(cost: 1, epochs: epochs)] }

  /// Stages layer by layer: each layer alone, behind those before it, then all so far by each refinement.
  static func layerByLayer(_ layers: Int, refinements: Int, epochs: Int) -> Self {
    // A layer costs once forward and twice back, and back only where something moves.
    var stages: Self = []
    for depth in 1...Swift.max(layers, 1) {
      stages.append(Element(cost: Double(depth + 2), epochs: epochs))
      let refined = Element(cost: Double(3 * depth), epochs: epochs)
      stages += Self(repeating: refined, count: refinements)
    }
    return stages
  }
}
