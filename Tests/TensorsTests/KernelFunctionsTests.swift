internal import CKernels
internal import Tensors
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The elementary functions against the C library in Double, over wide ranges.
@Suite struct KernelFunctionsTests {
  struct Function: Sendable, CustomTestStringConvertible {
    let name: String
    let operation: graybox_unary
    let reference: @Sendable (Double) -> Double
    let floatRanges: [ClosedRange<Double>]
    let doubleRanges: [ClosedRange<Double>]
    var isLogarithmic = false
    var testDescription: String { name }
  }

  static func sigmoid(_ x: Double) -> Double {
    let u = exp(-abs(x))
    return (x < 0 ? u : 1) / (1 + u)
  }

  static let functions = [
    Function(
      name: "exp",
      operation: GRAYBOX_EXP,
      reference: { exp($0) },
      floatRanges: [-104...89, -1...1, -1e-3...1e-3],
      doubleRanges: [-746...710, -1...1, -1e-3...1e-3]
    ),
    Function(
      name: "log",
      operation: GRAYBOX_LOG,
      reference: { log($0) },
      floatRanges: [-103...88.7, -0.5...0.5, -1e-3...1e-3],
      doubleRanges: [-744...709.7, -0.5...0.5, -1e-3...1e-3],
      isLogarithmic: true
    ),
    Function(
      name: "sin",
      operation: GRAYBOX_SIN,
      reference: { sin($0) },
      floatRanges: [-1...1, -10...10, -1e5...1e5],
      doubleRanges: [-1...1, -10...10, -1e9...1e9]
    ),
    Function(
      name: "cos",
      operation: GRAYBOX_COS,
      reference: { cos($0) },
      floatRanges: [-1...1, -10...10, -1e5...1e5],
      doubleRanges: [-1...1, -10...10, -1e9...1e9]
    ),
    Function(
      name: "tanh",
      operation: GRAYBOX_TANH,
      reference: { tanh($0) },
      floatRanges: [-20...20, -1...1, -1e-3...1e-3],
      doubleRanges: [-40...40, -1...1, -1e-3...1e-3]
    ),
    Function(
      name: "sigmoid",
      operation: GRAYBOX_SIGMOID,
      reference: sigmoid,
      floatRanges: [-104...104, -3...3],
      doubleRanges: [-746...746, -3...3]
    ),
    Function(
      name: "softplus",
      operation: GRAYBOX_SOFTPLUS,
      reference: { max($0, 0) + log1p(exp(-abs($0))) },
      floatRanges: [-104...104, -3...3],
      doubleRanges: [-746...746, -3...3]
    ),
  ]

  // Float: 2.5 ulp for the quotients (tanh, sigmoid), whose numerator, denominator and division each
  // round; the others stay below 1.5. Double: 4, of which 1 may be the C library's own.
  @Test("stay within a few ulp", arguments: KernelVariant.all, functions)
  func accuracy(variant: KernelVariant, function: Function) {
    let ranges = variant.isDouble ? function.doubleRanges : function.floatRanges
    for (index, range) in ranges.enumerated() {
      let x = variant.uniform(20_000, range.lowerBound, range.upperBound, seed: UInt64(index))
      if function.isLogarithmic {
        for i in 0..<x.count {
          x[i] = max(
            exp(x[i]),
            variant.isDouble ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
          )
        }
      }
      let y = variant.buffer(count: x.count)
      variant.kernels.unary(function.operation, x.count, x.pointer, y.pointer)
      let worst = variant.worstUlps(y.values, x.values.map(function.reference))
      #expect(worst <= (variant.isDouble ? 4 : 2.5), "range \(range)")
    }
  }

  @Test(
    "answer zero, infinity and NaN as the C library does",
    arguments: KernelVariant.all,
    functions
  )
  func specialValues(variant: KernelVariant, function: Function) {
    let tiny = variant.isDouble ? Double.leastNonzeroMagnitude : Double(Float.leastNonzeroMagnitude)
    let huge =
      variant.isDouble ? Double.greatestFiniteMagnitude : Double(Float.greatestFiniteMagnitude)
    var values: [Double] = [.nan, -.nan, .infinity, -.infinity, 0, -0.0, tiny, -tiny, 1, -1]
    values += [huge, -huge, 1e6, -1e6, 88.8, -88, 710, -710, -800, 1e12]
    let x = variant.buffer(values)
    let y = variant.buffer(count: x.count)
    variant.kernels.unary(function.operation, x.count, x.pointer, y.pointer)
    for i in 0..<x.count {
      let expected = function.reference(x[i])
      #expect(
        variant.ulps(y[i], expected) <= (variant.isDouble ? 4 : 2.5),
        "\(function.name)(\(x[i]))"
      )
      if expected == 0 { #expect(y[i].sign == expected.sign, "\(function.name)(\(x[i]))") }
    }
  }

  @Test("give an element the same bits wherever it lies", arguments: KernelVariant.all, functions)
  func positionIndependence(variant: KernelVariant, function: Function) {
    let x = variant.uniform(37, 0.01, 4, seed: 5)
    let whole = variant.buffer(count: 37)
    variant.kernels.unary(function.operation, 37, x.pointer, whole.pointer)
    for i in 0..<37 {
      let input = variant.buffer([x[i]])
      let single = variant.buffer(count: 1)
      variant.kernels.unary(function.operation, 1, input.pointer, single.pointer)
      #expect(single[0] == whole[i])
    }
  }
}
