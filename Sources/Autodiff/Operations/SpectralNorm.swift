internal import CKernels
public import Tensors

/// The vector of a power iteration, kept outside of any recording.
public protocol PowerIterate<Scalar>: AnyObject {
  /// The precision.
  associatedtype Scalar: RealTensorScalar

  /// Lends the vector.
  ///
  /// - Parameters:
  ///   - isMoving: whether it is written, in place.
  ///   - body: reads or writes it.
  func withVector(isMoving: Bool, _ body: (UnsafeMutablePointer<Scalar>) -> Void)
}

/// The largest factor by which a convolution stretches images of some extents, by power iteration.
///
/// `sigma = |w * v| / |v|`, with `v` moved by `v <- C' C v / |C' C v|` so many times at each pass, `C` the convolution with
/// its zeros at the edges. A few iterations a pass follow a weight that is trained. Backward: `d sigma / d w` is the gradient
/// of `<w * v, u>` at fixed `v` and `u = w * v / sigma`.
///
/// - Parameters:
///   - weight: `w`, `[kernel.., inputs, outputs]`.
///   - extents: of the images, one an axis.
///   - padding: the zeros around them.
///   - iterate: `v`, `[extents.., inputs]`.
///   - iterations: how often it moves at a pass; 0 leaves it as it is.
/// - Returns: a single number.
/// - SeeAlso: `miyato2018`, `ryu2019pnp`.
public func spectralNorm<Scalar: RealTensorScalar>(
  _ weight: Tensor<Scalar>,
  extents: [Int],
  padding: ConvolutionPadding = .same,
  iterate: any PowerIterate<Scalar>,
  iterations: Int
) -> Tensor<Scalar> {
  let shape = ConvolutionExtents(
    "spectralNorm",
    input: [1] + extents + [weight.shape[max(weight.rank - 2, 0)]],
    weight: weight.shape,
    strides: nil,
    padding: padding
  )
  let plan = SpectralNormPlan(shape, weight, iterate, iterations)
  return Primitive.unary(
    "spectralNorm",
    weight,
    shape: [],
    forward: { _, sigma in plan.forward(sigma) },
    backward: { _, sigma in plan.backward(sigma) }
  )
}

/// The vectors of one power iteration.
private final class SpectralNormPlan<Scalar: RealTensorScalar> {
  private let passes: ConvolutionPasses<Scalar>
  private let weight: TensorStorage<Scalar>
  private let iterate: any PowerIterate<Scalar>
  private let iterations: Int
  /// `v`.
  private let input: TensorStorage<Scalar>
  /// `w * v`.
  private let output: TensorStorage<Scalar>

  init(
    _ extents: ConvolutionExtents,
    _ weight: Tensor<Scalar>,
    _ iterate: any PowerIterate<Scalar>,
    _ iterations: Int
  ) {
    passes = ConvolutionPasses(extents, operands: [weight], isTrained: weight.record != nil)
    self.weight = weight.storage
    self.iterate = iterate
    self.iterations = iterations
    input = TensorStorage(uninitialised: extents.inputPixels * extents.inputs)
    output = TensorStorage(uninitialised: extents.outputPixels * extents.outputs)
  }

  func forward(_ sigma: TensorStorage<Scalar>) {
    let call = ConvolutionPasses<Scalar>.Call(
      input: input.values,
      weight: weight.values,
      output: output.values
    )
    iterate.withVector(isMoving: iterations > 0) { vector in
      input.values.update(from: vector, count: input.count)
      for _ in 0..<iterations {
        passes.apply(call)
        passes.applyAdjoint(call)
        scale(input, by: 1 / Self.length(input))
      }
      if iterations > 0 { vector.update(from: input.values, count: input.count) }
    }
    passes.apply(call)
    sigma.values[0] = Scalar(Self.length(output) / Self.length(input))
  }

  func backward(_ sigma: TensorStorage<Scalar>) {
    guard let gradient = sigma.gradients, weight.gradients != nil else { return }
    // <w * v, u> with u = w * v / |w * v|, over |v|; the output becomes u.
    let lengths = Self.length(output) * Self.length(input)
    scale(output, by: Double(gradient[0]) / lengths)
    passes.addWeightGradient(
      .init(
        input: input.values,
        weight: weight.values,
        output: output.values,
        weightGradient: weight.accumulatedGradient
      )
    )
  }

  private static func length(_ vector: TensorStorage<Scalar>) -> Double {
    Scalar.kernels.pointee.sum_squares(vector.count, vector.values).squareRoot()
  }

  private func scale(_ vector: TensorStorage<Scalar>, by factor: Double) {
    Scalar.kernels.pointee.scale_shift(vector.count, vector.values, factor, 0, vector.values)
  }
}
