public import Tensors

/// The mean of each window of pixels; windows lie side by side, pixels that fill none are left out.
///
/// - Parameters:
///   - x: `[batch, extents.., channels]`.
///   - window: pixels along each axis.
/// - Returns: `[batch, extents / window.., channels]`, rounded down.
public func averagePooled<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  window: [Int]
) -> Tensor<Scalar> {
  pooled("averagePooled", x, window) { $0.mean(axis: $1) }
}

/// The largest number of each window of pixels; windows lie side by side, pixels that fill none are left out.
///
/// - Parameters:
///   - x: `[batch, extents.., channels]`.
///   - window: pixels along each axis.
/// - Returns: `[batch, extents / window.., channels]`, rounded down.
public func maximumPooled<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  window: [Int]
) -> Tensor<Scalar> {
  pooled("maximumPooled", x, window) { $0.maximum(axis: $1) }
}

/// Each pixel repeated along every axis: the nearest neighbour on a finer grid.
///
/// - Parameters:
///   - x: `[batch, extents.., channels]`.
///   - factors: how often along each axis.
/// - Returns: `[batch, extents * factors.., channels]`.
public func upsampled<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  by factors: [Int]
) -> Tensor<Scalar> {
  let axes = x.rank - 2
  precondition(
    axes >= 1 && factors.count == axes && factors.allSatisfy { $0 >= 1 },
    "upsampled: factors \(factors) for an input \(x.shape)"
  )
  var single = [x.shape[0]]
  var repeated = [x.shape[0]]
  for (axis, factor) in factors.enumerated() {
    single += [x.shape[axis + 1], 1]
    repeated += [x.shape[axis + 1], factor]
  }
  let channels = x.shape[axes + 1]
  let fine = zip(x.shape.dropFirst(), factors).map { $0 * $1 }
  return x.reshaped(single + [channels]).broadcast(to: repeated + [channels])
    .reshaped([x.shape[0]] + fine + [channels])
}

/// Reduces one axis of each window after the other.
private func pooled<Scalar: RealTensorScalar>(
  _ operation: String,
  _ x: Tensor<Scalar>,
  _ window: [Int],
  _ reduce: (Tensor<Scalar>, Int) -> Tensor<Scalar>
) -> Tensor<Scalar> {
  let axes = x.rank - 2
  precondition(
    axes >= 1 && window.count == axes
      && zip(x.shape.dropFirst(), window).allSatisfy { 1...max($0, 1) ~= $1 },
    "\(operation): windows of \(window) in an input \(x.shape)"
  )
  var result = x
  // From the last axis on, so that the larger strides come first.
  for axis in (1...axes).reversed() where window[axis - 1] > 1 {
    let (extent, size) = (result.shape[axis], window[axis - 1])
    let count = extent / size
    if count * size < extent { result = result.sliced(axis: axis, 0..<(count * size)) }
    var split = result.shape
    split.replaceSubrange(axis...axis, with: [count, size])
    result = reduce(result.reshaped(split), axis + 1)
  }
  return result
}
