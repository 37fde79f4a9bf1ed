import Autodiff
import Hybridization
import NeuralNetworks
import SymbolDetection
import Tensors
import Testing

@Suite struct DetNetTests {
  /// A batch of Gaussian channels with signs sent over them.
  private func problem(
    _ seed: UInt64,
    batch: Int = 6,
    receive: Int = 8,
    users: Int = 4,
    noise: Double = 0.3
  ) -> (equations: NormalEquations<Double>, channel: Tensor<Double>, symbols: [Int]) {
    var stream = RandomStream(seed: seed)
    let channel: Tensor<Double> = stream.normal([batch, receive, users])
    let symbols = stream.integers(batch * users, below: 2)
    let s = Tensor(symbols.map { Double(2 * $0 - 1) }, shape: [batch, users, 1])
    let w: Tensor<Double> = stream.normal([batch, receive])
    let x = matmul(channel, s).reshaped([batch, receive]) + w * noise
    return (NormalEquations(channel: channel, observations: x), channel, symbols)
  }

  private func worst(_ a: Tensor<Double>, _ b: Tensor<Double>) -> Double {
    zip(a.scalars, b.scalars).reduce(0) { max($0, ($1.0 - $1.1).magnitude) }
  }

  @Test("one channel for all is that channel for each")
  func sharedChannel() {
    var stream = RandomStream(seed: 3)
    let channel: Tensor<Double> = stream.normal([5, 3])
    let x: Tensor<Double> = stream.normal([2, 5])
    let shared = NormalEquations(channel: channel, observations: x)
    let own = NormalEquations(
      channel: channel.reshaped([1, 5, 3]).broadcast(to: [2, 5, 3]),
      observations: x
    )
    #expect(shared.gram.shape == [2, 3, 3] && shared.matched.shape == [2, 3])
    #expect(worst(shared.gram, own.gram) < 1e-14 && worst(shared.matched, own.matched) < 1e-14)
    // G s - m is the gradient of |x - H s|^2 / 2: at the least-squares solution it vanishes.
    let s = Tensor<Double>([1, -2, 0.5, 0.25, 1, 1], shape: [2, 3])
    let residual = matmul(s, channel, transposeB: true) - x
    let gradient = shared.gramProduct(s) - shared.matched
    #expect(worst(gradient, matmul(residual, channel)) < 1e-13)
  }

  @Test(
    "projected gradient descent ends where the optimality conditions hold",
    arguments: [1, 2, 3]
  )
  func optimality(seed: UInt64) {
    let equations = problem(seed, noise: 1).equations
    let method = BoxProjectedGradient<Double>(stepSize: 0.04)
    let outcome = method.solve(equations, until: .tolerance(1e-13, maximumIterations: 100_000))
    #expect(outcome.status == .converged)
    let gradient = equations.gramProduct(outcome.value) - equations.matched
    for (s, g) in zip(outcome.value.scalars, gradient.scalars) {
      // inside the box no slope; at a wall none that leads back inside
      if s >= 1 {
        #expect(g <= 1e-9)
      } else if s <= -1 {
        #expect(g >= -1e-9)
      } else {
        #expect(g.magnitude < 1e-9)
      }
    }
  }

  @Test("with weights that clip it is projected gradient descent", arguments: [1, 5, 20])
  func law(layers: Int) throws {
    let users = 4
    let step = 0.05
    let equations = problem(7).equations
    let classical = BoxProjectedGradient<Double>(stepSize: step)
      .unfolded(layers: layers).trace(equations)
    let method = DetNet<Double>(
      levels: [-1, 1],
      users: users,
      hidden: 2 * users,
      memory: 2,
      residual: 0,
      from: RandomStream(seed: 1)
    )
    let network = method.unfolded(layers: layers)
    for layer in network.layers { clip(layer, users: users, step: step) }
    for (state, expected) in zip(network.states(equations), classical) {
      // sums of four terms of size one, layer after layer
      #expect(worst(state.symbols, expected) < 1e-12)
    }
  }

  @Test("started as a projection it is the random start and projected gradient descent's weights")
  func projectionStart() throws {
    let users = 4
    let step = 0.05
    func network(startingAt step: Double?) -> Unfolded<DetNet<Double>> {
      DetNet<Double>(
        levels: [-1, 1],
        users: users,
        hidden: 2 * users,
        memory: 2,
        startingAt: step,
        from: RandomStream(seed: 1)
      ).unfolded(layers: 3)
    }
    let (random, projecting, classical) =
      (network(startingAt: nil), network(startingAt: step), network(startingAt: nil))
    for layer in classical.layers { clip(layer, users: users, step: step) }
    for (layer, (noise, law)) in zip(projecting.layers, zip(random.layers, classical.layers)) {
      for (name, parameter) in layer.namedParameters {
        let rest = try #require(noise.namedParameters.first { $0.name == name }).parameter.value
        let hand = try #require(law.namedParameters.first { $0.name == name }).parameter.value
        #expect(worst(parameter.value - rest, hand) < 1e-15, "\(name)")
      }
    }
  }

  @Test(
    "of two levels, what wrong decisions cost is the softplus of the margin",
    arguments: [0.5, 10]
  )
  func decisionLoss(sharpness: Double) throws {
    var stream = RandomStream(seed: 5)
    let beliefs: Tensor<Double> = stream.normal([6, 4 * 2])
    let sent = stream.integers(6 * 4, below: 2)
    let loss = DecisionLoss<Double>(weight: 0.3, sharpness: sharpness)
    let places = Tensor(sent.map(Double.init), shape: [6, 4])
    let o = beliefs.scalars
    let expected = sent.enumerated().reduce(0.0) { sum, item in
      let (symbol, place) = item
      let margin = o[2 * symbol + place] - o[2 * symbol + 1 - place]
      return sum + 0.3 * softplus(Tensor(-sharpness * margin)).scalar / 24
    }
    #expect((loss(beliefs, places).scalar - expected).magnitude < 1e-14 * max(1, expected))
    let check = try checkGradients(at: [beliefs], from: RandomStream(seed: 6)) {
      loss($0[0], places)
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test(
    "the conference form with such weights is projected gradient descent",
    arguments: [1, 5, 20]
  )
  func conferenceLaw(layers: Int) throws {
    let users = 4
    let step = 0.05
    let limit = 0.75
    let equations = problem(7).equations
    let classical = BoxProjectedGradient<Double>(stepSize: step, limit: limit)
      .unfolded(layers: layers).trace(equations)
    let network = ConferenceDetNet<Double>(
      limit: limit,
      users: users,
      hidden: 2 * users,
      memory: 2,
      residual: 0,
      from: RandomStream(seed: 1)
    ).unfolded(layers: layers)
    for layer in network.layers { descend(layer, users: users, step: step, limit: limit) }
    for (estimate, expected) in zip(network.trace(equations), classical) {
      // sums of four terms of size one, layer after layer
      #expect(worst(estimate, expected) < 1e-12)
    }
  }

  /// `z = s - step (G s - m)` as `relu(z) - relu(-z)`, held to the interval by the soft sign.
  private func descend(
    _ layer: ConferenceDetNetLayer<Double>,
    users: Int,
    step: Double,
    limit: Double
  ) {
    layer.softness.set(Tensor(-limit))
    var first = [Double](repeating: 0, count: (3 * users + 2) * 2 * users)
    var second = [Double](repeating: 0, count: 2 * users * users)
    for user in 0..<users {
      for (unit, sign) in [(2 * user, 1.0), (2 * user + 1, -1.0)] {
        for (block, factor) in [(0, step), (1, 1), (2, -step)] {
          first[(block * users + user) * 2 * users + unit] = sign * factor
        }
        second[unit * users + user] = sign
      }
    }
    layer.hidden.weight.set(Tensor(first, shape: [3 * users + 2, 2 * users]))
    layer.hidden.bias?.set(.zeros([2 * users]))
    layer.symbols.weight.set(Tensor(second, shape: [2 * users, users]))
    layer.symbols.bias?.set(.zeros([users]))
    layer.memory.weight.set(.zeros([2 * users, 2]))
    layer.memory.bias?.set(.zeros([2]))
  }

  @Test("gradients through three layers of the conference form agree with finite differences")
  func conferenceGradients() throws {
    let (equations, _, symbols) = problem(9, batch: 3)
    let network = ConferenceDetNet<Double>(
      users: 4,
      hidden: 16,
      memory: 8,
      from: RandomStream(seed: 2)
    ).unfolded(layers: 3)
    #expect(ModuleAudit.unvisited(in: network) == [])
    var stream = RandomStream(seed: 4)
    for parameter in network.parameters {
      let noise: Tensor<Double> = stream.normal(parameter.shape)
      // softness far above what goes in: no kink is near
      parameter.set(parameter.value + (parameter.shape.isEmpty ? Tensor(5) : noise * 0.2))
    }
    let target = Tensor(symbols.map { Double(2 * $0 - 1) }, shape: [3, 4])
    let check = try checkGradients(
      at: [],
      parameters: network.parameters,
      from: RandomStream(seed: 5)
    ) { _ in
      LayerWeighting.uniform.loss(network.trace(equations)) { meanSquaredError($0, target) }
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  /// `clip(z) = -1 + relu(z + 1) - relu(z - 1)`, with the beliefs `(1 +- clip(z)) / 2`.
  private func clip(_ layer: DetNetLayer<Double>, users: Int, step: Double) {
    layer.matchedScale.set(Tensor(-step))
    layer.gramScale.set(Tensor(-step))
    var first = [Double](repeating: 0, count: (users + 2) * 2 * users)
    var beliefs = [Double](repeating: 0, count: 2 * users * 2 * users)
    for user in 0..<users {
      first[user * 2 * users + 2 * user] = 1
      first[user * 2 * users + 2 * user + 1] = 1
      for (unit, sign) in [(2 * user, 1.0), (2 * user + 1, -1.0)] {
        beliefs[unit * 2 * users + 2 * user] = -sign / 2
        beliefs[unit * 2 * users + 2 * user + 1] = sign / 2
      }
    }
    layer.hidden.weight.set(Tensor(first, shape: [users + 2, 2 * users]))
    layer.hidden.bias?.set(Tensor((0..<(2 * users)).map { $0 % 2 == 0 ? 1 : -1 }))
    layer.beliefs.weight.set(Tensor(beliefs, shape: [2 * users, 2 * users]))
    layer.beliefs.bias?.set(Tensor((0..<(2 * users)).map { $0 % 2 == 0 ? 1 : 0 }))
    layer.memory.weight.set(.zeros([2 * users, 2]))
    layer.memory.bias?.set(.zeros([2]))
  }

  @Test("gradients through three layers agree with finite differences")
  func gradients() throws {
    let (equations, _, symbols) = problem(9, batch: 3)
    let method = DetNet<Double>(
      levels: [-1, 1],
      users: 4,
      hidden: 16,
      memory: 8,
      from: RandomStream(seed: 2)
    )
    let network = method.unfolded(layers: 3)
    // away from the start, where all units are at their kink
    var stream = RandomStream(seed: 4)
    for parameter in network.parameters {
      let noise: Tensor<Double> = stream.normal(parameter.shape)
      parameter.set(parameter.value + noise * 0.2)
    }
    let target = method.certainBeliefs(symbols)
    let check = try checkGradients(
      at: [],
      parameters: network.parameters,
      from: RandomStream(seed: 5)
    ) { _ in
      LayerWeighting.logarithmic.loss(network.trace(equations)) { square($0 - target).mean() }
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test("beliefs of one that knows give the symbols back, with two levels and with four")
  func certain() {
    for levels in [[-1.0, 1], [-3, -1, 1, 3]] {
      let method = DetNet<Double>(
        levels: levels,
        users: 3,
        hidden: 4,
        memory: 2,
        from: RandomStream(seed: 1)
      )
      let places = [0, 1, levels.count - 1, 1, 0, 0]
      let beliefs = method.certainBeliefs(places)
      #expect(beliefs.shape == [2, 3 * levels.count])
      #expect(method.symbols(beliefs).scalars == places.map { levels[$0] })
      #expect(ModuleAudit.unvisited(in: method.unfolded(layers: 2)) == [])
    }
  }
}
