public import Tensors

/// Standard normal numbers of a tensor's shape, drawn anew on every replay.
///
/// The operation owns a stream derived from the given one; no gradient flows to `x`, whose numbers
/// are not read.
///
/// - Parameters:
///   - x: gives the shape, and the recording to draw in.
///   - stream: where the numbers come from; it moves on, so that the next call draws others.
public func normalNoise<Scalar: RealTensorScalar>(
  like x: Tensor<Scalar>,
  from stream: inout RandomStream
) -> Tensor<Scalar> {
  let source = ownedStream(&stream)
  return Primitive.unary(
    "normalNoise",
    x,
    shape: x.shape,
    forward: { _, y in
      source.stream.fillNormal(UnsafeMutableBufferPointer(start: y.values, count: y.count))
    },
    backward: nil
  )
}

/// Each element kept with probability `1 - rate` and scaled by `1 / (1 - rate)`, else 0.
///
/// - Parameters:
///   - x: any shape.
///   - rate: the share of elements set to 0, in `0..<1`.
///   - stream: where the choice comes from; drawn anew on every replay.
public func dropout<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  rate: Scalar,
  from stream: inout RandomStream
) -> Tensor<Scalar> {
  precondition(rate >= 0 && rate < 1, "dropout: rate \(rate) is outside 0..<1")
  let source = ownedStream(&stream)
  let uniform = Primitive.unary(
    "uniformNoise",
    x,
    shape: x.shape,
    forward: { (_: TensorStorage<Scalar>, y: TensorStorage<Scalar>) in
      source.stream.fillUniform(UnsafeMutableBufferPointer(start: y.values, count: y.count))
    },
    backward: nil
  )
  return x * (isGreaterOrEqual(uniform, Tensor(rate)) * (1 / (1 - rate)))
}

/// A stream that an operation keeps and moves on.
private final class StreamOwner {
  var stream: RandomStream

  init(_ stream: RandomStream) { self.stream = stream }
}

private func ownedStream(_ stream: inout RandomStream) -> StreamOwner {
  let owned = stream.derived("operation", index: Int(stream.words(1)[0]))
  return StreamOwner(owned)
}
