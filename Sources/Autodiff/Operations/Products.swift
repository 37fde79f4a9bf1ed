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

  /// A large operation is cut into pieces of 64 to 512 rows; `work` is its multiply-accumulates a row.
  init(rows: Int, work: Int) {
    let pieces = min(rows * work / ProductCut.leastWork, rows / 64, ProductCut.mostPieces)
    let even = pieces < 2 ? 0 : (rows + pieces - 1) / pieces
    self.init(
      rows: rows,
      rowsPerPiece: pieces < 2 ? max(rows, 1) : min((even + 15) / 16 * 16, 512)
    )
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
  let extents = ProductExtents(
    a.shape,
    b.shape,
    transposeA: transposeA,
    transposeB: transposeB
  )
  let plan = ProductPlan(extents, a.storage, b.storage, Primitive.pool([a, b]))
  return Primitive.apply(
    "matmul",
    [a, b],
    shape: extents.shape,
    forward: { plan.forward($0) },
    backward: { plan.backward($0) },
    forwardRule: { at in
      /// Two stacks of matrices with the directions in front of both, and equally many axes.
      func product(_ a: Tensor<Scalar>, _ b: Tensor<Scalar>) -> Tensor<Scalar> {
        let leading = [at.directions] + at.result.shape.dropLast(2)
        func stacked(_ x: Tensor<Scalar>) -> Tensor<Scalar> {
          let matrix = Array(x.shape.suffix(2))
          let missing = [Int](repeating: 1, count: leading.count + 2 - x.rank)
          return x.reshaped([at.directions] + missing + x.shape.dropFirst())
            .broadcast(to: leading + matrix)
        }
        return matmul(stacked(a), stacked(b), transposeA: transposeA, transposeB: transposeB)
      }
      return sum(
        at.change(0).map { change in
          at.operands[1].rank == 2
            ? matmul(change, at.operands[1], transposeA: transposeA, transposeB: transposeB)
            : product(change, at.repeated(1))
        },
        at.change(1).map { change in
          at.operands[0].rank == 2
            ? matmul(at.operands[0], change, transposeA: transposeA, transposeB: transposeB)
            : product(at.repeated(0), change)
        }
      )
    },
    scalarRule: { extents.singleNumbers(&$0, $1) }
  )
}

/// The extents of a batched matrix product.
private struct ProductExtents: Sendable {
  let shape: [Int]
  let batch: Int
  let rows: Int
  let columns: Int
  let inner: Int
  let transposeA: Bool
  let transposeB: Bool
  let strideA: Int
  let strideB: Int
  var strideC: Int { rows * columns }
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
  }

  /// The product as sums of products of single numbers.
  func singleNumbers<Scalar: RealTensorScalar>(
    _ builder: inout ScalarBuilder<Scalar>,
    _ operands: [[Int32]]
  ) -> [Int32] {
    let (a, b) = (operands[0], operands[1])
    var result: [Int32] = []
    for matrix in 0..<batch {
      for row in 0..<rows {
        for column in 0..<columns {
          result.append(
            builder.dot(
              (0..<inner).map { k in
                (
                  a[matrix * strideA + (transposeA ? k * rows + row : row * inner + k)],
                  b[matrix * strideB + (transposeB ? column * inner + k : k * columns + column)]
                )
              }
            )
          )
        }
      }
    }
    return result
  }

  var leadingA: Int { transposeA ? rows : inner }
  var leadingB: Int { transposeB ? inner : columns }
}

/// One matrix product and the two that give its gradients.
private final class ProductPlan<Scalar: RealTensorScalar> {
  private let extents: ProductExtents
  private let a: TensorStorage<Scalar>
  private let b: TensorStorage<Scalar>
  private let product: CutProduct<Scalar>

  init(
    _ extents: ProductExtents,
    _ a: TensorStorage<Scalar>,
    _ b: TensorStorage<Scalar>,
    _ pool: WorkerPool
  ) {
    self.extents = extents
    self.a = a
    self.b = b
    product = CutProduct(pool)
  }

  func forward(_ y: TensorStorage<Scalar>) {
    let e = extents
    var whole = MatrixProduct(
      rows: e.rows,
      columns: e.columns,
      inner: e.inner,
      alpha: 1,
      beta: 0,
      a: a.values,
      transposeA: e.transposeA,
      leadingA: e.leadingA,
      b: b.values,
      transposeB: e.transposeB,
      leadingB: e.leadingB,
      c: y.values,
      leadingC: e.columns
    )
    whole.count = e.batch
    (whole.strideA, whole.strideB, whole.strideC) = (e.strideA, e.strideB, e.strideC)
    product.run(whole)
  }

  /// `dA = dC op(B)'`, `dB = op(A)' dC`, each in the layout of its operand.
  func backward(_ y: TensorStorage<Scalar>) {
    guard let gy = y.gradients else { return }
    if let gradient = a.productGradient { gradientOfA(gy, gradient) }
    if let gradient = b.productGradient { gradientOfB(gy, gradient) }
  }

  private func gradientOfA(
    _ gy: UnsafeMutablePointer<Scalar>,
    _ gradient: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)
  ) {
    let e = extents
    var whole =
      e.transposeA
      ? MatrixProduct(
        rows: e.inner,
        columns: e.rows,
        inner: e.columns,
        alpha: 1,
        beta: gradient.beta,
        a: b.values,
        transposeA: e.transposeB,
        leadingA: e.leadingB,
        b: gy,
        transposeB: true,
        leadingB: e.columns,
        c: gradient.pointer,
        leadingC: e.rows
      )
      : MatrixProduct(
        rows: e.rows,
        columns: e.inner,
        inner: e.columns,
        alpha: 1,
        beta: gradient.beta,
        a: gy,
        leadingA: e.columns,
        b: b.values,
        transposeB: !e.transposeB,
        leadingB: e.leadingB,
        c: gradient.pointer,
        leadingC: e.inner
      )
    whole.count = e.batch
    whole.strideA = e.transposeA ? e.strideB : e.strideC
    whole.strideB = e.transposeA ? e.strideC : e.strideB
    whole.strideC = e.strideA
    multiply(whole)
  }

  private func gradientOfB(
    _ gy: UnsafeMutablePointer<Scalar>,
    _ gradient: (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)
  ) {
    let e = extents
    var whole =
      e.transposeB
      ? MatrixProduct(
        rows: e.columns,
        columns: e.inner,
        inner: e.rows,
        alpha: 1,
        beta: gradient.beta,
        a: gy,
        transposeA: true,
        leadingA: e.columns,
        b: a.values,
        transposeB: e.transposeA,
        leadingB: e.leadingA,
        c: gradient.pointer,
        leadingC: e.inner
      )
      : MatrixProduct(
        rows: e.inner,
        columns: e.columns,
        inner: e.rows,
        alpha: 1,
        beta: gradient.beta,
        a: a.values,
        transposeA: !e.transposeA,
        leadingA: e.leadingA,
        b: gy,
        leadingB: e.columns,
        c: gradient.pointer,
        leadingC: e.columns
      )
    whole.count = e.batch
    whole.strideA = e.transposeB ? e.strideC : e.strideA
    whole.strideB = e.transposeB ? e.strideA : e.strideC
    whole.strideC = e.strideB
    multiply(whole)
  }

  /// Products into places of their own, or gathered in one that all share.
  private func multiply(_ whole: MatrixProduct<Scalar>) {
    guard whole.count > 1, whole.strideC == 0 else { return product.run(whole) }
    var first = whole
    first.count = 1
    product.run(first)
    var others = whole
    others.count -= 1
    others.beta = 1
    others.a += others.strideA
    others.b += others.strideB
    product.run(others)
  }
}
