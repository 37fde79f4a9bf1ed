internal import CKernels
internal import Tensors
internal import Testing

/// One table of kernels that this processor runs: a scalar and an instruction set.
struct KernelVariant: Sendable, CustomTestStringConvertible {
  let isDouble: Bool
  let index: Int32

  /// Every table of this machine.
  static let all: [KernelVariant] = [false, true].flatMap { isDouble in
    (0..<3).map { KernelVariant(isDouble: isDouble, index: $0) }.filter { $0.pointer != nil }
  }

  private var pointer: UnsafePointer<graybox_kernels>? {
    isDouble ? graybox_kernels_variant_double(index) : graybox_kernels_variant_float(index)
  }

  /// The C functions.
  var kernels: graybox_kernels {
    guard let pointer else { preconditionFailure("no such variant") }
    return pointer.pointee
  }

  var testDescription: String { "\(isDouble ? "double" : "float") \(String(cString: name))" }
  private var name: UnsafePointer<CChar> { kernels.variant }

  /// Distance from 1 to the next number of the scalar.
  var epsilon: Double { isDouble ? Double.ulpOfOne : Double(Float.ulpOfOne) }

  /// The nearest number of the scalar.
  func rounded(_ value: Double) -> Double { isDouble ? value : Double(Float(value)) }

  /// A buffer of the scalar, with guards at both ends.
  func buffer(_ values: [Double]) -> KernelBuffer { KernelBuffer(values, isDouble: isDouble) }

  /// A buffer of one repeated value; NaN shows what is never written.
  func buffer(count: Int, of value: Double = .nan) -> KernelBuffer {
    buffer([Double](repeating: value, count: count))
  }

  /// Standard normal draws.
  func normal(_ count: Int, seed: UInt64) -> KernelBuffer {
    var stream = RandomStream(seed: seed)
    let draws: Tensor<Double> = stream.normal([count])
    return buffer(draws.scalars)
  }

  /// Uniform draws of [low, high).
  func uniform(_ count: Int, _ low: Double, _ high: Double, seed: UInt64) -> KernelBuffer {
    var stream = RandomStream(seed: seed)
    let draws: Tensor<Double> = stream.uniform([count], low: low, high: high)
    return buffer(draws.scalars)
  }

  /// The error in units in the last place of the scalar at the expected value.
  ///
  /// Equal values, and NaN where NaN is expected, have no error; any other mismatch of NaN or
  /// infinity is infinitely wrong.
  func ulps(_ found: Double, _ expected: Double) -> Double {
    if found.isNaN && expected.isNaN { return 0 }
    let nearest = rounded(expected)
    if found == nearest { return 0 }
    guard found.isFinite, nearest.isFinite else { return .infinity }
    let unit = isDouble ? nearest.ulp : Double(Float(nearest).ulp)
    return abs(found - expected) / unit
  }

  /// The worst of ``ulps(_:_:)``; infinite when the lengths differ.
  func worstUlps(_ found: [Double], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { ulps($0, $1) }.max() ?? 0
  }

  /// The worst absolute error over `epsilon * scale`, for sums whose terms are as large as `scale`.
  func worstError(_ found: [Double], _ expected: [Double], scale: Double = 1) -> Double {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).map { found, expected in
      if found.isNaN && expected.isNaN || found == expected { return 0 }
      let error = abs(found - expected) / (epsilon * max(scale, abs(expected)))
      return error.isNaN ? .infinity : error
    }.max() ?? 0
  }
}

/// The sizes every flat kernel is tried at: none, tails, whole vectors, many.
let kernelSizes = [0, 1, 3, 7, 8, 17, 64, 1000]

/// Raw memory of one scalar, only as aligned as the scalar asks for, with guards at both ends.
final class KernelBuffer {
  let count: Int
  private let isDouble: Bool
  private let memory: UnsafeMutableRawPointer
  private static let guardBytes = 72
  private var width: Int { isDouble ? 8 : 4 }

  init(_ values: [Double], isDouble: Bool) {
    self.isDouble = isDouble
    count = values.count
    let bytes = 2 * KernelBuffer.guardBytes + values.count * (isDouble ? 8 : 4)
    memory = .allocate(byteCount: bytes, alignment: 64)
    memory.initializeMemory(as: UInt8.self, repeating: 0xA5, count: bytes)
    for (index, value) in values.enumerated() { self[index] = value }
  }

  deinit { memory.deallocate() }

  var pointer: UnsafeMutableRawPointer { memory + KernelBuffer.guardBytes }

  subscript(index: Int) -> Double {
    get {
      isDouble
        ? pointer.load(fromByteOffset: index * 8, as: Double.self)
        : Double(pointer.load(fromByteOffset: index * 4, as: Float.self))
    }
    set {
      if isDouble {
        pointer.storeBytes(of: newValue, toByteOffset: index * 8, as: Double.self)
      } else {
        pointer.storeBytes(of: Float(newValue), toByteOffset: index * 4, as: Float.self)
      }
    }
  }

  /// The elements; a kernel that wrote outside fails the test here.
  var values: [Double] {
    let end = KernelBuffer.guardBytes + count * width
    let outside = Array(0..<KernelBuffer.guardBytes) + Array(end..<end + KernelBuffer.guardBytes)
    let isIntact = outside.allSatisfy { memory.load(fromByteOffset: $0, as: UInt8.self) == 0xA5 }
    #expect(isIntact, "a kernel wrote outside its buffer")
    return (0..<count).map { self[$0] }
  }
}

extension Sequence where Element == Double {
  /// The sum, with the rounding errors added back (Neumaier): an oracle for sums of doubles.
  var compensatedSum: Double {
    var total = 0.0
    var lost = 0.0
    for value in self {
      let next = total + value
      lost += abs(total) >= abs(value) ? (total - next) + value : (value - next) + total
      total = next
    }
    return total + lost
  }
}
