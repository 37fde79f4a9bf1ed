internal import CKernels
internal import Testing

/// Strided copies and rows by index against plain loops.
@Suite struct KernelMovingTests {
  static let shapes = [
    BroadcastShape([], [], []),
    BroadcastShape([17], [1], [0]),
    BroadcastShape([17], [3], [0]),
    BroadcastShape([5, 9], [0, 1], [0, 0]),
    BroadcastShape([5, 9], [1, 0], [0, 0]),
    BroadcastShape([20, 33], [1, 20], [0, 0]),
    BroadcastShape([4, 8, 16], [1, 64, 4], [0, 0, 0]),
    BroadcastShape([3, 7, 5], [35, 1, 7], [0, 0, 0]),
    BroadcastShape([2, 3, 2, 11], [11, 44, 22, 1], [0, 0, 0, 0]),
    BroadcastShape([2, 0, 4], [4, 4, 1], [0, 0, 0]),
    BroadcastShape([3, 2000], [1, 0], [0, 0]),
  ]

  @Test("a strided read takes the right elements", arguments: KernelVariant.all, shapes)
  func gather(variant: KernelVariant, shape: BroadcastShape) {
    let a = variant.normal(shape.span(shape.stridesA), seed: 1)
    let y = variant.buffer(count: shape.count)
    var native = shape.native
    variant.kernels.gather_strided(&native, a.pointer, y.pointer)
    #expect(y.values == (0..<shape.count).map { a[shape.offsets($0).a] })
  }

  @Test("a strided write adds, also where places repeat", arguments: KernelVariant.all, shapes)
  func scatter(variant: KernelVariant, shape: BroadcastShape) {
    let x = variant.normal(shape.count, seed: 1)
    let a = variant.normal(shape.span(shape.stridesA), seed: 2)
    var expected = a.values
    for position in 0..<shape.count { expected[shape.offsets(position).a] += x[position] }
    var native = shape.native
    variant.kernels.scatter_strided(&native, x.pointer, a.pointer)
    // up to 2000 terms in one place: rounding grows as their root
    #expect(variant.worstError(a.values, expected, scale: 4) <= 45)
  }

  @Test("rows are read and added by index", arguments: KernelVariant.all, [0, 1, 3, 8, 17])
  func rows(variant: KernelVariant, width: Int) {
    let indices = variant.buffer([3, 0, 3, 2, 3])
    let x = variant.normal(4 * width, seed: 1)
    let y = variant.buffer(count: 5 * width)
    variant.kernels.gather_rows(5, width, indices.pointer, x.pointer, y.pointer)
    #expect(y.values == (0..<5 * width).map { x[Int(indices[$0 / width]) * width + $0 % width] })
    let gx = variant.normal(4 * width, seed: 2)
    var expected = gx.values
    for i in 0..<5 * width { expected[Int(indices[i / width]) * width + i % width] += y[i] }
    variant.kernels.scatter_rows(5, width, indices.pointer, y.pointer, gx.pointer)
    #expect(variant.worstError(gx.values, expected, scale: 4) <= 4)
  }
}
