import Autodiff
import NeuralNetworks
import Tensors
import Testing

@Suite struct LayerTests {
  @Test(
    "a dense layer is activation(x W + b), with the right gradients",
    arguments: Activation.allCases,
    0..<3 as Range<UInt64>
  )
  func dense(activation: Activation, seed: UInt64) throws {
    var stream = RandomStream(seed: seed)
    let layer = Dense<Double>(3, 4, activation: activation, from: &stream)
    let x: Tensor<Double> = normal([2, 5, 3], seed)
    #expect(layer(x).shape == [2, 5, 4])
    let bias = try #require(layer.bias)
    let plain = matmul(x, layer.weight.value) + bias.value
    // A handful of roundings of numbers of size one.
    #expect(largestDifference(layer(x), ActivationLayer(activation)(plain)) < 1e-14)
    let check = try checkGradients(at: [x], parameters: layer.parameters, from: stream) {
      layer($0[0])
    }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  @Test("a dense layer of given numbers does what they say, with and without bias")
  func denseByHand() {
    let weight = Tensor<Double>([1, 2, 3, 4], shape: [2, 2])
    let layer = Dense(weight: weight, bias: Tensor([10, 20]))
    #expect(layer(Tensor([1, 1], shape: [1, 2])).scalars == [14, 26])
    let bare = Dense(weight: weight, bias: nil, activation: .relu)
    #expect(bare(Tensor([-1, 0], shape: [1, 2])).scalars == [0, 0])
    #expect(bare.parameterCount == 4 && layer.parameterCount == 6)
  }

  private static let variances: [(Initialisation, Double)] = [
    (.glorotUniform, 0.02 / 3),
    (.glorotNormal, 0.02 / 3),
    (.heUniform, 0.02),
    (.heNormal, 0.02),
    (.fanIn, 0.01 / 3),
    (.uniform(bound: 0.3), 0.03),
    (.normal(deviation: 0.2), 0.04),
    (.zeros, 0),
  ]

  @Test("initial weights have the law's variance", arguments: variances)
  func initialVariance(law: Initialisation, variance: Double) {
    var stream = RandomStream(seed: 11)
    let drawn: Tensor<Double> = law.drawn([100, 200], inputs: 100, outputs: 200, from: &stream)
    let mean = drawn.scalars.reduce(0, +) / 20_000
    let square = drawn.scalars.reduce(0) { $0 + $1 * $1 } / 20_000
    // Five standard errors of mean and variance; a normal's fourth moment is the larger.
    #expect(Swift.abs(mean) <= 5 * (variance / 20_000).squareRoot())
    #expect(Swift.abs(square - variance) <= 5 * variance * (2.0 / 20_000).squareRoot())
  }

  @Test("the same stream gives the same layer, another one another")
  func initialisationIsReproducible() {
    func made(_ seed: UInt64) -> [String: NumericArray] {
      var stream = RandomStream(seed: seed)
      return GRU<Float>(inputs: 2, hidden: 3, from: &stream).tensors()
    }
    #expect(made(1) == made(1))
    #expect(made(1) != made(2))
  }

  @Test("layer normalisation has the right values and gradients", arguments: 0..<3 as Range<UInt64>)
  func layerNormalisation(seed: UInt64) throws {
    let layer = LayerNormalisation<Double>(5)
    layer.scale.set(normal([5], seed, "scale"))
    layer.shift.set(normal([5], seed, "shift"))
    let x: Tensor<Double> = normal([3, 2, 5], seed)
    let mean = x.mean(axis: 2, keepingAxis: true)
    let variance = square(x - mean).mean(axis: 2, keepingAxis: true)
    let plain = (x - mean) / sqrt(variance + 1e-5) * layer.scale.value + layer.shift.value
    #expect(largestDifference(layer(x), plain) < 1e-13)
    let check = try checkGradients(
      at: [x],
      parameters: layer.parameters,
      from: RandomStream(seed: seed)
    ) { layer($0[0]) }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  @Test("a chain applies its layers in order; an empty one passes on")
  func sequential() throws {
    let chain: Sequential<Double> = network(3, 4, 2, seed: 8)
    let x: Tensor<Double> = normal([5, 3], 8)
    #expect(
      chain(x)
        == chain.layers[1].output(
          of: chain.layers[0].output(of: x, mode: .inference),
          mode: .inference
        )
    )
    #expect(Sequential<Double>([])(x) == x)
    let check = try checkGradients(
      at: [x],
      parameters: chain.parameters,
      from: RandomStream(seed: 8)
    ) { chain($0[0]) }
    #expect(check.worstRelativeError < gradientTolerance)
  }

  @Test("dropout keeps its share, scales it, and does nothing in inference mode")
  func dropoutLayer() {
    var stream = RandomStream(seed: 4)
    let layer = Dropout<Double>(rate: 0.25, from: &stream)
    let x = Tensor<Double>.ones([40_000])
    #expect(layer(x, mode: .inference) == x)
    let y = layer(x, mode: .training).scalars
    #expect(y.allSatisfy { $0 == 0 || $0 == 4.0 / 3 })
    let dropped = Double(y.count { $0 == 0 }) / 40_000
    // Five standard errors of a share of 0.25 in 40,000.
    #expect(Swift.abs(dropped - 0.25) < 5 * (0.25 * 0.75 / 40_000).squareRoot())
  }

  @Test(
    "dropout used twice in one recording drops other numbers; a draw is a function of its number"
  )
  func dropoutDraws() throws {
    var stream = RandomStream(seed: 4)
    let layer = Dropout<Double>(rate: 0.5, from: &stream)
    func draws(_ numbers: [Int]) throws -> [[Double]] {
      let recording = try Recording(inputs: ["x": Tensor<Double>.ones([64])]) { inputs in
        let x: Tensor<Double> = try inputs.named("x")
        return ["a": layer(x, mode: .training), "b": layer(x, mode: .training)]
      }
      return try numbers.flatMap { number in
        recording.positionRandomStreams(at: number)
        try recording.forward()
        return [try recording.value("a").scalars, try recording.value("b").scalars]
      }
    }
    let first = try draws([0, 1, 2])
    #expect(Set(first).count == 6)
    #expect(try draws([2]) == Array(first[4...]))
  }
}
