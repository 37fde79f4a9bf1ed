internal import CKernels
public import Tensors

/// A pieces' closure that is made once and kept, since making one allocates.
final class PieceClosure: @unchecked Sendable {
  // Safe to share: written once, on the recording's thread, before any piece runs.
  private var body: PieceBody?

  func run(_ pool: WorkerPool, count: Int, _ make: () -> @Sendable (Int) -> Void) {
    let body = body ?? PieceBody(make())
    self.body = body
    pool.forEach(count: count, stored: body)
  }
}

/// How the rows of a large product are cut into pieces: by shape, never by the number of threads.
struct RowPieces {
  let count: Int
  let rowsPerPiece: Int
  let rows: Int

  /// What an exponential costs, in multiply-accumulates.
  static let exponentialWork = 24

  /// A large operation is cut into pieces of 512 rows; `work` is its multiply-accumulates a row.
  init(rows: Int, work: Int) {
    let isLarge = rows * work >= 1 << 21 && rows >= 1024
    self.init(rows: rows, rowsPerPiece: isLarge ? 512 : max(rows, 1))
  }

  init(rows: Int, rowsPerPiece: Int) {
    self.rows = rows
    self.rowsPerPiece = rowsPerPiece
    count = rows == 0 ? 0 : (rows + rowsPerPiece - 1) / rowsPerPiece
  }

  func range(_ piece: Int) -> (start: Int, count: Int) {
    let start = piece * rowsPerPiece
    return (start, min(rowsPerPiece, rows - start))
  }
}

/// The matrix product, batched over leading axes.
///
/// `C = op(A) op(B)` with `op(A): [.., m, k]`, `op(B): [.., k, n]`; leading axes are equal or absent in
/// one operand, which is then used for every matrix of the other.
///
/// - Parameters:
///   - a: `A`, `[.., m, k]`, or `[.., k, m]` when transposed.
///   - b: `B`, `[.., k, n]`, or `[.., n, k]` when transposed.
///   - transposeA: whether `A` is read with rows and columns exchanged.
///   - transposeB: whether `B` is.
/// - Returns: `[.., m, n]`.
@specialized(where Scalar == Float)
public func matmul<Scalar: RealTensorScalar>(
  _ a: Tensor<Scalar>,
  _ b: Tensor<Scalar>,
  transposeA: Bool = false,
  transposeB: Bool = false
) -> Tensor<Scalar> {
  let plan = ProductPlan(
    a.shape,
    b.shape,
    transposeA: transposeA,
    transposeB: transposeB
  )
  let pool = Primitive.pool([a, b])
  let x = a.storage
  let z = b.storage
  let pieces = PieceClosure()
  return Primitive.apply(
    "matmul",
    [a, b],
    shape: plan.shape,
    forward: { y in
      if plan.pieces.count == 1 { return plan.forward(x, z, y, piece: 0) }
      pieces.run(pool, count: plan.pieces.count) { { plan.forward(x, z, y, piece: $0) } }
    },
    backward: { y in plan.backward(x, z, y) }
  )
}

/// The extents of a batched matrix product and its three gemm calls.
private struct ProductPlan: Sendable {
  let shape: [Int]
  let batch: Int
  let rows: Int
  let columns: Int
  let inner: Int
  let transposeA: Bool
  let transposeB: Bool
  let strideA: Int
  let strideB: Int
  /// Pieces of the batch, or of the rows of a single large product.
  let pieces: RowPieces

  init(_ a: [Int], _ b: [Int], transposeA: Bool, transposeB: Bool) {
    precondition(a.count >= 2 && b.count >= 2, "matmul: \(a) times \(b) are not matrices")
    let (aRows, aColumns) = (a[a.count - 2], a[a.count - 1])
    let (bRows, bColumns) = (b[b.count - 2], b[b.count - 1])
    let (m, k) = transposeA ? (aColumns, aRows) : (aRows, aColumns)
    let (k2, n) = transposeB ? (bColumns, bRows) : (bRows, bColumns)
    precondition(k == k2, "matmul: inner extents differ, \(a) times \(b)")
    let leadingA = Array(a.dropLast(2))
    let leadingB = Array(b.dropLast(2))
    precondition(
      leadingA == leadingB || leadingA.isEmpty || leadingB.isEmpty,
      "matmul: leading axes differ, \(a) times \(b)"
    )
    let leading = leadingA.isEmpty ? leadingB : leadingA
    // One matrix on the right of a batch that is not transposed: a single tall product.
    let isTall = leadingB.isEmpty && !transposeA
    batch = isTall ? 1 : leading.reduce(1, *)
    rows = isTall ? leading.reduce(m, *) : m
    columns = n
    inner = k
    strideA = leadingA.isEmpty || isTall ? 0 : m * k
    strideB = leadingB.isEmpty ? 0 : k * n
    shape = leading + [m, n]
    self.transposeA = transposeA
    self.transposeB = transposeB
    pieces =
      batch == 1 && !transposeA
      ? RowPieces(rows: rows, work: columns * inner)
      : RowPieces(rows: batch, work: rows * columns * inner)
  }

  private var leadingA: Int { transposeA ? rows : inner }
  private var leadingB: Int { transposeB ? inner : columns }

  func forward<Scalar: RealTensorScalar>(
    _ a: TensorStorage<Scalar>,
    _ b: TensorStorage<Scalar>,
    _ y: TensorStorage<Scalar>,
    piece: Int
  ) {
    let (start, count) = pieces.range(piece)
    if batch == 1 && !transposeA {
      multiply(
        a.values + start * inner,
        b.values,
        y.values + start * columns,
        rows: count
      )
    } else {
      for index in start..<(start + count) {
        multiply(
          a.values + index * strideA,
          b.values + index * strideB,
          y.values + index * rows * columns,
          rows: rows
        )
      }
    }
  }

  private func multiply<Scalar: RealTensorScalar>(
    _ a: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ c: UnsafeMutablePointer<Scalar>,
    rows: Int
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: rows,
        columns: columns,
        inner: inner,
        alpha: 1,
        beta: 0,
        a: a,
        transposeA: transposeA,
        leadingA: leadingA,
        b: b,
        transposeB: transposeB,
        leadingB: leadingB,
        c: c,
        leadingC: columns
      )
    )
  }

  /// `dA = dC op(B)'`, `dB = op(A)' dC`, each in the layout of its operand.
  func backward<Scalar: RealTensorScalar>(
    _ a: TensorStorage<Scalar>,
    _ b: TensorStorage<Scalar>,
    _ y: TensorStorage<Scalar>
  ) {
    guard let gy = y.gradients else { return }
    if let (ga, beta) = a.productGradient {
      for index in 0..<batch {
        // A shared operand gathers over the batch; the others each have their own place.
        gradientOfA(
          gy + index * rows * columns,
          b.values + index * strideB,
          ga + index * strideA,
          beta: strideA == 0 && index > 0 ? 1 : beta
        )
      }
    }
    if let (gb, beta) = b.productGradient {
      for index in 0..<batch {
        gradientOfB(
          gy + index * rows * columns,
          a.values + index * strideA,
          gb + index * strideB,
          beta: strideB == 0 && index > 0 ? 1 : beta
        )
      }
    }
  }

  private func gradientOfA<Scalar: RealTensorScalar>(
    _ gc: UnsafePointer<Scalar>,
    _ b: UnsafePointer<Scalar>,
    _ ga: UnsafeMutablePointer<Scalar>,
    beta: Scalar
  ) {
    let product =
      transposeA
      ? MatrixProduct(
        rows: inner,
        columns: rows,
        inner: columns,
        alpha: 1,
        beta: beta,
        a: b,
        transposeA: transposeB,
        leadingA: leadingB,
        b: gc,
        transposeB: true,
        leadingB: columns,
        c: ga,
        leadingC: rows
      )
      : MatrixProduct(
        rows: rows,
        columns: inner,
        inner: columns,
        alpha: 1,
        beta: beta,
        a: gc,
        leadingA: columns,
        b: b,
        transposeB: !transposeB,
        leadingB: leadingB,
        c: ga,
        leadingC: inner
      )
    Scalar.matrixProduct(product)
  }

  private func gradientOfB<Scalar: RealTensorScalar>(
    _ gc: UnsafePointer<Scalar>,
    _ a: UnsafePointer<Scalar>,
    _ gb: UnsafeMutablePointer<Scalar>,
    beta: Scalar
  ) {
    let product =
      transposeB
      ? MatrixProduct(
        rows: columns,
        columns: inner,
        inner: rows,
        alpha: 1,
        beta: beta,
        a: gc,
        transposeA: true,
        leadingA: columns,
        b: a,
        transposeB: transposeA,
        leadingB: leadingA,
        c: gb,
        leadingC: inner
      )
      : MatrixProduct(
        rows: inner,
        columns: columns,
        inner: rows,
        alpha: 1,
        beta: beta,
        a: a,
        transposeA: !transposeA,
        leadingA: leadingA,
        b: gc,
        leadingB: columns,
        c: gb,
        leadingC: columns
      )
    Scalar.matrixProduct(product)
  }
}
