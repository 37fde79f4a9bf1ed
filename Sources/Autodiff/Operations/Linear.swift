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

  var kernel: graybox_activation {
    switch self {
    case .identity: GRAYBOX_IDENTITY
    case .relu: GRAYBOX_ACT_RELU
    case .sigmoid: GRAYBOX_ACT_SIGMOID
    case .tanh: GRAYBOX_ACT_TANH
    }
  }
}

/// A dense layer as one node: `y = activation(x W + b)`.
///
/// Backward, with `p = dy activation'(y)`: `dx = p W'`, `dW = x' p`, `db =` column sums of `p`. A large batch is
/// cut into pieces of rows by its shape; the pieces' parts of `dW` and `db` are added in their order, so
/// that the bits do not depend on the number of threads.
///
/// - Parameters:
///   - x: `[.., in]`.
///   - weight: `W`, `[in, out]`.
///   - bias: `b`, `[out]`, or nil.
///   - activation: applied elementwise.
/// - Returns: `[.., out]`.
@specialized(where Scalar == Float)
public func linear<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  _ weight: Tensor<Scalar>,
  _ bias: Tensor<Scalar>? = nil,
  activation: Activation = .identity
) -> Tensor<Scalar> {
  precondition(
    weight.rank == 2 && x.shape.last == weight.shape[0],
    "linear: input \(x.shape) with weight \(weight.shape)"
  )
  precondition(
    bias == nil || bias?.shape == [weight.shape[1]],
    "linear: bias \(bias?.shape ?? []) with weight \(weight.shape)"
  )
  let operands = [x, weight] + (bias.map { [$0] } ?? [])
  let plan = LinearPlan(
    inputs: weight.shape[0],
    outputs: weight.shape[1],
    activation: activation.kernel,
    x: x.storage,
    weight: weight.storage,
    bias: bias?.storage,
    pool: Primitive.pool(operands)
  )
  return Primitive.apply(
    "linear",
    operands,
    shape: x.shape.dropLast() + [weight.shape[1]],
    forward: { plan.forward($0) },
    backward: { plan.backward($0) },
    forwardRule: { at in
      let (rows, inputs) = (x.count / max(weight.shape[0], 1), weight.shape[0])
      let outputs = weight.shape[1]
      func product(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
        matmul(a, b).reshaped([at.directions] + at.result.shape)
      }
      let moved = sum(
        at.change(0).map { product($0.reshaped([at.directions * rows, inputs]), weight) },
        at.change(1).map { product(x.reshaped([rows, inputs]), $0) }
      )
      let bent =
        bias == nil
        ? nil
        : at.change(2)?.reshaped(
          [at.directions] + at.result.shape.dropLast().map { _ in 1 } + [outputs]
        )
      let change = sum(moved, bent)
      return activation.slope(at.result).map { slope in change.map { $0 * slope } } ?? change
    }
  )
}

/// The buffers and pieces of one dense layer.
private final class LinearPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint rows and disjoint partial sums.
  private let inputs: Int
  private let outputs: Int
  private let activation: graybox_activation
  private let x: TensorStorage<Scalar>
  private let weight: TensorStorage<Scalar>
  private let bias: TensorStorage<Scalar>?
  private let pool: WorkerPool
  private let pieces: RowPieces
  /// `dy activation'(y)`; not needed without activation.
  private var preactivationGradient: TensorStorage<Scalar>?
  /// Each piece's part of `dW` and `db`; only when there are several.
  private var partialSums: TensorStorage<Scalar>?
  private let forwardPieces = PieceClosure()
  private let backwardPieces = PieceClosure()
  /// Whether this pass adds to the input's gradient (1) or overwrites it (0).
  private var inputBeta: Scalar = 0

  init(
    inputs: Int,
    outputs: Int,
    activation: graybox_activation,
    x: TensorStorage<Scalar>,
    weight: TensorStorage<Scalar>,
    bias: TensorStorage<Scalar>?,
    pool: WorkerPool
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.activation = activation
    self.x = x
    self.weight = weight
    self.bias = bias
    self.pool = pool
    let isCurved = activation == GRAYBOX_ACT_SIGMOID || activation == GRAYBOX_ACT_TANH
    pieces = RowPieces(
      rows: inputs == 0 ? 0 : x.count / inputs,
      work: outputs * (inputs + (isCurved ? RowPieces.exponentialWork : 0))
    )
  }

  func forward(_ y: TensorStorage<Scalar>) {
    if pieces.count == 1 { return forward(y, piece: 0) }
    forwardPieces.run(pool, count: pieces.count) { { [unowned self] in forward(y, piece: $0) } }
  }

  private func forward(_ y: TensorStorage<Scalar>, piece: Int) {
    let (start, rows) = pieces.range(piece)
    let target = y.values + start * outputs
    Scalar.matrixProduct(
      MatrixProduct(
        rows: rows,
        columns: outputs,
        inner: inputs,
        alpha: 1,
        beta: 0,
        a: x.values + start * inputs,
        leadingA: inputs,
        b: weight.values,
        leadingB: outputs,
        c: target,
        leadingC: outputs
      )
    )
    Scalar.kernels.pointee.bias_activation(activation, rows, outputs, bias?.values, target)
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard let gy = y.gradients else { return }
    if activation != GRAYBOX_IDENTITY, preactivationGradient == nil {
      preactivationGradient = TensorStorage(uninitialised: y.count)
    }
    if pieces.count == 1 {
      backward(
        y,
        gy,
        piece: 0,
        input: x.productGradient,
        weight: weight.productGradient,
        bias: bias?.accumulatedGradient
      )
    } else if pieces.count > 1 {
      backwardInPieces(y)
    }
  }

  private func backwardInPieces(_ y: TensorStorage<Scalar>) {
    let width = (inputs + 1) * outputs
    let sums = partialSums ?? TensorStorage(uninitialised: pieces.count * width)
    partialSums = sums
    inputBeta = x.productGradient?.beta ?? 0
    backwardPieces.run(pool, count: pieces.count) {
      { [unowned self] piece in
        guard let gy = y.gradients else { return }
        let part = sums.values + piece * width
        let biasPart = bias?.gradients == nil ? nil : part + inputs * outputs
        biasPart?.clear(count: outputs)
        backward(
          y,
          gy,
          piece: piece,
          input: x.gradients.map { ($0, inputBeta) },
          weight: weight.gradients == nil ? nil : (part, 0),
          bias: biasPart
        )
      }
    }
    for piece in 0..<pieces.count {
      let part = sums.values + piece * width
      if let gradient = weight.accumulatedGradient {
        Scalar.kernels.pointee.accumulate_scaled(inputs * outputs, 1, part, gradient)
      }
      if let gradient = bias?.accumulatedGradient {
        Scalar.kernels.pointee.accumulate_scaled(outputs, 1, part + inputs * outputs, gradient)
      }
    }
  }

  private func backward(
    _ y: TensorStorage<Scalar>,
    _ gy: UnsafeMutablePointer<Scalar>,
    piece: Int,
    input: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)?,
    weight weightGradient: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)?,
    bias biasGradient: UnsafeMutablePointer<Scalar>?
  ) {
    let (start, rows) = pieces.range(piece)
    var gradient = UnsafePointer(gy + start * outputs)
    if let scratch = preactivationGradient {
      let target = scratch.values + start * outputs
      Scalar.kernels.pointee.activation_backward(
        activation,
        rows * outputs,
        y.values + start * outputs,
        gradient,
        target
      )
      gradient = UnsafePointer(target)
    }
    if let (pointer, beta) = weightGradient {
      Scalar.matrixProduct(
        MatrixProduct(
          rows: inputs,
          columns: outputs,
          inner: rows,
          alpha: 1,
          beta: beta,
          a: x.values + start * inputs,
          transposeA: true,
          leadingA: inputs,
          b: gradient,
          leadingB: outputs,
          c: pointer,
          leadingC: outputs
        )
      )
    }
    if let biasGradient {
      Scalar.kernels.pointee.column_sums(rows, outputs, gradient, biasGradient)
    }
    if let (pointer, beta) = input {
      Scalar.matrixProduct(
        MatrixProduct(
          rows: rows,
          columns: inputs,
          inner: outputs,
          alpha: 1,
          beta: beta,
          a: gradient,
          leadingA: outputs,
          b: weight.values,
          transposeB: true,
          leadingB: outputs,
          c: pointer + start * inputs,
          leadingC: inputs
        )
      )
    }
  }
}
