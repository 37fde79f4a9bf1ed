internal import CKernels
internal import Tensors

/// Which numbers of some codes are not zero, and products with a dictionary of atoms that read those alone.
///
/// Found anew in each pass. Where more than a share of the numbers are not zero the products are dense ones:
/// reading single atoms is half as fast as a blocked product.
final class CodePlaces<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint rows, disjoint atoms and disjoint parts of the working memory.

  /// Where a product goes, and what is there counts so many times.
  typealias Target = (pointer: UnsafeMutablePointer<Scalar>, beta: Scalar)

  /// The share of non-zero numbers up to which single atoms are read.
  private static var largestShare: Double { 0.35 }
  /// Multiply-accumulates of the dense product below which a piece costs more to hand over than it saves.
  private static var leastWork: Int { 1 << 20 }

  private let rows: Int
  private let atoms: Int
  private let width: Int
  private let pool: WorkerPool
  private let product: CutProduct<Scalar>
  private let summing = PieceClosure()
  private let projecting = PieceClosure()
  private let spreading = PieceClosure()

  /// Of row r `counts[r]` places, ascending, from `places[r * atoms]` on.
  private lazy var places = Places(rows * atoms)
  private lazy var counts = Places(rows)
  /// The same by atoms: of atom j the rows `naming[starts[j]]` on, with what numbers.
  private lazy var starts = Places(atoms + 1)
  private lazy var naming = Places(rows * atoms)
  private lazy var factors = TensorStorage<Scalar>(uninitialised: rows * atoms)
  /// Dense products that are then read at the places alone.
  private lazy var dense = TensorStorage<Scalar>(uninitialised: rows * atoms)

  private var codes: UnsafePointer<Scalar>?
  private var isSparse = false
  /// What the pieces of a run read and write.
  private var work: Work?

  private struct Work {
    /// The dictionary or the signals; a projection reads the signals, and the dictionary as `atoms`.
    let from: UnsafePointer<Scalar>
    var atoms: UnsafePointer<Scalar>?
    var alpha: Scalar = 1
    let to: Target
  }

  /// - Parameters:
  ///   - rows: of the codes.
  ///   - atoms: numbers of a row.
  ///   - width: numbers of an atom.
  ///   - pool: threads.
  init(rows: Int, atoms: Int, width: Int, pool: WorkerPool) {
    (self.rows, self.atoms, self.width, self.pool) = (rows, atoms, width, pool)
    product = CutProduct(pool)
  }

  /// Looks where the codes are not zero.
  func find(_ codes: UnsafePointer<Scalar>) {
    self.codes = codes
    Scalar.kernels.pointee.find_places(rows, atoms, codes, places.pointer, counts.pointer)
    var count = 0
    for row in 0..<rows { count += Int(counts.pointer[row]) }
    isSparse = Double(count) <= Self.largestShare * Double(rows * atoms)
  }

  /// `to = beta to + codes dictionary`, `[rows, width]`.
  func sum(_ dictionary: UnsafePointer<Scalar>, to target: Target) {
    guard let codes else { return }
    guard isSparse else {
      return product.run(
        MatrixProduct(
          rows: rows,
          columns: width,
          inner: atoms,
          alpha: 1,
          beta: target.beta,
          a: codes,
          leadingA: atoms,
          b: dictionary,
          leadingB: width,
          c: target.pointer,
          leadingC: width
        )
      )
    }
    work = Work(from: dictionary, to: target)
    let cut = cut(rows)
    if cut.count == 1 { return sumPiece(0..<rows) }
    summing.run(pool, count: cut.count) { { [unowned self] in sumPiece(cut.range($0)) } }
  }

  private func sumPiece(_ piece: Range<Int>) {
    guard let work, let codes else { return }
    let first = piece.lowerBound
    Scalar.kernels.pointee.sum_atoms(
      piece.count,
      atoms,
      width,
      places.pointer + first * atoms,
      counts.pointer + first,
      codes + first * atoms,
      work.from,
      Double(work.to.beta),
      work.to.pointer + first * width
    )
  }

  /// `to = beta to + alpha codes' signals`, `[atoms, width]`.
  func spread(_ signals: UnsafePointer<Scalar>, scaledBy alpha: Scalar = 1, to target: Target) {
    guard let codes else { return }
    guard isSparse else {
      return product.run(
        MatrixProduct(
          rows: atoms,
          columns: width,
          inner: rows,
          alpha: alpha,
          beta: target.beta,
          a: codes,
          transposeA: true,
          leadingA: atoms,
          b: signals,
          leadingB: width,
          c: target.pointer,
          leadingC: width
        )
      )
    }
    precondition(rows * atoms <= UInt32.max, "codes of \(rows) by \(atoms) are too many")
    Scalar.kernels.pointee.find_rows(
      rows,
      atoms,
      codes,
      places.pointer,
      counts.pointer,
      starts.pointer,
      naming.pointer,
      factors.values
    )
    work = Work(from: signals, alpha: alpha, to: target)
    let cut = cut(atoms)
    if cut.count == 1 { return spreadPiece(0..<atoms) }
    spreading.run(pool, count: cut.count) { { [unowned self] in spreadPiece(cut.range($0)) } }
  }

  private func spreadPiece(_ piece: Range<Int>) {
    guard let work else { return }
    Scalar.kernels.pointee.spread_to_atoms(
      width,
      piece.lowerBound,
      piece.count,
      starts.pointer,
      naming.pointer,
      factors.values,
      work.from,
      Double(work.alpha),
      Double(work.to.beta),
      work.to.pointer
    )
  }

  /// `to += signals dictionary'` where the codes are not zero, `[rows, atoms]`.
  func project(
    _ signals: UnsafePointer<Scalar>,
    _ dictionary: UnsafePointer<Scalar>,
    addingTo target: UnsafeMutablePointer<Scalar>
  ) {
    guard isSparse else {
      correlate(signals, dictionary, to: (dense.values, 0))
      return addOnPlaces(dense.values, to: target)
    }
    work = Work(from: signals, atoms: dictionary, to: (target, 1))
    let cut = cut(rows)
    if cut.count == 1 { return projectPiece(0..<rows) }
    projecting.run(pool, count: cut.count) { { [unowned self] in projectPiece(cut.range($0)) } }
  }

  private func projectPiece(_ piece: Range<Int>) {
    guard let work else { return }
    let first = piece.lowerBound
    Scalar.kernels.pointee.project_on_places(
      piece.count,
      atoms,
      width,
      places.pointer + first * atoms,
      counts.pointer + first,
      work.from + first * width,
      work.atoms,
      work.to.pointer + first * atoms
    )
  }

  /// `to += added` where the codes are not zero, `[rows, atoms]`; `added` is zero elsewhere.
  func add(_ added: UnsafePointer<Scalar>, to target: UnsafeMutablePointer<Scalar>) {
    if isSparse { return addOnPlaces(added, to: target) }
    Scalar.kernels.pointee.accumulate_scaled(rows * atoms, 1, added, target)
  }

  private func addOnPlaces(
    _ added: UnsafePointer<Scalar>,
    to target: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.kernels.pointee.add_on_places(
      rows,
      atoms,
      places.pointer,
      counts.pointer,
      added,
      target
    )
  }

  /// `to = beta to + alpha signals dictionary'`, `[rows, atoms]`, wherever the codes are.
  func correlate(
    _ signals: UnsafePointer<Scalar>,
    _ dictionary: UnsafePointer<Scalar>,
    scaledBy alpha: Scalar = 1,
    to target: Target
  ) {
    product.run(
      MatrixProduct(
        rows: rows,
        columns: atoms,
        inner: width,
        alpha: alpha,
        beta: target.beta,
        a: signals,
        leadingA: width,
        b: dictionary,
        transposeB: true,
        leadingB: width,
        c: target.pointer,
        leadingC: atoms
      )
    )
  }

  /// How a side is cut, which follows from the shape alone.
  private func cut(_ extent: Int) -> SideCut {
    let pieces = max(1, min(rows * atoms * width / Self.leastWork, ProductCut.mostPieces))
    return SideCut(extent: extent, size: (extent + pieces - 1) / pieces)
  }
}

/// A side in even pieces.
private struct SideCut {
  let extent: Int
  let size: Int
  var count: Int { size >= extent ? 1 : (extent + size - 1) / size }

  func range(_ piece: Int) -> Range<Int> { piece * size..<min((piece + 1) * size, extent) }
}

/// Uninitialised memory of places.
private final class Places {
  let pointer: UnsafeMutablePointer<UInt32>

  init(_ count: Int) { pointer = .allocate(capacity: max(count, 1)) }

  deinit { pointer.deallocate() }
}
