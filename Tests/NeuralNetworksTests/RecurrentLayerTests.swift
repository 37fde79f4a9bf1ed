import Autodiff
import NeuralNetworks
import Tensors
import Testing

/// The columns of one gate.
private func gate(_ x: Tensor<Double>, _ index: Int, _ hidden: Int) -> Tensor<Double> {
  x.sliced(axis: 1, index * hidden..<(index + 1) * hidden)
}

/// A GRU step in plain operations, straight from the equations.
private func plainGRU(
  _ layer: GRU<Double>,
  _ x: Tensor<Double>,
  _ h: Tensor<Double>
) -> Tensor<Double> {
  let n = layer.hidden
  let a = matmul(x, layer.inputWeight.value) + layer.inputBias.value
  let b = matmul(h, layer.recurrentWeight.value) + layer.recurrentBias.value
  let reset = sigmoid(gate(a, 0, n) + gate(b, 0, n))
  let update = sigmoid(gate(a, 1, n) + gate(b, 1, n))
  let candidate = tanh(gate(a, 2, n) + reset * gate(b, 2, n))
  return (1 - update) * candidate + update * h
}

/// An LSTM step in plain operations, straight from the equations.
private func plainLSTM(
  _ layer: LSTM<Double>,
  _ x: Tensor<Double>,
  _ state: LSTMState<Double>
) -> LSTMState<Double> {
  let n = layer.hidden
  let gates =
    matmul(x, layer.inputWeight.value) + matmul(state.output, layer.recurrentWeight.value)
    + layer.bias.value
  let cell =
    sigmoid(gate(gates, 1, n)) * state.cell + sigmoid(gate(gates, 0, n)) * tanh(gate(gates, 2, n))
  return LSTMState(output: sigmoid(gate(gates, 3, n)) * tanh(cell), cell: cell)
}

private func step(_ sequence: Tensor<Double>, _ time: Int) -> Tensor<Double> {
  sequence.sliced(axis: 1, time..<time + 1).reshaped([sequence.shape[0], sequence.shape[2]])
}

private func plainRun(_ layer: GRU<Double>, _ x: Tensor<Double>) -> Tensor<Double> {
  var state = layer.zeroState(batch: x.shape[0])
  return stacked(
    (0..<x.shape[1]).map { time in
      state = plainGRU(layer, step(x, time), state)
      return state
    },
    axis: 1
  )
}

private func plainRun(_ layer: LSTM<Double>, _ x: Tensor<Double>) -> Tensor<Double> {
  var state = layer.zeroState(batch: x.shape[0])
  return stacked(
    (0..<x.shape[1]).map { time in
      state = plainLSTM(layer, step(x, time), state)
      return state.output
    },
    axis: 1
  )
}

/// The gradients of a weighted sum of outputs in all parameters and the input.
private func gradients(
  _ parameters: [Parameter<Double>],
  _ x: Tensor<Double>,
  _ run: (Tensor<Double>) -> Tensor<Double>
) throws -> [Tensor<Double>] {
  let recording = try Recording(
    inputs: ["x": x],
    differentiated: ["x"],
    parameters: parameters
  ) { inputs in
    let y = run(try inputs.named("x"))
    return ["loss": (y * normal(y.shape, 99, "weights")).sum()]
  }
  try recording.backward()
  return try parameters.map(\.gradient) + [recording.gradient(of: "x")]
}

/// Sums of a few dozen products of numbers of size one.
private let sumTolerance = 1e-12

@Suite struct RecurrentLayerTests {
  @Test(
    "a GRU gives the values and gradients of its plain twin",
    arguments: [(1, 1), (2, 3), (3, 6)],
    0..<3 as Range<UInt64>
  )
  func gruTwin(size: (batch: Int, time: Int), seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let layer = GRU<Double>(inputs: 2, hidden: 4, from: &stream)
    let x: Tensor<Double> = normal([size.batch, size.time, 2], seed)
    let run = layer.run(x)
    #expect(run.outputs.shape == [size.batch, size.time, 4])
    #expect(run.last.shape == [size.batch, 4])
    #expect(largestDifference(run.outputs, plainRun(layer, x)) < sumTolerance)
    let fused = try gradients(layer.parameters, x) { layer.run($0).outputs }
    let plain = try gradients(layer.parameters, x) { plainRun(layer, $0) }
    for (a, b) in zip(fused, plain) { #expect(largestDifference(a, b) < sumTolerance) }
    let single = try gradients(layer.parameters, x) { layer($0) }
    for (a, b) in zip(single, plain) { #expect(largestDifference(a, b) < sumTolerance) }
    let check = try checkGradients(at: [x], parameters: layer.parameters, from: stream) {
      layer($0[0])
    }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  @Test(
    "an LSTM gives the values and gradients of its plain twin",
    arguments: [(1, 1), (2, 3), (3, 6)],
    0..<3 as Range<UInt64>
  )
  func lstmTwin(size: (batch: Int, time: Int), seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let layer = LSTM<Double>(inputs: 2, hidden: 4, from: &stream)
    let x: Tensor<Double> = normal([size.batch, size.time, 2], seed)
    let run = layer.run(x)
    #expect(run.outputs.shape == [size.batch, size.time, 4])
    #expect(run.last.cell.shape == [size.batch, 4])
    #expect(largestDifference(run.outputs, plainRun(layer, x)) < sumTolerance)
    let fused = try gradients(layer.parameters, x) { layer.run($0).outputs }
    let plain = try gradients(layer.parameters, x) { plainRun(layer, $0) }
    for (a, b) in zip(fused, plain) { #expect(largestDifference(a, b) < sumTolerance) }
    let single = try gradients(layer.parameters, x) { layer($0) }
    for (a, b) in zip(single, plain) { #expect(largestDifference(a, b) < sumTolerance) }
    let check = try checkGradients(at: [x], parameters: layer.parameters, from: stream) {
      layer($0[0])
    }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  @Test("stepping, and running in two parts, equal one run", arguments: 0..<3 as Range<UInt64>)
  func laws(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let x: Tensor<Double> = normal([2, 5, 3], seed)
    checkLaws(GRU<Double>(inputs: 3, hidden: 4, from: &stream), x)
    checkLaws(LSTM<Double>(inputs: 3, hidden: 4, from: &stream), x)
  }

  private func checkLaws(_ layer: some RecurrentLayer<Double>, _ x: Tensor<Double>) {
    let whole = layer.run(x).outputs
    var state = layer.zeroState(batch: 2)
    for time in 0..<5 {
      let next = layer.step(step(x, time), state)
      state = next.state
      #expect(largestDifference(next.output, step(whole, time)) < sumTolerance)
    }
    let first = layer.run(x.sliced(axis: 1, 0..<2))
    let second = layer.run(x.sliced(axis: 1, 2..<5), from: first.last)
    let joined = concatenated([first.outputs, second.outputs], axis: 1)
    #expect(largestDifference(joined, whole) < sumTolerance)
  }

  @Test("a reversed run is the run over the reversed sequence", arguments: 0..<3 as Range<UInt64>)
  func reversed(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let layer = LSTM<Double>(inputs: 2, hidden: 3, from: &stream)
    let x: Tensor<Double> = normal([2, 4, 2], seed)
    func flipped(_ y: Tensor<Double>) -> Tensor<Double> {
      stacked((0..<4).reversed().map { step(y, $0) }, axis: 1)
    }
    let back = layer.run(x, from: nil, SequenceOptions(isReversed: true))
    let other = layer.run(flipped(x))
    #expect(largestDifference(back.outputs, flipped(other.outputs)) < sumTolerance)
    #expect(largestDifference(back.last.cell, other.last.cell) < sumTolerance)
  }

  @Test(
    "with a mask, a padded batch equals its sequences one by one, in both directions",
    arguments: 0..<3 as Range<UInt64>
  )
  func maskedBatch(seed: UInt64) {
    var stream = RandomStream(seed: seed)
    let layer = Bidirectional(
      forward: GRU<Double>(inputs: 2, hidden: 3, from: &stream),
      backward: GRU<Double>(inputs: 2, hidden: 3, from: &stream)
    )
    let lengths = [5, 1, 3]
    let x: Tensor<Double> = normal([3, 5, 2], seed)
    let mask = Tensor<Double>(
      lengths.flatMap { n in (0..<5).map { $0 < n ? 1 : 0 } },
      shape: [3, 5]
    )
    let both = layer.outputs(for: x, mask: mask)
    let ahead = layer.forward.run(x, from: nil, SequenceOptions(mask: mask))
    for (row, length) in lengths.enumerated() {
      let alone = x.sliced(axis: 0, row..<row + 1).sliced(axis: 1, 0..<length)
      let expected = layer(alone)
      let actual = both.sliced(axis: 0, row..<row + 1).sliced(axis: 1, 0..<length)
      #expect(largestDifference(actual, expected) < sumTolerance)
      let last = ahead.last.sliced(axis: 0, row..<row + 1)
      #expect(largestDifference(last, layer.forward.run(alone).last) < sumTolerance)
    }
  }

  @Test("masked runs have the right gradients", arguments: 0..<3 as Range<UInt64>)
  func maskedGradients(seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let layer = LSTM<Double>(inputs: 2, hidden: 3, from: &stream)
    let x: Tensor<Double> = normal([2, 4, 2], seed)
    let mask = Tensor<Double>([1, 1, 0, 0, 1, 1, 1, 1], shape: [2, 4])
    let check = try checkGradients(at: [x], parameters: layer.parameters, from: stream) {
      let run = layer.run($0[0], from: nil, SequenceOptions(isReversed: true, mask: mask))
      return run.outputs + run.last.cell.reshaped([2, 1, 3])
    }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  @Test("the forget gate starts open and the other biases do not")
  func forgetBias() {
    var stream = RandomStream(seed: 2)
    let hidden = 16
    let bias = LSTM<Double>(inputs: 1, hidden: hidden, from: &stream).bias.value.scalars
    for (index, value) in bias.enumerated() {
      let centre = hidden..<2 * hidden ~= index ? 1.0 : 0
      #expect(Swift.abs(value - centre) <= 0.25)
    }
  }
}
