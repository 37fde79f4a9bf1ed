import CKernels
import Tensors
import Testing

/// Every variant of the kernels gives what the plainest one gives; that one is tested through the
/// transforms.
@Suite struct ImagingKernelsTests {
  private func numbers(_ count: Int, _ seed: UInt64) -> [Double] {
    var stream = RandomStream(seed: seed)
    let numbers: Tensor<Double> = stream.normal([count])
    return numbers.scalars
  }

  /// What all kernels make of the same numbers.
  private func results(_ kernels: graybox_imaging_kernels, isDouble: Bool) -> [Double] {
    var all: [Double] = []
    func run(_ count: Int, _ body: ([UnsafeMutableRawPointer]) -> Void) {
      var buffers = (0..<6).map { numbers(count, UInt64($0)) }
      if isDouble {
        let pointers = buffers.indices.map { index in
          let copy = UnsafeMutablePointer<Double>.allocate(capacity: count)
          copy.initialize(from: buffers[index], count: count)
          return copy
        }
        body(pointers.map { UnsafeMutableRawPointer($0) })
        for (index, copy) in pointers.enumerated() {
          buffers[index] = Array(UnsafeBufferPointer(start: copy, count: count))
          copy.deallocate()
        }
      } else {
        let pointers = buffers.indices.map { index in
          let copy = UnsafeMutablePointer<Float>.allocate(capacity: count)
          copy.initialize(from: buffers[index].map(Float.init), count: count)
          return copy
        }
        body(pointers.map { UnsafeMutableRawPointer($0) })
        for (index, copy) in pointers.enumerated() {
          buffers[index] = UnsafeBufferPointer(start: copy, count: count).map(Double.init)
          copy.deallocate()
        }
      }
      all += buffers.flatMap { $0 }
    }
    for radix in [2, 3, 4, 5] {
      // Twiddles and roots need not be roots of one here.
      run(radix * 3 * 37) { b in
        kernels.fourier_pass(radix, 3, 37, b[0], b[1], b[2], b[3], b[4], b[5])
      }
    }
    run(13 * 37) { b in kernels.transpose(13, 37, b[0], b[1]) }
    run(12 * 37) { b in kernels.untangle(9, 19, 37, b[0], b[1], b[2], b[3]) }
    run(12 * 37) { b in kernels.entangle(8, 19, 37, b[0], b[1], b[2], b[3]) }
    run(101) { b in kernels.complex_multiply(101, 1, b[0], b[1], b[2], b[3], b[4], b[5]) }
    run(101) { b in kernels.reflect(101, 0.6, 0.8, b[0], b[1], b[2], b[3]) }
    let filter = [0.5, 0.7, -0.2, 0.1]
    run(8 * 37) { b in kernels.wavelet_analysis(8, 37, 4, filter, b[0], b[1]) }
    run(8 * 37) { b in kernels.wavelet_synthesis(8, 37, 4, filter, b[0], b[1]) }
    run(9 * 37) { b in kernels.variation_dual(9, 37, 0.3, 0.8, 0.4, b[0], b[1], b[2], b[3], b[4]) }
    run(9 * 37) { b in kernels.variation_adjoint(9, 37, -0.7, b[0], b[1], b[2], b[3]) }
    run(9 * 37) { b in all.append(kernels.variation(9, 37, b[0])) }
    return all
  }

  @Test("variants agree", arguments: [1, 2], [true, false])
  func variants(index: Int, isDouble: Bool) throws {
    func variant(_ index: Int) -> graybox_imaging_kernels? {
      (isDouble
        ? graybox_imaging_variant_double(Int32(index))
        : graybox_imaging_variant_float(Int32(index)))?
        .pointee
    }
    // A processor that cannot run a variant has nothing to compare.
    guard let other = variant(index), let plain = variant(0) else { return }
    let (a, b) = (results(plain, isDouble: isDouble), results(other, isDouble: isDouble))
    #expect(a.count == b.count && a.count > 10_000)
    let bound = isDouble ? 1e-12 : 1e-4
    for (x, y) in zip(a, b) { #expect(abs(x - y) <= bound * max(1, abs(x))) }
  }
}
