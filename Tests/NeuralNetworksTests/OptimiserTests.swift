import Autodiff
import NeuralNetworks
import Tensors
import Testing

/// One parameter as an optimiser's rule moves it, in plain Swift, straight from the equations.
private struct PlainParameter {
  var value: Double
  var first = 0.0
  var second = 0.0
  var beta1Power = 1.0
  var beta2Power = 1.0

  mutating func step(_ rule: OptimiserRule, gradient: Double, rate: Double, decay: Double) {
    switch rule {
    case .sgd(let momentum, let nesterov):
      let g = gradient + decay * value
      first = momentum * first + g
      value -= rate * (nesterov ? g + momentum * first : first)
    case .adam(let beta1, let beta2, let epsilon):
      adam(gradient + decay * value, rate, beta1, beta2, epsilon)
    case .adamW(let beta1, let beta2, let epsilon):
      value -= rate * decay * value
      adam(gradient, rate, beta1, beta2, epsilon)
    }
  }

  private mutating func adam(
    _ g: Double,
    _ rate: Double,
    _ beta1: Double,
    _ beta2: Double,
    _ epsilon: Double
  ) {
    beta1Power *= beta1
    beta2Power *= beta2
    first = beta1 * first + (1 - beta1) * g
    second = beta2 * second + (1 - beta2) * g * g
    let m = first / (1 - beta1Power)
    let v = second / (1 - beta2Power)
    value -= rate * m / (v.squareRoot() + epsilon)
  }
}

/// Puts numbers where a backward pass would put the gradients.
private func setGradient(_ parameter: Parameter<Double>, _ values: [Double]) {
  for (index, value) in values.enumerated() { parameter.storage.gradients?[index] = value }
}

private let rules: [OptimiserRule] = [
  .sgd(), .sgd(momentum: 0.9), .sgd(momentum: 0.8, nesterov: true), .adam(),
  .adam(beta1: 0.7, beta2: 0.9, epsilon: 1e-3), .adamW(), .adamW(beta1: 0.5, beta2: 0.6),
]

@Suite struct OptimiserTests {
  @Test(
    "every rule agrees with the plain form over 50 steps",
    arguments: rules,
    [0, 0.1]
  )
  func plainForm(rule: OptimiserRule, decay: Double) {
    let start: Tensor<Double> = normal([5], 3, "start")
    let parameter = Parameter(start)
    let optimiser = Optimiser(rule, FlatParameters([parameter]))
    var plain = start.scalars.map { PlainParameter(value: $0) }
    var stream = RandomStream(seed: 7)
    for step in 0..<50 {
      let gradient: Tensor<Double> = stream.normal([5])
      setGradient(parameter, gradient.scalars)
      let rate = 0.05 / Double(step + 1)
      optimiser.step(rate: rate, weightDecay: decay)
      for i in plain.indices {
        plain[i].step(rule, gradient: gradient.scalars[i], rate: rate, decay: decay)
      }
    }
    optimiser.parameters.valuesDidChange()
    let worst = zip(parameter.value.scalars, plain).map { Swift.abs($0 - $1.value) }.max() ?? 1
    // 50 steps of a few roundings each on numbers of size one.
    #expect(worst < 1e-12)
  }

  @Test("Adam's first step is the rate against the gradient's sign, whatever its size")
  func adamBiasCorrection() {
    let parameter = Parameter(Tensor<Double>([1, 1, 1]))
    let optimiser = Optimiser(.adam(epsilon: 0), FlatParameters([parameter]))
    setGradient(parameter, [1e-6, -3, 1e6])
    optimiser.step(rate: 0.01)
    optimiser.parameters.valuesDidChange()
    for (value, expected) in zip(parameter.value.scalars, [0.99, 1.01, 0.99]) {
      #expect(Swift.abs(value - expected) < 1e-14)
    }
  }

  @Test("momentum by hand: two steps, plain and Nesterov")
  func momentumByHand() {
    func values(_ rule: OptimiserRule) -> [Double] {
      let parameter = Parameter(Tensor<Double>(1))
      let optimiser = Optimiser(rule, FlatParameters([parameter]))
      return [2.0, 4.0].map { gradient in
        setGradient(parameter, [gradient])
        optimiser.step(rate: 0.25)
        optimiser.parameters.valuesDidChange()
        return parameter.value.scalar
      }
    }
    // v = 2, 5; w = 1 - 0.5, - 1.25.
    #expect(values(.sgd(momentum: 0.5)) == [0.5, -0.75])
    // g + v / 2 = 3, 6.5.
    #expect(values(.sgd(momentum: 0.5, nesterov: true)) == [0.25, -1.375])
    #expect(values(.sgd()) == [0.5, -0.5])
  }

  @Test("groups have their own rate and decay; frozen ones stay to the bit")
  func groups() {
    let parameters = (0..<4).map { Parameter(normal([3], UInt64($0)) as Tensor<Double>) }
    let start = parameters.map(\.value)
    let flat = FlatParameters([
      ParameterGroup([parameters[0]]), ParameterGroup([parameters[1]], rateFactor: 0.1),
      ParameterGroup([parameters[2]], isFrozen: true),
      ParameterGroup([parameters[3]], weightDecay: 0.5),
    ])
    #expect(
      flat.trainedParameters.map { ObjectIdentifier($0) }
        == [0, 1, 3].map { ObjectIdentifier(parameters[$0]) }
    )
    for parameter in parameters { setGradient(parameter, [1, 1, 1]) }
    Optimiser(.sgd(), flat).step(rate: 0.25, weightDecay: 2)
    flat.valuesDidChange()
    func expect(_ index: Int, _ rate: Double, _ decay: Double) {
      for (new, old) in zip(parameters[index].value.scalars, start[index].scalars) {
        #expect(Swift.abs(new - (old - rate * (1 + decay * old))) < 1e-15)
      }
    }
    expect(0, 0.25, 2)
    expect(1, 0.025, 2)
    expect(3, 0.25, 0.5)
    #expect(parameters[2].value == start[2])
  }

  @Test("moving parameters into a flat buffer changes no number, and the padding stays zero")
  func flatBuffer() {
    let shapes = [[3], [2, 5], [], [17]]
    let parameters = shapes.enumerated().map {
      Parameter(normal($1, UInt64($0)) as Tensor<Float>)
    }
    let before = parameters.map(\.value)
    let flat = FlatParameters(parameters + [parameters[1]])
    #expect(parameters.map(\.value) == before)
    #expect(flat.isCurrent)
    #expect(flat.places.map(\.offset) == [0, 16, 32, 48])
    #expect(flat.count == 48 + 32)
    for parameter in parameters {
      for i in 0..<parameter.count { parameter.storage.gradients?[i] = 1 }
    }
    let optimiser = Optimiser(.adamW(), flat)
    for _ in 0..<3 { optimiser.step(rate: 0.1, weightDecay: 0.1) }
    let used = Set(zip(flat.places, shapes).flatMap { $0.offset..<$0.offset + $1.reduce(1, *) })
    for index in 0..<flat.count where !used.contains(index) { #expect(flat.values[index] == 0) }
    let newer = FlatParameters([parameters[0]])
    #expect(newer.isCurrent && !flat.isCurrent)
  }

  @Test("clipping by value and by global norm is exact and leaves frozen groups out")
  func clipping() {
    let a = Parameter(Tensor<Double>.zeros([2]))
    let b = Parameter(Tensor<Double>.zeros([1]))
    let frozen = Parameter(Tensor<Double>.zeros([1]))
    let flat = FlatParameters([
      ParameterGroup([a]), ParameterGroup([frozen], isFrozen: true), ParameterGroup([b]),
    ])
    func fill() {
      setGradient(a, [3, -4])
      setGradient(b, [12])
      setGradient(frozen, [100])
    }
    fill()
    #expect(flat.gradientNorm() == 13)
    #expect(flat.clip(.globalNorm(26)) == 13)
    #expect(a.gradient.scalars == [3, -4])
    #expect(flat.clip(.globalNorm(6.5)) == 13)
    #expect(a.gradient.scalars == [1.5, -2] && b.gradient.scalars == [6])
    fill()
    #expect(flat.clip(.value(3.5)) == nil)
    #expect(a.gradient.scalars == [3, -3.5] && b.gradient.scalars == [3.5])
    #expect(frozen.gradient.scalars == [100])
    #expect(flat.clip(.none) == nil)
    #expect(flat.gradientsAreFinite)
    setGradient(b, [.infinity])
    #expect(!flat.gradientsAreFinite)
    setGradient(b, [0])
    setGradient(frozen, [.nan])
    #expect(flat.gradientsAreFinite)
  }

  @Test("a restored optimiser goes on to the bit", arguments: rules)
  func restoredState(rule: OptimiserRule) throws {
    func run(interruptedAt stop: Int?) throws -> [Double] {
      var parameter = Parameter(normal([4], 1) as Tensor<Double>)
      var optimiser = Optimiser(rule, FlatParameters([parameter]))
      for step in 0..<6 {
        if step == stop {
          let state = optimiser.state
          optimiser.parameters.valuesDidChange()
          parameter = Parameter(parameter.value)
          optimiser = Optimiser(rule, FlatParameters([parameter]))
          try optimiser.restore(state)
          #expect(optimiser.state == state)
        }
        let gradient: Tensor<Double> = normal([4], UInt64(step), "gradient")
        setGradient(parameter, gradient.scalars)
        optimiser.step(rate: 0.1, weightDecay: 0.01)
      }
      optimiser.parameters.valuesDidChange()
      return parameter.value.scalars
    }
    let whole = try run(interruptedAt: nil)
    for stop in 0..<6 { #expect(try run(interruptedAt: stop) == whole) }
  }

  @Test("a state of other parameters is refused")
  func wrongState() {
    let small = Optimiser(.adam(), FlatParameters([Parameter(Tensor<Double>([1, 2]))]))
    let large = Optimiser(.adam(), FlatParameters([Parameter(Tensor<Double>.zeros([9]))]))
    #expect(
      throws: NetworkError.wrongShape(
        name: "moments.0",
        expected: [8],
        actual: [16],
        source: "the optimiser state"
      )
    ) { try small.restore(large.state) }
    let plain = Optimiser(.sgd(), FlatParameters([Parameter(Tensor<Double>([1, 2]))]))
    #expect(
      throws: NetworkError.wrongShape(
        name: "moments",
        expected: [0],
        actual: [2],
        source: "the optimiser state"
      )
    ) { try plain.restore(small.state) }
  }

  @Test("any leaf can be optimised: a latent vector finds its target")
  func latentSearch() throws {
    let target: Tensor<Double> = normal([4], 2)
    let latent = Parameter(Tensor<Double>.zeros([4]))
    let optimiser = Optimiser(.sgd(momentum: 0.5), FlatParameters([latent]))
    let recording = try Recording(inputs: ["t": target], parameters: [latent]) { inputs in
      ["loss": square(latent.value - (try inputs.named("t"))).sum()]
    }
    for _ in 0..<200 {
      try recording.forward()
      try recording.backward()
      optimiser.step(rate: 0.1)
    }
    optimiser.parameters.valuesDidChange()
    // Contraction by at least 0.75 a step.
    #expect(largestDifference(latent.value, target) < 1e-13)
  }
}
