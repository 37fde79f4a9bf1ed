// Goals in order: 1. gradients that are right where singular values repeat; 2. one decomposition of the size
// of the matrix's shorter side, in double precision; 3. two products of the size of the matrix.
//
// For `X` with no more rows than columns and `G = X X' = Q diag(s^2) Q'` the result is `Y = W X` with `W = h(G)`,
// `h(s^2) = max(1 - t/s, 0)`: a function of a symmetric matrix, whose derivative needs divided differences of
// `h` in place of differences of singular values in a denominator (`higham2008functions`, theorem 3.11). With
// both singular values above the threshold the difference is `t / (s_i s_j (s_i + s_j))`, with one of them
// `(s_i - t) / (s_i (s_i - s_j)(s_i + s_j))`, else 0: no cancellation, no pole. A tall matrix is the same from
// the right.

internal import CKernels
public import Tensors

/// Shrinks the singular values of matrices, the proximal operator of `t` times the sum of singular values.
///
/// Equation: `Y = U diag(max(s - t, 0)) V'` for `X = U diag(s) V'`. The gradient exists also where singular
/// values repeat; at a singular value equal to the threshold it is that of a smaller one.
///
/// - Parameters:
///   - x: `X`, `[.., m, n]`.
///   - threshold: `t`, not negative, `[]` or of the shape of the leading axes of `x`.
/// - Returns: `Y`, of the shape of `x`; NaN where a matrix holds a number that is not finite.
/// - Complexity: O(m n k) with `k = min(m, n)`, and O(k^3) for the decomposition, a matrix. Singular values
///   below `1e-8` of the largest are not told from 0.
/// - SeeAlso: `cai2010svt`; `higham2008functions` for the gradient.
@specialized(where Scalar == Float)
public func singularValueThreshold<Scalar: RealTensorScalar>(
  _ x: Tensor<Scalar>,
  by threshold: Tensor<Scalar>
) -> Tensor<Scalar> {
  precondition(x.rank >= 2, "singularValueThreshold: shape \(x.shape) is no stack of matrices")
  precondition(
    threshold.shape.isEmpty || threshold.shape == Array(x.shape.dropLast(2)),
    "singularValueThreshold: threshold \(threshold.shape) for matrices \(x.shape)"
  )
  let plan = SingularValuePlan(
    shape: x.shape,
    hasOneThreshold: threshold.shape.isEmpty,
    x: x.storage,
    threshold: threshold.storage,
    pool: Primitive.pool([x, threshold])
  )
  return Primitive.binary(
    "singularValueThreshold",
    x,
    threshold,
    shape: x.shape,
    forward: { _, _, y in plan.forward(y) },
    backward: { _, _, y in plan.backward(y) }
  )
}

/// The decompositions of one node, kept for its backward pass.
private final class SingularValuePlan<Scalar: RealTensorScalar>: @unchecked Sendable {
  // Safe to share: a piece is a matrix, and pieces write disjoint parts of every buffer.
  private let count: Int
  private let rows: Int
  private let columns: Int
  /// The shorter side, `k`.
  private let side: Int
  private let isWide: Bool
  private let thresholdStride: Int
  private let x: TensorStorage<Scalar>
  private let threshold: TensorStorage<Scalar>
  private let pool: WorkerPool
  /// `q_i` as rows, `[count, k, k]`.
  private let vectors: TensorStorage<Double>
  /// `s_i`, `[count, k]`.
  private let values: TensorStorage<Double>
  /// `W`, `[count, k, k]`.
  private let weights: TensorStorage<Scalar>
  /// What the backward pass makes of it, `[count, k, k]`.
  private let work: TensorStorage<Scalar>
  /// The derivative by each matrix's threshold.
  private let slopes: TensorStorage<Double>
  private let forwardPieces = PieceClosure()
  private let backwardPieces = PieceClosure()

  init(
    shape: [Int],
    hasOneThreshold: Bool,
    x: TensorStorage<Scalar>,
    threshold: TensorStorage<Scalar>,
    pool: WorkerPool
  ) {
    rows = shape[shape.count - 2]
    columns = shape[shape.count - 1]
    count = shape.dropLast(2).reduce(1, *)
    side = min(rows, columns)
    isWide = rows <= columns
    thresholdStride = hasOneThreshold ? 0 : 1
    self.x = x
    self.threshold = threshold
    self.pool = pool
    vectors = TensorStorage(uninitialised: count * side * side)
    values = TensorStorage(uninitialised: count * side)
    weights = TensorStorage(uninitialised: count * side * side)
    work = TensorStorage(uninitialised: count * side * side)
    slopes = TensorStorage(uninitialised: count)
  }

  func forward(_ y: TensorStorage<Scalar>) {
    forwardPieces.run(pool, count: count) { { [unowned self] in decompose(y, piece: $0) } }
  }

  func backward(_ y: TensorStorage<Scalar>) {
    guard y.gradients != nil else { return }
    // Cleared where it is fresh, before pieces add to it.
    _ = x.accumulatedGradient
    backwardPieces.run(pool, count: count) { { [unowned self] in differentiate(y, piece: $0) } }
    guard let to = threshold.accumulatedGradient else { return }
    for piece in 0..<count { to[piece * thresholdStride] += Scalar(slopes.values[piece]) }
  }

  /// The matrix's decomposition, and the result.
  private func decompose(_ y: TensorStorage<Scalar>, piece: Int) {
    let place = piece * rows * columns
    let eigen = SymmetricEigen(Matrix(rows: side, columns: side, gram(x.values + place)))
    let limit = Double(threshold.values[piece * thresholdStride])
    let s = values.values + piece * side
    let q = vectors.values + piece * side * side
    var scaled = eigen.vectors.scalars
    for i in 0..<side {
      s[i] = eigen.isConverged ? max(eigen.values[i], 0).squareRoot() : .nan
      // Not `s > limit` alone: what is no number must stay one.
      let share = s[i] <= limit ? 0 : 1 - limit / s[i]
      for j in 0..<side {
        q[i * side + j] = eigen.vectors[i, j]
        scaled[i * side + j] *= share
      }
    }
    let w = weights.values + piece * side * side
    let dense = product(UnsafePointer(q), scaled, transposeA: true)
    for i in 0..<(side * side) { w[i] = Scalar(dense[i]) }
    multiply(w, x.values + place, beta: 0, y.values + place)
  }

  /// `G`, in double precision.
  private func gram(_ x: UnsafePointer<Scalar>) -> [Double] {
    var wide = [Double](repeating: 0, count: rows * columns)
    for i in 0..<(rows * columns) { wide[i] = Double(x[i]) }
    var result = [Double](repeating: 0, count: side * side)
    wide.withUnsafeBufferPointer { a in
      result.withUnsafeMutableBufferPointer { c in
        guard let a = a.baseAddress, let c = c.baseAddress else { return }
        Double.matrixProduct(
          MatrixProduct(
            rows: side,
            columns: side,
            inner: max(rows, columns),
            alpha: 1,
            beta: 0,
            a: a,
            transposeA: !isWide,
            leadingA: columns,
            b: a,
            transposeB: isWide,
            leadingB: columns,
            c: c,
            leadingC: side
          )
        )
      }
    }
    return result
  }

  /// `X^ += W Y^ + 2 G^ X` and the derivative by the threshold, with `G^ = Q (H o Q W^ Q') Q'`.
  private func differentiate(_ y: TensorStorage<Scalar>, piece: Int) {
    guard let g = y.gradients else { return }
    let place = piece * rows * columns
    let k = side
    let s = values.values + piece * k
    let q = UnsafePointer(vectors.values + piece * k * k)
    let limit = Double(threshold.values[piece * thresholdStride])
    let outer = work.values + piece * k * k
    weightGradient(g + place, x.values + place, outer)
    let wide = (0..<(k * k)).map { Double(outer[$0]) }
    let turned = product(q, product(wide, q, transposeB: true))
    var inner = [Double](repeating: 0, count: k * k)
    var slope = 0.0
    for i in 0..<k {
      if s[i] > limit { slope -= turned[i * k + i] / s[i] }
      for j in 0..<k {
        let symmetric = (turned[i * k + j] + turned[j * k + i]) / 2
        inner[i * k + j] = 2 * symmetric * Self.dividedDifference(s[i], s[j], limit)
      }
    }
    slopes.values[piece] = slope
    guard let toX = x.gradients else { return }
    let back = product(q, product(inner, q), transposeA: true)
    for i in 0..<(k * k) { outer[i] = Scalar(back[i]) }
    multiply(weights.values + piece * k * k, g + place, beta: 1, toX + place)
    multiply(outer, x.values + place, beta: 1, toX + place)
  }

  /// `(h(a^2) - h(b^2)) / (a^2 - b^2)`, its limit where the two are equal.
  private static func dividedDifference(_ a: Double, _ b: Double, _ limit: Double) -> Double {
    let (low, high) = (min(a, b), max(a, b))
    if high <= limit { return 0 }
    if low > limit { return limit / (low * high * (low + high)) }
    return (high - limit) / (high * (high - low) * (high + low))
  }

  /// `W^ = Y^ X'`, or `X' Y^` of a tall matrix.
  private func weightGradient(
    _ g: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>,
    _ to: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: side,
        columns: side,
        inner: max(rows, columns),
        alpha: 1,
        beta: 0,
        a: isWide ? g : x,
        transposeA: !isWide,
        leadingA: columns,
        b: isWide ? x : g,
        transposeB: isWide,
        leadingB: columns,
        c: to,
        leadingC: side
      )
    )
  }

  /// `C = W X + beta C`, or `X W + beta C` of a tall matrix.
  private func multiply(
    _ w: UnsafePointer<Scalar>,
    _ x: UnsafePointer<Scalar>,
    beta: Scalar,
    _ to: UnsafeMutablePointer<Scalar>
  ) {
    Scalar.matrixProduct(
      MatrixProduct(
        rows: rows,
        columns: columns,
        inner: side,
        alpha: 1,
        beta: beta,
        a: isWide ? w : x,
        leadingA: side,
        b: isWide ? x : w,
        leadingB: columns,
        c: to,
        leadingC: columns
      )
    )
  }

  /// A product of two matrices of the shorter side.
  private func product(
    _ a: UnsafePointer<Double>,
    _ b: UnsafePointer<Double>,
    transposeA: Bool = false,
    transposeB: Bool = false
  ) -> [Double] {
    var result = [Double](repeating: 0, count: side * side)
    result.withUnsafeMutableBufferPointer { c in
      guard let c = c.baseAddress else { return }
      Double.matrixProduct(
        MatrixProduct(
          rows: side,
          columns: side,
          inner: side,
          alpha: 1,
          beta: 0,
          a: a,
          transposeA: transposeA,
          leadingA: side,
          b: b,
          transposeB: transposeB,
          leadingB: side,
          c: c,
          leadingC: side
        )
      )
    }
    return result
  }
}
