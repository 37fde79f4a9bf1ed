import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct NonFiniteTests {
  private func context() -> TrainingContext<Float> {
    TrainingContext(stream: RandomStream(seed: 1))
  }

  @Test("a loss that overflows stops with step, operation and layer; the best before is kept")
  func overflow() throws {
    let (_, _, dataset) = try regression(count: 4, inputs: 2, seed: 1, of: Float.self)
    let model: Sequential<Float> = network(2, 3, 1, seed: 1)
    var settings = TrainingSettings(.epochs(5), batchSize: 2)
    settings.optimiser = .sgd()
    settings.shuffles = false
    // Ordinary for one epoch; then a step of about 1e30, after which the square overflows.
    settings.schedule = .step(rate: 1e-3, factor: 1e33, period: 2)
    let outcome = try train(
      model,
      on: dataset,
      settings: settings,
      context: context(),
      loss: squaredLoss(model)
    )
    let event = NonFiniteEvent(
      quantity: .loss,
      epoch: 2,
      step: 4,
      operation: "'squaredDistance'",
      parameters: ["1.weight", "1.bias"]
    )
    #expect(outcome.status == .diverged(event))
    #expect(event.layers == ["1"])
    #expect(
      outcome.status.sentence
        == "the loss was not finite at epoch 2, step 4: first in 'squaredDistance' of layer 1;"
        + " the best parameters before that are kept"
    )
    #expect(outcome.bestEpoch == 1 && outcome.epochs == 1 && outcome.steps == 3)
    #expect(model.tensors() == outcome.best && outcome.best != outcome.last)
    let twin: Sequential<Float> = network(2, 3, 1, seed: 1)
    settings.duration = .epochs(1)
    try train(twin, on: dataset, settings: settings, context: context(), loss: squaredLoss(twin))
    #expect(twin.tensors() == outcome.best)
  }

  @Test("a NaN in the data is found at its batch, as an input")
  func badInput() throws {
    let dataset = try Dataset(["x": Tensor<Float>([1, 2, 3, 4, .nan, 6], shape: [6, 1])])
    var stream = RandomStream(seed: 1)
    let layer = Dense<Float>(1, 1, from: &stream)
    var settings = TrainingSettings(.epochs(2), batchSize: 2)
    settings.shuffles = false
    let outcome = try train(layer, on: dataset, settings: settings, context: context()) {
      inputs,
      _ in square(layer(try inputs.named("x"))).mean()
    }
    let event = NonFiniteEvent(
      quantity: .loss,
      epoch: 1,
      step: 3,
      operation: "'input 'x''",
      parameters: []
    )
    #expect(outcome.status == .diverged(event) && outcome.bestEpoch == nil)
    #expect(model(outcome.last, is: outcome.best))
  }

  private func model(_ a: [String: NumericArray], is b: [String: NumericArray]) -> Bool { a == b }

  @Test("a gradient that is not finite stops before the step and names its parameter")
  func badGradient() throws {
    struct Gain: Module {
      let inner = Parameter(Tensor<Float>(0))
      func visit(_ visitor: any ModuleVisitor<Float>) { visitor.parameter("amplifier.gain", inner) }
    }
    let module = Gain()
    let dataset = try Dataset(["x": Tensor<Float>([1, 2])])
    for clip in [GradientClip.none, .globalNorm(1)] {
      var settings = TrainingSettings(.steps(3))
      settings.clip = clip
      let outcome = try train(module, on: dataset, settings: settings, context: context()) {
        inputs,
        _ in sqrt(module.inner.value * (try inputs.named("x"))).mean()
      }
      let event = NonFiniteEvent(
        quantity: .gradient,
        epoch: 1,
        step: 1,
        operation: "the backward pass",
        parameters: ["amplifier.gain"]
      )
      #expect(outcome.status == .diverged(event) && event.layers == ["amplifier"])
      #expect(module.inner.value.scalar == 0)
    }
  }

  @Test("a validation loss that is not finite stops the training after the epoch")
  func badValidation() throws {
    var stream = RandomStream(seed: 1)
    let layer = Dense<Float>(1, 1, from: &stream)
    let dataset = try Dataset(["x": Tensor<Float>([1, 2], shape: [2, 1])])
    var context = context()
    context.validation = try Dataset(["x": Tensor<Float>([.infinity], shape: [1, 1])])
    let outcome = try train(
      layer,
      on: dataset,
      settings: TrainingSettings(.epochs(3)),
      context: context
    ) { inputs, _ in square(layer(try inputs.named("x"))).mean() }
    guard case .diverged(let event) = outcome.status else {
      Issue.record("\(outcome.status)")
      return
    }
    #expect(event.quantity == .validationLoss && event.epoch == 1 && event.step == 1)
  }
}
