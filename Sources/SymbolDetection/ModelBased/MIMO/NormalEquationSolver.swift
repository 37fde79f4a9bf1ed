internal import CKernels
internal import Tensors

/// The normal equations `(H' H + loading I) x = H' y` of one channel, in memory of their own.
struct NormalEquationSolver<Scalar: RealTensorScalar> {
  let receive: Int
  let users: Int
  /// How far apart rows are.
  let stride: Int
  /// `H' H`, and after ``factor(loading:)`` its factor `U`, `[users, stride]`.
  let gram: UnsafeMutablePointer<Scalar>
  /// `H' y` of the last vector.
  let matched: UnsafeMutablePointer<Scalar>
  /// The last solution.
  let solution: UnsafeMutablePointer<Scalar>
  private let scratch: VectorScratch<Scalar>
  private var channel: UnsafePointer<Scalar>?

  init(_ shape: VectorShape) {
    receive = shape.receive
    users = shape.users
    stride = VectorScratch<Scalar>.padded(shape.users)
    scratch = VectorScratch()
    gram = scratch.take(users * stride)
    matched = scratch.take(users)
    solution = scratch.take(users)
  }

  /// Forms `scale^2 H' H`.
  mutating func form(_ channel: UnsafePointer<Scalar>, scale: Double = 1) {
    self.channel = channel
    Scalar.kernels.pointee.gemm(
      1,
      0,
      users,
      users,
      receive,
      scale * scale,
      channel,
      users,
      channel,
      users,
      0,
      gram,
      stride
    )
  }

  /// Factors the equations with a number added to the diagonal.
  func factor(loading: Scalar = 0) throws(LinearAlgebraError) {
    if loading > 0 {
      for k in 0..<users { gram[k * stride + k] += loading }
    }
    let row = Scalar.kernels.pointee.cholesky(users, stride, 0, gram)
    guard row == users else { throw .notPositiveDefinite(row: row) }
  }

  /// Forms `scale^2 H' y`.
  func match(_ received: UnsafePointer<Scalar>, scale: Double = 1) {
    guard let channel else { return }
    Scalar.kernels.pointee.gemm(
      0,
      0,
      1,
      users,
      receive,
      scale * scale,
      received,
      receive,
      channel,
      users,
      0,
      matched,
      users
    )
  }

  /// Solves for a vector.
  func solve(_ received: UnsafePointer<Scalar>) {
    match(received)
    Scalar.kernels.pointee.cholesky_solve(users, stride, gram, matched, solution)
  }
}
