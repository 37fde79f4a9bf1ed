internal import CKernels
internal import Tensors

/// The shape of two operands read together, by NumPy's rule: axes are aligned at the end and an
/// extent of 1 repeats.
func broadcastShape(_ name: String, _ a: [Int], _ b: [Int]) -> [Int] {
  let rank = max(a.count, b.count)
  return (0..<rank).map { axis in
    let x = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
    let y = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
    precondition(
      x == y || x == 1 || y == 1,
      "\(name): shapes \(a) and \(b) do not broadcast (\(x) against \(y))"
    )
    return x == 1 ? y : x
  }
}

/// Row-major strides of a shape inside a broadcast shape; 0 where it repeats.
func broadcastStrides(_ shape: [Int], in target: [Int]) -> [Int] {
  var strides = [Int](repeating: 0, count: target.count)
  var stride = 1
  for axis in shape.indices.reversed() {
    let place = axis + target.count - shape.count
    strides[place] = shape[axis] == 1 ? 0 : stride
    stride *= shape[axis]
  }
  return strides
}

/// Extents and strides as the kernels want them, neighbouring axes joined where both operands allow.
func kernelBroadcast(_ extents: [Int], _ stridesA: [Int], _ stridesB: [Int]) -> graybox_broadcast {
  var joined: [(extent: Int, a: Int, b: Int)] = []
  for axis in extents.indices where extents[axis] != 1 {
    let next = (extent: extents[axis], a: stridesA[axis], b: stridesB[axis])
    if let last = joined.last, last.a == next.a * next.extent, last.b == next.b * next.extent {
      joined[joined.count - 1] = (last.extent * next.extent, next.a, next.b)
    } else {
      joined.append(next)
    }
  }
  if joined.isEmpty { joined = [(1, 0, 0)] }
  precondition(
    joined.count <= Int(GRAYBOX_MAX_RANK),
    "broadcast: more than \(GRAYBOX_MAX_RANK) axes"
  )
  var result = graybox_broadcast()
  result.rank = Int32(joined.count)
  withUnsafeMutableBytes(of: &result.extents) { write(joined.map(\.extent), to: $0) }
  withUnsafeMutableBytes(of: &result.strides_a) { write(joined.map(\.a), to: $0) }
  withUnsafeMutableBytes(of: &result.strides_b) { write(joined.map(\.b), to: $0) }
  return result
}

private func write(_ numbers: [Int], to bytes: UnsafeMutableRawBufferPointer) {
  for (index, number) in numbers.enumerated() {
    bytes.storeBytes(of: Int64(number), toByteOffset: index * 8, as: Int64.self)
  }
}

/// Row-major strides of a shape.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() {
    strides[axis] = strides[axis + 1] * shape[axis + 1]
  }
  return strides
}

/// The axis as a place in `0..<rank`; negative ones count from the end.
func resolvedAxis(_ name: String, _ axis: Int, rank: Int) -> Int {
  let place = axis < 0 ? axis + rank : axis
  precondition(place >= 0 && place < rank, "\(name): axis \(axis) of a tensor with \(rank) axes")
  return place
}

/// A shape seen from one axis: what is before it, it, and what is after it.
struct AxisView {
  let outer: Int
  let extent: Int
  let inner: Int

  init(_ shape: [Int], axis: Int) {
    outer = shape[..<axis].reduce(1, *)
    extent = shape[axis]
    inner = shape[(axis + 1)...].reduce(1, *)
  }
}
