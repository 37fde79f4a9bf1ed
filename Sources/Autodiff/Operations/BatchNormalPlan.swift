internal import CKernels
internal import Tensors

/// The buffers and pieces of one normalisation.
///
/// A large batch is cut into pieces of rows by its shape; means of pieces are put together in their order, so
/// that the bits do not depend on the number of threads.
final class BatchNormalPlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: pieces of one run write disjoint rows and disjoint partial means.
  private typealias Pointer = UnsafeMutablePointer<Scalar>

  private let rows: Int
  private let columns: Int
  private let x: TensorStorage<Scalar>
  private let scale: TensorStorage<Scalar>
  private let shift: TensorStorage<Scalar>
  private let statistics: any FeatureStatistics<Scalar>
  private let momentum: Double?
  private let epsilon: Double
  private let activation: graybox_activation
  private let pool: WorkerPool
  private let pieces: RowPieces
  /// Of this batch: means, variances, and in the backward pass means of the gradient and of its product.
  private let numbers: TensorStorage<Scalar>
  /// Of each piece: inverse deviations, and two rows of partial means.
  private let parts: TensorStorage<Scalar>
  private let normal: TensorStorage<Scalar>
  private var y: TensorStorage<Scalar>?
  /// Whether the gradient of the input is added to.
  private var accumulates = false
  private let meanPieces = PieceClosure()
  private let variancePieces = PieceClosure()
  private let outputPieces = PieceClosure()
  private let sumPieces = PieceClosure()
  private let gradientPieces = PieceClosure()

  private static var kernels: UnsafePointer<graybox_kernels> { Scalar.kernels }

  init(
    rows: Int,
    columns: Int,
    x: TensorStorage<Scalar>,
    scale: TensorStorage<Scalar>,
    shift: TensorStorage<Scalar>,
    statistics: any FeatureStatistics<Scalar>,
    momentum: Double?,
    epsilon: Double,
    activation: graybox_activation,
    pool: WorkerPool
  ) {
    self.rows = rows
    self.columns = columns
    self.x = x
    self.scale = scale
    self.shift = shift
    self.statistics = statistics
    self.momentum = momentum
    self.epsilon = epsilon
    self.activation = activation
    self.pool = pool
    let isLarge = rows * columns >= 1 << 18 && rows >= 4096
    pieces = RowPieces(rows: rows, rowsPerPiece: isLarge ? 2048 : max(rows, 1))
    numbers = TensorStorage(uninitialised: 4 * columns)
    parts = TensorStorage(uninitialised: 3 * columns * pieces.count)
    normal = TensorStorage(uninitialised: rows * columns)
  }

  private var means: Pointer { numbers.values }
  private var variances: Pointer { numbers.values + columns }
  private var gradientMeans: Pointer { numbers.values + 2 * columns }
  private var productMeans: Pointer { numbers.values + 3 * columns }

  private func inverses(_ piece: Int) -> Pointer { parts.values + 3 * columns * piece }
  private func firstPart(_ piece: Int) -> Pointer { inverses(piece) + columns }
  private func secondPart(_ piece: Int) -> Pointer { inverses(piece) + 2 * columns }

  // MARK: forward

  func forward(_ y: TensorStorage<Scalar>) {
    guard rows > 0 else { return }
    self.y = y
    if momentum == nil {
      statistics.withStatistics(isMoving: false) { means, variances in
        self.means.update(from: means, count: columns)
        self.variances.update(from: variances, count: columns)
      }
    } else {
      meanPieces.run(pool, count: pieces.count) { { [unowned self] in averagePiece($0, nil) } }
      combine(firstPart, into: means)
      variancePieces.run(pool, count: pieces.count) {
        { [unowned self] in averagePiece($0, means) }
      }
      combine(firstPart, into: variances)
    }
    outputPieces.run(pool, count: pieces.count) { { [unowned self] in normalisePiece($0) } }
    guard let momentum else { return }
    statistics.withStatistics(isMoving: true) { means, variances in
      move(means, momentum, self.means, momentum)
      if rows > 1 {
        let corrected = momentum * Double(rows) / Double(rows - 1)
        move(variances, momentum, self.variances, corrected)
      }
    }
  }

  private func averagePiece(_ piece: Int, _ centres: Pointer?) {
    let (start, count) = pieces.range(piece)
    let part = firstPart(piece)
    Self.kernels.pointee.column_means(count, columns, x.values + start * columns, centres, part)
  }

  /// The mean over all rows from the means of the pieces.
  private func combine(_ part: (Int) -> Pointer, into total: Pointer) {
    if pieces.count == 1 { return total.update(from: part(0), count: columns) }
    total.clear(count: columns)
    for piece in 0..<pieces.count {
      let share = Double(pieces.range(piece).count) / Double(rows)
      Self.kernels.pointee.accumulate_scaled(columns, share, part(piece), total)
    }
  }

  private func normalisePiece(_ piece: Int) {
    guard let y else { return }
    let (start, count) = pieces.range(piece)
    let at = start * columns
    Self.kernels.pointee.batch_normalise(
      activation,
      count,
      columns,
      epsilon,
      x.values + at,
      scale.values,
      shift.values,
      means,
      variances,
      inverses(piece),
      normal.values + at,
      y.values + at
    )
  }

  /// `running = (1 - momentum) running + share batch`.
  private func move(_ running: Pointer, _ momentum: Double, _ batch: Pointer, _ share: Double) {
    Self.kernels.pointee.scale_shift(columns, running, 1 - momentum, 0, running)
    Self.kernels.pointee.accumulate_scaled(columns, share, batch, running)
  }

  // MARK: backward

  func backward(_ y: TensorStorage<Scalar>) {
    guard rows > 0, y.gradients != nil else { return }
    self.y = y
    sumPieces.run(pool, count: pieces.count) { { [unowned self] in sumPiece($0) } }
    gradientMeans.clear(count: columns)
    productMeans.clear(count: columns)
    for piece in 0..<pieces.count {
      Self.kernels.pointee.accumulate_scaled(columns, 1, firstPart(piece), gradientMeans)
      Self.kernels.pointee.accumulate_scaled(columns, 1, secondPart(piece), productMeans)
    }
    if let gradient = shift.accumulatedGradient {
      Self.kernels.pointee.accumulate_scaled(columns, 1, gradientMeans, gradient)
    }
    if let gradient = scale.accumulatedGradient {
      Self.kernels.pointee.accumulate_scaled(columns, 1, productMeans, gradient)
    }
    let share = 1 / Double(rows)
    Self.kernels.pointee.scale_shift(2 * columns, gradientMeans, share, 0, gradientMeans)
    guard let (_, beta) = x.productGradient else { return }
    accumulates = beta != 0
    gradientPieces.run(pool, count: pieces.count) { { [unowned self] in gradientPiece($0) } }
  }

  private func sumPiece(_ piece: Int) {
    guard let y, let gy = y.gradients else { return }
    let (start, count) = pieces.range(piece)
    let at = start * columns
    Self.kernels.pointee.batch_normalise_sums(
      activation,
      count,
      columns,
      y.values + at,
      normal.values + at,
      gy + at,
      firstPart(piece),
      secondPart(piece)
    )
  }

  private func gradientPiece(_ piece: Int) {
    guard let y, let gy = y.gradients, let gx = x.gradients else { return }
    let (start, count) = pieces.range(piece)
    let at = start * columns
    Self.kernels.pointee.batch_normalise_backward(
      activation,
      accumulates ? 1 : 0,
      count,
      columns,
      y.values + at,
      normal.values + at,
      inverses(piece),
      scale.values,
      gy + at,
      momentum == nil ? nil : gradientMeans,
      momentum == nil ? nil : productMeans,
      gx + at
    )
  }
}
