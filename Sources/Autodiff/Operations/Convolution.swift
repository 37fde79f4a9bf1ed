// The convolution of networks, which is a correlation: the kernel is not turned. Channels are last.

internal import CKernels
public import Tensors

/// A convolution over one, two or three axes as one node: `y = activation(w * x + b)`.
///
/// `y[n, p, o] = activation(b[o] + sum over q, i of w[q, i, o] x[n, s p + q - z, i])`, `x` zero outside of its
/// extents, with `s` the strides and `z` the zeros in front. Circular and reflective edges come from ``padded(_:by:mode:)``
/// before it. Kernels of 3 by 3 with stride 1 and at least 16 channels on both sides are computed by Winograd's minimal
/// filtering with tiles of 4 by 4: a quarter of the multiplications, a rounding error of a few units more.
///
/// ```swift
/// let edges = convolution(images, Tensor([-1, 0, 1], shape: [1, 3, 1, 1]), padding: .same)
/// ```
///
/// - Parameters:
///   - x: `[batch, extents.., inputs]`, one to three extents.
///   - weight: `w`, `[kernel.., inputs, outputs]`.
///   - bias: `b`, `[outputs]`, or nil.
///   - strides: `s`, one an axis; ones when nil.
///   - padding: the zeros around the image.
///   - activation: applied elementwise.
/// - Returns: `[batch, extents.., outputs]`, each extent `(extent + zeros - kernel) / stride + 1` rounded down.
/// - Complexity: O(outputs' pixels times the numbers of the weight).
/// - SeeAlso: `lavin2016`, `winograd1980`.
@specialized(where Scalar == Float)
public func convolution<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  _ bias: Tensor<Scalar>? = nil,
  strides: [Int]? = nil,
  padding: ConvolutionPadding = .none,
  activation: Activation = .identity
) -> Tensor<Scalar> {
  let extents = ConvolutionExtents(
    "convolution",
    input: x.shape,
    weight: weight.shape,
    strides: strides,
    padding: padding
  )
  checkBias("convolution", bias, channels: extents.outputs)
  if extents.patch == extents.inputs,
    extents.inputShape.dropLast() == extents.outputShape.dropLast()
  {
    let matrix = weight.reshaped([extents.inputs, extents.outputs])
    return linear(x, matrix, bias, activation: activation)
  }
  let operands = [x, weight] + (bias.map { [$0] } ?? [])
  let plan = ConvolutionPlan(extents, x, weight, bias, activation.kernel, isAdjoint: false)
  return Primitive.apply(
    "convolution",
    operands,
    shape: extents.outputShape,
    forward: { plan.forward($0) },
    backward: { plan.backward($0) },
    forwardRule: { at in
      let axes = extents.axes
      func convolved(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar> {
        convolution(x, weight, strides: strides, padding: padding)
      }
      let byInput = at.change(0).map { moved in
        convolved(moved.reshaped([-1] + x.shape.dropFirst()), weight)
          .reshaped([at.directions] + at.result.shape)
      }
      let byWeight = at.change(1).map { moved in
        let order = Array(1...(axes + 1)) + [0, axes + 2]
        let wide = moved.permuted(order).reshaped(weight.shape.dropLast() + [-1])
        let result = convolved(x, wide)
        return result.reshaped(result.shape.dropLast() + [at.directions, extents.outputs])
          .permuted([axes + 1] + Array(0...axes) + [axes + 2])
      }
      return changed(at, sum(byInput, byWeight), bias == nil ? nil : at.change(2), activation)
    }
  )
}

/// The adjoint of a convolution as one node, with bias and activation: it spreads each pixel over a kernel.
///
/// With `C` the ``convolution(_:_:_:strides:padding:activation:)`` of the same weight, strides and padding, from
/// images of `extents` on: `y = activation(C' x + b)`. So `<C u, x> = <u, C' x>` for all `u` and `x`.
///
/// - Parameters:
///   - x: `[batch, extents.., outputs]`: what `C` gives.
///   - weight: that of `C`, `[kernel.., inputs, outputs]`.
///   - bias: `b`, `[inputs]`, or nil.
///   - strides: of `C`; ones when nil.
///   - padding: of `C`.
///   - given: extents of the result, one an axis; nil for the smallest that `C` makes into those of `x`, and with `.same`
///     for those of `x` times the strides.
///   - activation: applied elementwise.
/// - Returns: `[batch, extents.., inputs]`.
@specialized(where Scalar == Float)
public func transposedConvolution<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  _ bias: Tensor<Scalar>? = nil,
  strides: [Int]? = nil,
  padding: ConvolutionPadding = .none,
  extents given: [Int]? = nil,
  activation: Activation = .identity
) -> Tensor<Scalar> {
  let axes = x.rank - 2
  precondition(
    axes >= 1 && weight.rank == x.rank && x.shape[axes + 1] == weight.shape[axes + 1],
    "transposedConvolution: input \(x.shape) with weight \(weight.shape)"
  )
  let wanted =
    given ?? smallestExtents(Array(x.shape[1...axes]), weight.shape, strides, padding)
  let extents = ConvolutionExtents(
    "transposedConvolution",
    input: [x.shape[0]] + wanted + [weight.shape[axes]],
    weight: weight.shape,
    strides: strides,
    padding: padding
  )
  precondition(
    extents.outputShape == x.shape,
    "transposedConvolution: extents \(wanted) are made into \(extents.outputShape), not \(x.shape)"
  )
  checkBias("transposedConvolution", bias, channels: extents.inputs)
  let plan = ConvolutionPlan(extents, x, weight, bias, activation.kernel, isAdjoint: true)
  return Primitive.apply(
    "transposedConvolution",
    [x, weight] + (bias.map { [$0] } ?? []),
    shape: extents.inputShape,
    forward: { plan.forward($0) },
    backward: { plan.backward($0) },
    forwardRule: { at in
      func spread(_ x: Tensor<Scalar>, _ weight: Tensor<Scalar>) -> Tensor<Scalar> {
        transposedConvolution(x, weight, strides: strides, padding: padding, extents: wanted)
      }
      let byInput = at.change(0).map { moved in
        spread(moved.reshaped([-1] + x.shape.dropFirst()), weight)
          .reshaped([at.directions] + at.result.shape)
      }
      let byWeight = at.change(1).map { moved in
        let order = Array(1...axes) + [0, axes + 1, axes + 2]
        let wide = moved.permuted(order)
          .reshaped(weight.shape.prefix(axes) + [-1, extents.outputs])
        let result = spread(x, wide)
        return result.reshaped(result.shape.dropLast() + [at.directions, extents.inputs])
          .permuted([axes + 1] + Array(0...axes) + [axes + 2])
      }
      return changed(at, sum(byInput, byWeight), bias == nil ? nil : at.change(2), activation)
    }
  )
}

private func checkBias<Scalar>(_ operation: String, _ bias: Tensor<Scalar>?, channels: Int) {
  precondition(
    bias == nil || bias?.shape == [channels],
    "\(operation): bias \(bias?.shape ?? []) for \(channels) channels"
  )
}

/// The extents that a transposed convolution gives when none are asked for.
private func smallestExtents(
  _ extents: [Int],
  _ weight: [Int],
  _ strides: [Int]?,
  _ padding: ConvolutionPadding
) -> [Int] {
  extents.indices.map { axis in
    let stride = strides?[axis] ?? 1
    switch padding {
    case .same: return extents[axis] * stride
    case .none: return (extents[axis] - 1) * stride + weight[axis]
    case .zeros(let zeros): return (extents[axis] - 1) * stride + weight[axis] - 2 * zeros[axis]
    }
  }
}

/// The change of what an activation gives, from the changes before it and of the bias.
private func changed<Scalar: RealTensorScalar>(
  _ at: Linearisation<Scalar>,
  _ change: Tensor<Scalar>?,
  _ bias: Tensor<Scalar>?,
  _ activation: Activation
) -> Tensor<Scalar>? {
  let ones = [Int](repeating: 1, count: at.result.rank - 1)
  let shifted = sum(change, bias?.reshaped([at.directions] + ones + [at.result.shape.last ?? 0]))
  return activation.slope(at.result).map { slope in shifted.map { $0 * slope } } ?? shifted
}
