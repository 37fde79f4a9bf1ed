internal import CKernels
internal import Tensors

/// The extents of a recurrent layer's run, time first, and the products that its two kinds share.
///
/// Position `p` counts steps in the order in which they are run, time `t` in the order of the arrays.
struct RecurrentExtent: Sendable {
  let time: Int
  let batch: Int
  let hidden: Int
  /// Gates times hidden units.
  let width: Int
  let isReversed: Bool
  /// The batch is cut into pieces that run through all steps by themselves.
  let pieces: RowPieces

  init(_ name: String, _ input: [Int], _ weight: [Int], gates: Int, isReversed: Bool) {
    precondition(
      input.count == 3 && input[0] >= 1 && weight.count == 2 && weight[1] == gates * weight[0]
        && input[2] == weight[1],
      "\(name): input \(input) with recurrent weight \(weight); needs [time, batch, \(gates) hidden]"
        + " and [hidden, \(gates) hidden]"
    )
    time = input[0]
    batch = input[1]
    hidden = weight[0]
    width = weight[1]
    self.isReversed = isReversed
    let work = time * hidden * width
    let isLarge = batch >= 128 && batch * work >= 1 << 22
    pieces = RowPieces(rows: batch, rowsPerPiece: isLarge ? 64 : max(batch, 1))
  }

  /// The time of a position.
  func time(at position: Int) -> Int { isReversed ? time - 1 - position : position }

  /// `gates += h U` for some rows of one step.
  func addRecurrent<Scalar: RealTensorScalar>(
    _ state: UnsafePointer<Scalar>,
    _ weight: UnsafePointer<Scalar>,
    rows: Int,
    to gates: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: rows,
        columns: width,
        inner: hidden,
        alpha: 1,
        beta: 1,
        a: state,
        leadingA: hidden,
        b: weight,
        leadingB: width,
        c: gates,
        leadingC: width
      )
    )
  }

  /// `dh += dgates U'` for some rows of one step.
  func addStateGradient<Scalar: RealTensorScalar>(
    _ gates: UnsafePointer<Scalar>,
    _ weight: UnsafePointer<Scalar>,
    rows: Int,
    to state: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: rows,
        columns: hidden,
        inner: width,
        alpha: 1,
        beta: 1,
        a: gates,
        leadingA: width,
        b: weight,
        transposeB: true,
        leadingB: width,
        c: state,
        leadingC: hidden
      )
    )
  }

  /// `dU = sum over steps of h' dgates`, all steps in one product; the first step's state is zero.
  func addWeightGradient<Scalar: RealTensorScalar>(
    states: UnsafePointer<Scalar>,
    gates: UnsafePointer<Scalar>,
    to gradient: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)
  ) {
    let later = batch
    Scalar.matrixProduct(
      MatrixProduct(
        rows: hidden,
        columns: width,
        inner: (time - 1) * batch,
        alpha: 1,
        beta: gradient.beta,
        a: states + (isReversed ? later * hidden : 0),
        transposeA: true,
        leadingA: hidden,
        b: gates + (isReversed ? 0 : later * width),
        leadingB: width,
        c: gradient.pointer,
        leadingC: width
      )
    )
  }
}
