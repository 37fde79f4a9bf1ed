internal import CKernels
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Bias, activation and recurrent cells against their formulas in Double.
@Suite struct KernelCellsTests {
  private static func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  @Test(
    "bias and activation, with and without bias",
    arguments: KernelVariant.all,
    [1, 3, 8, 17, 100, 3000]
  )
  func biasActivation(variant: KernelVariant, columns: Int) {
    let functions: [(graybox_activation, (Double) -> Double, (Double) -> Double)] = [
      (GRAYBOX_IDENTITY, { $0 }, { _ in 1 }),
      (GRAYBOX_ACT_RELU, { max($0, 0) }, { $0 > 0 ? 1 : 0 }),
      (GRAYBOX_ACT_SIGMOID, Self.sigmoid, { $0 * (1 - $0) }),
      (GRAYBOX_ACT_TANH, { tanh($0) }, { 1 - $0 * $0 }),
      (GRAYBOX_ACT_LEAKY, { max($0, 0.01 * $0) }, { $0 > 0 ? 1 : 0.01 }),
    ]
    for rows in [0, 1, 5, 40] {
      let count = rows * columns
      let bias = variant.normal(columns, seed: 1)
      for (operation, value, slope) in functions {
        let y = variant.normal(count, seed: 2)
        let before = y.values
        variant.kernels.bias_activation(operation, rows, columns, bias.pointer, y.pointer)
        let expected = (0..<count).map { value(before[$0] + bias[$0 % columns]) }
        #expect(variant.worstError(y.values, expected, scale: 4) <= 2)
        let unbiased = variant.buffer(before)
        variant.kernels.bias_activation(operation, rows, columns, nil, unbiased.pointer)
        #expect(variant.worstError(unbiased.values, before.map(value), scale: 4) <= 2)
        let gy = variant.normal(count, seed: 3)
        let pre = variant.buffer(count: count)
        variant.kernels.activation_backward(operation, count, y.pointer, gy.pointer, pre.pointer)
        #expect(
          variant.worstError(pre.values, (0..<count).map { gy[$0] * slope(y[$0]) }, scale: 4) <= 2
        )
      }
    }
  }

  /// The recurrent cells as functions of one flat list of inputs, for central differences.
  private func slopes(_ count: Int, _ value: (Int, Double) -> Double) -> [Double] {
    let step = 6e-6  // cube root of the double epsilon
    return (0..<count).map { (value($0, step) - value($0, -step)) / (2 * step) }
  }

  @Test("GRU cell", arguments: KernelVariant.all, [1, 3, 8, 17, 24])
  func gru(variant: KernelVariant, hidden: Int) {
    let batch = 3
    let fromInput = variant.normal(batch * 3 * hidden, seed: 1)
    let fromState = variant.normal(batch * 3 * hidden, seed: 2)
    let previous = variant.normal(batch * hidden, seed: 3)
    let next = variant.buffer(count: batch * hidden)
    let saved = variant.buffer(count: batch * 4 * hidden)
    let kernels = variant.kernels
    kernels.gru_cell(
      batch,
      hidden,
      fromInput.pointer,
      fromState.pointer,
      previous.pointer,
      next.pointer,
      saved.pointer
    )
    func value(_ i: Int, _ input: [Double], _ state: [Double], _ before: [Double]) -> Double {
      let (b, j) = (i / hidden, i % hidden)
      let at = b * 3 * hidden + j
      let r = Self.sigmoid(input[at] + state[at])
      let z = Self.sigmoid(input[at + hidden] + state[at + hidden])
      let n = tanh(input[at + 2 * hidden] + r * state[at + 2 * hidden])
      return (1 - z) * n + z * before[i]
    }
    let (input, state, before) = (fromInput.values, fromState.values, previous.values)
    let expected = (0..<batch * hidden).map { value($0, input, state, before) }
    #expect(variant.worstError(next.values, expected, scale: 4) <= 4)

    let g = variant.normal(batch * hidden, seed: 4)
    let gInput = variant.buffer(count: input.count, of: 0.25)
    let gState = variant.buffer(count: state.count, of: 0.25)
    let gPrevious = variant.buffer(count: before.count, of: 0.25)
    for pass in 0..<2 {  // all at once, then each alone
      let all = pass == 0
      kernels.gru_cell_backward(
        batch,
        hidden,
        previous.pointer,
        saved.pointer,
        g.pointer,
        gInput.pointer,
        all ? gState.pointer : nil,
        all ? gPrevious.pointer : nil
      )
    }
    /// The output unit that element k of a [batch, 3 hidden] array feeds.
    func unit(_ k: Int) -> Int { k / (3 * hidden) * hidden + k % hidden }
    func shifted(_ values: [Double], _ k: Int, _ step: Double) -> [Double] {
      var values = values
      values[k] += step
      return values
    }
    let sInput = slopes(input.count) { value(unit($0), shifted(input, $0, $1), state, before) }
    let sState = slopes(state.count) { value(unit($0), input, shifted(state, $0, $1), before) }
    let sPrevious = slopes(before.count) { value($0, input, state, shifted(before, $0, $1)) }
    // central differences are good to about 1e-9; float to its rounding
    let tolerance = max(1e-8, 16 * variant.epsilon)
    for k in 0..<input.count {
      #expect(abs(gInput[k] - 0.25 - 2 * g[unit(k)] * sInput[k]) <= tolerance)
      #expect(abs(gState[k] - 0.25 - g[unit(k)] * sState[k]) <= tolerance)
    }
    for k in 0..<before.count {
      #expect(abs(gPrevious[k] - 0.25 - g[k] * sPrevious[k]) <= tolerance)
    }
    _ = (saved.values, gInput.values, gState.values, gPrevious.values)
  }

  @Test("LSTM cell", arguments: KernelVariant.all, [1, 3, 8, 17, 24])
  func lstm(variant: KernelVariant, hidden: Int) {
    let batch = 3
    let gates = variant.normal(batch * 4 * hidden, seed: 1)
    let previous = variant.normal(batch * hidden, seed: 2)
    let cell = variant.buffer(count: batch * hidden)
    let output = variant.buffer(count: batch * hidden)
    let saved = variant.buffer(count: batch * 5 * hidden)
    let kernels = variant.kernels
    kernels.lstm_cell(
      batch,
      hidden,
      gates.pointer,
      previous.pointer,
      cell.pointer,
      output.pointer,
      saved.pointer
    )
    func value(_ i: Int, _ inputs: [Double], _ before: [Double]) -> (cell: Double, output: Double) {
      let at = i / hidden * 4 * hidden + i % hidden
      let c =
        Self.sigmoid(inputs[at + hidden]) * before[i]
        + Self.sigmoid(inputs[at]) * tanh(inputs[at + 2 * hidden])
      return (c, Self.sigmoid(inputs[at + 3 * hidden]) * tanh(c))
    }
    let (inputs, before) = (gates.values, previous.values)
    let expected = (0..<batch * hidden).map { value($0, inputs, before) }
    #expect(variant.worstError(cell.values, expected.map(\.cell), scale: 4) <= 4)
    #expect(variant.worstError(output.values, expected.map(\.output), scale: 4) <= 4)

    let gCell = variant.normal(batch * hidden, seed: 3)
    let gOutput = variant.normal(batch * hidden, seed: 4)
    let tolerance = max(1e-8, 16 * variant.epsilon)
    for (usesCell, usesOutput) in [(true, true), (true, false), (false, true)] {
      let gGates = variant.buffer(count: inputs.count, of: 0.25)
      let gPrevious = variant.buffer(count: before.count, of: 0.25)
      kernels.lstm_cell_backward(
        batch,
        hidden,
        previous.pointer,
        saved.pointer,
        usesCell ? gCell.pointer : nil,
        usesOutput ? gOutput.pointer : nil,
        gGates.pointer,
        gPrevious.pointer
      )
      func objective(_ i: Int, _ inputs: [Double], _ before: [Double]) -> Double {
        let (c, o) = value(i, inputs, before)
        return (usesCell ? gCell[i] * c : 0) + (usesOutput ? gOutput[i] * o : 0)
      }
      func shifted(_ values: [Double], _ k: Int, _ step: Double) -> [Double] {
        var values = values
        values[k] += step
        return values
      }
      func unit(_ k: Int) -> Int { k / (4 * hidden) * hidden + k % hidden }
      let sGates = slopes(inputs.count) { objective(unit($0), shifted(inputs, $0, $1), before) }
      let sPrevious = slopes(before.count) { objective($0, inputs, shifted(before, $0, $1)) }
      for k in 0..<inputs.count { #expect(abs(gGates[k] - 0.25 - sGates[k]) <= tolerance) }
      for k in 0..<before.count { #expect(abs(gPrevious[k] - 0.25 - sPrevious[k]) <= tolerance) }
      _ = (gGates.values, gPrevious.values)
    }
    _ = saved.values
  }
}
