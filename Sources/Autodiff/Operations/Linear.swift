internal import CKernels
public import Tensors

/// The non-linearity at the end of a layer.
public enum Activation: String, Sendable, Hashable, CaseIterable, Codable {
  /// None.
  case identity
  /// `max(x, 0)`.
  case relu
  /// `1 / (1 + exp(-x))`.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// `x` above zero, `0.01 x` below.
  case leakyRelu = "leaky-relu"

  var kernel: graybox_activation {
    switch self {
    case .identity: GRAYBOX_IDENTITY
    case .relu: GRAYBOX_ACT_RELU
    case .sigmoid: GRAYBOX_ACT_SIGMOID
    case .tanh: GRAYBOX_ACT_TANH
    case .leakyRelu: GRAYBOX_ACT_LEAKY
    }
  }
}

/// How the numbers of a dense layer's weight lie in memory.
///
/// A layer with many inputs and few outputs is faster with its outputs first: each output is then a dot
/// product of two stretches of memory.
public enum WeightLayout: Sendable, Hashable {
  /// `W` as `[in, out]`.
  case inputsFirst
  /// `W'`, `[out, in]`.
  case outputsFirst
}

/// A dense layer as one node: `y = activation(x W + b)`.
///
/// Backward, with `p = dy activation'(y)`: `dx = p W'`, `dW = x' p`, `db =` column sums of `p`. A large batch is
/// cut into pieces of rows and `dW` into pieces of its own, by shape; the pieces' parts of `db` are added
/// in their order. So the bits do not depend on the number of threads.
///
/// - Parameters:
///   - x: `[.., in]`.
///   - weight: `W`, `[in, out]`; or its transpose, as `layout` says.
///   - bias: `b`, `[out]`, or nil.
///   - activation: applied elementwise.
///   - layout: how the numbers of `weight` lie.
/// - Returns: `[.., out]`.
@specialized(where Scalar == Float)
public func linear<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  _ bias: Tensor<Scalar>? = nil,
  activation: Activation = .identity,
  layout: WeightLayout = .inputsFirst
) -> Tensor<Scalar> {
  linear(joining: [x], weight, bias, activation: activation, layout: layout)
}

/// ``linear(_:_:_:activation:layout:)`` of several inputs side by side, without a node that joins them.
///
/// - Parameters:
///   - parts: each `[.., width]`, the same but for its width; the widths add up to `in`.
///   - weight: as there.
///   - bias: as there.
///   - activation: as there.
///   - layout: as there.
/// - Returns: `[.., out]`.
@specialized(where Scalar == Float)
public func linear<Scalar: RealTensorScalar>(
  joining parts: [Tensor<Scalar>],
  _ weight: Tensor<Scalar>,
  _ bias: Tensor<Scalar>? = nil,
  activation: Activation = .identity,
  layout: WeightLayout = .inputsFirst
) -> Tensor<Scalar> {
  precondition(weight.rank == 2, "linear: weight \(weight.shape)")
  let isTransposed = layout == .outputsFirst
  let (inputs, outputs) = (weight.shape[isTransposed ? 1 : 0], weight.shape[isTransposed ? 0 : 1])
  let x = JoinedColumns(parts, for: "linear")
  precondition(
    x.width == inputs,
    "linear: inputs \(parts.map(\.shape)) with weight \(weight.shape), \(layout)"
  )
  precondition(
    bias == nil || bias?.shape == [outputs],
    "linear: bias \(bias?.shape ?? []) with weight \(weight.shape), \(layout)"
  )
  let operands = parts + [weight] + (bias.map { [$0] } ?? [])
  let plan = LinearPlan(
    inputs: inputs,
    outputs: outputs,
    isTransposed: isTransposed,
    activation: activation.kernel,
    x: x,
    weight: weight.storage,
    bias: bias?.storage,
    pool: Primitive.pool(operands)
  )
  return Primitive.apply(
    "linear",
    operands,
    shape: parts[0].shape.dropLast() + [outputs],
    forward: { plan.forward($0) },
    backward: { plan.backward($0) },
    forwardRule: { at in
      let widths = parts.map { $0.shape.last ?? 0 }
      let rows = at.result.count / max(outputs, 1)
      func product(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
        matmul(a, b, transposeB: isTransposed).reshaped([at.directions] + at.result.shape)
      }
      var change: Tensor<Scalar>?
      var first = 0
      for (place, width) in widths.enumerated() {
        defer { first += width }
        guard let moved = at.change(place) else { continue }
        let columns = weight.sliced(axis: isTransposed ? 1 : 0, first..<(first + width))
        change = sum(change, product(moved.reshaped([at.directions * rows, width]), columns))
      }
      if let moved = at.change(parts.count) {
        let joined = parts.count == 1 ? parts[0] : concatenated(parts, axis: parts[0].rank - 1)
        change = sum(change, product(joined.reshaped([rows, inputs]), moved))
      }
      let bent = bias == nil ? nil : at.change(parts.count + 1)
      let ones = at.result.shape.dropLast().map { _ in 1 }
      change = sum(change, bent?.reshaped([at.directions] + ones + [outputs]))
      return activation.slope(at.result).map { slope in change.map { $0 * slope } } ?? change
    },
    scalarRule: { builder, operands in
      let numbers = operands[parts.count]
      return (0..<parts[0].shape.dropLast().reduce(1, *)).flatMap { row in
        let x = zip(parts, operands).flatMap { part, places in
          let width = part.shape.last ?? 0
          return places[(row * width)..<((row + 1) * width)]
        }
        return (0..<outputs).map { column in
          let sum = builder.dot(
            (0..<inputs).map {
              (x[$0], numbers[isTransposed ? column * inputs + $0 : $0 * outputs + column])
            }
          )
          let shifted =
            bias == nil ? sum : builder.apply(.add, sum, operands[parts.count + 1][column])
          return activation.applied(to: shifted, in: &builder)
        }
      }
    }
  )
}
