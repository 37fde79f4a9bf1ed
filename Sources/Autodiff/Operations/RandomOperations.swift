public import Tensors

/// Standard normal numbers of a tensor's shape, drawn anew on every replay.
///
/// The operation owns a stream derived from the given one; no gradient flows to `x`, whose numbers
/// are not read.
///
/// - Parameters:
///   - x: gives the shape, and the recording to draw in.
///   - stream: where the numbers come from; it moves on, so that the next call draws others.
/// - Returns: noise of the shape of `x`.
@specialized(where Scalar == Float)
public func normalNoise<Scalar: RealTensorScalar>(
  like x: Tensor<Scalar>,
  from stream: inout RandomStream
) -> Tensor<Scalar> {
  let source = ownedStream(&stream, for: x)
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

/// Numbers uniform in `0..<1` of a tensor's shape, drawn anew on every replay; as ``normalNoise(like:from:)``.
///
/// - Parameters:
///   - x: gives the shape, and the recording to draw in.
///   - stream: where the numbers come from; it moves on.
/// - Returns: noise of the shape of `x`.
@specialized(where Scalar == Float)
public func uniformNoise<Scalar: RealTensorScalar>(
  like x: Tensor<Scalar>,
  from stream: inout RandomStream
) -> Tensor<Scalar> {
  let source = ownedStream(&stream, for: x)
  return Primitive.unary(
    "uniformNoise",
    x,
    shape: x.shape,
    forward: { (_: TensorStorage<Scalar>, y: TensorStorage<Scalar>) in
      source.stream.fillUniform(UnsafeMutableBufferPointer(start: y.values, count: y.count))
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
/// - Returns: of the shape of `x`.
@specialized(where Scalar == Float)
public func dropout<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  rate: Scalar,
  from stream: inout RandomStream
) -> Tensor<Scalar> {
  precondition(rate >= 0 && rate < 1, "dropout: rate \(rate) is outside 0..<1")
  let uniform = uniformNoise(like: x, from: &stream)
  return x * (isGreaterOrEqual(uniform, Tensor(rate)) * (1 / (1 - rate)))
}

/// A stream that an operation keeps and moves on.
final class StreamOwner {
  private let origin: RandomStream
  var stream: RandomStream

  init(_ stream: RandomStream) {
    origin = stream
    self.stream = stream
  }

  /// Goes to the start of a numbered draw, the same wherever a run is taken up.
  func position(at draw: Int) { stream = origin.derived("draw", index: draw) }
}

/// A stream for one operation; in a recording the operation's place there is part of its name, so that
/// a layer that is used twice draws twice.
private func ownedStream<Scalar: RealTensorScalar>(
  _ stream: inout RandomStream,
  for x: Tensor<Scalar>
) -> StreamOwner {
  let derived = stream.derived("operation", index: Int(stream.words(1)[0]))
  guard let state = x.node(for: "a random operation")?.state else { return StreamOwner(derived) }
  let owner = StreamOwner(derived.derived("node", index: state.nodes.count))
  state.streams.append(owner)
  return owner
}
