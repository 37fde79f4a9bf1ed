internal import CKernels
internal import Tensors

/// Householder's factorisation of channels of one shape, one after the other in the same memory.
///
/// Rows of `R` and numbers of `Q' y` lack the same signs: see ``QRFactor`` for the one with them.
struct ReflectedColumns<Scalar: RealTensorScalar> {
  let rows: Int
  let columns: Int
  /// How far apart columns are in memory.
  private let stride: Int
  private let matrix: UnsafeMutablePointer<Scalar>
  private let directions: UnsafeMutablePointer<Scalar>
  private let order: UnsafeMutablePointer<Int32>
  private let scratch: VectorScratch<Scalar>

  init(rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    stride = VectorScratch<Scalar>.padded(rows)
    scratch = VectorScratch()
    matrix = scratch.take(columns * stride)
    directions = scratch.take(columns * stride)
    order = scratch.takeIntegers(columns)
  }

  /// Takes the columns of a channel in an order, each with a number of the diagonal `loading I` below
  /// it where there are more rows than the channel has.
  @inline(__always)
  func load(
    _ channel: UnsafePointer<Scalar>,
    _ receive: Int,
    columns chosen: [Int],
    loading: Scalar = 0
  ) {
    let users = columns
    for j in 0..<users {
      let to = matrix + j * stride
      let from = channel + chosen[j]
      for i in 0..<receive { to[i] = from[i * users] }
      guard rows > receive else { continue }
      (to + receive).clear(count: rows - receive)
      to[receive + chosen[j]] = loading
    }
  }

  /// Factors what was loaded.
  func reduce(_ ordering: QRFactor<Scalar>.Ordering) {
    let sign: Int32 =
      switch ordering {
      case .given: 0
      case .smallestFirst: -1
      case .largestFirst: 1
      }
    Scalar.kernels.pointee.reflect_columns(
      sign,
      columns,
      rows,
      stride,
      matrix,
      directions,
      order
    )
  }

  /// `Q' y` in place of `y`, which has room for whole cache lines, zero after the rows.
  func reflect(_ y: UnsafeMutablePointer<Scalar>) {
    Scalar.kernels.pointee.reflect_vector(columns, rows, stride, directions, y)
  }

  /// Which of the loaded columns is the k-th of the factorisation.
  func place(_ k: Int) -> Int { Int(order[k]) }

  /// `R_0k ... R_kk`.
  func column(_ k: Int) -> UnsafePointer<Scalar> { UnsafePointer(matrix + k * stride) }

  /// `R_kk`, of either sign.
  func diagonal(_ k: Int) -> Scalar { matrix[k * stride + k] }
}
