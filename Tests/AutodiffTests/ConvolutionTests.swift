import Autodiff
import Tensors
import Testing

/// A convolution of some extents.
struct ConvolutionCase: Sendable, CustomTestStringConvertible {
  let input: [Int]
  let weight: [Int]
  var strides: [Int]?
  var padding = ConvolutionPadding.none

  var testDescription: String {
    "\(input) by \(weight), strides \(strides ?? []), \(padding)"
  }

  /// Both forms, one to three axes, odd extents, strides and paddings, channels that fill no vector.
  static let all: [ConvolutionCase] = [
    .init(input: [2, 9, 3], weight: [3, 3, 4]),
    .init(input: [1, 17, 1], weight: [5, 1, 2], strides: [3], padding: .zeros([2])),
    .init(input: [3, 6, 2], weight: [4, 2, 3], strides: [2], padding: .same),
    .init(input: [2, 5, 7, 1], weight: [3, 3, 1, 3], padding: .same),
    .init(input: [2, 6, 5, 3], weight: [2, 3, 3, 2], strides: [2, 1], padding: .zeros([1, 0])),
    .init(input: [1, 8, 8, 2], weight: [5, 5, 2, 1], strides: [3, 3], padding: .zeros([2, 4])),
    .init(input: [2, 4, 3, 5], weight: [1, 1, 5, 6]),
    .init(input: [1, 4, 5, 3, 2], weight: [3, 3, 2, 2, 3], padding: .same),
    .init(input: [2, 4, 4, 4, 1], weight: [2, 2, 2, 1, 2], strides: [2, 1, 2]),
    // Winograd's form: whole tiles, ragged tiles, each padding, channels beside a vector.
    .init(input: [2, 8, 8, 16], weight: [3, 3, 16, 16], padding: .same),
    .init(input: [1, 7, 9, 17], weight: [3, 3, 17, 19], padding: .same),
    .init(input: [2, 6, 6, 18], weight: [3, 3, 18, 16]),
    .init(input: [1, 5, 11, 16], weight: [3, 3, 16, 21], padding: .zeros([2, 1])),
    .init(input: [1, 13, 6, 33], weight: [3, 3, 33, 16], padding: .zeros([1, 2])),
    // Large enough for several pieces.
    .init(input: [11, 12, 12, 16], weight: [3, 3, 16, 17], padding: .same),
    .init(input: [9, 20, 20, 4], weight: [5, 5, 4, 12], padding: .same),
  ]

  /// Those small enough for gradients by differences.
  static var small: [ConvolutionCase] { all.filter { $0.input.reduce(1, *) <= 4000 } }

  func input<Scalar: RealTensorScalar>(_ seed: UInt64) -> Tensor<Scalar> {
    var stream = RandomStream(seed: seed).derived("input")
    return stream.normal(input)
  }

  func weights<Scalar: RealTensorScalar>(_ seed: UInt64) -> Tensor<Scalar> {
    var stream = RandomStream(seed: seed).derived("weight")
    return stream.normal(weight)
  }

  func applied<Scalar: RealTensorScalar>(
    _ x: Tensor<Scalar>,
    _ w: Tensor<Scalar>,
    _ b: Tensor<Scalar>? = nil,
    _ activation: Activation = .identity
  ) -> Tensor<Scalar> {
    convolution(x, w, b, strides: strides, padding: padding, activation: activation)
  }

  func transposed<Scalar: RealTensorScalar>(
    _ y: Tensor<Scalar>,
    _ w: Tensor<Scalar>,
    _ b: Tensor<Scalar>? = nil,
    _ activation: Activation = .identity
  ) -> Tensor<Scalar> {
    transposedConvolution(
      y,
      w,
      b,
      strides: strides,
      padding: padding,
      extents: Array(input.dropFirst().dropLast()),
      activation: activation
    )
  }

  /// The sum of the definition, term by term.
  func plain(_ x: Tensor<Double>, _ w: Tensor<Double>) -> Tensor<Double> {
    let axes = input.count - 2
    let strides = strides ?? [Int](repeating: 1, count: axes)
    var outputs: [Int] = []
    var before: [Int] = []
    for axis in 0..<axes {
      let (extent, taps, stride) = (input[axis + 1], weight[axis], strides[axis])
      switch padding {
      case .none:
        outputs.append((extent - taps) / stride + 1)
        before.append(0)
      case .zeros(let zeros):
        outputs.append((extent + 2 * zeros[axis] - taps) / stride + 1)
        before.append(zeros[axis])
      case .same:
        outputs.append((extent + stride - 1) / stride)
        before.append(max((outputs[axis] - 1) * stride + taps - extent, 0) / 2)
      }
    }
    let (numbers, factors) = (x.scalars, w.scalars)
    let (inChannels, outChannels) = (weight[axes], weight[axes + 1])
    var result: [Double] = []
    for image in 0..<input[0] {
      for place in places(outputs) {
        for channel in 0..<outChannels {
          var sum = 0.0
          for (tap, offset) in places(Array(weight.prefix(axes))).enumerated() {
            var pixel = image
            var isInside = true
            for axis in 0..<axes {
              let at = place[axis] * strides[axis] + offset[axis] - before[axis]
              isInside = isInside && (0..<input[axis + 1]).contains(at)
              pixel = pixel * input[axis + 1] + at
            }
            guard isInside else { continue }
            for i in 0..<inChannels {
              sum +=
                numbers[pixel * inChannels + i]
                * factors[(tap * inChannels + i) * outChannels + channel]
            }
          }
          result.append(sum)
        }
      }
    }
    return Tensor(result, shape: [input[0]] + outputs + [outChannels])
  }

  /// All indices within extents, the last running fastest.
  private func places(_ extents: [Int]) -> [[Int]] {
    extents.reduce([[]]) { known, extent in
      known.flatMap { head in (0..<extent).map { head + [$0] } }
    }
  }
}

@Suite struct ConvolutionTests {
  /// The largest difference over the root mean square of the second.
  private func relativeError<Scalar: RealTensorScalar>(
    _ a: Tensor<Scalar>,
    _ b: Tensor<Double>
  ) -> Double {
    let (found, expected) = (a.scalars.map { Double($0) }, b.scalars)
    let size = (expected.reduce(0) { $0 + $1 * $1 } / Double(max(expected.count, 1))).squareRoot()
    return zip(found, expected).map { Swift.abs($0 - $1) }.max().map { $0 / size } ?? 0
  }

  @Test(
    "gives the sum of its definition, in both precisions",
    arguments: ConvolutionCase.all,
    0..<3 as Range<UInt64>
  )
  func definition(extents: ConvolutionCase, seed: UInt64) {
    let (x, w): (Tensor<Double>, Tensor<Double>) = (extents.input(seed), extents.weights(seed))
    let expected = extents.plain(x, w)
    let result = extents.applied(x, w)
    #expect(result.shape == expected.shape)
    // Winograd's transforms lose a factor of a few tens beyond the rounding of a sum of products.
    #expect(relativeError(result, expected) < 64 * Double.ulpOfOne)
    let single = extents.applied(x.converted(to: Float.self), w.converted(to: Float.self))
    #expect(relativeError(single, expected) < 128 * Double(Float.ulpOfOne))
  }

  @Test(
    "a bias and an activation inside are those behind it",
    arguments: ConvolutionCase.small,
    Activation.allCases
  )
  func biasAndActivation(extents: ConvolutionCase, activation: Activation) {
    let (x, w): (Tensor<Double>, Tensor<Double>) = (extents.input(1), extents.weights(1))
    var stream = RandomStream(seed: 5)
    let b: Tensor<Double> = stream.normal([extents.weight[extents.weight.count - 1]])
    let c: Tensor<Double> = stream.normal([extents.weight[extents.weight.count - 2]])
    func bent(_ x: Tensor<Double>) -> Tensor<Double> {
      switch activation {
      case .identity: x
      case .relu: relu(x)
      case .sigmoid: sigmoid(x)
      case .tanh: tanh(x)
      case .leakyRelu: maximum(x, x * 0.01)
      }
    }
    let plain = extents.applied(x, w)
    let expected = bent(plain + b)
    #expect(relativeError(extents.applied(x, w, b, activation), expected) < 1e-14)
    let back = extents.transposed(plain, w)
    #expect(
      relativeError(extents.transposed(plain, w, c, activation), bent(back + c)) < 1e-14
    )
  }

  @Test(
    "the transposed convolution is its adjoint",
    arguments: ConvolutionCase.all,
    0..<20 as Range<UInt64>
  )
  func adjoint(extents: ConvolutionCase, seed: UInt64) {
    let (x, w): (Tensor<Double>, Tensor<Double>) = (extents.input(seed), extents.weights(seed))
    let y = extents.applied(x, w)
    var stream = RandomStream(seed: seed).derived("output")
    let z: Tensor<Double> = stream.normal(y.shape)
    let back = extents.transposed(z, w)
    #expect(back.shape == x.shape)
    let (left, right) = ((y * z).sum().scalar, (x * back).sum().scalar)
    let size = (square(y).sum().scalar * square(z).sum().scalar).squareRoot()
    #expect(Swift.abs(left - right) < 1e-14 * size)
  }

  @Test("gradients of input, weight and bias", arguments: ConvolutionCase.small)
  func gradients(extents: ConvolutionCase) throws {
    // Hundreds of numbers move at once, each by as much as the largest: small ones, so that sums stay where the
    // hyperbolic tangent is a parabola over a step of the differences.
    let x: Tensor<Double> = extents.input(2) * 0.1
    let products = extents.weight.dropLast().reduce(1, *)
    let w: Tensor<Double> = extents.weights(2) * (1 / Double(products).squareRoot())
    var stream = RandomStream(seed: 3)
    let b: Tensor<Double> = stream.normal([extents.weight[extents.weight.count - 1]])
    let c: Tensor<Double> = stream.normal([extents.weight[extents.weight.count - 2]])
    let y: Tensor<Double> = stream.normal(extents.applied(x, w).shape) * 0.1
    for activation in [Activation.identity, .tanh] {
      let check = try checkGradients(at: [x, w, b], from: stream) {
        extents.applied($0[0], $0[1], $0[2], activation)
      }
      #expect(check.worstRelativeError < 1e-6)
      let back = try checkGradients(at: [y, w, c], from: stream) {
        extents.transposed($0[0], $0[1], $0[2], activation)
      }
      #expect(back.worstRelativeError < 1e-6)
    }
  }

  @Test("gradients do not depend on the number of threads, and a replay gives them again")
  func threads() throws {
    for extents in ConvolutionCase.all.suffix(2) {
      let (x, w): (Tensor<Float>, Tensor<Float>) = (extents.input(4), extents.weights(4))
      let results = try [1, 3]
        .map { threads in
          let weight = Parameter(w)
          let bias = Parameter(Tensor<Float>.ones([extents.weight[3]]))
          let recording = try Recording(
            inputs: ["x": x],
            differentiated: ["x"],
            parameters: [weight, bias],
            pool: WorkerPool(threads: threads)
          ) { inputs in
            let x = try #require(inputs["x"])
            let y = extents.applied(x, weight.value, bias.value, .relu)
            return ["y": y, "loss": square(extents.applied(x, weight.value) + y).sum()]
          }
          try recording.backward()
          let first = (weight.gradient, bias.gradient, try recording.gradient(of: "x"))
          try recording.replay(["x": x])
          try recording.backward()
          #expect(weight.gradient == first.0)
          #expect(bias.gradient == first.1)
          #expect(try recording.gradient(of: "x") == first.2)
          return [
            try recording.value("y"), weight.gradient, bias.gradient,
            try recording.gradient(of: "x"),
          ]
        }
      #expect(results[0] == results[1])
    }
  }

  @Test("the change in a direction is that of the gradients", arguments: ConvolutionCase.small)
  func forwardRule(extents: ConvolutionCase) throws {
    let (x, w): (Tensor<Double>, Tensor<Double>) = (extents.input(6), extents.weights(6))
    var stream = RandomStream(seed: 7)
    let b: Tensor<Double> = stream.normal([extents.weight[extents.weight.count - 1]])
    let along: Tensor<Double> = stream.normal([1, 2])
    let (dx, dw): (Tensor<Double>, Tensor<Double>) = (extents.input(8), extents.weights(8))
    /// A loss that moves with input, weight and bias along two directions.
    func moved(_ t: Tensor<Double>) -> Tensor<Double> {
      let (s, u) = (t.sliced(axis: 1, 0..<1).reshaped([]), t.sliced(axis: 1, 1..<2).reshaped([]))
      let y = extents.applied(x + dx * s, w + dw * (s - u), b * (u + 1), .tanh)
      return square(extents.transposed(y, w + dw * u, nil, .tanh)).sum().reshaped([1, 1])
    }
    let derivative = jacobian(at: along, of: moved)
    let recording = try Recording(inputs: ["t": along], differentiated: ["t"]) { inputs in
      ["loss": moved(try #require(inputs["t"])).sum()]
    }
    try recording.backward()
    #expect(
      relativeError(derivative.reshaped([1, 2]), try recording.gradient(of: "t")) < 1e-10
    )
  }

  @Test("an empty batch gives an empty result")
  func emptyBatch() {
    let w = Tensor<Float>.ones([3, 3, 16, 16])
    #expect(convolution(Tensor.zeros([0, 8, 8, 16]), w, padding: .same).shape == [0, 8, 8, 16])
    #expect(transposedConvolution(Tensor.zeros([0, 6, 6, 16]), w).shape == [0, 8, 8, 16])
  }

  @Test("a number that is not finite is not lost")
  func notFinite() {
    for channels in [1, 16] {
      var numbers = [Float](repeating: 1, count: 64 * channels)
      numbers[20 * channels] = .nan
      let x = Tensor(numbers, shape: [1, 8, 8, channels])
      let y = convolution(
        x,
        Tensor.ones([3, 3, channels, 16]),
        padding: .same,
        activation: .relu
      )
      #expect(y[0, 2, 4, 3].isNaN && y[0, 3, 5, 3].isNaN)
    }
  }
}
