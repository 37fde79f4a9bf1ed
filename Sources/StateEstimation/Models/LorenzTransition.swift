// The transition is the Taylor series of the matrix exponential of `A(x) dt` with A held at the state, in the
// form A(x) = [[-10, 10, 0], [28 - x_3, -1, 0], [x_2, 0, -8/3]]. Other matrices give the same derivative A(x) x
// but other exponentials; results published for this system use this one.

internal import Autodiff
public import Tensors

/// The Lorenz attractor in discrete time: `f(x) = sum_{j <= J} (A(x) dt)^j / j! x`.
///
/// - SeeAlso: `revach2022kalmannet`.
public struct LorenzTransition<Scalar: RealTensorScalar>: VectorFunction {
  /// `J`, the last power of the series; with 0 the state stays where it is.
  public let order: Int
  /// `dt`.
  public let timeStep: Scalar

  /// A transition of some order.
  public init(order: Int = 5, timeStep: Scalar = 0.02) {
    precondition(order >= 0, "LorenzTransition: order \(order)")
    self.order = order
    self.timeStep = timeStep
  }

  /// Three coordinates.
  public var inputs: Int { 3 }
  /// Three coordinates.
  public var outputs: Int { 3 }

  /// `A(x) dt v`.
  @inline(__always)
  private func scaled(
    _ x: UnsafePointer<Scalar>,
    _ v: (Scalar, Scalar, Scalar)
  ) -> (Scalar, Scalar, Scalar) {
    (
      timeStep * 10 * (v.1 - v.0), timeStep * ((28 - x[2]) * v.0 - v.1),
      timeStep * (x[1] * v.0 - v.2 * 8 / 3)
    )
  }

  /// The series times the state, one power after another.
  public func evaluate(_ x: UnsafePointer<Scalar>, into y: UnsafeMutablePointer<Scalar>) {
    let sum = series(x, (x[0], x[1], x[2]))
    (y[0], y[1], y[2]) = sum
  }

  @inline(__always)
  private func series(
    _ x: UnsafePointer<Scalar>,
    _ start: (Scalar, Scalar, Scalar)
  ) -> (Scalar, Scalar, Scalar) {
    var term = start
    var sum = start
    for j in stride(from: 1, through: order, by: 1) {
      let next = scaled(x, term)
      let share = 1 / Scalar(j)
      term = (next.0 * share, next.1 * share, next.2 * share)
      sum = (sum.0 + term.0, sum.1 + term.1, sum.2 + term.2)
    }
    return sum
  }

  /// `F(x)`: the series itself.
  public func stateDependentMatrix(
    _ x: UnsafePointer<Scalar>,
    into matrix: UnsafeMutablePointer<Scalar>
  ) {
    for column in 0..<3 {
      let unit: (Scalar, Scalar, Scalar) =
        (column == 0 ? 1 : 0, column == 1 ? 1 : 0, column == 2 ? 1 : 0)
      let values = series(x, unit)
      matrix[column] = values.0
      matrix[3 + column] = values.1
      matrix[6 + column] = values.2
    }
  }

  /// The derivative, by that of each power: `d t_j = dt / j (A(x) d t_{j-1} + dA t_{j-1})`.
  public func jacobian(_ x: UnsafePointer<Scalar>, into matrix: UnsafeMutablePointer<Scalar>) {
    for column in 0..<3 {
      var term = (x[0], x[1], x[2])
      var slope: (Scalar, Scalar, Scalar) =
        (column == 0 ? 1 : 0, column == 1 ? 1 : 0, column == 2 ? 1 : 0)
      var sum = slope
      // dA: row 1 has -dx_3, row 2 has dx_2, both in the first column.
      let (moves1, moves2): (Scalar, Scalar) = (column == 2 ? -1 : 0, column == 1 ? 1 : 0)
      for j in stride(from: 1, through: order, by: 1) {
        let share = 1 / Scalar(j)
        let next = scaled(x, slope)
        slope = (
          next.0 * share, (next.1 + timeStep * moves1 * term.0) * share,
          (next.2 + timeStep * moves2 * term.0) * share
        )
        let value = scaled(x, term)
        term = (value.0 * share, value.1 * share, value.2 * share)
        sum = (sum.0 + slope.0, sum.1 + slope.1, sum.2 + slope.2)
      }
      matrix[column] = sum.0
      matrix[3 + column] = sum.1
      matrix[6 + column] = sum.2
    }
  }

  /// The series times the states, one power after another.
  public func applied(to x: Tensor<Scalar>) -> Tensor<Scalar> {
    let second = x.sliced(axis: 1, 1..<2)
    let pull = -x.sliced(axis: 1, 2..<3) + 28
    var term = x
    var sum = x
    for j in stride(from: 1, through: order, by: 1) {
      let (a, b, c) = (
        term.sliced(axis: 1, 0..<1), term.sliced(axis: 1, 1..<2), term.sliced(axis: 1, 2..<3)
      )
      term =
        concatenated([(b - a) * 10, pull * a - b, second * a - c * (8 / 3)], axis: 1)
        * (timeStep / Scalar(j))
      sum = sum + term
    }
    return sum
  }

  /// The derivative, power by power.
  public func jacobians(at x: Tensor<Scalar>) -> Tensor<Scalar> {
    let batch = x.shape[0]
    let second = x.sliced(axis: 1, 1..<2).reshaped([batch, 1, 1])
    let third = x.sliced(axis: 1, 2..<3).reshaped([batch, 1, 1])
    let constant: [Scalar] = [-10, 10, 0, 28, -1, 0, 0, 0, -8 / 3]
    let ofSecond: [Scalar] = [0, 0, 0, 0, 0, 0, 1, 0, 0]
    let ofThird: [Scalar] = [0, 0, 0, -1, 0, 0, 0, 0, 0]
    let matrix =
      second * Tensor(ofSecond, shape: [1, 3, 3]) + third * Tensor(ofThird, shape: [1, 3, 3])
      + Tensor(constant, shape: [1, 3, 3])
    // What a change of the matrix does to a term: row 1 has -dx_3, row 2 dx_2, times its first entry.
    let moved = Tensor<Scalar>([0, 0, 0, 0, 0, -1, 0, 1, 0], shape: [1, 3, 3])
    var term = x.reshaped([batch, 3, 1])
    var slope = repeated(Tensor(Matrix<Scalar>.identity(3).scalars, shape: [3, 3]), at: x)
    var sum = slope
    for j in stride(from: 1, through: order, by: 1) {
      let share = timeStep / Scalar(j)
      slope = (matmul(matrix, slope) + term.sliced(axis: 1, 0..<1) * moved) * share
      term = matmul(matrix, term) * share
      sum = sum + slope
    }
    return sum
  }
}
