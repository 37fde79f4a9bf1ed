import Autodiff
import Tensors
import Testing

/// The fused layers against one cell a step in plain operations.
@Suite struct RecurrentLayerTests {
  /// Both forms of one layer on the same numbers: outputs, and gradients of a weighted sum of them.
  private struct Comparison {
    var outputs: [Tensor<Double>]
    var gradients: [[Tensor<Double>]]

    init(
      _ operands: [Tensor<Double>],
      seed: UInt64,
      _ forms: [([Tensor<Double>]) -> Tensor<Double>]
    ) throws {
      outputs = []
      gradients = []
      for form in forms {
        var weights = RandomStream(seed: seed).derived("weights")
        let names = operands.indices.map { "operand \($0)" }
        let recording = try Recording(
          inputs: Dictionary(uniqueKeysWithValues: zip(names, operands)),
          differentiated: Set(names)
        ) { inputs in
          let y = form(try names.map { try #require(inputs[$0]) })
          let factors: Tensor<Double> = weights.normal(y.shape)
          return ["y": y, "loss": (y * factors).sum()]
        }
        try recording.replay([:])
        try recording.backward()
        outputs.append(try recording.value("y"))
        gradients.append(try names.map { try recording.gradient(of: $0) })
      }
    }

    /// The largest difference between the two forms, relative to the larger number or 1.
    var difference: Double {
      let pairs = zip(
        [outputs[0]] + gradients[0],
        [outputs[1]] + gradients[1]
      )
      var largest = 0.0
      for (a, b) in pairs {
        for (x, y) in zip(a.scalars, b.scalars) {
          largest = max(largest, Swift.abs(x - y) / max(1, Swift.abs(y)))
        }
      }
      return largest
    }
  }

  /// Sums of up to some hundred products of numbers near one, in another order.
  static let tolerance = 1e-11

  private func draw(_ shape: [Int], _ stream: inout RandomStream) -> Tensor<Double> {
    stream.normal(shape)
  }

  /// Time, batch and hidden units; the last has several pieces, one of them short.
  static let extents = [[1, 1, 1], [1, 3, 2], [2, 1, 3], [5, 4, 3], [4, 150, 24]]

  @Test("an LSTM layer equals one cell a step", arguments: extents, [false, true])
  func lstm(extent: [Int], isReversed: Bool) throws {
    let (time, batch, hidden) = (extent[0], extent[1], extent[2])
    var stream = RandomStream(seed: 11)
    let input = draw([time, batch, 4 * hidden], &stream)
    let weight = draw([hidden, 4 * hidden], &stream)
    let comparison = try Comparison(
      [input, weight],
      seed: 12,
      [
        { lstmLayer($0[0], $0[1], isReversed: isReversed) },
        { operands in
          var state = Tensor<Double>.zeros([batch, hidden])
          var cell = state
          var outputs: [Tensor<Double>] = []
          for position in 0..<time {
            let now = isReversed ? time - 1 - position : position
            let gates = operands[0].picked(axis: 0, now) + matmul(state, operands[1])
            (state, cell) = lstmCell(gates, cell)
            outputs.append(state)
          }
          return stacked(isReversed ? outputs.reversed() : outputs, axis: 0)
        },
      ]
    )
    #expect(comparison.outputs[0].shape == [time, batch, hidden])
    #expect(comparison.difference < Self.tolerance)
  }

  @Test("a GRU layer equals one cell a step", arguments: extents, [false, true])
  func gru(extent: [Int], isReversed: Bool) throws {
    let (time, batch, hidden) = (extent[0], extent[1], extent[2])
    var stream = RandomStream(seed: 13)
    let input = draw([time, batch, 3 * hidden], &stream)
    let weight = draw([hidden, 3 * hidden], &stream)
    let bias = draw([3 * hidden], &stream)
    let comparison = try Comparison(
      [input, weight, bias],
      seed: 14,
      [
        { gruLayer($0[0], $0[1], $0[2], isReversed: isReversed) },
        { operands in
          var state = Tensor<Double>.zeros([batch, hidden])
          var outputs: [Tensor<Double>] = []
          for position in 0..<time {
            let now = isReversed ? time - 1 - position : position
            let fromState = matmul(state, operands[1]) + operands[2]
            state = gruCell(operands[0].picked(axis: 0, now), fromState, state)
            outputs.append(state)
          }
          return stacked(isReversed ? outputs.reversed() : outputs, axis: 0)
        },
      ]
    )
    #expect(comparison.outputs[0].shape == [time, batch, hidden])
    #expect(comparison.difference < Self.tolerance)
  }

  @Test("a gradient that other uses of the input add to is the sum", arguments: [false, true])
  func sharedInput(isLSTM: Bool) throws {
    var stream = RandomStream(seed: 15)
    let input = draw([3, 2, isLSTM ? 8 : 6], &stream)
    let weight = draw([2, isLSTM ? 8 : 6], &stream)
    let bias = draw([6], &stream)
    func layer(_ x: Tensor<Double>) -> Tensor<Double> {
      isLSTM ? lstmLayer(x, weight) : gruLayer(x, weight, bias)
    }
    func gradient(_ form: (Tensor<Double>) -> Tensor<Double>) throws -> [Double] {
      let recording = try Recording(inputs: ["x": input], differentiated: ["x"]) { inputs in
        ["loss": form(try #require(inputs["x"]))]
      }
      try recording.backward()
      return try recording.gradient(of: "x").scalars
    }
    let alone = try gradient { layer($0).sum() }
    // The last use's gradient comes first in the backward pass.
    let both = try gradient { x in
      let y = layer(x).sum()
      return y + (x * 3.0).sum()
    }
    for (a, b) in zip(alone, both) { #expect(Swift.abs(a + 3 - b) < Self.tolerance) }
  }
}
