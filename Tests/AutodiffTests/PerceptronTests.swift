import Autodiff
import Tensors
import Testing

@Suite struct PerceptronTests {
  struct Extent: Sendable, CustomTestStringConvertible {
    let rows: Int
    let inputs: Int
    let hidden: Int
    let outputs: Int
    var testDescription: String { "\(rows) x \(inputs) - \(hidden) - \(outputs)" }
  }

  private func drawn(_ extent: Extent, _ seed: UInt64) -> [Tensor<Double>] {
    var stream = RandomStream(seed: seed)
    return [
      [extent.rows, extent.inputs], [extent.inputs, extent.hidden], [extent.hidden],
      [extent.hidden, extent.outputs], [extent.outputs],
    ].map { stream.normal($0) }
  }

  /// Value and the gradients of the four parameters of a loss that weights all outputs differently.
  private func computed(
    _ tensors: [Tensor<Double>],
    _ layers: ([Tensor<Double>]) -> Tensor<Double>
  ) throws -> [[Double]] {
    let parameters = tensors.dropFirst().map { Parameter($0) }
    let recording = try Recording(inputs: ["x": tensors[0]], parameters: parameters) { inputs in
      let x = try #require(inputs["x"])
      let y = layers([x] + parameters.map(\.value))
      return ["y": y, "loss": (square(y) + y * 3).sum()]
    }
    try recording.backward()
    // A second backward pass and a replay must give the same.
    let first = parameters.map { $0.gradient.scalars }
    try recording.backward()
    #expect(parameters.map { $0.gradient.scalars } == first)
    try recording.replay(["x": tensors[0]])
    try recording.backward()
    #expect(parameters.map { $0.gradient.scalars } == first)
    return [try recording.value("y").scalars] + first
  }

  @Test(
    "one node gives what two linear nodes give, values and gradients",
    arguments: [
      Extent(rows: 1, inputs: 1, hidden: 1, outputs: 1),
      Extent(rows: 5, inputs: 7, hidden: 16, outputs: 2),
      Extent(rows: 33, inputs: 3, hidden: 19, outputs: 3),
      Extent(rows: 20, inputs: 11, hidden: 40, outputs: 4),
      Extent(rows: 9, inputs: 4, hidden: 8, outputs: 5),
      Extent(rows: 6, inputs: 64, hidden: 17, outputs: 1),
      Extent(rows: 3, inputs: 65, hidden: 24, outputs: 2),
      Extent(rows: 11, inputs: 15, hidden: 75, outputs: 2),
    ],
    0..<5 as Range<UInt64>
  )
  func twin(extent: Extent, seed: UInt64) throws {
    let tensors = drawn(extent, seed)
    let fused = try computed(tensors) { perceptron($0[0], $0[1], $0[2], $0[3], $0[4]) }
    let plain = try computed(tensors) {
      linear(linear($0[0], $0[1], $0[2], activation: .relu), $0[3], $0[4])
    }
    for (mine, other) in zip(fused, plain) {
      let size = other.map { abs($0) }.max() ?? 0
      // Sums of at most a few thousand products in another order.
      for (a, b) in zip(mine, other) { #expect(abs(a - b) <= 1e-12 * max(size, 1)) }
    }
  }

  @Test("in single precision it is the same to rounding", arguments: 0..<5 as Range<UInt64>)
  func float(seed: UInt64) {
    let tensors = drawn(Extent(rows: 50, inputs: 7, hidden: 128, outputs: 2), seed)
      .map { $0.converted(to: Float.self) }
    let fused = perceptron(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4])
    let plain = linear(
      linear(tensors[0], tensors[1], tensors[2], activation: .relu),
      tensors[3],
      tensors[4]
    )
    let size = plain.scalars.map { abs($0) }.max() ?? 0
    for (a, b) in zip(fused.scalars, plain.scalars) { #expect(abs(a - b) < 2e-6 * size) }
  }

  @Test("an input that is differentiated gets its gradient")
  func inputGradient() throws {
    let tensors = drawn(Extent(rows: 4, inputs: 3, hidden: 10, outputs: 2), 1)
    let gradients = try [true, false]
      .map { isFused in
        let recording = try Recording(inputs: ["x": tensors[0]], differentiated: ["x"]) { inputs in
          let x = try #require(inputs["x"])
          let y =
            isFused
            ? perceptron(x, tensors[1], tensors[2], tensors[3], tensors[4])
            : linear(linear(x, tensors[1], tensors[2], activation: .relu), tensors[3], tensors[4])
          return ["loss": square(y).sum()]
        }
        try recording.backward()
        return try recording.gradient(of: "x").scalars
      }
    #expect(gradients[0] == gradients[1])
    #expect(gradients[0].contains { $0 != 0 })
  }
}
