import Autodiff
import NeuralNetworks
import Tensors
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A training with everything that draws or remembers: shuffles, dropout, moments, validation.
private struct Subject {
  let model: Sequential<Float>
  let dataset: Dataset<Float>
  var settings = TrainingSettings(.epochs(4), batchSize: 4)
  var context = TrainingContext<Float>(stream: RandomStream(seed: 5).derived("training"))

  init(_ rule: OptimiserRule) throws {
    var stream = RandomStream(seed: 5)
    model = Sequential([
      Dense(3, 8, activation: .tanh, from: &stream), Dropout(rate: 0.3, from: &stream),
      LayerNormalisation(8), Dropout(rate: 0.3, from: &stream), Dense(8, 1, from: &stream),
    ])
    dataset = try regression(count: 14, inputs: 3, seed: 5, of: Float.self).dataset
    settings.optimiser = rule
    settings.schedule = .warmUp(steps: 3, then: .cosine(from: 3e-2, to: 1e-3))
    settings.clip = .globalNorm(0.5)
    settings.weightDecay = 0.01
    settings.validationFraction = 0.2
  }

  func run() throws -> TrainingOutcome {
    try train(
      model,
      on: dataset,
      settings: settings,
      context: context,
      loss: squaredLoss(model)
    )
  }
}

/// A path in a new directory, which is removed afterwards.
func withCheckpoint<Result>(_ body: (String) throws -> Result) throws -> Result {
  let directory = FileManager.default.temporaryDirectory.appendingPathComponent(
    "graybox-\(UUID().uuidString)"
  )
  try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: directory) }
  return try body(directory.appendingPathComponent("training.safetensors").path)
}

private func expectEqual(_ a: TrainingOutcome, _ b: TrainingOutcome) {
  #expect(a.status == b.status && a.steps == b.steps && a.bestEpoch == b.bestEpoch)
  #expect(a.trainingLosses == b.trainingLosses && a.validationLosses == b.validationLosses)
  #expect(a.best == b.best && a.last == b.last)
}

@Suite struct ResumeTests {
  @Test(
    "a training that is interrupted after any step and taken up gives the same bits",
    arguments: [
      OptimiserRule.adam(), .adamW(), .sgd(momentum: 0.9, nesterov: true), .sgd(),
    ]
  )
  func interruptedAnywhere(rule: OptimiserRule) throws {
    let whole = try Subject(rule).run()
    // 11 samples after the split, in batches of 4, 4 and 3.
    #expect(whole.steps == 12 && whole.status == .completed)
    for stop in 0...12 {
      try withCheckpoint { path in
        var first = try Subject(rule)
        first.context.checkpoint = CheckpointPolicy(path: path)
        let countdown = Countdown(stop)
        first.context.isCancelled = { countdown.isOver() }
        let part = try first.run()
        #expect(part.steps == stop)
        var second = try Subject(rule)
        second.context.checkpoint = CheckpointPolicy(path: path)
        expectEqual(try second.run(), whole)
        #expect(second.model.tensors() == whole.best)
      }
    }
  }

  @Test("taken up again after every single step, it still gives the same bits")
  func interruptedEachStep() throws {
    let whole = try Subject(.adam()).run()
    try withCheckpoint { path in
      for step in 0..<14 {
        var subject = try Subject(.adam())
        subject.context.checkpoint = CheckpointPolicy(path: path)
        let countdown = Countdown(1)
        subject.context.isCancelled = { countdown.isOver() }
        let part = try subject.run()
        #expect(part.steps == min(step + 1, 12))
        if step >= 12 { expectEqual(part, whole) }
      }
    }
  }

  @Test("a training that was killed goes on from its last save")
  func killed() throws {
    struct Kill: Error {}
    let whole = try Subject(.adam()).run()
    try withCheckpoint { path in
      var first = try Subject(.adam())
      first.context.checkpoint = CheckpointPolicy(path: path, intervalSeconds: 0)
      var steps = 0
      let model = first.model
      #expect(throws: Kill.self) {
        // A new shape of batch is recorded at the third step; the loss throws there.
        try train(
          model,
          on: first.dataset,
          settings: first.settings,
          context: first.context
        ) { inputs, mode in
          steps += 1
          if steps == 2 { throw Kill() }
          return try squaredLoss(model)(inputs, mode)
        }
      }
      var second = try Subject(.adam())
      second.context.checkpoint = CheckpointPolicy(path: path)
      var firstReport: Int?
      second.context.onProgress = { firstReport = firstReport ?? $0.step }
      expectEqual(try second.run(), whole)
      #expect(firstReport == 3)
    }
  }

  @Test("early stopping holds through a resume of the finished training")
  func stoppedEarlyStays() throws {
    func subject(_ path: String?) throws -> Subject {
      var subject = try Subject(.adam())
      subject.settings.duration = .epochs(400)
      subject.settings.schedule = .constant(0.1)
      subject.settings.patience = 3
      subject.context.checkpoint = path.map { CheckpointPolicy(path: $0) }
      return subject
    }
    let whole = try subject(nil).run()
    guard case .stoppedEarly = whole.status else {
      Issue.record("\(whole.status)")
      return
    }
    try withCheckpoint { path in
      expectEqual(try subject(path).run(), whole)
      expectEqual(try subject(path).run(), whole)
    }
  }

  @Test("a training that diverged diverges in the same way when it is taken up")
  func divergedAgain() throws {
    func run(_ path: String?, stop: Int) throws -> TrainingOutcome {
      var subject = try Subject(.sgd())
      subject.settings.clip = .none
      // After an ordinary epoch the steps are so large that the loss overflows.
      subject.settings.schedule = .step(rate: 1e-3, factor: 1e33, period: 3)
      subject.context.checkpoint = path.map { CheckpointPolicy(path: $0) }
      let countdown = Countdown(stop)
      subject.context.isCancelled = { countdown.isOver() }
      return try subject.run()
    }
    let whole = try run(nil, stop: 99)
    guard case .diverged = whole.status else {
      Issue.record("\(whole.status)")
      return
    }
    try withCheckpoint { path in
      #expect(try run(path, stop: 2).status == .cancelled(afterStep: 2))
      expectEqual(try run(path, stop: 99), whole)
      expectEqual(try run(path, stop: 99), whole)
    }
  }

  @Test("persistent states come back too")
  func states() throws {
    struct Shifted: Module {
      let gain = Parameter(Tensor<Double>(1))
      let offset = PersistentState(Tensor<Double>(0))
      func visit(_ visitor: any ModuleVisitor<Double>) {
        visitor.parameter("gain", gain)
        visitor.state("offset", offset)
      }
    }
    try withCheckpoint { path in
      func run(_ module: Shifted, steps: Int) throws -> TrainingOutcome {
        var context = TrainingContext<Double>(stream: RandomStream(seed: 1))
        context.checkpoint = CheckpointPolicy(path: path)
        let countdown = Countdown(steps)
        context.isCancelled = { countdown.isOver() }
        return try train(
          module,
          on: try Dataset(["x": Tensor<Double>([1, 2])]),
          settings: TrainingSettings(.steps(4)),
          context: context
        ) { inputs, _ in square(module.gain.value * (try inputs.named("x"))).mean() }
      }
      let first = Shifted()
      first.offset.set(Tensor(7))
      _ = try run(first, steps: 2)
      let second = Shifted()
      let outcome = try run(second, steps: 9)
      #expect(second.offset.value.scalar == 7 && outcome.status == .completed)
    }
  }

  @Test("a checkpoint of another training, or no checkpoint at all, is refused")
  func refused() throws {
    try withCheckpoint { path in
      var subject = try Subject(.adam())
      subject.context.checkpoint = CheckpointPolicy(path: path)
      _ = try subject.run()
      func what(_ change: (inout Subject) -> Void) throws -> String? {
        var other = try Subject(.adam())
        other.context.checkpoint = CheckpointPolicy(path: path)
        change(&other)
        do {
          _ = try other.run()
          return nil
        } catch NetworkError.checkpointMismatch(_, let what, _, _) {
          return what
        }
      }
      #expect(try what { $0.settings.clip = .none } == "settings")
      #expect(try what { $0.context.stream = RandomStream(seed: 6) } == "stream")
      #expect(
        try what {
          $0.context.groups = [ParameterGroup($0.model.parameters, rateFactor: 0.5)]
        } == "groups"
      )
      #expect(try what { _ in } == nil)
      var fresh = try Subject(.adam())
      fresh.settings.clip = .none
      fresh.context.checkpoint = CheckpointPolicy(path: path, resumes: false)
      #expect(try fresh.run().status == .completed)

      try Data([1, 2, 3]).write(to: URL(fileURLWithPath: path))
      #expect(throws: NetworkError.self) { try subject.run() }
      subject.context.checkpoint = CheckpointPolicy(path: path + "/nowhere/x.safetensors")
      #expect(throws: NetworkError.self) { try subject.run() }
    }
  }

  @Test("damaged checkpoints are refused and leave the model as it was", arguments: 0..<40)
  func damaged(position: Int) throws {
    try withCheckpoint { path in
      var subject = try Subject(.adam())
      subject.context.checkpoint = CheckpointPolicy(path: path)
      _ = try subject.run()
      let url = URL(fileURLWithPath: path)
      let bytes = try Data(contentsOf: url)
      let before = subject.model.tensors()
      try bytes.prefix(bytes.count * position / 40).write(to: url)
      #expect(throws: NetworkError.self) { try subject.run() }
      #expect(subject.model.tensors() == before)
    }
  }
}
