internal import CKernels
internal import Tensors

/// One matrix product, or one of a batch, cut over the threads where it is large.
///
/// The larger side of the result is cut, so that no two pieces write to one place; where both sides are
/// small beside the sums behind each number, the sums are, and their parts are added in order. How it is
/// cut follows from the shapes alone. It may be run again with other places, as replays do.
final class CutProduct<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint rows, columns, matrices or partial sums.
  private let pool: WorkerPool
  private let pieces = PieceClosure()
  private let partialPieces = PieceClosure()
  private var product: MatrixProduct<Scalar>?
  private var cut = ProductCut(side: .rows, extent: 0, width: 1)
  /// A result for each piece of the inner side.
  private var partialSums: TensorStorage<Scalar>?

  init(_ pool: WorkerPool) { self.pool = pool }

  @inline(__always)
  func run(_ product: MatrixProduct<Scalar>) {
    cut = ProductCut(product)
    guard cut.count > 1 else { return Scalar.matrixProduct(product) }
    runPieces(product)
  }

  private func runPieces(_ product: MatrixProduct<Scalar>) {
    self.product = product
    if cut.side == .inner { return addPieces(product) }
    pieces.run(pool, count: cut.count) {
      { [unowned self] piece in
        guard let product = self.product else { return }
        Scalar.matrixProduct(cut.piece(piece, of: product))
      }
    }
  }

  private func addPieces(_ product: MatrixProduct<Scalar>) {
    let size = product.rows * product.columns
    let sums = partialSums ?? TensorStorage(uninitialised: cut.count * size)
    partialSums = sums
    partialPieces.run(pool, count: cut.count) {
      { [unowned self] piece in
        guard let product = self.product, let sums = partialSums else { return }
        var part = cut.piece(piece, of: product)
        part.beta = 0
        part.c = sums.values + piece * (product.rows * product.columns)
        Scalar.matrixProduct(part)
      }
    }
    if product.beta == 0 { product.c.clear(count: size) }
    for piece in 0..<cut.count {
      Scalar.kernels.pointee.accumulate_scaled(size, 1, sums.values + piece * size, product.c)
    }
  }
}

/// Where a product is cut.
struct ProductCut {
  /// What is cut: the matrices of a batch, the rows or columns of one result, or the sums behind each
  /// of its numbers.
  enum Side { case matrices, rows, columns, inner }

  /// Multiply-accumulates below which a piece costs more to hand over than it saves.
  static let leastWork = 1 << 20
  /// What a multiply-accumulate of a matrix with a vector costs, which waits for memory.
  private static let vectorWork = 4
  /// Numbers of a piece's side are a multiple of this, which tiles of products divide.
  private static let multiple = 16
  /// More pieces would read the other operand more often, on one thread too.
  static let mostPieces = 4
  /// A side is long beside others that are this many times shorter.
  private static let longSide = 16

  let side: Side
  let extent: Int
  /// The matrices, rows, columns or terms of a piece; the last may have fewer.
  let width: Int

  init(side: Side, extent: Int, width: Int) {
    self.side = side
    self.extent = extent
    self.width = width
  }

  /// Matrices that are summed into one place stay together.
  @inline(__always)
  init<Scalar: RealTensorScalar>(_ product: MatrixProduct<Scalar>) {
    let (rows, columns, inner) = (product.rows, product.columns, product.inner)
    let one = rows * columns * inner * (columns == 1 || rows == 1 ? Self.vectorWork : 1)
    let pieces = min(product.count * one / Self.leastWork, Self.mostPieces)
    if pieces < 2 || (product.count > 1 && product.strideC == 0) {
      self.init(side: .rows, extent: rows, width: max(rows, 1))
    } else if product.count > 1 {
      self.init(.matrices, of: product.count, pieces: pieces, multiple: 1)
    } else if inner >= Self.longSide * max(rows, columns), product.leadingC == columns,
      product.alpha == 1, product.beta == 0 || product.beta == 1
    {
      self.init(.inner, of: inner, pieces: pieces, multiple: Self.multiple)
    } else if rows >= columns {
      self.init(.rows, of: rows, pieces: pieces, multiple: Self.multiple)
    } else {
      self.init(.columns, of: columns, pieces: pieces, multiple: Self.multiple)
    }
  }

  private init(_ side: Side, of extent: Int, pieces: Int, multiple: Int) {
    let even = (extent + pieces - 1) / pieces
    self.init(side: side, extent: extent, width: (even + multiple - 1) / multiple * multiple)
  }

  var count: Int { extent == 0 ? 0 : (extent + width - 1) / width }

  /// The part of a product that a piece computes.
  func piece<Scalar>(_ number: Int, of whole: MatrixProduct<Scalar>) -> MatrixProduct<Scalar> {
    var part = whole
    let start = number * width
    let size = min(width, extent - start)
    switch side {
    case .matrices:
      part.count = size
      part.a += start * whole.strideA
      part.b += start * whole.strideB
      part.c += start * whole.strideC
    case .rows:
      part.rows = size
      part.a += whole.transposeA ? start : start * whole.leadingA
      part.c += start * whole.leadingC
    case .columns:
      part.columns = size
      part.b += whole.transposeB ? start * whole.leadingB : start
      part.c += start
    case .inner:
      part.inner = size
      part.a += whole.transposeA ? start * whole.leadingA : start
      part.b += whole.transposeB ? start : start * whole.leadingB
    }
    return part
  }
}
