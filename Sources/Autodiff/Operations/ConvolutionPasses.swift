internal import CKernels
internal import Tensors

/// The passes of one convolution over raw buffers: itself, its adjoint and the gradient of its weight.
///
/// Two forms. Kernels of 3 by 3 with stride 1 and enough channels go by Winograd's minimal filtering, a quarter of
/// the multiplications. Others go by patches: what a few hundred outputs read is copied into rows that
/// stay in the cache, then a matrix product. Work is cut by tiles, outputs or images, so that the bits do
/// not depend on the number of threads.
final class ConvolutionPasses<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint outputs or partial sums, and scratch memory that
  // they claimed; `call` is written before the pieces start.
  typealias Pointer = UnsafeMutablePointer<Scalar>

  /// The buffers of one pass; `output` has the extents of the convolution's output, whichever way numbers go.
  struct Call {
    var input: Pointer
    var weight: Pointer
    var output: Pointer
    var bias: Pointer?
    var activation = GRAYBOX_IDENTITY
    /// Whether the pass adds to what is there.
    var accumulates = false
    /// Where the gradient of the weight is added.
    var weightGradient: Pointer?
  }

  let extents: ConvolutionExtents
  private let pool: WorkerPool
  private let rowsPerBlock: Int
  private let outputPieces: RowPieces
  private let inputPieces: RowPieces
  private let imagePieces: RowPieces
  private let slots: ScratchSlots<Scalar>
  /// The weight's points, or the gradient's.
  private let points: TensorStorage<Scalar>?
  private let partialWeights: TensorStorage<Scalar>?
  private var call: Call?
  private let appliedPieces = PieceClosure()
  private let adjointPieces = PieceClosure()
  private let weightPieces = PieceClosure()

  private static var kernels: UnsafePointer<graybox_kernels> { Scalar.kernels }

  /// - Parameters:
  ///   - extents: of the convolution.
  ///   - operands: whose recording lends pool and memory.
  ///   - isTrained: whether the weight's gradient is wanted.
  init(_ extents: ConvolutionExtents, operands: [Tensor<Scalar>], isTrained: Bool) {
    self.extents = extents
    pool = Primitive.pool(operands)
    let e = extents
    let weights = e.patch * e.outputs
    // About a quarter of a megabyte of patches, in whole tiles of the product.
    rowsPerBlock = min(max(65536 / max(e.patch, 1) / 6 * 6, 24), 384)
    imagePieces = Self.imagePieces(e)
    var slot: Int
    if e.isWinograd {
      let group = Self.kernels.pointee.winograd_group(e.inputs, e.outputs)
      let adjoint = e.adjointLayout
      outputPieces = Self.pieces(e.batch * ConvolutionExtents.tiles(e.layout), e, rows: 4 * group)
      inputPieces = Self.pieces(e.batch * ConvolutionExtents.tiles(adjoint), e, rows: 4 * group)
      let points = 36 * e.inputs * e.outputs
      slot = max(
        Self.kernels.pointee.winograd_scratch(e.inputs, e.outputs),
        Self.kernels.pointee.winograd_scratch(e.outputs, e.inputs)
      )
      if isTrained { slot += points }
      self.points = Primitive.scratch(operands, 2, count: points)
    } else {
      outputPieces = Self.pieces(e.batch * e.outputPixels, e, rows: rowsPerBlock)
      inputPieces = imagePieces
      slot = rowsPerBlock * e.patch
      points = nil
    }
    slot = (slot + 15) / 16 * 16
    let count = ScratchSlots<Scalar>.count(threads: pool.threads)
    slots = ScratchSlots(
      Primitive.scratch(operands, 0, count: count * slot),
      count: count,
      width: slot
    )
    partialWeights =
      isTrained && imagePieces.count > 1
      ? Primitive.scratch(operands, 1, count: imagePieces.count * weights) : nil
  }

  /// Pieces of so many rows each when the whole is worth more than one.
  private static func pieces(_ count: Int, _ e: ConvolutionExtents, rows: Int) -> RowPieces {
    RowPieces(rows: count, rowsPerPiece: isLarge(e) ? rows : max(count, 1))
  }

  /// At most eight pieces of whole images: each has a partial sum of the weight's gradient.
  private static func imagePieces(_ e: ConvolutionExtents) -> RowPieces {
    RowPieces(rows: e.batch, rowsPerPiece: isLarge(e) ? (e.batch + 7) / 8 : max(e.batch, 1))
  }

  private static func isLarge(_ e: ConvolutionExtents) -> Bool {
    e.batch * e.outputPixels * e.patch * e.outputs >= 1 << 21
  }

  /// Runs a body for each group of whole images.
  func forEachImages(_ body: PieceClosure, _ make: () -> @Sendable (Int) -> Void) {
    body.run(pool, count: imagePieces.count, make)
  }

  /// The images of a piece.
  func images(_ piece: Int) -> (start: Int, count: Int) { imagePieces.range(piece) }
  var imagePieceCount: Int { imagePieces.count }

  // MARK: the convolution

  /// `output = activation(weight * input + bias)`.
  func apply(_ call: Call) {
    self.call = call
    if let points {
      Self.kernels.pointee.winograd_weights(
        extents.inputs,
        extents.outputs,
        0,
        call.weight,
        points.values
      )
    }
    appliedPieces.run(pool, count: outputPieces.count) { { [unowned self] in applied($0) } }
    if points != nil, !isFused(call.activation) {
      let pixels = extents.batch * extents.outputPixels
      Self.kernels.pointee.bias_activation(
        call.activation,
        pixels,
        extents.outputs,
        nil,
        call.output
      )
    }
  }

  /// Whether Winograd's form has the activation inside.
  private func isFused(_ activation: graybox_activation) -> Bool {
    activation == GRAYBOX_IDENTITY || activation == GRAYBOX_ACT_RELU
      || activation == GRAYBOX_ACT_LEAKY
  }

  private func applied(_ piece: Int) {
    guard let call else { return }
    let range = outputPieces.range(piece)
    slots.withSlot { slot in
      guard let points else { return applied(call, range, rows: slot) }
      withUnsafePointer(to: extents.layout) {
        Self.kernels.pointee.winograd(
          $0,
          range.start,
          range.count,
          isFused(call.activation) ? call.activation : GRAYBOX_IDENTITY,
          call.accumulates ? 1 : 0,
          call.input,
          points.values,
          call.bias,
          call.output,
          slot
        )
      }
    }
  }

  /// The outputs of a range by patches.
  private func applied(_ call: Call, _ range: (start: Int, count: Int), rows: Pointer) {
    let e = extents
    forEachBlock(range) { first, count in
      withUnsafePointer(to: e.layout) {
        Self.kernels.pointee.patches($0, first, count, call.input, rows)
      }
      let target = call.output + first * e.outputs
      Scalar.matrixProduct(
        MatrixProduct(
          rows: count,
          columns: e.outputs,
          inner: e.patch,
          alpha: 1,
          beta: call.accumulates ? 1 : 0,
          a: rows,
          leadingA: e.patch,
          b: call.weight,
          leadingB: e.outputs,
          c: target,
          leadingC: e.outputs
        )
      )
      Self.kernels.pointee.bias_activation(call.activation, count, e.outputs, call.bias, target)
    }
  }

  private func forEachBlock(_ range: (start: Int, count: Int), _ body: (Int, Int) -> Void) {
    var done = 0
    while done < range.count {
      let count = min(rowsPerBlock, range.count - done)
      body(range.start + done, count)
      done += count
    }
  }

  // MARK: its adjoint

  /// `input = adjoint of the convolution at output`, or added to it.
  func applyAdjoint(_ call: Call) {
    self.call = call
    if let points {
      Self.kernels.pointee.winograd_weights(
        extents.inputs,
        extents.outputs,
        1,
        call.weight,
        points.values
      )
    }
    adjointPieces.run(pool, count: inputPieces.count) { { [unowned self] in adjoined($0) } }
  }

  private func adjoined(_ piece: Int) {
    guard let call else { return }
    let range = inputPieces.range(piece)
    slots.withSlot { slot in
      guard let points else { return adjoined(call, images: range, rows: slot) }
      withUnsafePointer(to: extents.adjointLayout) {
        Self.kernels.pointee.winograd(
          $0,
          range.start,
          range.count,
          GRAYBOX_IDENTITY,
          call.accumulates ? 1 : 0,
          call.output,
          points.values,
          nil,
          call.input,
          slot
        )
      }
    }
  }

  private func adjoined(_ call: Call, images: (start: Int, count: Int), rows: Pointer) {
    let e = extents
    if !call.accumulates {
      let image = e.inputPixels * e.inputs
      (call.input + images.start * image).clear(count: images.count * image)
    }
    forEachBlock((images.start * e.outputPixels, images.count * e.outputPixels)) { first, count in
      Scalar.matrixProduct(
        MatrixProduct(
          rows: count,
          columns: e.patch,
          inner: e.outputs,
          alpha: 1,
          beta: 0,
          a: call.output + first * e.outputs,
          leadingA: e.outputs,
          b: call.weight,
          transposeB: true,
          leadingB: e.outputs,
          c: rows,
          leadingC: e.patch
        )
      )
      withUnsafePointer(to: e.layout) {
        Self.kernels.pointee.patches_backward($0, first, count, rows, call.input)
      }
    }
  }

  // MARK: the weight's gradient

  /// Adds the gradient of `<output, weight * input>` with respect to the weight to `weightGradient`.
  func addWeightGradient(_ call: Call) {
    guard let gradient = call.weightGradient else { return }
    self.call = call
    let weights = extents.patch * extents.outputs
    weightPieces.run(pool, count: imagePieces.count) { { [unowned self] in addedWeights($0) } }
    guard let partialWeights else { return }
    for piece in 0..<imagePieces.count {
      Self.kernels.pointee.accumulate_scaled(
        weights,
        1,
        partialWeights.values + piece * weights,
        gradient
      )
    }
  }

  private func addedWeights(_ piece: Int) {
    guard let call, var target = call.weightGradient else { return }
    let e = extents
    let range = imagePieces.range(piece)
    if let partialWeights {
      let weights = e.patch * e.outputs
      target = partialWeights.values + piece * weights
      target.clear(count: weights)
    }
    slots.withSlot { slot in
      if points != nil {
        addPoints(call, images: range, to: target, slot: slot)
      } else {
        addPatches(call, images: range, to: target, rows: slot)
      }
    }
  }

  private func addPoints(
    _ call: Call,
    images: (start: Int, count: Int),
    to target: Pointer,
    slot: Pointer
  ) {
    let e = extents
    let count = 36 * e.inputs * e.outputs
    let tiles = ConvolutionExtents.tiles(e.layout)
    slot.clear(count: count)
    withUnsafePointer(to: e.layout) {
      Self.kernels.pointee.winograd_points_backward(
        $0,
        images.start * tiles,
        images.count * tiles,
        call.input,
        call.output,
        slot,
        slot + count
      )
    }
    Self.kernels.pointee.winograd_weights_backward(e.inputs, e.outputs, slot, target)
  }

  private func addPatches(
    _ call: Call,
    images: (start: Int, count: Int),
    to target: Pointer,
    rows: Pointer
  ) {
    let e = extents
    forEachBlock((images.start * e.outputPixels, images.count * e.outputPixels)) { first, count in
      withUnsafePointer(to: e.layout) {
        Self.kernels.pointee.patches($0, first, count, call.input, rows)
      }
      Scalar.matrixProduct(
        MatrixProduct(
          rows: e.patch,
          columns: e.outputs,
          inner: count,
          alpha: 1,
          beta: 1,
          a: rows,
          transposeA: true,
          leadingA: e.patch,
          b: call.output + first * e.outputs,
          leadingB: e.outputs,
          c: target,
          leadingC: e.outputs
        )
      )
    }
  }
}
