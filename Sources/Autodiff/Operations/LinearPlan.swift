internal import CKernels
internal import Tensors

/// The buffers and pieces of one dense layer.
final class LinearPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint rows and disjoint parts of the bias's sum.
  private let inputs: Int
  private let outputs: Int
  private let isTransposed: Bool
  private let activation: graybox_activation
  private let joined: JoinedColumns<Scalar>
  private let x: TensorStorage<Scalar>
  private let weight: TensorStorage<Scalar>
  private let bias: TensorStorage<Scalar>?
  private let pool: WorkerPool
  private let pieces: RowPieces
  /// `dy activation'(y)`; not needed without activation.
  private var preactivationGradient: TensorStorage<Scalar>?
  /// Each piece's part of `db`; only when there are several.
  private var partialSums: TensorStorage<Scalar>?
  private let weightProduct: CutProduct<Scalar>
  private let forwardPieces = PieceClosure()
  private let backwardPieces = PieceClosure()
  /// Whether this pass adds to the input's gradient (1) or overwrites it (0).
  private var inputBeta: Scalar = 0

  init(
    inputs: Int,
    outputs: Int,
    isTransposed: Bool,
    activation: graybox_activation,
    x joined: JoinedColumns<Scalar>,
    weight: TensorStorage<Scalar>,
    bias: TensorStorage<Scalar>?,
    pool: WorkerPool
  ) {
    self.inputs = inputs
    self.outputs = outputs
    self.isTransposed = isTransposed
    self.activation = activation
    self.joined = joined
    x = joined.storage
    self.weight = weight
    self.bias = bias
    self.pool = pool
    weightProduct = CutProduct(pool)
    let isCurved = activation == GRAYBOX_ACT_SIGMOID || activation == GRAYBOX_ACT_TANH
    pieces = RowPieces(
      rows: inputs == 0 ? 0 : x.count / inputs,
      work: outputs * (inputs + (isCurved ? RowPieces.exponentialWork : 0))
    )
  }

  func forward(_ y: TensorStorage<Scalar>) {
    joined.gather()
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
        transposeB: isTransposed,
        leadingB: isTransposed ? inputs : outputs,
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
    joined.beginGradient()
    if pieces.count == 1 {
      backward(y, gy, piece: 0, input: x.productGradient, bias: bias?.accumulatedGradient)
    } else if pieces.count > 1 {
      backwardInPieces(y)
    }
    if let gradient = weight.productGradient {
      weightProduct.run(weightGradient(preactivationGradient?.values ?? gy, gradient))
    }
    joined.scatterGradient()
  }

  private func backwardInPieces(_ y: TensorStorage<Scalar>) {
    let sums = partialSums ?? TensorStorage(uninitialised: pieces.count * outputs)
    partialSums = sums
    inputBeta = x.productGradient?.beta ?? 0
    backwardPieces.run(pool, count: pieces.count) {
      { [unowned self] piece in
        guard let gy = y.gradients else { return }
        let part = bias?.gradients == nil ? nil : sums.values + piece * outputs
        part?.clear(count: outputs)
        backward(y, gy, piece: piece, input: x.gradients.map { ($0, inputBeta) }, bias: part)
      }
    }
    guard let gradient = bias?.accumulatedGradient else { return }
    for piece in 0..<pieces.count {
      Scalar.kernels.pointee.accumulate_scaled(outputs, 1, sums.values + piece * outputs, gradient)
    }
  }

  private func backward(
    _ y: TensorStorage<Scalar>,
    _ gy: UnsafeMutablePointer<Scalar>,
    piece: Int,
    input: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)?,
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
          transposeB: !isTransposed,
          leadingB: isTransposed ? inputs : outputs,
          c: pointer + start * inputs,
          leadingC: inputs
        )
      )
    }
  }

  /// `dW = x' p`, or `dW' = p' x`.
  @inline(__always)
  private func weightGradient(
    _ gradient: UnsafeMutablePointer<Scalar>,
    _ target: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)
  ) -> MatrixProduct<Scalar> {
    MatrixProduct(
      rows: isTransposed ? outputs : inputs,
      columns: isTransposed ? inputs : outputs,
      inner: pieces.rows,
      alpha: 1,
      beta: target.beta,
      a: isTransposed ? gradient : x.values,
      transposeA: true,
      leadingA: isTransposed ? outputs : inputs,
      b: isTransposed ? x.values : gradient,
      leadingB: isTransposed ? inputs : outputs,
      c: target.pointer,
      leadingC: isTransposed ? inputs : outputs
    )
  }
}
