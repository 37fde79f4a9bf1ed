import Autodiff
import Tensors
import Testing

/// A function of three numbers a row to some, and its name.
struct RowFunction: Sendable, CustomTestStringConvertible {
  let name: String
  let function: @Sendable (Tensor<Double>) -> Tensor<Double>

  var testDescription: String { name }

  init(_ name: String, _ function: @escaping @Sendable (Tensor<Double>) -> Tensor<Double>) {
    self.name = name
    self.function = function
  }

  private static let matrix = Tensor<Double>([0.3, -1, 0.5, 2, 0.1, -0.7], shape: [3, 2])
  private static let twoBySix = Tensor<Double>(
    [0.3, -1, 0.5, 0.2, 0.1, -0.7, -0.4, 0.6, 0.9, -0.2, 0.8, 0.15],
    shape: [2, 6]
  )
  private static let bias = Tensor<Double>([0.2, -0.4])

  private static func column(_ x: Tensor<Double>, _ i: Int) -> Tensor<Double> {
    x.sliced(axis: 1, i..<(i + 1))
  }

  /// Every operation with a forward rule, alone and in company.
  static let all: [RowFunction] = [
    .init("exp") { exp($0) }, .init("log") { log(square($0) + 1) },
    .init("sqrt") { sqrt(square($0) + 1) }, .init("abs") { abs($0) },
    .init("sin") { sin($0) }, .init("cos") { cos($0) }, .init("tanh") { tanh($0) },
    .init("sigmoid") { sigmoid($0) }, .init("softplus") { softplus($0) },
    .init("relu") { relu($0) }, .init("square") { square($0) },
    .init("reciprocal") { reciprocal($0 + 5) }, .init("sign") { sign($0) * $0 },
    .init("clamp") { clamp($0, -0.5...0.5) }, .init("power of a number") { power($0, 3) },
    .init("scale and shift") { 2 - $0 * 3 }, .init("negate") { -$0 },
    .init("sum of two") { $0 + square($0) }, .init("difference") { square($0) - $0 },
    .init("weighted sum") { weightedSum($0, 2, square($0), -3) },
    .init("product") { $0 * sin($0) }, .init("quotient") { sin($0) / (square($0) + 1) },
    .init("broadcast sum") { column($0, 1) + $0 },
    .init("broadcast product") { column($0, 0) * $0 },
    .init("broadcast difference") { $0 - column($0, 2) },
    .init("broadcast quotient") { $0 / (square(column($0, 2)) + 1) },
    .init("a row for all") { $0 * Tensor([1, 2, 3]) + Tensor([4, 5, 6]) },
    .init("minimum") { minimum($0, sin($0) * 2) }, .init("maximum") { maximum($0, sin($0) * 2) },
    .init("power of two") { power(square($0) + 1, sin($0)) },
    .init("soft threshold") { softThreshold($0, by: square($0) * 0.1) },
    .init("select") { select(isGreater($0, Tensor(0)), square($0), sin($0)) },
    .init("slice") { $0.sliced(axis: 1, 1..<3) * 2 },
    .init("reshape and permute") { x in
      square(x.reshaped([x.shape[0], 3, 1]).permuted([0, 2, 1])).reshaped([x.shape[0], 3])
    },
    .init("broadcast") { column($0, 1).broadcast(to: [$0.shape[0], 4]) * 2 },
    .init("concatenate") {
      concatenated([column($0, 2), Tensor.ones([$0.shape[0], 1]), sin($0)], axis: 1)
    },
    .init("stack") { x in
      stacked([x, square(x)], axis: 1).reshaped([x.shape[0], 6])
    },
    .init("gather") { square($0).gathered(Tensor([2, 0, 0, 1]), axis: 1) },
    .init("sum of an axis") { square($0).sum(axis: 1, keepingAxis: true) },
    .init("mean of an axis") { ($0 * $0).mean(axis: 1, keepingAxis: true) },
    .init("cumulative sum") { sin($0).cumulativeSum(axis: 1) },
    .init("cumulative sum from the end") { sin($0).cumulativeSum(axis: -1) },
    .init("norm") { euclideanNorm($0, axis: 1, keepingAxis: true) },
    .init("arc tangent") { arcTangent(column($0, 0), column($0, 1)) },
    .init("product with a matrix") { matmul(sin($0), matrix) },
    .init("product with a transposed matrix") { matmul($0, matrix.transposed(), transposeB: true) },
    .init("matrices of the numbers") { x in
      let a = x.reshaped([x.shape[0], 3, 1])
      return matmul(a, sin(a), transposeB: true).reshaped([x.shape[0], 9])
    },
    .init("a matrix for all on the left") { x in
      matmul(matrix, x.reshaped([x.shape[0], 3, 1]), transposeA: true).reshaped([x.shape[0], 2])
    },
    .init("dense") { linear($0, matrix, bias) },
    .init("dense, tanh") { linear($0, matrix, bias, activation: .tanh) },
    .init("dense, sigmoid") { linear($0, matrix, bias, activation: .sigmoid) },
    .init("dense of joined inputs, outputs first") {
      linear(joining: [$0, square($0)], twoBySix, bias, activation: .tanh, layout: .outputsFirst)
    },
    .init("dense, relu") { linear($0, matrix, bias, activation: .relu) },
  ]
}

@Suite struct JacobianTests {
  private func points(_ seed: UInt64) -> Tensor<Double> {
    var stream = RandomStream(seed: seed)
    return stream.normal([4, 3])
  }

  /// Central differences of each output by each input.
  private func differences(_ function: (Tensor<Double>) -> Tensor<Double>, _ x: Tensor<Double>)
    -> [Double]
  {
    let step = 1e-5
    let outputs = function(x).shape[1]
    var result = [Double](repeating: 0, count: 4 * outputs * 3)
    for j in 0..<3 {
      func moved(_ by: Double) -> [Double] {
        let numbers = x.scalars.enumerated().map { $0 % 3 == j ? $1 + by : $1 }
        return function(Tensor(numbers, shape: x.shape)).scalars
      }
      let (up, down) = (moved(step), moved(-step))
      for row in 0..<(4 * outputs) { result[row * 3 + j] = (up[row] - down[row]) / (2 * step) }
    }
    return result
  }

  @Test("the Jacobian agrees with finite differences", arguments: RowFunction.all)
  func agrees(function: RowFunction) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let x = points(seed)
      let slope = jacobian(at: x, of: function.function)
      #expect(slope.shape == [4, function.function(x).shape[1], 3])
      for (a, b) in zip(slope.scalars, differences(function.function, x)) {
        #expect((a - b).magnitude < 1e-7 * max(1, b.magnitude), "\(a) against \(b)")
      }
    }
  }

  @Test("a loss differentiates through the Jacobian", arguments: RowFunction.all)
  func secondDerivative(function: RowFunction) throws {
    let check = try checkGradients(at: [points(5)], from: RandomStream(seed: 6)) {
      // A square, so that a constant Jacobian depends on the point as well.
      square(jacobian(at: $0[0], of: function.function)) * (1 + square($0[0]).sum())
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test("a hand-worked Jacobian, and one that is zero")
  func hand() {
    let x = Tensor<Double>([1, 2], shape: [1, 2])
    let (value, slope) = valueAndJacobian(at: x) { x in
      let (a, b) = (x.sliced(axis: 1, 0..<1), x.sliced(axis: 1, 1..<2))
      return concatenated([a * b, a + b * 3, square(b)], axis: 1)
    }
    #expect(value.scalars == [2, 7, 4])
    #expect(slope.shape == [1, 3, 2] && slope.scalars == [2, 1, 1, 3, 0, 4])
    #expect(jacobian(at: x) { _ in Tensor<Double>.ones([1, 3]) } == .zeros([1, 3, 2]))
    #expect(jacobian(at: x) { $0 }.scalars == [1, 0, 0, 1])
    // Nothing flows through a stop.
    #expect(jacobian(at: x) { stopGradient($0) }.scalars == [0, 0, 0, 0])
  }

  @Test("parameters of the function get gradients through its Jacobian")
  func parameters() throws {
    var stream = RandomStream(seed: 1)
    let weight = Parameter<Double>(stream.normal([3, 3]))
    let point = points(2)
    let check = try checkGradients(at: [], parameters: [weight], from: stream) { _ in
      square(jacobian(at: point) { tanh(matmul($0, weight.value)) })
    }
    #expect(check.worstRelativeError < 1e-6)
  }

  @Test("a recorded Jacobian is computed anew on replay")
  func replays() throws {
    let (first, second) = (points(1), points(2))
    let recording = try Recording(inputs: ["x": first]) { inputs in
      ["slope": jacobian(at: try #require(inputs["x"])) { sin($0) * $0.sliced(axis: 1, 0..<1) }]
    }
    try recording.replay(["x": second])
    let fresh = jacobian(at: second) { sin($0) * $0.sliced(axis: 1, 0..<1) }
    #expect(try recording.value("slope") == fresh)
  }

  @Test("the Jacobian of a Jacobian is the second derivative")
  func twice() {
    let x = Tensor<Double>([0.3, -1.2], shape: [1, 2])
    let second = jacobian(at: x) { x in
      jacobian(at: x) { power($0, 3) }.reshaped([1, 4])
    }
    let expected = [6 * 0.3, 0, 0, 0, 0, 0, 0, 6 * -1.2]
    for (a, b) in zip(second.scalars, expected) { #expect((a - b).magnitude < 1e-12) }
  }
}

@Suite struct ScalarProgramTests {
  @Test("a program of single numbers gives what a replay gives", arguments: RowFunction.all)
  func agrees(function: RowFunction) throws {
    var stream = RandomStream(seed: 1)
    func drawn() -> Tensor<Double> { stream.normal([1, 3]) }
    let recording = try Recording(inputs: ["x": drawn()]) { inputs in
      let x = try #require(inputs["x"])
      let (value, slope) = valueAndJacobian(at: x, of: function.function)
      return ["value": value, "slope": slope]
    }
    let program = ScalarProgram(recording, input: "x", outputs: ["value", "slope"])
    // Indices of a gathering are numbers that may change, which a straight line cannot follow; the other has no such form.
    guard function.name != "gather", function.name != "soft threshold" else {
      #expect(program == nil)
      return
    }
    let code = try #require(program)
    let registers = code.makeRegisters()
    for _ in 0..<3 {
      let x = drawn()
      try recording.replay(["x": x])
      x.withScalars { numbers in
        if let base = numbers.baseAddress { code.run(base, registers) }
      }
      for (place, name) in ["value", "slope"].enumerated() {
        let expected = try recording.value(name).scalars
        var found = [Double](repeating: .nan, count: expected.count)
        found.withUnsafeMutableBufferPointer { buffer in
          if let base = buffer.baseAddress { code.copy(place, from: registers, to: base) }
        }
        for (a, b) in zip(found, expected) {
          // Two ways to compute elementary functions, a few ulp each.
          #expect((a - b).magnitude < 1e-13 * max(1, b.magnitude), "\(name)")
        }
      }
    }
  }

  @Test("a program reads parameters where they are, and folds what does not change")
  func parameters() throws {
    let weight = Parameter(Tensor<Double>([2, 3]))
    let recording = try Recording(
      inputs: ["x": Tensor<Double>([1, 1])],
      parameters: [weight]
    ) { inputs in
      let x = try #require(inputs["x"])
      let constant = exp(Tensor<Double>([0, 1])) * 2
      return ["y": x * weight.value + constant * 0 + x * 0]
    }
    let code = try #require(ScalarProgram(recording, input: "x", outputs: ["y"]))
    #expect(code.operationCount == 2)
    weight.set(Tensor([5, 7]))
    let registers = code.makeRegisters()
    var y = [0.0, 0.0]
    code.run([10, 100], registers)
    code.copy(0, from: registers, to: &y)
    #expect(y == [50, 700])
  }

  @Test("a long recording has no program")
  func long() throws {
    let recording = try Recording(inputs: ["x": Tensor<Double>([1, 1, 1])]) { inputs in
      let x = try #require(inputs["x"])
      return ["y": (0..<10).reduce(x) { y, _ in sin(y) }]
    }
    #expect(ScalarProgram(recording, input: "x", outputs: ["y"], limit: 29) == nil)
    #expect(ScalarProgram(recording, input: "x", outputs: ["y"], limit: 30)?.operationCount == 30)
  }
}
