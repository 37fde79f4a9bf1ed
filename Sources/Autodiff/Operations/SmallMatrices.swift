// Factorisations of small matrices as operations, several at once, with hand-derived gradients. Loops are plain:
// the matrices of filters have a few rows. A backward pass works in memory allocated when the node is made.

public import Tensors

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Darwin)
internal import Darwin
#endif

/// The extents of a stack of matrices, `[..., rows, columns]`.
private struct Stack {
  let count: Int
  let rows: Int
  let columns: Int

  init<Scalar>(_ x: Tensor<Scalar>, _ operation: String, isSquare: Bool = false) {
    precondition(x.rank >= 2, "\(operation): shape \(x.shape) is no stack of matrices")
    rows = x.shape[x.rank - 2]
    columns = x.shape[x.rank - 1]
    precondition(!isSquare || rows == columns, "\(operation): shape \(x.shape) is not square")
    count = x.shape.dropLast(2).reduce(1, *)
  }
}

/// `X <- L^-1 X` or `L^-T X`, of an n x n factor and n x k numbers.
@inline(__always)
private func solveInPlace<Scalar: RealTensorScalar>(
  _ l: UnsafePointer<Scalar>,
  _ x: UnsafeMutablePointer<Scalar>,
  _ n: Int,
  _ k: Int,
  transposed: Bool
) {
  for step in 0..<n {
    let i = transposed ? n - 1 - step : step
    let others = transposed ? (i + 1)..<max(n, i + 1) : 0..<i
    for j in 0..<k {
      var sum = x[i * k + j]
      for o in others { sum -= (transposed ? l[o * n + i] : l[i * n + o]) * x[o * k + j] }
      x[i * k + j] = sum / l[i * n + i]
    }
  }
}

/// The lower triangular factor of symmetric positive definite matrices, `A = L L'`.
///
/// The lower triangle is read. A matrix that is not positive definite gives NaN.
///
/// - Parameter matrices: `[..., n, n]`.
/// - Returns: `L` of each, of the same shape.
/// - SeeAlso: `murray2016cholesky` for the gradient.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func choleskyFactor<Scalar: RealTensorScalar>(_ matrices: Tensor<Scalar>) -> Tensor<Scalar> {
  let stack = Stack(matrices, "choleskyFactor", isSquare: true)
  let n = stack.rows
  let work = TensorStorage<Scalar>(uninitialised: 2 * n * n)
  return Primitive.unary(
    "choleskyFactor",
    matrices,
    shape: matrices.shape,
    forward: { a, l in
      for k in 0..<stack.count { factor(a.values + k * n * n, l.values + k * n * n, n) }
    },
    backward: { a, l in
      guard let g = l.gradients, let to = a.accumulatedGradient else { return }
      for k in 0..<stack.count {
        let place = k * n * n
        factorBackward(l.values + place, g + place, to + place, n, work.values)
      }
    }
  )
}

@inline(__always)
private func factor<Scalar: RealTensorScalar>(
  _ a: UnsafePointer<Scalar>,
  _ l: UnsafeMutablePointer<Scalar>,
  _ n: Int
) {
  for j in 0..<n {
    var pivot = a[j * n + j]
    for k in 0..<j { pivot -= l[j * n + k] * l[j * n + k] }
    let root = pivot > 0 ? pivot.squareRoot() : Scalar.nan
    l[j * n + j] = root
    for i in (j + 1)..<max(n, j + 1) {
      var sum = a[i * n + j]
      for k in 0..<j { sum -= l[i * n + k] * l[j * n + k] }
      l[i * n + j] = sum / root
      l[j * n + i] = 0
    }
  }
}

/// `A^ += (S + S') / 2` with `S = L^-T Phi(L' L^) L^-1`, `Phi` the lower triangle with half its diagonal.
@inline(__always)
private func factorBackward<Scalar: RealTensorScalar>(
  _ l: UnsafePointer<Scalar>,
  _ g: UnsafePointer<Scalar>,
  _ to: UnsafeMutablePointer<Scalar>,
  _ n: Int,
  _ work: UnsafeMutablePointer<Scalar>
) {
  let (p, q) = (work, work + n * n)
  for i in 0..<n {
    for j in 0..<n {
      var sum: Scalar = 0
      if j <= i { for k in i..<n { sum += l[k * n + i] * g[k * n + j] } }
      p[i * n + j] = i == j ? sum / 2 : sum
    }
  }
  solveInPlace(l, p, n, n, transposed: true)
  // (X L^-1)' = L^-T X'
  for i in 0..<n { for j in 0..<n { q[i * n + j] = p[j * n + i] } }
  solveInPlace(l, q, n, n, transposed: true)
  for i in 0..<n { for j in 0..<n { to[i * n + j] += (q[i * n + j] + q[j * n + i]) / 2 } }
}

/// The solution of triangular systems, `L X = B` or `L' X = B`.
///
/// - Parameters:
///   - lower: `L`, `[..., n, n]`, of which the lower triangle is read.
///   - right: `B`, `[..., n, k]`.
///   - transposed: whether `L'` is solved with.
/// - Returns: `X`, of the shape of `B`.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func triangularSolve<Scalar: RealTensorScalar>(
  _ lower: Tensor<Scalar>,
  _ right: Tensor<Scalar>,
  transposed: Bool = false
) -> Tensor<Scalar> {
  let stack = Stack(lower, "triangularSolve", isSquare: true)
  let other = Stack(right, "triangularSolve")
  precondition(
    stack.count == other.count && stack.rows == other.rows,
    "triangularSolve: shapes \(lower.shape) and \(right.shape)"
  )
  let (n, k) = (stack.rows, other.columns)
  let work = TensorStorage<Scalar>(uninitialised: n * k)
  return Primitive.binary(
    "triangularSolve",
    lower,
    right,
    shape: right.shape,
    forward: { l, b, x in
      x.values.update(from: b.values, count: b.count)
      for s in 0..<stack.count {
        solveInPlace(l.values + s * n * n, x.values + s * n * k, n, k, transposed: transposed)
      }
    },
    backward: { l, b, x in
      guard let g = x.gradients else { return }
      let (toL, toB) = (l.accumulatedGradient, b.accumulatedGradient)
      for s in 0..<stack.count {
        let (w, solution) = (work.values, x.values + s * n * k)
        w.update(from: g + s * n * k, count: n * k)
        solveInPlace(l.values + s * n * n, w, n, k, transposed: !transposed)
        if let toB { for i in 0..<(n * k) { toB[s * n * k + i] += w[i] } }
        guard let toL else { continue }
        for i in 0..<n {
          for j in 0...i {
            var sum: Scalar = 0
            for c in 0..<k {
              sum +=
                transposed
                ? solution[i * k + c] * w[j * k + c] : w[i * k + c] * solution[j * k + c]
            }
            toL[s * n * n + i * n + j] -= sum
          }
        }
      }
    }
  )
}

/// The logarithm of the determinant of `L L'`, from the factor: twice the sum of `log L_ii`.
///
/// - Parameter lower: `L`, `[..., n, n]`, with a positive diagonal.
/// - Returns: one number a matrix, of the shape without the last two axes.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func logDeterminant<Scalar: RealTensorScalar>(factor lower: Tensor<Scalar>) -> Tensor<Scalar>
{
  let stack = Stack(lower, "logDeterminant", isSquare: true)
  let n = stack.rows
  return Primitive.unary(
    "logDeterminant",
    lower,
    shape: Array(lower.shape.dropLast(2)),
    forward: { l, y in
      for s in 0..<stack.count {
        var sum = 0.0
        for i in 0..<n { sum += log(Double(l.values[s * n * n + i * (n + 1)])) }
        y.values[s] = Scalar(2 * sum)
      }
    },
    backward: { l, y in
      guard let g = y.gradients, let to = l.accumulatedGradient else { return }
      for s in 0..<stack.count {
        for i in 0..<n {
          let place = s * n * n + i * (n + 1)
          to[place] += 2 * g[s] / l.values[place]
        }
      }
    }
  )
}

/// The inverses of small matrices, by elimination with row exchanges.
///
/// A singular matrix gives numbers that are not finite.
///
/// - Parameter matrices: `[..., n, n]`.
/// - Returns: the inverse of each, of the same shape.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
public func inverse<Scalar: RealTensorScalar>(_ matrices: Tensor<Scalar>) -> Tensor<Scalar> {
  let stack = Stack(matrices, "inverse", isSquare: true)
  let n = stack.rows
  let work = TensorStorage<Scalar>(uninitialised: n * n)
  return Primitive.unary(
    "inverse",
    matrices,
    shape: matrices.shape,
    forward: { a, x in
      for s in 0..<stack.count {
        work.values.update(from: a.values + s * n * n, count: n * n)
        invert(work.values, x.values + s * n * n, n)
      }
    },
    backward: { a, x in
      guard let g = x.gradients, let to = a.accumulatedGradient else { return }
      for s in 0..<stack.count {
        let place = s * n * n
        inverseBackward(x.values + place, g + place, to + place, n, work.values)
      }
    }
  )
}

@inline(__always)
private func invert<Scalar: RealTensorScalar>(
  _ a: UnsafeMutablePointer<Scalar>,
  _ x: UnsafeMutablePointer<Scalar>,
  _ n: Int
) {
  x.clear(count: n * n)
  for i in 0..<n { x[i * (n + 1)] = 1 }
  for k in 0..<n {
    var pivot = k
    for i in (k + 1)..<max(n, k + 1) where a[i * n + k].magnitude > a[pivot * n + k].magnitude {
      pivot = i
    }
    if pivot != k {
      for j in 0..<n {
        (a[k * n + j], a[pivot * n + j]) = (a[pivot * n + j], a[k * n + j])
        (x[k * n + j], x[pivot * n + j]) = (x[pivot * n + j], x[k * n + j])
      }
    }
    let scale = 1 / a[k * n + k]
    for j in 0..<n {
      a[k * n + j] *= scale
      x[k * n + j] *= scale
    }
    for i in 0..<n where i != k {
      let share = a[i * n + k]
      for j in 0..<n {
        a[i * n + j] -= share * a[k * n + j]
        x[i * n + j] -= share * x[k * n + j]
      }
    }
  }
}

/// `A^ -= X' X^ X'`.
@inline(__always)
private func inverseBackward<Scalar: RealTensorScalar>(
  _ x: UnsafePointer<Scalar>,
  _ g: UnsafePointer<Scalar>,
  _ to: UnsafeMutablePointer<Scalar>,
  _ n: Int,
  _ work: UnsafeMutablePointer<Scalar>
) {
  for i in 0..<n {
    for j in 0..<n {
      var sum: Scalar = 0
      for k in 0..<n { sum += x[k * n + i] * g[k * n + j] }
      work[i * n + j] = sum
    }
  }
  for i in 0..<n {
    for j in 0..<n {
      var sum: Scalar = 0
      for k in 0..<n { sum += work[i * n + k] * x[j * n + k] }
      to[i * n + j] -= sum
    }
  }
}
