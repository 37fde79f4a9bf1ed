import Autodiff
import Tensors
import Testing

/// Fused operations of graph networks against plain ones.
@Suite struct GraphOperationTests {
  /// Sums of up to some tens of products of numbers near one, in another order.
  static let tolerance = 1e-12

  private func draw(_ shape: [Int], _ stream: inout RandomStream) -> Tensor<Double> {
    stream.normal(shape)
  }

  private func leaky(_ x: Tensor<Double>) -> Tensor<Double> { maximum(x, x * 0.01) }

  /// `[targets, edges]`: one where an edge arrives.
  private func incidence(_ edges: EdgeList, _ targets: Int) -> Tensor<Double> {
    var numbers = [Double](repeating: 0, count: targets * edges.count)
    for (edge, target) in edges.targets.enumerated() {
      numbers[Int(target) * edges.count + edge] = 1
    }
    return Tensor(numbers, shape: [targets, edges.count])
  }

  /// Two kinds: among nodes with messages, and from evidence without.
  private struct Graph {
    let inner = EdgeList(sources: [0, 1, 2, 3, 3, 0], targets: [1, 2, 3, 0, 1, 1])
    let outer = EdgeList(sources: [2, 0, 1], targets: [0, 1, 3])
  }

  private func fused(_ x: [Tensor<Double>]) -> Tensor<Double> {
    let graph = Graph()
    return edgeNetwork(
      x[0],
      nodeWeight: x[1],
      nodeBias: x[2],
      kinds: [
        EdgeLayers(
          edges: graph.inner,
          evidence: nil,
          messages: x[3],
          messageWeight: x[4],
          weight: x[5],
          bias: x[6]
        ),
        EdgeLayers(
          edges: graph.outer,
          evidence: x[7],
          messages: nil,
          messageWeight: nil,
          weight: x[8],
          bias: x[9]
        ),
      ]
    )
  }

  private func plain(_ x: [Tensor<Double>], width: Int) -> Tensor<Double> {
    let graph = Graph()
    func rows(_ list: [Int32]) -> Tensor<Double> { Tensor(list.map { Double($0) }) }
    func block(_ number: Int) -> Tensor<Double> {
      let columns = (number * width)..<((number + 1) * width)
      return matmul(x[0], x[1].sliced(axis: 1, columns)) + x[2].sliced(axis: 0, columns)
    }
    let inner = leaky(
      block(0).gathered(rows(graph.inner.targets)) + block(1).gathered(rows(graph.inner.sources))
        + matmul(x[3], x[4])
    )
    let outer = leaky(
      block(2).gathered(rows(graph.outer.targets)) + x[7].gathered(rows(graph.outer.sources))
    )
    return matmul(incidence(graph.inner, 4), leaky(matmul(inner, x[5]) + x[6]))
      + matmul(incidence(graph.outer, 4), leaky(matmul(outer, x[8]) + x[9]))
  }

  @Test(
    "the edge network equals gathering, dense layers and summing, with its gradients",
    arguments: [3, 16, 21],
    0..<3 as Range<UInt64>
  )
  func edges(width: Int, seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let shapes = [
      [4, 5], [5, 3 * width], [3 * width], [6, 2], [2, width], [width, width], [width], [3, width],
      [width, width], [width],
    ]
    let operands = shapes.map { draw($0, &stream) * 0.5 }
    let weights = draw([4, width], &stream)
    let names = shapes.indices.map { "x\($0)" }
    var results: [(Tensor<Double>, [Tensor<Double>])] = []
    for isFused in [true, false] {
      let recording = try Recording(
        inputs: Dictionary(uniqueKeysWithValues: zip(names, operands)),
        differentiated: Set(names)
      ) { inputs in
        let x = try names.map { try #require(inputs[$0]) }
        let y = isFused ? fused(x) : plain(x, width: width)
        return ["y": y, "loss": (y * weights).sum()]
      }
      try recording.replay([:])
      try recording.backward()
      results.append(
        (try recording.value("y"), try names.map { try recording.gradient(of: $0) })
      )
    }
    for (a, b) in zip([results[0].0] + results[0].1, [results[1].0] + results[1].1) {
      #expect(a.shape == b.shape)
      for (x, y) in zip(a.scalars, b.scalars) {
        #expect(Swift.abs(x - y) <= Self.tolerance * max(1, Swift.abs(y)) * Double(width))
      }
    }
    #expect(fused(operands).scalars == results[0].0.scalars)
  }

  @Test("a recurrent step as one node equals two dense layers and a cell", arguments: [1, 3, 17])
  func recurrentStep(hidden: Int) throws {
    var stream = RandomStream(seed: 5)
    let shapes = [
      [4, 3], [4, hidden], [3, 3 * hidden], [3 * hidden], [hidden, 3 * hidden], [3 * hidden],
    ]
    let operands = shapes.map { draw($0, &stream) }
    func step(_ x: [Tensor<Double>]) -> Tensor<Double> {
      gruStep(
        joining: [x[0]],
        x[1],
        inputWeight: x[2],
        inputBias: x[3],
        recurrentWeight: x[4],
        recurrentBias: x[5]
      )
    }
    let expected = gruCell(
      linear(operands[0], operands[2], operands[3]),
      linear(operands[1], operands[4], operands[5]),
      operands[1]
    )
    for (a, b) in zip(step(operands).scalars, expected.scalars) {
      #expect(Swift.abs(a - b) <= Self.tolerance)
    }
    let check = try checkGradients(at: operands, from: stream) { x in
      // Twice, so that both nodes of a recording share their scratch memory.
      step([x[0]] + [step(x)] + x[2...])
    }
    #expect(check.worstRelativeError < 1e-6)
  }
}
