import Autodiff
import Tensors
import Testing

/// Operations that take several inputs side by side, against the same with a node that joins them.
@Suite struct JoinedInputTests {
  /// Values and gradients of the same operands under two forms; they differ by the order of sums at most.
  private func difference(
    _ shapes: [[Int]],
    _ first: @escaping ([Tensor<Double>]) -> Tensor<Double>,
    _ second: @escaping ([Tensor<Double>]) -> Tensor<Double>
  ) throws -> Double {
    var stream = RandomStream(seed: 5)
    let tensors: [Tensor<Double>] = shapes.map { stream.normal($0) }
    func computed(_ form: ([Tensor<Double>]) -> Tensor<Double>) throws -> [Double] {
      let parameters = tensors.map { Parameter($0) }
      let recording = try Recording(inputs: [:], parameters: parameters) { _ in
        let y = form(parameters.map(\.value))
        return ["y": y, "loss": (square(y) + y * 3).sum()]
      }
      try recording.backward()
      let once = parameters.map { $0.gradient.scalars }
      try recording.replay([:])
      try recording.backward()
      #expect(parameters.map { $0.gradient.scalars } == once)
      return try recording.value("y").scalars + once.flatMap(\.self)
    }
    let (a, b) = (try computed(first), try computed(second))
    return zip(a, b).map { abs($0 - $1) / max(1, abs($1)) }.max() ?? .infinity
  }

  @Test("a dense layer of joined inputs is one of their concatenation", arguments: [1, 5, 30])
  func dense(rows: Int) throws {
    let worst = try difference(
      [[rows, 3], [rows, 4], [7, 9], [9]],
      { linear(joining: [$0[0], $0[1]], $0[2], $0[3], activation: .tanh) },
      { linear(concatenated([$0[0], $0[1]], axis: 1), $0[2], $0[3], activation: .tanh) }
    )
    #expect(worst < 1e-12)
  }

  @Test("an input that is joined twice gets both gradients")
  func joinedTwice() throws {
    let worst = try difference(
      [[4, 3], [6, 2], [2]],
      { linear(joining: [$0[0], $0[0]], $0[1], $0[2]) },
      { linear(concatenated([$0[0], $0[0]], axis: 1), $0[1], $0[2]) }
    )
    #expect(worst < 1e-12)
  }

  @Test("a weight with its outputs first is the transposed one", arguments: [1, 3, 30])
  func outputsFirst(rows: Int) throws {
    let worst = try difference(
      [[rows, 130], [5, 130], [5]],
      { linear($0[0], $0[1], $0[2], activation: .sigmoid, layout: .outputsFirst) },
      { linear($0[0], $0[1].transposed(), $0[2], activation: .sigmoid) }
    )
    #expect(worst < 1e-11)
  }

  @Test("a step of a gated unit is two products and a cell", arguments: [1, 6])
  func gatedUnit(batch: Int) throws {
    let worst = try difference(
      [[batch, 2], [batch, 3], [batch, 4], [5, 12], [12], [4, 12], [12]],
      {
        gruStep(
          joining: [$0[0], $0[1]],
          $0[2],
          inputWeight: $0[3],
          inputBias: $0[4],
          recurrentWeight: $0[5],
          recurrentBias: $0[6]
        )
      },
      {
        gruCell(
          linear(concatenated([$0[0], $0[1]], axis: 1), $0[3], $0[4]),
          linear($0[2], $0[5], $0[6]),
          $0[2]
        )
      }
    )
    #expect(worst < 1e-12)
  }
}
