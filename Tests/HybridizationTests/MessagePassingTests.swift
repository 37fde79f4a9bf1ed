import Autodiff
import Hybridization
import NeuralNetworks
import Tensors
import Testing

/// Belief propagation among spins of -1 and +1: messages that are log-likelihood ratios, not slopes.
private struct SpinBeliefs: MessagePassing {
  let fields: [Double]
  let pairs: [(Int, Int)]
  let couplings: [Double]

  private var ends: [(source: Int, target: Int, coupling: Double)] {
    zip(pairs, couplings).flatMap { pair, coupling in
      [(pair.0, pair.1, coupling), (pair.1, pair.0, coupling)]
    }
  }

  func graph(_ problem: Void) -> MessageGraph {
    MessageGraph(
      nodes: fields.count,
      kinds: [
        .init(EdgeList(sources: ends.map(\.source), targets: ends.map(\.target)))
      ]
    )
  }

  func evidence(_ problem: Void) -> Tensor<Double> { Tensor(fields, shape: [fields.count, 1]) }

  /// The state is what has run along each edge.
  func start(_ problem: Void) -> [Double] { ends.map { _ in 0 } }

  private func total(_ state: [Double], at node: Int, besides edge: Int? = nil) -> Double {
    let back = edge.map { $0 ^ 1 }
    return ends.indices.reduce(fields[node]) { sum, index in
      ends[index].target == node && index != back ? sum + state[index] : sum
    }
  }

  func messages(_ state: [Double], _ problem: Void) -> [Tensor<Double>] {
    let messages = ends.indices.map { index in
      let cavity = total(state, at: ends[index].source, besides: index)
      let argument = tanh(Tensor(ends[index].coupling)) * tanh(Tensor(cavity))
      return 0.5 * log((1 + argument) / (1 - argument)).scalar
    }
    return [Tensor(messages, shape: [messages.count, 1])]
  }

  func next(
    _ state: [Double],
    _ messages: [Tensor<Double>],
    _ correction: Tensor<Double>?,
    _ problem: Void
  ) -> [Double] {
    // One number a node, added to all that arrives there.
    zip(messages[0].scalars, ends).map { message, end in
      message + (correction?[end.target, 0] ?? 0)
    }
  }

  func estimate(_ state: [Double], _ problem: Void) -> Tensor<Double> {
    Tensor(fields.indices.map { total(state, at: $0) })
  }

  /// Half the logarithm of the ratio of both marginal probabilities, by enumeration.
  var exact: [Double] {
    var sums = fields.map { _ in [0.0, 0.0] }
    for number in 0..<(1 << fields.count) {
      let spins = fields.indices.map { number >> $0 & 1 == 1 ? 1.0 : -1 }
      var exponent = zip(fields, spins).reduce(0) { $0 + $1.0 * $1.1 }
      for (pair, coupling) in zip(pairs, couplings) {
        exponent += coupling * spins[pair.0] * spins[pair.1]
      }
      for i in fields.indices { sums[i][spins[i] > 0 ? 1 : 0] += exp(Tensor(exponent)).scalar }
    }
    return sums.map { 0.5 * log(Tensor($0[1] / $0[0])).scalar }
  }
}

/// A correction that counts its iterations: its memory, and what it saw.
private struct Counting: MessageCorrection {
  typealias Scalar = Double
  let size: Double

  func start(_ graph: MessageGraph, evidence: Tensor<Double>, mode: Mode) -> (Int, Int) {
    (graph.nodes, 0)
  }

  func correction(_ messages: [Tensor<Double>], _ memory: inout (Int, Int), mode: Mode)
    -> Tensor<Double>?
  {
    memory.1 += 1
    return .full([memory.0, 1], size * Double(memory.1))
  }

  func visit(_ visitor: any ModuleVisitor<Double>) {}
  func duplicated(in duplication: Duplication<Double>) -> Counting { self }
}

@Suite struct MessagePassingTests {
  private let tree = SpinBeliefs(
    fields: [0.3, -0.2, 0.5, 0.1, -0.7],
    pairs: [(0, 1), (1, 2), (1, 3), (3, 4)],
    couplings: [0.4, -0.6, 0.8, 0.3]
  )

  @Test("without a correction belief propagation on a tree ends at the exact marginals")
  func exactOnTrees() {
    // The longest path has three edges.
    let beliefs = CorrectedMessagePassing(tree).trace((), iterations: 3)
    for (a, b) in zip(beliefs[2].scalars, tree.exact) { #expect((a - b).magnitude < 1e-12) }
    let outcome = CorrectedMessagePassing(tree)
      .solve((), until: .tolerance(1e-14, maximumIterations: 50))
    #expect(outcome.status == .converged)
    #expect(outcome.iterations <= 5)
  }

  @Test("a correction of zero changes nothing; another keeps its memory through all iterations")
  func corrections() {
    let plain = CorrectedMessagePassing(tree).trace((), iterations: 4)
    let zero = CorrectedMessagePassing(method: tree, slot: Counting(size: 0))
      .trace((), iterations: 4)
    #expect(zip(plain, zero).allSatisfy { $0.scalars == $1.scalars })
    // With no coupling a node's belief is its field and what the corrections brought along each edge.
    let apart = SpinBeliefs(fields: [0.5, 0], pairs: [(0, 1)], couplings: [0])
    let counted = CorrectedMessagePassing(method: apart, slot: Counting(size: 1))
      .trace((), iterations: 3)
    #expect(counted.map { $0[0] } == [1.5, 2.5, 3.5])
  }

  @Test("the loss weighs iterations by their number")
  func loss() {
    let passing = CorrectedMessagePassing(tree)
    let trace = passing.trace((), iterations: 3)
    let loss = passing.loss((), iterations: 3, weighting: .linear, mode: .inference) {
      square($0).sum()
    }
    let expected = (0..<3).reduce(0.0) { sum, k in
      sum + Double(k + 1) / 6 * square(trace[k]).sum().scalar
    }
    #expect((loss.scalar - expected).magnitude < 1e-13)
  }
}

@Suite struct GraphCorrectionTests {
  /// A graph with two kinds among nodes and one from evidence, and everything that a network sees of it.
  private struct World {
    var graph: MessageGraph
    var evidence: Tensor<Double>
    var messages: [Tensor<Double>]
  }

  private func world(seed: UInt64, relabelled order: [Int] = Array(0..<6)) -> World {
    var stream = RandomStream(seed: seed)
    let there = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5), (5, 0), (0, 3)]
    func edges(_ pairs: [(Int, Int)]) -> EdgeList {
      EdgeList(sources: pairs.map { order[$0.0] }, targets: pairs.map { order[$0.1] })
    }
    let evidence: Tensor<Double> = stream.normal([4, 2])
    let seen = [(0, 1), (1, 1), (2, 4), (3, 5)]
    return World(
      graph: MessageGraph(
        nodes: 6,
        kinds: [
          .init(edges(there)), .init(edges(there.map { ($0.1, $0.0) })),
          .init(
            EdgeList(sources: seen.map(\.0), targets: seen.map { order[$0.1] }),
            isFromEvidence: true
          ),
        ]
      ),
      evidence: evidence,
      messages: [stream.normal([7, 2]), stream.normal([7, 2]), stream.normal([4, 2])]
    )
  }

  private func network(seed: UInt64) -> GraphCorrection<Double> {
    var stream = RandomStream(seed: seed)
    return GraphCorrection(
      .init(
        evidence: 2,
        messages: [2, 2, 2],
        fromEvidence: [false, false, true],
        hidden: 9,
        outputs: 3
      ),
      from: &stream
    )
  }

  private func corrections(
    _ network: GraphCorrection<Double>,
    _ world: World,
    _ mode: Mode,
    iterations: Int = 3
  ) -> [Tensor<Double>] {
    var memory = network.start(world.graph, evidence: world.evidence, mode: mode)
    return (0..<iterations).map { _ in
      network.correction(world.messages, &memory, mode: mode) ?? .zeros([0])
    }
  }

  @Test(
    "relabelling the nodes relabels the corrections, in both modes",
    arguments: 0..<5 as Range<UInt64>
  )
  func equivariance(seed: UInt64) {
    var stream = RandomStream(seed: seed).derived("order")
    let order = stream.permutation(6)
    for mode in [Mode.training, .inference] {
      let here = corrections(network(seed: seed), world(seed: seed), mode)
      let there = corrections(
        network(seed: seed),
        world(seed: seed, relabelled: order),
        mode
      )
      for (a, b) in zip(here, there) {
        #expect(a.shape == [6, 3])
        for node in 0..<6 {
          for i in 0..<3 { #expect((a[node, i] - b[order[node], i]).magnitude < 1e-12) }
        }
      }
    }
  }

  @Test("with both directions of one kind a symmetric ring has equal corrections everywhere")
  func symmetry() {
    let ring = (0..<5).map { ($0, ($0 + 1) % 5) }
    let edges = EdgeList(
      sources: ring.map(\.0) + ring.map(\.1),
      targets: ring.map(\.1) + ring.map(\.0)
    )
    let graph = MessageGraph(nodes: 5, kinds: [.init(edges)])
    var stream = RandomStream(seed: 3)
    let network = GraphCorrection<Double>(
      .init(evidence: 1, messages: [1], fromEvidence: [false], hidden: 4, outputs: 1),
      from: &stream
    )
    var memory = network.start(graph, evidence: .zeros([1, 1]), mode: .inference)
    for _ in 0..<3 {
      let result = network.correction([.full([10, 1], 0.7)], &memory, mode: .inference)
      let numbers = result?.scalars ?? []
      #expect(numbers.count == 5)
      #expect(numbers.allSatisfy { ($0 - numbers[0]).magnitude < 1e-14 })
    }
  }

  @Test("in inference mode graphs side by side do not see each other")
  func independence() {
    let network = network(seed: 1)
    let one = world(seed: 1)
    let alone = corrections(network, one, .inference)
    func twice(_ kind: MessageGraph.Kind) -> MessageGraph.Kind {
      let sources = kind.edges.sources.map { Int($0) }
      let targets = kind.edges.targets.map { Int($0) }
      return .init(
        EdgeList(
          sources: sources + sources.map { $0 + (kind.isFromEvidence ? 4 : 6) },
          targets: targets + targets.map { $0 + 6 }
        ),
        isFromEvidence: kind.isFromEvidence
      )
    }
    let other = world(seed: 2)
    let both = World(
      graph: MessageGraph(nodes: 12, kinds: one.graph.kinds.map(twice)),
      evidence: concatenated([one.evidence, other.evidence], axis: 0),
      messages: zip(one.messages, other.messages).map { concatenated([$0, $1], axis: 0) }
    )
    for (a, b) in zip(alone, corrections(network, both, .inference)) {
      for (x, y) in zip(a.scalars, b.scalars) { #expect((x - y).magnitude < 1e-13) }
    }
  }

  @Test("gradients of all parameters and messages agree with finite differences")
  func gradients() throws {
    var network = network(seed: 4)
    network.followsMessages = true
    let world = world(seed: 4)
    for mode in [Mode.training, .inference] {
      // Large numbers, so that none of some hundred rectified ones is near its kink.
      let check = try checkGradients(
        at: world.messages + [world.evidence],
        parameters: network.parameters,
        from: RandomStream(seed: 5)
      ) { x in
        var memory = network.start(world.graph, evidence: x[3] * 10, mode: mode)
        let results = (0..<2).map { _ in
          network.correction(x[..<3].map { $0 * 10 }, &memory, mode: mode) ?? .zeros([6, 3])
        }
        return results[0] + results[1]
      }
      // Six rows may have a small deviation, and the normalisation by it bends more.
      #expect(check.worstRelativeError < (mode == .training ? 1e-5 : 1e-6))
    }
  }

  @Test("every parameter is visited, and corrections start small")
  func module() {
    let network = network(seed: 6)
    #expect(ModuleAudit.unvisited(in: network).isEmpty)
    #expect(network.duplicate().tensors() == network.tensors())
    let largest = corrections(network, world(seed: 6), .inference, iterations: 1)[0].scalars
      .reduce(0) { max($0, $1.magnitude) }
    #expect(largest > 0 && largest < 0.5)
  }
}
