internal import CKernels
internal import Tensors
internal import Testing

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// Extents and strides of a broadcast as Swift arrays.
struct BroadcastShape: Sendable, CustomTestStringConvertible {
  let extents: [Int]
  let stridesA: [Int]
  let stridesB: [Int]
  var testDescription: String { "\(extents) a \(stridesA) b \(stridesB)" }
  var count: Int { extents.reduce(1, *) }

  init(_ extents: [Int], _ stridesA: [Int], _ stridesB: [Int]) {
    self.extents = extents
    self.stridesA = stridesA
    self.stridesB = stridesB
  }

  /// The structure the kernels read.
  var native: graybox_broadcast {
    var shape = graybox_broadcast()
    shape.rank = Int32(extents.count)
    withUnsafeMutableBytes(of: &shape.extents) { copy(extents, to: $0) }
    withUnsafeMutableBytes(of: &shape.strides_a) { copy(stridesA, to: $0) }
    withUnsafeMutableBytes(of: &shape.strides_b) { copy(stridesB, to: $0) }
    return shape
  }

  private func copy(_ values: [Int], to bytes: UnsafeMutableRawBufferPointer) {
    for (index, value) in values.enumerated() {
      bytes.storeBytes(of: Int64(value), toByteOffset: 8 * index, as: Int64.self)
    }
  }

  /// The offsets into a and b of the element at a position in row-major order.
  func offsets(_ position: Int) -> (a: Int, b: Int) {
    var rest = position
    var a = 0
    var b = 0
    for d in extents.indices.reversed() {
      a += rest % extents[d] * stridesA[d]
      b += rest % extents[d] * stridesB[d]
      rest /= extents[d]
    }
    return (a, b)
  }

  /// How many elements an operand with these strides has.
  func span(_ strides: [Int]) -> Int {
    if extents.contains(0) { return 0 }
    return zip(extents, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
  }

  static let all =
    kernelSizes.map { BroadcastShape([$0], [1], [1]) }
    + kernelSizes.map { BroadcastShape([$0], [1], [0]) }
    + kernelSizes.map { BroadcastShape([$0], [0], [1]) } + [
      BroadcastShape([], [], []),
      BroadcastShape([5], [0], [0]),
      BroadcastShape([9], [2], [3]),
      BroadcastShape([3000], [1], [0]),
      BroadcastShape([4, 19], [19, 1], [0, 1]),
      BroadcastShape([19, 4], [4, 1], [1, 0]),
      BroadcastShape([6, 10], [1, 6], [10, 1]),
      BroadcastShape([3, 1, 33], [33, 33, 1], [0, 0, 1]),
      BroadcastShape([2, 3, 4, 5], [60, 20, 5, 1], [0, 4, 1, 0]),
      BroadcastShape([3, 0, 2], [2, 2, 1], [2, 2, 1]),
      BroadcastShape(
        [2, 2, 2, 2, 2, 2, 2, 3],
        [192, 96, 48, 24, 12, 6, 3, 1],
        [0, 1, 0, 2, 0, 4, 0, 0]
      ),
    ]
}

/// Binary operations and their backward passes against plain loops in Double.
@Suite struct KernelBroadcastTests {
  struct Binary: Sendable, CustomTestStringConvertible {
    let name: String
    let operation: graybox_binary
    let value: @Sendable (Double, Double) -> Double
    var slopeA: @Sendable (Double, Double) -> Double = { _, _ in 0 }
    var slopeB: @Sendable (Double, Double) -> Double = { _, _ in 0 }
    var isPositive = false
    var testDescription: String { name }
  }

  static let operations = [
    Binary(
      name: "add",
      operation: GRAYBOX_ADD,
      value: { $0 + $1 },
      slopeA: { _, _ in 1 },
      slopeB: { _, _ in 1 }
    ),
    Binary(
      name: "subtract",
      operation: GRAYBOX_SUBTRACT,
      value: { $0 - $1 },
      slopeA: { _, _ in 1 },
      slopeB: { _, _ in -1 }
    ),
    Binary(
      name: "multiply",
      operation: GRAYBOX_MULTIPLY,
      value: { $0 * $1 },
      slopeA: { $1 },
      slopeB: { a, _ in a }
    ),
    Binary(
      name: "divide",
      operation: GRAYBOX_DIVIDE,
      value: { $0 / $1 },
      slopeA: { 1 / $1 },
      slopeB: { -$0 / ($1 * $1) },
      isPositive: true
    ),
    Binary(
      name: "power",
      operation: GRAYBOX_POWER,
      value: { pow($0, $1) },
      slopeA: { $1 * pow($0, $1 - 1) },
      slopeB: { pow($0, $1) * log($0) },
      isPositive: true
    ),
    Binary(
      name: "minimum",
      operation: GRAYBOX_MINIMUM,
      value: { min($0, $1) },
      slopeA: { $0 <= $1 ? 1 : 0 },
      slopeB: { $0 <= $1 ? 0 : 1 }
    ),
    Binary(
      name: "maximum",
      operation: GRAYBOX_MAXIMUM,
      value: { max($0, $1) },
      slopeA: { $0 >= $1 ? 1 : 0 },
      slopeB: { $0 >= $1 ? 0 : 1 }
    ),
    Binary(
      name: "soft threshold",
      operation: GRAYBOX_SOFT_THRESHOLD,
      value: { ($0 < 0 ? -1 : 1) * max(abs($0) - $1, 0) },
      slopeA: { abs($0) > $1 ? 1 : 0 },
      slopeB: { abs($0) > $1 ? ($0 > 0 ? -1 : 1) : 0 }
    ),
    Binary(name: "greater", operation: GRAYBOX_GREATER, value: { $0 > $1 ? 1 : 0 }),
    Binary(name: "greater or equal", operation: GRAYBOX_GREATER_EQUAL, value: { $0 >= $1 ? 1 : 0 }),
    Binary(name: "less", operation: GRAYBOX_LESS, value: { $0 < $1 ? 1 : 0 }),
    Binary(name: "less or equal", operation: GRAYBOX_LESS_EQUAL, value: { $0 <= $1 ? 1 : 0 }),
    Binary(name: "equal", operation: GRAYBOX_EQUAL, value: { $0 == $1 ? 1 : 0 }),
  ]

  /// Operands; a few ties, so that the masks and the choices meet equal values.
  private func operands(
    _ variant: KernelVariant,
    _ operation: Binary,
    _ shape: BroadcastShape
  ) -> (KernelBuffer, KernelBuffer) {
    let low = operation.isPositive ? 0.4 : -2.0
    let a = variant.uniform(shape.span(shape.stridesA), low, 2, seed: 1)
    let b = variant.uniform(shape.span(shape.stridesB), low, 2, seed: 2)
    for i in stride(from: 0, to: min(a.count, b.count), by: 5) { b[i] = a[i] }
    return (a, b)
  }

  @Test("compute every element", arguments: KernelVariant.all, operations)
  func forward(variant: KernelVariant, operation: Binary) {
    for shape in BroadcastShape.all {
      let (a, b) = operands(variant, operation, shape)
      let y = variant.buffer(count: shape.count)
      var native = shape.native
      variant.kernels.binary(operation.operation, &native, a.pointer, b.pointer, y.pointer)
      let expected = (0..<shape.count).map { position in
        let at = shape.offsets(position)
        return operation.value(a[at.a], b[at.b])
      }
      #expect(variant.worstUlps(y.values, expected) <= 1, "\(shape.testDescription)")
    }
  }

  @Test("add slopes, summed where repeated", arguments: KernelVariant.all, operations)
  func backward(variant: KernelVariant, operation: Binary) {
    for shape in BroadcastShape.all {
      let (a, b) = operands(variant, operation, shape)
      let y = variant.buffer(count: shape.count)
      let gy = variant.normal(shape.count, seed: 3)
      let ga = variant.normal(a.count, seed: 4)
      let gb = variant.normal(b.count, seed: 5)
      var (expectedA, expectedB) = (ga.values, gb.values)
      var terms = 1.0
      for position in 0..<shape.count {
        let at = shape.offsets(position)
        expectedA[at.a] += gy[position] * operation.slopeA(a[at.a], b[at.b])
        expectedB[at.b] += gy[position] * operation.slopeB(a[at.a], b[at.b])
      }
      terms = Double(max(shape.count / max(min(a.count, b.count), 1), 1)).squareRoot()
      var native = shape.native
      let kernels = variant.kernels
      kernels.binary(operation.operation, &native, a.pointer, b.pointer, y.pointer)
      kernels.binary_backward(
        operation.operation,
        &native,
        a.pointer,
        b.pointer,
        y.pointer,
        gy.pointer,
        ga.pointer,
        nil
      )
      kernels.binary_backward(
        operation.operation,
        &native,
        a.pointer,
        b.pointer,
        y.pointer,
        gy.pointer,
        nil,
        gb.pointer
      )
      // terms up to 10 (slopes of a quotient at 0.4); rounding grows as the root of their number
      #expect(variant.worstError(ga.values, expectedA, scale: 10) <= 4 * terms)
      #expect(variant.worstError(gb.values, expectedB, scale: 10) <= 4 * terms)
    }
  }

  @Test("minimum, maximum and soft threshold keep NaN", arguments: KernelVariant.all)
  func keepNaN(variant: KernelVariant) {
    let a = variant.buffer([.nan, 1, .nan] + [Double](repeating: .nan, count: 9))
    let b = variant.buffer([1, .nan, .nan] + [Double](repeating: 1, count: 9))
    var shape = BroadcastShape([12], [1], [1]).native
    for operation in [GRAYBOX_MINIMUM, GRAYBOX_MAXIMUM, GRAYBOX_SOFT_THRESHOLD] {
      let y = variant.buffer(count: 12, of: 0)
      variant.kernels.binary(operation, &shape, a.pointer, b.pointer, y.pointer)
      #expect(y.values.allSatisfy { $0.isNaN })
    }
  }

  @Test("a power has its limits at a base of zero", arguments: KernelVariant.all)
  func powerAtZero(variant: KernelVariant) {
    let a = variant.buffer([0, 0, 0])
    let b = variant.buffer([0, 1, 2])
    let y = variant.buffer(count: 3)
    let gy = variant.buffer(count: 3, of: 3)
    let ga = variant.buffer(count: 3, of: 0)
    let gb = variant.buffer(count: 3, of: 0)
    var shape = BroadcastShape([3], [1], [1]).native
    variant.kernels.binary(GRAYBOX_POWER, &shape, a.pointer, b.pointer, y.pointer)
    variant.kernels.binary_backward(
      GRAYBOX_POWER,
      &shape,
      a.pointer,
      b.pointer,
      y.pointer,
      gy.pointer,
      ga.pointer,
      gb.pointer
    )
    #expect(y.values == [1, 0, 0])
    #expect(ga.values == [0, 3, 0])
    #expect(gb.values == [0, 0, 0])
  }
}
