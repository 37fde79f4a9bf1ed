import Autodiff
import Foundation
import Hybridization
import NeuralNetworks
import Synchronization
import Tensors
import Testing

/// A block of one linear layer whose wire carries what it gives.
private struct LinearBlock: LearnedBlock {
  typealias Scalar = Double
  let layer: Dense<Double>
  func output(of input: Tensor<Double>) -> Tensor<Double> { layer(input) }
  func loss(of input: Tensor<Double>, against target: Tensor<Double>) -> Tensor<Double> {
    meanSquaredError(layer(input), target)
  }
  func visit(_ visitor: any ModuleVisitor<Double>) { visitor.child("layer", layer) }
  func duplicated(in duplication: Duplication<Double>) -> LinearBlock {
    LinearBlock(layer: layer.duplicated(in: duplication))
  }
}

/// Two blocks a stage; each sees the observation and the other's wire.
private struct Pair: LearnedBlockDiagram {
  typealias Scalar = Double
  let stages: [[LinearBlock]]

  init(stages: [[LinearBlock]]) { self.stages = stages }

  init(stages: Int, seed: UInt64) {
    self.stages = (0..<stages).map { stage in
      (0..<2).map { number in
        var stream = RandomStream(seed: seed).derived("\(stage)", index: number)
        return LinearBlock(layer: Dense(3, 1, from: &stream))
      }
    }
  }

  func start(_ observation: Tensor<Double>) -> [Tensor<Double>] {
    let wire = Tensor<Double>.zeros([observation.shape[0], 1])
    return [wire, wire]
  }

  func input(
    ofBlock number: Int,
    given observation: Tensor<Double>,
    _ wires: [Tensor<Double>]
  ) -> Tensor<Double> {
    concatenated([observation, wires[1 - number]], axis: 1)
  }

  func duplicated(in duplication: Duplication<Double>) -> Pair {
    Pair(stages: stages.map { $0.map { $0.duplicated(in: duplication) } })
  }
}

@Suite struct BlockDiagramTests {
  /// Observations and the sum and the difference of their two numbers.
  private static func samples(_ seed: UInt64, count: Int = 64) -> (
    x: Tensor<Double>, targets: [Tensor<Double>]
  ) {
    var stream = RandomStream(seed: seed)
    let x: Tensor<Double> = stream.normal([count, 2])
    let a = x.sliced(axis: 1, 0..<1)
    let b = x.sliced(axis: 1, 1..<2)
    return (x, [a + b, a - b])
  }

  private static var settings: TrainingSettings {
    var settings = TrainingSettings(.epochs(200), batchSize: 16)
    settings.schedule = .cosine(from: 0.05, to: 1e-4)
    return settings
  }

  private func numbers(_ diagram: Pair) -> [[Double]] {
    diagram.namedParameters.map { $0.parameter.value.scalars }
  }

  @Test("a stage's outputs are its blocks' on what the stage before gave")
  func order() {
    let diagram = Pair(stages: 3, seed: 1)
    let (x, _) = Self.samples(2, count: 5)
    var wires = diagram.start(x)
    for (stage, trace) in zip(diagram.stages, diagram.trace(x)) {
      let seen = [
        concatenated([x, wires[1]], axis: 1), concatenated([x, wires[0]], axis: 1),
      ]
      wires = zip(stage, seen).map { $0.layer($1) }
      #expect(wires.map(\.scalars) == trace.map(\.scalars))
    }
    #expect(diagram.outputs(x).map(\.scalars) == wires.map(\.scalars))
    #expect(Pair(stages: []).outputs(x).map(\.scalars) == diagram.start(x).map(\.scalars))
    #expect(diagram.outputs(x).map(\.shape) == [[5, 1], [5, 1]])
  }

  @Test("trained stage by stage, every stage solves its blocks' tasks")
  func stageByStage() throws {
    let diagram = Pair(stages: 2, seed: 1)
    let (x, targets) = Self.samples(2)
    let outcome = try diagram.trainStageByStage(
      on: x,
      targets: targets,
      settings: Self.settings,
      context: BlockTrainingContext(stream: RandomStream(seed: 3))
    )
    #expect(outcome.outcomes.count == 4)
    #expect(outcome.status == .completed)
    for stage in diagram.trace(x) {
      for (wire, target) in zip(stage, targets) {
        // A linear task without noise has loss 0; the start is of order 1.
        #expect(meanSquaredError(wire, target).scalar < 1e-4)
      }
    }
  }

  @Test("the first stage learns from the wires it is given, later ones from the stages before")
  func teaching() throws {
    // The targets have nothing to do with the observation; only the wires given in training tell them.
    let diagram = Pair(stages: 1, seed: 1)
    var stream = RandomStream(seed: 4)
    let x: Tensor<Double> = stream.normal([64, 2])
    let hidden: Tensor<Double> = stream.normal([64, 1])
    try diagram.trainStageByStage(
      on: x,
      targets: [hidden, hidden],
      settings: Self.settings,
      context: BlockTrainingContext(stream: RandomStream(seed: 3)),
      firstInputs: [hidden, hidden]
    )
    // What the wires carry is the target itself: the weights become (0, 0, 1).
    for block in diagram.stages[0] {
      let weights = block.layer.weight.value.scalars
      #expect(zip(weights, [0, 0, 1]).allSatisfy { abs($0 - $1) < 1e-2 }, "\(weights)")
    }
  }

  @Test("the bits do not depend on the threads")
  func threads() throws {
    let (x, targets) = Self.samples(2)
    let results = try [1, 3]
      .map { threads in
        let diagram = Pair(stages: 2, seed: 1)
        var context = BlockTrainingContext(stream: RandomStream(seed: 3))
        context.pool = WorkerPool(threads: threads)
        try diagram.trainStageByStage(
          on: x,
          targets: targets,
          settings: Self.settings,
          context: context
        )
        return numbers(diagram)
      }
    #expect(results[0] == results[1])
  }

  @Test(
    "a training that was stopped between stages goes on to the same bits; another's file is refused"
  )
  func resuming() throws {
    let (x, targets) = Self.samples(2)
    let path = FileManager.default.temporaryDirectory
      .appendingPathComponent("blocks-\(UInt64.random(in: 0 ... .max)).checkpoint").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    func trained(_ prepare: (inout BlockTrainingContext) -> Void) throws -> (
      diagram: Pair, outcome: BlockTrainingOutcome
    ) {
      let diagram = Pair(stages: 3, seed: 1)
      var context = BlockTrainingContext(stream: RandomStream(seed: 3))
      prepare(&context)
      let outcome = try diagram.trainStageByStage(
        on: x,
        targets: targets,
        settings: Self.settings,
        context: context
      )
      return (diagram, outcome)
    }
    let whole = try trained { _ in }
    let steps = Mutex(0)
    let stopped = try trained {
      $0.checkpoint = CheckpointPolicy(path: path)
      // 200 epochs of 4 batches and two blocks a stage: within the second stage.
      $0.isCancelled = {
        steps.withLock { count in
          count += 1
          return count > 2 * 800 + 900
        }
      }
    }
    guard case .cancelled = stopped.outcome.status else {
      Issue.record("was not stopped: \(stopped.outcome.status)")
      return
    }
    let resumed = try trained { $0.checkpoint = CheckpointPolicy(path: path) }
    #expect(resumed.outcome.outcomes.count == 4)
    #expect(numbers(resumed.diagram) == numbers(whole.diagram))
    #expect(throws: NetworkError.self) {
      try trained {
        $0.checkpoint = CheckpointPolicy(path: path)
        $0.stream = RandomStream(seed: 99)
      }
    }
  }

  @Test(
    "trained end to end, the last stage solves a task that needs the first; the loss is its blocks' sum"
  )
  func endToEnd() throws {
    let diagram = Pair(stages: 2, seed: 1)
    let (x, targets) = Self.samples(2)
    let before = diagram.stages[0][0].layer.weight.value.scalars
    let expected = zip(diagram.outputs(x), targets)
      .reduce(0.0) { $0 + meanSquaredError($1.0, $1.1).scalar }
    var settings = TrainingSettings(.epochs(1))
    settings.schedule = .constant(1e-12)
    let first = try diagram.trainEndToEnd(
      on: x,
      targets: targets,
      settings: settings,
      context: BlockTrainingContext(stream: RandomStream(seed: 3))
    )
    #expect(abs((first.outcomes[0].trainingLosses.last ?? 0) - expected) < 1e-9)
    try diagram.trainEndToEnd(
      on: x,
      targets: targets,
      settings: Self.settings,
      context: BlockTrainingContext(stream: RandomStream(seed: 3))
    )
    #expect(diagram.stages[0][0].layer.weight.value.scalars != before)
    for (wire, target) in zip(diagram.outputs(x), targets) {
      #expect(meanSquaredError(wire, target).scalar < 1e-4)
    }
  }

  @Test("every parameter is visited and duplicates share none")
  func module() {
    let diagram = Pair(stages: 2, seed: 1)
    #expect(ModuleAudit.unvisited(in: diagram).isEmpty)
    #expect(diagram.namedParameters.first?.name == "stage.0.block.0.layer.weight")
    let copy = diagram.duplicate()
    let own = Set(diagram.parameters.map { ObjectIdentifier($0) })
    #expect(copy.parameters.allSatisfy { !own.contains(ObjectIdentifier($0)) })
    #expect(numbers(copy) == numbers(diagram))
  }
}
