internal import CKernels
public import Tensors

extension Tensor where Scalar: RealTensorScalar {
  /// The same numbers under another shape; no copy, no node.
  ///
  /// - Parameter newShape: extents with the same product; one of them may be -1 and is then computed.
  /// - Returns: the same numbers in row-major order.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    var resolved = newShape
    if let free = newShape.firstIndex(of: -1) {
      let known = newShape.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
      precondition(
        known > 0 && count % known == 0,
        "reshaped: \(shape) does not fit \(newShape)"
      )
      resolved[free] = count / known
    }
    precondition(
      resolved.reduce(1, *) == count,
      "reshaped: \(shape) does not fit \(newShape)"
    )
    return Tensor(shape: resolved, storage: storage, record: record)
  }

  /// The matrix (or the last two axes of a batch) with rows and columns exchanged.
  public func transposed() -> Tensor {
    precondition(rank >= 2, "transposed: a tensor of shape \(shape) has no rows and columns")
    return permuted(Array(0..<(rank - 2)) + [rank - 1, rank - 2])
  }

  /// The axes in another order.
  ///
  /// - Parameter order: for each axis of the result, the axis it comes from.
  /// - Returns: a copy in the new order.
  public func permuted(_ order: [Int]) -> Tensor {
    precondition(
      order.sorted() == Array(0..<rank),
      "permuted: \(order) is no order of \(rank) axes"
    )
    guard order != Array(0..<rank) else { return self }
    let strides = rowMajorStrides(shape)
    return strided(
      "permuted",
      shape: order.map { shape[$0] },
      strides: order.map { strides[$0] },
      offset: 0
    )
  }

  /// The tensor repeated to a larger shape by the rule of broadcasting.
  public func broadcast(to target: [Int]) -> Tensor {
    guard target != shape else { return self }
    precondition(
      broadcastShape("broadcast", shape, target) == target,
      "broadcast: \(shape) does not broadcast to \(target)"
    )
    return strided(
      "broadcast",
      shape: target,
      strides: broadcastStrides(shape, in: target),
      offset: 0
    )
  }

  /// The part of the tensor whose index along an axis lies in a range.
  public func sliced(axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = resolvedAxis("sliced", axis, rank: rank)
    precondition(
      range.lowerBound >= 0 && range.upperBound <= shape[axis],
      "sliced: \(range) is outside axis \(axis) of \(shape)"
    )
    let strides = rowMajorStrides(shape)
    var extents = shape
    extents[axis] = range.count
    return strided(
      "sliced",
      shape: extents,
      strides: strides,
      offset: range.lowerBound * strides[axis]
    )
  }

  /// One place along an axis, with the axis removed.
  public func picked(axis: Int, _ index: Int) -> Tensor {
    let axis = resolvedAxis("picked", axis, rank: rank)
    var extents = shape
    extents.remove(at: axis)
    return sliced(axis: axis, index..<(index + 1)).reshaped(extents)
  }

  /// A copy read with given strides from an offset; every view operation is one of these.
  private func strided(_ name: String, shape: [Int], strides: [Int], offset: Int) -> Tensor {
    let plan = kernelBroadcast(shape, strides, strides)
    let kernels = Scalar.kernels
    return Primitive.unary(
      name,
      self,
      shape: shape,
      forward: { x, y in
        guard y.count > 0 else { return }
        withUnsafePointer(to: plan) {
          kernels.pointee.gather_strided($0, x.values + offset, y.values)
        }
      },
      backward: { x, y in
        guard y.count > 0, let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        withUnsafePointer(to: plan) { kernels.pointee.scatter_strided($0, gy, gx + offset) }
      },
      forwardRule: { at in
        let size = at.operands[0].count
        return at.change(0)?.strided(
          name,
          shape: [at.directions] + shape,
          strides: [size] + strides,
          offset: offset
        )
      },
      scalarRule: { _, operands in
        stridedPlaces(shape, strides, offset: offset).map { operands[0][$0] }
      }
    )
  }

  /// Rows (or places along an axis) picked by index, in the order of the indices.
  ///
  /// - Parameters:
  ///   - indices: whole numbers in `0..<shape[axis]`, of any shape; no gradient flows to them.
  ///   - axis: the axis that they count along.
  /// - Returns: the shape with the axis replaced by the shape of the indices.
  public func gathered(_ indices: Tensor, axis: Int = 0) -> Tensor {
    let axis = resolvedAxis("gathered", axis, rank: rank)
    if axis != 0 {
      let order = [axis] + (0..<rank).filter { $0 != axis }
      let rows = permuted(order).gathered(indices, axis: 0)
      let places = indices.rank
      let back =
        (0..<axis).map { $0 + places } + Array(0..<places)
        + ((axis + places)..<(rank - 1 + places)).map { $0 }
      return rows.permuted(back)
    }
    let rowCount = shape[0]
    let width = shape.dropFirst().reduce(1, *)
    let kernels = Scalar.kernels
    return Primitive.binary(
      "gathered",
      self,
      indices,
      shape: indices.shape + shape.dropFirst(),
      forward: { x, places, y in
        checkIndices("gathered", places, bound: rowCount)
        kernels.pointee.gather_rows(places.count, width, places.values, x.values, y.values)
      },
      backward: { x, places, y in
        guard let gy = y.gradients, let gx = x.accumulatedGradient else { return }
        kernels.pointee.scatter_rows(places.count, width, places.values, gy, gx)
      },
      forwardRule: { at in at.change(0)?.gathered(at.operands[1], axis: 1) }
    )
  }
}

/// Traps when an index is no whole number in `0..<bound`.
func checkIndices<Scalar: RealTensorScalar>(
  _ name: String,
  _ indices: TensorStorage<Scalar>,
  bound: Int
) {
  let raw = UnsafeMutableRawPointer(indices.values)
  // Two calls on concrete types, which are specialised; the generic form would take a witness call
  // for each comparison.
  let valid =
    Scalar.self == Float.self
    ? areIndices(raw.assumingMemoryBound(to: Float.self), indices.count, below: Float(bound))
    : areIndices(raw.assumingMemoryBound(to: Double.self), indices.count, below: Double(bound))
  precondition(valid, "\(name): an index is no whole number in 0..<\(bound)")
}

/// Whether all numbers are whole and in `0..<bound`; without a branch, so that it is vectorised.
@inline(__always)
private func areIndices<Number: BinaryFloatingPoint>(
  _ numbers: UnsafeMutablePointer<Number>,
  _ count: Int,
  below bound: Number
) -> Bool {
  var wrong = 0
  for place in 0..<count {
    let number = numbers[place]
    let isIndex = number >= 0 && number < bound && number == number.rounded(.down)
    wrong |= isIndex ? 0 : 1
  }
  return wrong == 0
}

/// Tensors joined along an axis; all other extents equal.
@specialized(where Scalar == Float)
public func concatenated<Scalar: RealTensorScalar>(_ parts: [Tensor<Scalar>], axis: Int = 0)
  -> Tensor<Scalar>
{
  guard let first = parts.first else {
    preconditionFailure("concatenated: needs at least one tensor")
  }
  let axis = resolvedAxis("concatenated", axis, rank: first.rank)
  var shape = first.shape
  shape[axis] = 0
  for part in parts {
    var expected = part.shape
    if axis < expected.count { expected[axis] = 0 }
    var base = shape
    base[axis] = 0
    precondition(
      expected == base,
      "concatenated: \(part.shape) does not join \(first.shape) along \(axis)"
    )
    shape[axis] += part.shape[axis]
  }
  let view = AxisView(shape, axis: axis)
  let row = view.extent * view.inner
  let pieces = parts.map { (storage: $0.storage, width: $0.shape[axis] * view.inner) }
  return Primitive.apply(
    "concatenated",
    parts,
    shape: shape,
    forward: { y in
      var start = 0
      for piece in pieces {
        RowLayout(rows: view.outer, width: piece.width)
          .copy(from: piece.storage.values, every: piece.width, to: y.values + start, every: row)
        start += piece.width
      }
    },
    backward: { y in
      guard let gy = y.gradients else { return }
      var start = 0
      for piece in pieces {
        if let gx = piece.storage.accumulatedGradient {
          RowLayout(rows: view.outer, width: piece.width)
            .add(gy + start, every: row, to: gx, every: piece.width)
        }
        start += piece.width
      }
    },
    forwardRule: { at in
      concatenated(parts.indices.map { at.full($0) }, axis: axis + 1)
    },
    scalarRule: { _, operands in
      (0..<view.outer).flatMap { outer in
        zip(operands, pieces).flatMap { numbers, piece in
          numbers[(outer * piece.width)..<((outer + 1) * piece.width)]
        }
      }
    }
  )
}

/// Tensors of one shape laid beside each other along a new axis.
@specialized(where Scalar == Float)
public func stacked<Scalar: RealTensorScalar>(_ parts: [Tensor<Scalar>], axis: Int = 0) -> Tensor<
  Scalar
> {
  guard let first = parts.first else { preconditionFailure("stacked: needs at least one tensor") }
  let axis = resolvedAxis("stacked", axis, rank: first.rank + 1)
  var shape = first.shape
  shape.insert(1, at: axis)
  return concatenated(parts.map { $0.reshaped(shape) }, axis: axis)
}
