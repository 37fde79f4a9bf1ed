internal import CKernels
internal import Tensors

/// One convolution, or the adjoint of one, as a node: its passes, its bias and its activation.
final class ConvolutionPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint images and disjoint partial sums.
  private typealias Pointer = UnsafeMutablePointer<Scalar>

  private let passes: ConvolutionPasses<Scalar>
  private let isAdjoint: Bool
  private let activation: graybox_activation
  private let x: TensorStorage<Scalar>
  private let weight: TensorStorage<Scalar>
  private let bias: TensorStorage<Scalar>?
  private let channels: Int
  private let imageSize: Int
  private let operands: [Tensor<Scalar>]
  /// `dy activation'(y)`; not needed without activation.
  private var curvedGradient: TensorStorage<Scalar>?
  /// Each piece's part of the bias' gradient.
  private let biasParts: TensorStorage<Scalar>
  private let gradientPieces = PieceClosure()
  private let outputPieces = PieceClosure()
  /// What a pass of pieces works on.
  private var y: TensorStorage<Scalar>?

  init(
    _ extents: ConvolutionExtents,
    _ x: Tensor<Scalar>,
    _ weight: Tensor<Scalar>,
    _ bias: Tensor<Scalar>?,
    _ activation: graybox_activation,
    isAdjoint: Bool
  ) {
    operands = [x, weight] + (bias.map { [$0] } ?? [])
    let isRecorded = operands.contains { $0.record != nil }
    passes = ConvolutionPasses(extents, operands: operands, isTrained: isRecorded)
    self.isAdjoint = isAdjoint
    self.activation = activation
    self.x = x.storage
    self.weight = weight.storage
    self.bias = bias?.storage
    channels = isAdjoint ? extents.inputs : extents.outputs
    imageSize = channels * (isAdjoint ? extents.inputPixels : extents.outputPixels)
    biasParts = TensorStorage(uninitialised: passes.imagePieceCount * channels)
  }

  func forward(_ y: TensorStorage<Scalar>) {
    guard y.count > 0 else { return }
    guard isAdjoint else {
      passes.apply(
        .init(
          input: x.values,
          weight: weight.values,
          output: y.values,
          bias: bias?.values,
          activation: activation
        )
      )
      return
    }
    passes.applyAdjoint(.init(input: y.values, weight: weight.values, output: x.values))
    guard bias != nil || activation != GRAYBOX_IDENTITY else { return }
    self.y = y
    passes.forEachImages(outputPieces) { { [unowned self] in finishOutput($0) } }
  }

  private func finishOutput(_ piece: Int) {
    guard let y else { return }
    let (start, count) = passes.images(piece)
    Scalar.kernels.pointee.bias_activation(
      activation,
      count * imageSize / channels,
      channels,
      bias?.values,
      y.values + start * imageSize
    )
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard y.count > 0, let gy = y.gradients else { return }
    let gradient = prepared(y) ?? gy
    let isTrained = weight.gradients != nil
    guard isAdjoint else {
      if isTrained {
        passes.addWeightGradient(
          .init(
            input: x.values,
            weight: weight.values,
            output: gradient,
            weightGradient: weight.accumulatedGradient
          )
        )
      }
      if let (pointer, beta) = x.productGradient {
        passes.applyAdjoint(
          .init(input: pointer, weight: weight.values, output: gradient, accumulates: beta != 0)
        )
      }
      return
    }
    if isTrained {
      passes.addWeightGradient(
        .init(
          input: gradient,
          weight: weight.values,
          output: x.values,
          weightGradient: weight.accumulatedGradient
        )
      )
    }
    if let (pointer, beta) = x.productGradient {
      passes.apply(
        .init(input: gradient, weight: weight.values, output: pointer, accumulates: beta != 0)
      )
    }
  }

  /// The gradient before the activation, nil where that is the gradient behind it; adds to the bias' gradient.
  private func prepared(_ y: TensorStorage<Scalar>) -> Pointer? {
    let isCurved = activation != GRAYBOX_IDENTITY
    guard isCurved || bias?.gradients != nil else { return nil }
    if isCurved, curvedGradient == nil {
      curvedGradient = Primitive.scratch(operands, 3, count: y.count)
    }
    self.y = y
    passes.forEachImages(gradientPieces) { { [unowned self] in prepare($0) } }
    if let gradient = bias?.accumulatedGradient {
      for piece in 0..<passes.imagePieceCount {
        let part = biasParts.values + piece * channels
        Scalar.kernels.pointee.accumulate_scaled(channels, 1, part, gradient)
      }
    }
    return isCurved ? curvedGradient?.values : nil
  }

  private func prepare(_ piece: Int) {
    guard let y, let gy = y.gradients else { return }
    let (start, count) = passes.images(piece)
    var gradient = gy + start * imageSize
    if activation != GRAYBOX_IDENTITY, let curvedGradient {
      let target = curvedGradient.values + start * imageSize
      Scalar.kernels.pointee.activation_backward(
        activation,
        count * imageSize,
        y.values + start * imageSize,
        gradient,
        target
      )
      gradient = target
    }
    guard bias?.gradients != nil else { return }
    let part = biasParts.values + piece * channels
    part.clear(count: channels)
    Scalar.kernels.pointee.column_sums(count * imageSize / channels, channels, gradient, part)
  }
}
