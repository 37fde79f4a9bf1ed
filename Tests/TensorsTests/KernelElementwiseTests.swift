internal import CKernels
internal import Tensors
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Elementwise kernels against plain loops in Double.
@Suite struct KernelElementwiseTests {
  struct Unary: Sendable, CustomTestStringConvertible {
    let name: String
    let operation: graybox_unary
    let value: @Sendable (Double) -> Double
    let slope: @Sendable (Double) -> Double
    var isPositive = false
    var testDescription: String { name }
  }

  static let operations = [
    Unary(name: "negate", operation: GRAYBOX_NEGATE, value: { -$0 }, slope: { _ in -1 }),
    Unary(name: "exp", operation: GRAYBOX_EXP, value: { exp($0) }, slope: { exp($0) }),
    Unary(
      name: "log",
      operation: GRAYBOX_LOG,
      value: { log($0) },
      slope: { 1 / $0 },
      isPositive: true
    ),
    Unary(
      name: "sqrt",
      operation: GRAYBOX_SQRT,
      value: { $0.squareRoot() },
      slope: { 0.5 / $0.squareRoot() },
      isPositive: true
    ),
    Unary(
      name: "abs",
      operation: GRAYBOX_ABS,
      value: { abs($0) },
      slope: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 }
    ),
    Unary(name: "sin", operation: GRAYBOX_SIN, value: { sin($0) }, slope: { cos($0) }),
    Unary(name: "cos", operation: GRAYBOX_COS, value: { cos($0) }, slope: { -sin($0) }),
    Unary(
      name: "tanh",
      operation: GRAYBOX_TANH,
      value: { tanh($0) },
      slope: { 1 - tanh($0) * tanh($0) }
    ),
    Unary(
      name: "sigmoid",
      operation: GRAYBOX_SIGMOID,
      value: { 1 / (1 + exp(-$0)) },
      slope: { exp(-$0) / ((1 + exp(-$0)) * (1 + exp(-$0))) }
    ),
    Unary(
      name: "softplus",
      operation: GRAYBOX_SOFTPLUS,
      value: { log1p(exp($0)) },
      slope: { 1 / (1 + exp(-$0)) }
    ),
    Unary(
      name: "relu",
      operation: GRAYBOX_RELU,
      value: { max($0, 0) },
      slope: { $0 > 0 ? 1 : 0 }
    ),
    Unary(
      name: "reciprocal",
      operation: GRAYBOX_RECIPROCAL,
      value: { 1 / $0 },
      slope: { -1 / ($0 * $0) },
      isPositive: true
    ),
    Unary(name: "square", operation: GRAYBOX_SQUARE, value: { $0 * $0 }, slope: { 2 * $0 }),
    Unary(
      name: "sign",
      operation: GRAYBOX_SIGN,
      value: { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 },
      slope: { _ in 0 }
    ),
  ]

  private func inputs(_ variant: KernelVariant, _ operation: Unary, _ count: Int) -> KernelBuffer {
    let x = variant.uniform(count, operation.isPositive ? 0.2 : -3, 3, seed: 1)
    if count > 2 && !operation.isPositive { x[2] = 0 }
    return x
  }

  @Test(
    "unary operations compute their function, in place too",
    arguments: KernelVariant.all,
    operations
  )
  func unary(variant: KernelVariant, operation: Unary) {
    for count in kernelSizes {
      let x = inputs(variant, operation, count)
      let y = variant.buffer(count: count)
      variant.kernels.unary(operation.operation, count, x.pointer, y.pointer)
      // 4 ulp: the functions' own bound; sums of rounded exponentials add one
      #expect(variant.worstUlps(y.values, x.values.map(operation.value)) <= 4)
      variant.kernels.unary(operation.operation, count, x.pointer, x.pointer)
      #expect(x.values == y.values)
    }
  }

  @Test("unary slopes are added to what is there", arguments: KernelVariant.all, operations)
  func unaryBackward(variant: KernelVariant, operation: Unary) {
    for count in kernelSizes {
      let x = inputs(variant, operation, count)
      let y = variant.buffer(count: count)
      let gy = variant.normal(count, seed: 2)
      let gx = variant.normal(count, seed: 3)
      let expected = (0..<count).map { gx[$0] + gy[$0] * operation.slope(x[$0]) }
      variant.kernels.unary(operation.operation, count, x.pointer, y.pointer)
      variant.kernels.unary_backward(
        operation.operation,
        count,
        x.pointer,
        y.pointer,
        gy.pointer,
        gx.pointer
      )
      // slopes reach 25 (1/x^2 at 0.2) times a normal draw; each factor is rounded
      #expect(variant.worstError(gx.values, expected, scale: 10) <= 16)
    }
  }

  @Test("NaN passes through every unary operation", arguments: KernelVariant.all, operations)
  func keepsNaN(variant: KernelVariant, operation: Unary) {
    for count in [1, 20] {
      let x = variant.buffer(count: count, of: .nan)
      let y = variant.buffer(count: count, of: 0)
      variant.kernels.unary(operation.operation, count, x.pointer, y.pointer)
      #expect(y.values.allSatisfy { $0.isNaN })
    }
  }

  @Test("scaling, shifting and accumulating follow their formulas", arguments: KernelVariant.all)
  func linearKernels(variant: KernelVariant) {
    let kernels = variant.kernels
    for count in kernelSizes {
      let x = variant.normal(count, seed: 1)
      let z = variant.normal(count, seed: 2)
      let y = variant.buffer(count: count)
      kernels.fill(count, 0.25, y.pointer)
      #expect(y.values.allSatisfy { $0 == 0.25 })
      kernels.scale_shift(count, x.pointer, 1.5, -2, y.pointer)
      #expect(variant.worstError(y.values, x.values.map { 1.5 * $0 - 2 }, scale: 4) <= 1)
      var expected = y.values
      kernels.accumulate_scaled(count, -0.5, x.pointer, y.pointer)
      for i in 0..<count { expected[i] -= 0.5 * x[i] }
      #expect(variant.worstError(y.values, expected, scale: 4) <= 2)
      kernels.accumulate_product(count, x.pointer, z.pointer, y.pointer)
      for i in 0..<count { expected[i] += x[i] * z[i] }
      #expect(variant.worstError(y.values, expected, scale: 16) <= 3)
      let before = x.values
      kernels.scale_shift(count, x.pointer, 2, 1, x.pointer)
      #expect(variant.worstError(x.values, before.map { 2 * $0 + 1 }, scale: 8) <= 1)
    }
  }

  @Test("clamp keeps its bounds, their gradient and NaN", arguments: KernelVariant.all)
  func clamp(variant: KernelVariant) {
    for count in kernelSizes {
      let x = variant.normal(count, seed: 1)
      for (index, value) in [-0.5, 0.75, .nan].enumerated() where index < count { x[index] = value }
      let y = variant.buffer(count: count)
      let gy = variant.normal(count, seed: 2)
      let gx = variant.buffer(count: count, of: 1)
      variant.kernels.clamp(count, x.pointer, -0.5, 0.75, y.pointer)
      variant.kernels.clamp_backward(count, x.pointer, -0.5, 0.75, gy.pointer, gx.pointer)
      for i in 0..<count where !x[i].isNaN {
        #expect(y[i] == min(max(x[i], -0.5), 0.75))
        let isInside = x[i] >= -0.5 && x[i] <= 0.75
        #expect(variant.ulps(gx[i], isInside ? 1 + gy[i] : 1) <= 1)
      }
      if count > 2 { #expect(y[2].isNaN) }
      _ = (y.values, gx.values)
    }
  }

  @Test(
    "powers and their slopes",
    arguments: KernelVariant.all,
    [-2, -1, 0, 0.5, 1, 1.7, 2, 3, 4, 5] as [Double]
  )
  func power(variant: KernelVariant, exponent: Double) {
    for count in kernelSizes {
      let x = variant.uniform(count, 0.3, 3, seed: 1)
      let y = variant.buffer(count: count)
      let gy = variant.normal(count, seed: 2)
      let gx = variant.buffer(count: count, of: 0)
      variant.kernels.power(count, x.pointer, exponent, y.pointer)
      let e = variant.rounded(exponent)
      // products of up to four factors round three times
      #expect(variant.worstUlps(y.values, x.values.map { pow($0, e) }) <= 2)
      variant.kernels.power_backward(count, x.pointer, exponent, gy.pointer, gx.pointer)
      let expected = (0..<count).map { gy[$0] * e * pow(x[$0], e - 1) }
      #expect(variant.worstUlps(gx.values, expected) <= 4)
    }
  }

  @Test(
    "a power of zero has no slope at zero, a first power slope one",
    arguments: KernelVariant.all
  )
  func powerAtZero(variant: KernelVariant) {
    let x = variant.buffer(count: 3, of: 0)
    let gy = variant.buffer(count: 3, of: 2)
    for (exponent, slope) in [(0.0, 0.0), (1.0, 2.0), (2.0, 0.0)] {
      let gx = variant.buffer(count: 3, of: 0)
      variant.kernels.power_backward(3, x.pointer, exponent, gy.pointer, gx.pointer)
      #expect(gx.values == [slope, slope, slope])
    }
  }

  @Test("select takes a where the mask is not zero", arguments: KernelVariant.all)
  func select(variant: KernelVariant) {
    for count in kernelSizes {
      let mask = variant.buffer((0..<count).map { $0 % 3 == 0 ? 1 : 0 })
      let a = variant.normal(count, seed: 1)
      let b = variant.normal(count, seed: 2)
      let y = variant.buffer(count: count)
      variant.kernels.select(count, mask.pointer, a.pointer, b.pointer, y.pointer)
      #expect(y.values == (0..<count).map { $0 % 3 == 0 ? a[$0] : b[$0] })
      let ga = variant.buffer(count: count, of: 0)
      let gb = variant.buffer(count: count, of: 0)
      variant.kernels.select_backward(count, mask.pointer, a.pointer, ga.pointer, gb.pointer)
      #expect(ga.values == (0..<count).map { $0 % 3 == 0 ? a[$0] : 0 })
      #expect(gb.values == (0..<count).map { $0 % 3 == 0 ? 0 : a[$0] })
      variant.kernels.select_backward(count, mask.pointer, a.pointer, nil, gb.pointer)
      #expect(gb.values == (0..<count).map { $0 % 3 == 0 ? 0 : 2 * a[$0] })
    }
  }
}
